"""What a change did to a measure of a client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from crmkit.compare.effect import effect
from crmkit.errors import RequestError
from crmkit.schema import Snapshot

FIRST = date(2023, 1, 2)  # a Monday
BEFORE, AFTER = 106, 26
CHANGE = FIRST + timedelta(weeks=BEFORE)


def deals(amount_after: float = 1.0, *, team: str = "North", seed: int = 1) -> list[dict[str, object]]:
    """Return three won deals a week, of about 1 000 each; from the change on so many times as much."""
    rng, rows = np.random.default_rng(seed), []
    for week in range(BEFORE + AFTER):
        for day in (0, 2, 4):
            on = FIRST + timedelta(weeks=week, days=day)
            amount = 1000 * (amount_after if week >= BEFORE else 1) * rng.uniform(0.9, 1.1)
            rows.append(
                {"created_at": on, "closed_at": on, "status": "won", "amount": round(amount), "team": team}
            )
    return rows


@pytest.fixture
def of(snapshot: Callable[..., Snapshot]) -> Callable[..., Snapshot]:
    return lambda rows: snapshot(deals=rows, as_of=(CHANGE + timedelta(weeks=AFTER, days=-1)).isoformat())


def test_half_as_much_again(of: Callable[..., Snapshot]):
    told = effect(of(deals(1.5)), CHANGE, "revenue")
    assert (told.label, told.direction, told.reason) == ("holds", "above", "")
    assert told.measure == "revenue"
    # Three deals of 1 000 in five days are 600 a working day: 300 more, 6 500 more a month of 21.7 days.
    assert told.value == pytest.approx(300, rel=0.05)
    assert told.low < 300 < told.high
    assert told.relative_low < 0.5 < told.relative_high
    assert told.money_month == pytest.approx(told.value * 5 / 7 * 365.25 / 12)
    assert told.money_low == pytest.approx(told.low * 5 / 7 * 365.25 / 12)
    assert (told.n_before, told.n_after) == (105, 26)  # the first week: the record begins within it
    assert told.n == 78
    assert told.is_season
    assert told.placebo_share == 1
    assert told.placebo_dates == 105 - 26 - 13 + 1
    series = told.series
    assert series["is_after"].astype("bool").sum() == 26
    assert (series["fitted"] - series["without"]).iloc[-1] == pytest.approx(told.value)
    assert series["placebo"].notna().sum() == told.placebo_dates
    assert series["control"].isna().all()


def test_the_week_of_the_change_counts_on_neither_side(of: Callable[..., Snapshot]):
    told = effect(of(deals(1.5)), CHANGE + timedelta(days=2), "revenue")
    assert (told.n_before, told.n_after) == (105, 25)
    middle = told.series[told.series["is_after"].isna()]
    assert middle["week"].dt.date.tolist() == [CHANGE]
    assert middle["fitted"].isna().all()


def test_no_change(of: Callable[..., Snapshot]):
    told = effect(of(deals()), CHANGE, "revenue")
    assert (told.label, told.direction, told.reason) == ("may_be_chance", "none", "within_chance")


def test_one_whale(of: Callable[..., Snapshot]):
    rows = deals()
    rows[-20]["amount"] = 60_000
    told = effect(of(rows), CHANGE, "revenue")
    assert told.label == "may_be_chance"


def test_without_the_biggest_deal(of: Callable[..., Snapshot]):
    rows = deals(1.05)
    rows[-40]["amount"] += 1000
    told = effect(of(rows), CHANGE, "revenue")
    assert told.low > 0
    assert told.placebo_share == 1
    assert (told.label, told.direction, told.reason) == ("may_be_chance", "none", "one_deal")


def test_a_share_has_no_money_a_month(of: Callable[..., Snapshot]):
    told = effect(of(deals()), CHANGE, "average_check")
    assert np.isnan(told.money_month)
    assert told.base == pytest.approx(1000, rel=0.05)


def test_beside_another_team(of: Callable[..., Snapshot]):
    # Both sell twice as much since then: the change was one of the market.
    crm = of([*deals(2), *deals(2, team="South", seed=2)])
    alone = effect(crm, CHANGE, "revenue", treated={"team": "North"})
    assert alone.label == "holds"
    beside = effect(crm, CHANGE, "revenue", control={"team": "South"})
    assert beside.treated == {}
    assert beside.control == {"team": "South"}
    assert beside.label == "may_be_chance"
    assert abs(beside.relative) < 0.1
    assert beside.base == pytest.approx(1200, rel=0.1)
    named = effect(crm, CHANGE, "revenue", treated={"team": "North"}, control={"team": "South"})
    assert named.value == beside.value
    only = of([*deals(1.5), *deals(1, team="South", seed=2)])
    assert effect(only, CHANGE, "revenue", control={"team": "South"}).label == "holds"


def test_a_control_group_that_the_change_touched_is_refused(of: Callable[..., Snapshot]):
    rows = [*deals(1.5), *deals(1, team="South", seed=2)]
    for place, row in enumerate(rows):
        row["source"] = "site" if place % 2 else "fair"
    crm = of(rows)
    shared = (BEFORE + AFTER) * 3
    for treated, control, both in (
        ({"team": "North"}, {"team": "North"}, shared),  # it would be compared with itself
        ({"source": "site"}, {"team": "North"}, shared // 2),  # half of the team's deals are from the site
        ({"team": "North", "source": "site"}, {"team": "North"}, shared // 2),
    ):
        with pytest.raises(RequestError, match=f"control group too: {both}"):
            effect(crm, CHANGE, "revenue", treated=treated, control=control)
    apart = effect(
        crm, CHANGE, "revenue", treated={"team": "North", "source": "site"}, control={"team": "South"}
    )
    assert apart.label != "cannot_be_computed"


def test_deals_closed_in_a_mass_say_nothing(of: Callable[..., Snapshot]):
    tidied = {"created_at": CHANGE, "status": "won", "amount": 1000, "team": "North", "manager_id": "Bob"}
    rows = [{**tidied, "closed_at": CHANGE + timedelta(days=2)}] * 40
    told = effect(of([*deals(1.5), *rows]), CHANGE, "revenue")
    assert (told.label, told.reason) == ("may_be_chance", "mass_closing")


def test_weeks_in_which_only_quick_deals_can_have_been_closed_are_left_out(of: Callable[..., Snapshot]):
    # Deals take eight weeks, and are recorded from the first week on, some closed at once.
    slow = [
        {**deal, "created_at": deal["closed_at"] - timedelta(weeks=8)}
        for deal in deals()
        if deal["closed_at"] >= FIRST + timedelta(weeks=8)
    ]
    quick = [{**deal, "amount": 100} for deal in deals()[::6]]
    told = effect(of([*slow, *quick]), CHANGE, "revenue")
    # The record begins with the third closing, a quick one of week 4.
    assert told.weeks_left_out == 4
    assert told.n_before == 106 - 8
    assert told.series["week"].dt.date.iloc[0] == FIRST + timedelta(weeks=8)


def test_a_first_month_is_described_only(of: Callable[..., Snapshot]):
    told = effect(of(deals(1.24)), CHANGE + timedelta(weeks=AFTER - 4), "revenue")
    assert (told.label, told.reason, told.n_after) == ("too_little_data", "few_weeks", 4)
    assert np.isnan([told.low, told.money_low]).all()


def test_what_cannot_be_computed(snapshot: Callable[..., Snapshot], of: Callable[..., Snapshot]):
    crm = snapshot(deals=[{"created_at": "2026-01-01", "status": "open"}])
    told = effect(crm, date(2026, 2, 1), "tasks_on_time")
    assert (told.label, told.reason) == ("cannot_be_computed", "tasks.completed_at, tasks.due_at")
    assert told.series.empty
    with pytest.raises(RequestError):
        effect(crm, date(2026, 2, 1), "luck")
    later = effect(of(deals()), date(2030, 1, 1), "revenue")
    assert (later.label, later.n_after) == ("too_little_data", 0)


def test_what_was_tidied_up_is_told_although_the_interval_includes_no_change(of: Callable[..., Snapshot]):
    # Six losses a week; in the week after the change 100 old ones are closed at once. Less that jump, the
    # line of the weeks after would lie below zero: no such number of losses was to be expected.
    rng = np.random.default_rng(7)
    losses = [{**deal, "status": "lost"} for deal in deals() for _ in range(rng.poisson(2))]
    old = {
        "created_at": FIRST,
        "closed_at": CHANGE + timedelta(days=2),
        "status": "lost",
        "manager_id": "Bob",
    }
    told = effect(of([*deals(), *losses, *[old] * 100]), CHANGE, "lost_deals")
    assert told.low < 0 < told.high
    assert (told.label, told.reason) == ("may_be_chance", "mass_closing")
    assert told.base == 0
    assert told.series[["fitted", "without"]].min().min() == 0


def test_the_line_of_a_share_lies_between_nothing_and_all(of: Callable[..., Snapshot]):
    # Ever less is lost, and at last nothing: a straight line of the win rate ends above 100 %.
    rng, rows = np.random.default_rng(3), []
    for place, deal in enumerate(deals()):
        lost = rng.random() < max(0.0, 0.6 - place / 3 / (BEFORE + AFTER))
        rows.append({**deal, "status": "lost" if lost else "won"})
    told = effect(of(rows), CHANGE, "win_rate")
    assert np.nanmax(told.series[["fitted", "without"]].to_numpy()) == 1
    assert told.base == 1
