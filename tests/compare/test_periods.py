"""Two periods by hand: working days, verdicts, warnings; and what cannot be compared."""

from datetime import date, timedelta

import numpy as np
import pytest

from crmkit.compare.artefacts import seen_shares
from crmkit.compare.periods import compared_periods
from crmkit.errors import RequestError
from crmkit.periods import Period


def period(text):
    return Period.parse(text, "UTC")


def deal(created, closed="", status="open", **more):
    return {"created_at": str(created), "closed_at": str(closed), "status": status, "amount": 100} | more


def steady(first, last, *, each=1, days=5, won=lambda number: number % 4 == 0, **more):
    """Deals on every working day, closed after some days, every fourth won; as the record of years goes."""
    rows, day, number = [], first, 0
    while day < last:
        if day.weekday() < 5:
            for _ in range(each):
                ends = day + timedelta(days=days)
                status = "won" if won(number) else "lost"
                rows.append(deal(day, ends, status) | {key: make(number, day) for key, make in more.items()})
                number += 1
        day += timedelta(days=1)
    return rows


def row(found, name):
    return found.rows.set_index("name").loc[name]


def test_counts_are_told_per_working_day(snapshot):
    # Two deals on every working day: both quarters have 2.0 a day, though one has 62 days and the other 64.
    crm = snapshot(
        steady(date(2016, 6, 1), date(2017, 8, 1), each=2), as_of="2017-07-31", calendar={"days_off": []}
    )
    found = compared_periods(crm, period("2017-Q1"), period("2017-Q2"), ["new_deals", "win_rate"])
    new = row(found, "new_deals")
    assert found.working_days == (65, 65)
    assert (new["before"], new["value"], new["change"]) == (2.0, 2.0, 0.0)
    assert (new["unit"], new["before_n"], new["after_n"], new["n"]) == ("per_day", 130, 130, 130)
    assert (new["label"], new["direction"], new["reason"]) == ("may_be_chance", "none", "within_chance")
    assert (found.warnings["code"].tolist()) == ["another_season", "present_owner"]


def test_a_clear_fall_holds_and_an_equal_share_does_not(snapshot):
    rng = np.random.default_rng(1)

    def more(number, day):
        return "web" if rng.random() < 0.5 else "ads"

    early = steady(date(2015, 9, 1), date(2017, 1, 1), each=4, source=more)
    late = steady(date(2017, 1, 1), date(2017, 5, 1), each=2, source=more)
    crm = snapshot(early + late, as_of="2017-04-30")
    found = compared_periods(
        crm, period("2016-Q1"), period("2017-Q1"), ["lost_deals", "win_rate", "revenue", "average_check:mean"]
    )
    lost = row(found, "lost_deals")
    assert (lost["label"], lost["direction"]) == ("holds", "below")
    assert lost["gap_low"] < -1.5 < lost["gap_high"] < 0
    rate = row(found, "win_rate:closed_count")
    assert (rate["label"], rate["reason"]) == ("may_be_chance", "within_chance")
    assert rate["adjusted"] + found.mix["mix"].sum() == pytest.approx(rate["value"])
    assert rate["gap"] == pytest.approx(rate["adjusted"] - rate["before"])
    assert found.mix[["rate", "mix"]].to_numpy().sum() == pytest.approx(rate["change"])
    assert set(found.mix["group"]) == {"web", "ads"} and found.like == "source"
    assert row(found, "revenue")["unit"] == "money_per_day"
    assert "another_season" not in found.warnings["code"].tolist()


def test_one_big_deal_makes_no_change_in_money(snapshot):
    deals = steady(date(2016, 6, 1), date(2017, 7, 1), each=2, won=lambda number: True)
    for number, one in enumerate(deals):
        one["amount"] = 100 + number % 3
        if one["closed_at"].startswith("2017-05"):
            one["amount"] = 130
    deals[-80]["amount"] = 200_000
    crm = snapshot(deals, as_of="2017-06-30")
    found = compared_periods(crm, period("2017-Q1"), period("2017-Q2"), ["revenue", "average_check:mean"])
    assert set(found.rows["label"]) == {"may_be_chance"}
    assert found.rows["change"].min() > 100


def test_short_periods_are_described_only(snapshot):
    crm = snapshot(steady(date(2016, 6, 1), date(2017, 5, 1), each=3), as_of="2017-04-30")
    found = compared_periods(crm, period("2017-02"), period("2017-03"), ["new_deals", "win_rate"])
    new = row(found, "new_deals")
    assert (new["label"], new["reason"]) == ("too_little_data", "short_periods")
    assert (new["before"], new["value"]) == (3.0, 3.0) and np.isnan(new["gap_low"])
    assert row(found, "win_rate:closed_count")["reason"] == "within_chance"
    found = compared_periods(crm, period("2017-W05"), period("2017-W06"), ["win_rate"])
    assert found.rows["reason"].tolist() == ["some_cases"]


