"""Claims of the method set against exports with a known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from crmkit.compare.answers import answer, answers
from crmkit.compare.effect import effect
from crmkit.errors import RequestError
from crmkit.periods import Period
from crmkit.schema import Snapshot

Make = Callable[..., Snapshot]
Deal = dict[str, Any]
START = date(2023, 1, 2)  # a Monday
CHANGE = START + timedelta(weeks=110)
END = CHANGE + timedelta(weeks=26)


def _working(first: date, after: date) -> Iterator[date]:
    days = (first + timedelta(days=ahead) for ahead in range((after - first).days))
    return (day for day in days if day.weekday() < 5)


def _deals(
    seed: int, won: Mapping[bool, float], lost: Mapping[bool, float], amount: float = 100.0, **more: Any
) -> list[Deal]:
    """Return deals closed each working day: so many won and lost on average, before and after the change."""
    draw, deals = np.random.default_rng(seed), []
    for day in _working(START, END):
        after = day >= CHANGE
        for status, many in (("won", won[after]), ("lost", lost[after])):
            for _ in range(draw.poisson(many)):
                opened = day - timedelta(days=int(draw.integers(5, 25)))
                worth = round(amount * float(draw.gamma(8, 1 / 8)), 2)
                deals.append({
                    "status": status, "created_at": f"{opened}T10:00:00", "closed_at": f"{day}T15:00:00",
                    "amount": worth, "company_id": f"c{len(deals)}",
                } | more)  # fmt: skip
    return deals


@pytest.fixture(scope="module")
def grown() -> list[Deal]:
    """Return an export in which a quarter more is won since the change, and as much lost as before."""
    return _deals(1, {False: 8, True: 10}, {False: 6, True: 6})


def _ask(snapshot: Make, deals: list[Deal], text: str, **more: Any):
    crm = snapshot(deals=deals, as_of=str(END - timedelta(days=1)))
    return answer(crm, text, **more)


def test_a_quarter_more_revenue_since_a_day(snapshot: Make, grown: list[Deal]) -> None:
    crm = snapshot(deals=grown, as_of=str(END - timedelta(days=1)))
    said = {text: answer(crm, text, day=CHANGE) for text in ("revenue:+24%", "revenue:+100%", "revenue:-10%")}
    told = said["revenue:+24%"]
    assert (told.kind, told.about, told.claimed, told.date) == ("effect", "revenue", 1.24, str(CHANGE))
    assert (told.claim, told.label, told.direction, told.reason) == ("supported", "holds", "above", "")
    assert told.low < 1.25 < told.high and told.low > 1
    assert (told.gap, told.gap_low) == pytest.approx((told.value - 1, told.low - 1))
    assert (told.weeks_before, told.weeks_after) == (109, 26)
    assert told.after / told.before == pytest.approx(1.25, rel=0.1)
    assert told.money_low < told.money_month < told.money_high
    # the same interval says that it did not double, and did not fall
    assert said["revenue:+100%"].claim == said["revenue:-10%"].claim == "contradicted"
    rows = answers(list(said.values()))
    assert rows["claim"].tolist() == ["supported", "contradicted", "contradicted"]
    assert {"value", "low", "high", "n", "gap", "gap_low", "gap_high", "label", "reason"} <= set(rows)
    assert answers([]).empty


def test_of_nothing_expected_no_per_cent_are_told(
    snapshot: Make, grown: list[Deal], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the trend leads below zero an effect is no part of what was expected: no interval in per cent.
    unknown = dict.fromkeys(("relative", "relative_low", "relative_high"), float("nan"))
    monkeypatch.setattr(
        "crmkit.compare.answers.effect", lambda *told, **more: replace(effect(*told, **more), **unknown)
    )
    told = _ask(snapshot, grown, "revenue:+24%", day=CHANGE)
    assert (told.claim, told.label, told.reason) == ("cannot_tell", "cannot_be_computed", "nothing_expected")


def test_the_first_month_cannot_tell(snapshot: Make, grown: list[Deal]) -> None:
    # four weeks after the change in the export, or only the first month asked about: gates before all else
    month = CHANGE + timedelta(weeks=4)
    early = [deal for deal in grown if deal["closed_at"] < str(month)]
    short = answer(snapshot(deals=early, as_of=str(month - timedelta(days=1))), "revenue:+24%", day=CHANGE)
    asked = _ask(snapshot, grown, "revenue:+24%", day=CHANGE, until=month)
    for told in (short, asked):
        assert (told.claim, told.label, told.reason) == ("cannot_tell", "too_little_data", "few_weeks")
        assert told.weeks_after == 4
    assert short.kind == "effect" and np.isnan(short.low)
    assert asked.kind == "periods" and asked.date == str(CHANGE)
    # what was seen is told all the same
    assert asked.value == pytest.approx(asked.after / asked.before)


def test_fewer_lost_orders(snapshot: Make) -> None:
    deals = _deals(2, {False: 4, True: 4}, {False: 12, True: 8.4})
    told = _ask(snapshot, deals, "lost_orders:-30%", day=CHANGE)
    assert (told.about, told.claim, told.label, told.direction) == (
        "lost_deals", "supported", "holds", "below",
    )  # fmt: skip
    assert told.low < 0.7 < told.high < 1
    # as many are won, and less than half as many lost are on record: losses are no longer written down
    told = _ask(
        snapshot, _deals(2, {False: 4, True: 4}, {False: 12, True: 5}), "lost_orders:-30%", day=CHANGE
    )
    assert (told.claim, told.reason) == ("cannot_tell", "recording_changed")


def test_lost_orders_that_stay(snapshot: Make, grown: list[Deal]) -> None:
    told = _ask(snapshot, grown, "lost_deals:-30%", day=CHANGE)
    assert (told.claim, told.label, told.reason) == ("contradicted", "may_be_chance", "within_chance")


def test_profit_needs_a_column(snapshot: Make, grown: list[Deal]) -> None:
    told = _ask(snapshot, grown, "profit:+18%", day=CHANGE)
    assert (told.claim, told.label, told.reason) == ("cannot_tell", "cannot_be_computed", "deals.margin")
    assert np.isnan(told.value)
    periods = (Period.parse("2024-Q1", "UTC"), Period.parse("2025-Q1", "UTC"))
    told = _ask(snapshot, grown, "profit:+18%", periods=periods)
    assert (told.claim, told.label, told.reason) == ("cannot_tell", "cannot_be_computed", "deals.margin")
    with_margin = [deal | {"margin": deal["amount"] * 0.3} for deal in grown]
    assert _ask(snapshot, with_margin, "profit:+18%", day=CHANGE).claim == "supported"


def test_from_two_to_twenty_per_cent(snapshot: Make) -> None:
    deals = _deals(3, {False: 0.25, True: 2.5}, {False: 12, True: 10})
    crm = snapshot(deals=deals, as_of=str(END - timedelta(days=1)))
    told = answer(crm, "conversion:2%->20%", day=CHANGE)
    assert (told.claim, told.label, told.direction) == ("supported", "holds", "above")
    assert told.before == pytest.approx(0.02, abs=0.005) and told.after == pytest.approx(0.2, abs=0.02)
    # five times as much is not ten times, and 20 % are not reached
    deals = _deals(3, {False: 0.25, True: 1.25}, {False: 12, True: 11.2})
    crm = snapshot(deals=deals, as_of=str(END - timedelta(days=1)))
    assert answer(crm, "conversion:2%->20%", day=CHANGE).claim == "contradicted"


def _clients(before: int, after: int) -> list[Deal]:
    """Return deals of 200 clients of each of three spans, of whom so many buy again in the next one."""
    deals, spans = [], [CHANGE - timedelta(weeks=52), CHANGE - timedelta(weeks=26), CHANGE]
    for place, start in enumerate(spans):
        old = [f"{place - 1}-{client}" for client in range((0, before, after)[place])]
        for order, client in enumerate([*old, *(f"{place}-{new}" for new in range(200 - len(old)))]):
            day = start + timedelta(days=order % 180)
            deals.append({
                "status": "won", "created_at": f"{day}T09:00:00", "closed_at": f"{day}T15:00:00",
                "amount": 100, "company_id": client,
            })  # fmt: skip
    long_before = START - timedelta(weeks=60)
    return [
        *deals,
        *(
            deals[0] | {"closed_at": f"{long_before}T15:00:00", "created_at": f"{long_before}T09:00:00"}
            for _ in range(9)
        ),
    ]


def test_five_times_the_retention(snapshot: Make) -> None:
    # a tenth of 200 clients came again in the half-year before the change, half of them in the one after;
    # half-years are other parts of a year: nothing is supported, but what is far off is contradicted
    told = _ask(snapshot, _clients(20, 100), "retention:x5", day=CHANGE)
    assert (told.kind, told.about, told.before, told.after) == ("periods", "client_retention", 0.1, 0.5)
    assert (told.claim, told.label, told.reason) == ("cannot_tell", "may_be_chance", "season_not_separated")
    assert told.value == pytest.approx(5) and told.low < 5 < told.high
    told = _ask(snapshot, _clients(20, 22), "retention:x5", day=CHANGE)
    assert (told.claim, told.reason) == ("contradicted", "within_chance")


def _leads(before: float, after: float) -> tuple[list[Deal], list[Deal]]:
    """Return two leads each working day and the first call to each, after so many working hours (median)."""
    draw, deals, calls = np.random.default_rng(5), [], []
    for day in _working(START, END):
        for _ in range(2):
            number = str(len(deals) + 1)
            deals.append({"deal_id": number, "status": "open", "created_at": f"{day}T09:00:00"})
            hours = (after if day >= CHANGE else before) * float(draw.lognormal(0, 0.5))
            at = f"{day}T{9 + int(hours):02}:{int(hours % 1 * 60):02}:00"
            calls.append({"deal_id": number, "kind": "call", "direction": "out", "at": at})
    return deals, calls


@pytest.mark.parametrize(("hours", "said"), [(0.6, "supported"), (1.6, "contradicted")])
def test_leads_answered_three_times_faster(snapshot: Make, hours: float, said: str) -> None:
    deals, calls = _leads(1.8, hours)
    crm = snapshot(deals=deals, activities=calls, as_of=str(END - timedelta(days=1)))
    told = answer(crm, "first_response:/3", day=CHANGE)
    assert (told.about, told.claim) == ("first_response_time:median", said)
    assert told.low < hours / 1.8 < told.high
    assert answer(snapshot(deals=deals), "first_response:/3", day=CHANGE).label == "cannot_be_computed"


def test_two_periods_of_one_season(snapshot: Make) -> None:
    # more than half as much again is won since February 2025: four months of it, and those of the year before
    spans = (Period.parse("2024-03-01..2024-07-01", "UTC"), Period.parse("2025-03-01..2025-07-01", "UTC"))
    deals = _deals(7, {False: 4, True: 6.5}, {False: 3, True: 3})
    crm = snapshot(deals=deals, as_of=str(END - timedelta(days=1)))
    told = answer(crm, "revenue:+50%", periods=spans)
    assert (told.kind, told.earlier, told.later) == ("periods", spans[0].name, spans[1].name)
    assert (told.claim, told.label, told.direction) == ("supported", "holds", "above")
    assert told.after / told.before == pytest.approx(told.value)
    assert answer(crm, "revenue:x3", periods=spans).claim == "contradicted"
    # of other parts of the year: a season may have made the difference
    spans = (Period.parse("2024-09-01..2025-01-01", "UTC"), spans[1])
    told = answer(crm, "revenue:+50%", periods=spans)
    assert (told.claim, told.reason) == ("cannot_tell", "season_not_separated")
    # a month against a month has four weeks
    spans = (Period.parse("2025-01", "UTC"), Period.parse("2025-03", "UTC"))
    assert answer(crm, "win_rate:x2", periods=spans).reason == "few_weeks"


def _reps(shares: Mapping[str, Mapping[str, float]], chances: Mapping[str, float]) -> list[Deal]:
    """Return 300 deals of each rep: which share of them is of which source, and how often such are won."""
    draw, deals = np.random.default_rng(6), []
    for rep, mix in shares.items():
        for source in draw.choice(list(mix), 300, p=list(mix.values())):
            skill = 2.0 if rep == "Twice" else 1.0
            day = START + timedelta(days=int(draw.integers(0, 360)))
            deals.append({
                "status": "won" if draw.random() < chances[source] * skill else "lost", "amount": 100,
                "created_at": f"{day}T10:00:00", "closed_at": f"{day + timedelta(days=9)}T10:00:00",
                "manager_id": rep, "source": source, "company_id": f"c{len(deals)}",
            })  # fmt: skip
    return deals


WARM, COLD = {"warm": 0.8, "cold": 0.2}, {"warm": 0.2, "cold": 0.8}


def test_twice_as_effective_like_for_like(snapshot: Make) -> None:
    shares = {"Warm": WARM, "Cold": COLD, "Twice": COLD, "Ann": WARM, "Bob": COLD}
    crm = snapshot(deals=_reps(shares, {"warm": 0.42, "cold": 0.12}), as_of="2024-03-01")
    told = answer(crm, "Warm/Cold:x2")
    # whoever has the warm leads wins twice as many, and is no better
    assert told.kind == "pair" and told.value == pytest.approx(2, abs=0.5)
    assert told.credit == "owner_now"
    assert told.adjusted == pytest.approx(1, abs=0.3) and told.adjusted_low < 1 < told.adjusted_high < 2
    assert (told.claim, told.label, told.reason) == ("contradicted", "may_be_chance", "within_chance")
    told = answer(crm, "Twice/Cold:x2")
    assert (told.claim, told.label, told.direction) == ("supported", "holds", "above")
    # nobody else is needed for it
    two = [
        deal
        for deal in _reps(shares, {"warm": 0.42, "cold": 0.12})
        if deal["manager_id"] in ("Warm", "Twice")
    ]
    told = answer(snapshot(deals=two, as_of="2024-03-01"), "Twice/Warm:x2")
    assert told.value < 1.5 < told.adjusted and told.claim == "supported"


def test_a_hunter_is_not_compared_with_a_closer(snapshot: Make) -> None:
    deals = _reps({"Twice": COLD, "Cold": COLD}, {"warm": 0.42, "cold": 0.12})
    roles = [{"name": "Twice", "role": "hunter"}, {"name": "Cold", "role": "closer"}]
    crm = snapshot(deals=deals, as_of="2024-03-01", managers=roles)
    told = answer(crm, "Twice/Cold:x2")
    assert (told.claim, told.label, told.reason) == ("cannot_tell", "cannot_be_computed", "different_roles")
    for names in ("Twice/Nobody", "Twice/Twice", "Nobody/"):
        with pytest.raises(RequestError):
            answer(crm, f"{names}:x2")


def test_reps_without_like_deals(snapshot: Make) -> None:
    shares = {"Twice": {"cold": 1.0}, "Warm": {"warm": 1.0}}
    crm = snapshot(deals=_reps(shares, {"warm": 0.42, "cold": 0.12}), as_of="2024-03-01")
    told = answer(crm, "Warm/Twice:x2")
    assert (told.claim, told.reason) == ("cannot_tell", "no_like_deals")


def test_neither_a_day_nor_periods(snapshot: Make, grown: list[Deal]) -> None:
    with pytest.raises(RequestError, match="needs its day"):
        _ask(snapshot, grown, "revenue:+24%")


def test_what_is_open_today_has_no_before(snapshot: Make, grown: list[Deal]) -> None:
    rest = [{"status": "open", "created_at": f"{CHANGE}T10:00:00"} for _ in range(40)]
    spans = (Period.between(START, CHANGE, "Europe/Moscow"), Period.between(CHANGE, END, "Europe/Moscow"))
    for asked in ({"day": CHANGE}, {"periods": spans}):
        told = _ask(snapshot, [*grown[:200], *rest], "open_deals:+5%", **asked)
        assert (told.claim, told.label, told.reason) == ("cannot_tell", "cannot_be_computed", "one_moment")