def test_gates_count_the_smaller_side_of_a_share_and_the_larger_of_a_count(snapshot):
    few = steady(date(2015, 9, 1), date(2017, 1, 1), won=lambda number: True)
    crm = snapshot(few + steady(date(2017, 1, 1), date(2017, 1, 10)), as_of="2017-03-31")
    found = compared_periods(crm, period("2016-Q1"), period("2017-Q1"), ["win_rate", "new_deals"])
    rate, new = row(found, "win_rate:closed_count"), row(found, "new_deals")
    assert (rate["n"], rate["reason"]) == (10, "some_cases")
    assert (new["n"], new["label"], new["direction"]) == (65, "holds", "below")


def test_what_cannot_be_compared_says_why(snapshot):
    crm = snapshot(steady(date(2016, 6, 1), date(2017, 5, 1)), as_of="2017-04-30")
    names = ["open_deals", "tasks_completed", "deal_cycle:censored_median", "stage_distribution"]
    found = compared_periods(crm, period("2016-Q4"), period("2017-Q1"), names)
    assert set(found.rows["label"]) == {"cannot_be_computed"}
    assert found.rows["reason"].tolist() == ["one_moment", "tasks.completed_at", "no_interval", "one_moment"]


@pytest.mark.parametrize(("one", "other"), [("2017-Q2", "2017-Q1"), ("2017-Q1", "2017"), ("all", "2017")])
def test_periods_that_overlap_or_have_no_borders_are_refused(snapshot, one, other):
    with pytest.raises(RequestError):
        compared_periods(snapshot([deal("2017-01-10")]), period(one), period(other))


def test_a_period_in_which_only_quick_deals_can_have_closed_is_warned_of(snapshot):
    # The record begins on 2 January with deals that take 30 to 70 days; in the first quarter few are closed.
    deals = [
        one | {"closed_at": str(date.fromisoformat(one["created_at"]) + timedelta(days=30 + 10 * (at % 5)))}
        for at, one in enumerate(steady(date(2017, 1, 2), date(2017, 12, 30), each=2))
    ]
    deals = [one if one["closed_at"] <= "2017-12-30" else deal(one["created_at"]) for one in deals]
    crm = snapshot(deals, as_of="2017-12-31")
    closed, created, day = seen_shares(crm, period("2017-Q1"))
    assert day is None  # nothing says that older deals were left out
    # On day t those deals are seen that took no longer than t: on average over 90 days 1 − 50 ÷ 90.
    assert closed == pytest.approx(1 - 50 / 90, abs=0.03)
    assert created > 0.9
    found = compared_periods(crm, period("2017-Q1"), period("2017-Q3"), ["win_rate", "new_deals"])
    assert row(found, "win_rate:closed_count")["reason"] == "first_records"
    assert row(found, "new_deals")["reason"] == "within_chance"
    assert seen_shares(crm, period("2017-Q3"))[0] == pytest.approx(1, abs=0.01)
    later = compared_periods(crm, period("2017-Q3"), period("2017-Q4"), ["win_rate"])
    assert row(later, "win_rate:closed_count")["reason"] == "within_chance"


def test_deals_closed_before_the_export_begins_are_missed_on_both_bases(snapshot):
    # Deals take 20 or 40 days in turn; those closed before April were not exported. Of those created in the
    # first quarter, the quicker ones are in it from 12 March on and the others from 20 February on.
    every = steady(date(2016, 7, 4), date(2017, 11, 1), each=2)
    for at, one in enumerate(every):
        one["closed_at"] = str(date.fromisoformat(one["created_at"]) + timedelta(days=20 + 20 * (at % 2)))
    crm = snapshot([one for one in every if one["closed_at"] >= "2017-04-01"], as_of="2017-12-31")
    closed, created, day = seen_shares(crm, period("2017-Q1"))
    assert (closed, created) == (0.0, pytest.approx((40 + 20) / 2 / 90, abs=0.03))
    assert day.date() == date(2017, 4, 1)
    closed, created, _ = seen_shares(crm, period("2017-Q2"))
    assert closed == pytest.approx(1, abs=0.05) and created == 1


def test_what_lies_before_the_records_is_not_known_and_not_zero(snapshot):
    every = steady(date(2016, 7, 4), date(2017, 11, 1), each=2, days=20)
    crm = snapshot([one for one in every if one["closed_at"] >= "2017-04-01"], as_of="2017-12-31")
    found = compared_periods(crm, period("2017-Q1"), period("2017-Q3"), ["won_deals", "revenue"])
    for name in ("won_deals", "revenue"):
        told = row(found, name)
        assert (told["label"], told["reason"]) == ("cannot_be_computed", "first_records")
        assert np.isnan(told[["before", "change", "gap", "gap_low", "gap_high"]].astype(float)).all()
        assert told["value"] > 0


def test_deals_closed_in_a_mass_leave_it_open_whether_anything_changed(snapshot):
    old = deal("2016-06-01", "2017-02-10", "lost", manager_id="Bob")
    crm = snapshot([*steady(date(2016, 6, 1), date(2017, 5, 1), each=2), *[old] * 60], as_of="2017-04-30")
    found = compared_periods(crm, period("2016-Q4"), period("2017-Q1"), ["revenue", "new_deals"])
    assert row(found, "revenue")["gap_low"] < 0 < row(found, "revenue")["gap_high"]
    assert row(found, "revenue")["reason"] == "mass_closing"
    assert row(found, "new_deals")["reason"] == "within_chance"


def test_a_share_like_for_like_is_told_up_to_all_of_them(snapshot):
    kinds = {"won": lambda number: number % 50 > 0, "source": lambda number, _: f"s{number % 3}"}
    crm = snapshot(steady(date(2016, 6, 1), date(2017, 5, 1), **kinds), as_of="2017-04-30")
    rate = row(
        compared_periods(crm, period("2016-Q4"), period("2017-Q1"), ["win_rate"]), "win_rate:closed_count"
    )
    assert rate["before"] + rate["change_high"] > 1
    assert rate["adjusted_high"] == 1


def test_a_period_that_is_not_over_and_records_that_begin_in_it(snapshot):
    tasks = [
        {"task_id": str(at), "due_at": f"{day} 10:00", "completed_at": f"{day} 09:00"}
        for at, day in enumerate(f"2017-0{5 + at % 2}-1{at % 9}" for at in range(40))
    ]
    crm = snapshot(steady(date(2016, 1, 4), date(2017, 6, 1)), tasks=tasks, as_of="2017-06-20")
    found = compared_periods(crm, period("2017-Q1"), period("2017-Q2"), ["tasks_completed", "new_deals"])
    assert "not_over" in found.warnings["code"].tolist()
    assert row(found, "tasks_completed")["reason"] == "before_first_record"
    spans = period("2017-04-01..2017-05-20"), period("2017-05-20..2017-06-20")
    found = compared_periods(crm, *spans, ["tasks_completed", "new_deals"])
    begin = found.warnings[found.warnings["code"] == "records_begin"]
    assert begin[["side", "measure"]].to_numpy().tolist() == [[0, "tasks_completed"]]
    assert row(found, "tasks_completed")["reason"] == "records_begin"


def test_slow_winning_does_not_hide_behind_quick_losing(snapshot):
    # Lost after 5 days, won after 80: in the first quarter nearly all losses are seen, and hardly a win.
    every = steady(date(2017, 1, 2), date(2017, 12, 1), each=2)
    for one in every:
        days = 80 if one["status"] == "won" else 5
        one["closed_at"] = str(date.fromisoformat(one["created_at"]) + timedelta(days=days))
    crm = snapshot([one for one in every if one["closed_at"] < "2018"], as_of="2017-12-31")
    assert seen_shares(crm, period("2017-Q1"))[0] == pytest.approx(10 / 90, abs=0.03)
    assert seen_shares(crm, period("2017-Q3"))[0] == pytest.approx(1, abs=0.01)


def test_nothing_is_changed_by_the_order_of_rows(snapshot):
    deals = steady(date(2016, 6, 1), date(2017, 5, 1), each=2, source=lambda number, _: f"s{number % 3}")
    for number, one in enumerate(deals):
        one["deal_id"] = str(number)
    told = []
    for rows in (deals, deals[::-1]):
        found = compared_periods(snapshot(rows, as_of="2017-04-30"), period("2016-Q4"), period("2017-Q1"))
        told.append(found.rows.round(9).astype("str"))
    assert told[0].equals(told[1])


def test_a_field_filled_in_after_the_outcome_makes_no_deals_alike(snapshot):
    # The segment is written down of won deals alone: all that have one were won, all others lost.
    every = steady(date(2016, 6, 1), date(2017, 5, 1), each=2, won=lambda n: n % (4 if n < 300 else 3) == 0)
    late = [one | {"segment": "small" if one["status"] == "won" else ""} for one in every]
    before = [one | {"segment": "small" if at % 7 else "large"} for at, one in enumerate(every)]
    for rows, like in ((late, ""), (before, "segment")):
        crm = snapshot(rows, as_of="2017-04-30")
        found = compared_periods(crm, period("2016-Q4"), period("2017-Q1"), ["win_rate"])
        assert (found.like, found.mix.empty) == (like, not like)
