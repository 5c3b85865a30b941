"""As is against to be: what was expected of each step beside what was measured since (METHOD 6.5)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from crmkit.compare.claims import Standing, set_against
from crmkit.compare.interrupted import judged_series
from crmkit.compare.intervals import Verdict, unheld
from crmkit.compare.recording import recording
from crmkit.facts import day_of
from crmkit.measures import ALL
from crmkit.measures.catalog import find
from crmkit.periods import Period, floor
from crmkit.process.cards import Card
from crmkit.process.description import Process
from crmkit.process.effect import DAYS_BEFORE, Measured, measured, place_of
from crmkit.process.expected import expected_effect
from crmkit.process.stays import stays_of
from crmkit.process.steps import StepMap
from crmkit.process.wording import fold
from crmkit.schema import Snapshot
from crmkit.stages import ADVANCED, STILL_THERE
from crmkit.statistics.many import widened

#: A week counts once this share of the visits that began in it is over: the quick ones alone would mislead.
OVER = 0.9


@dataclass(frozen=True, eq=False)
class ToBe:
    """What was expected of the steps, and what came.

    Attributes
    ----------
    rows: one row for each step that the description states a conversion of, and for each card of improvement
        that has begun: ``step``, ``card`` (its number; 0: the description), ``metric`` (``conversion``, or
        ``working_days``, the median), ``started_on``; ``before``, ``after`` with ``_n``, ``_low``, ``_high``;
        ``expected`` (the change that was stated or hoped for), ``money_month`` (what it was to bring, with
        ``_low``, ``_high``); ``gap``: the change beyond trend and season (METHOD 6.4), with limits for all
        rows together; ``label``, ``direction``, ``reason`` of the change; ``claim``: whether what was
        expected has come (``supported``, ``contradicted``, ``cannot_tell``). Where the weeks are too few for
        that, ``gap`` is after less before, and is only described.
    not_begun: steps with something stated whose day has not come, or is not said.
    """

    rows: pd.DataFrame
    not_begun: tuple[str, ...]


def to_be(crm: Snapshot, process: Process | None, cards: Sequence[Card] = ()) -> ToBe:
    """Set the expected effect of a described process, and of the cards of improvement, beside the measured.

    Parameters
    ----------
    process: how it should be; its day (``dated``) is from when it holds. A step with a card of its own begun
        is told by the card. cards: of the client.

    Source: METHOD 6.5
    """
    rows, not_begun = [], []
    for card in (*cards, *_stated(process, cards)):
        found = measured(card, crm, process)
        if found.state == "not_started":
            not_begun.append(card.step)
        else:
            rows.append(_row(crm, card, found, process))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return ToBe(_judged(crm, _with_expected(crm, process, frame)), tuple(dict.fromkeys(not_begun)))


COLUMNS = (
    "step", "card", "metric", "started_on", "before", "before_n", "before_low", "before_high", "after",
    "after_n", "after_low", "after_high", "expected", "money_month", "money_month_low", "money_month_high",
    "gap", "gap_low", "gap_high", "label", "direction", "reason",
)  # fmt: skip


def _stated(process: Process | None, cards: Sequence[Card]) -> Iterator[Card]:
    """Yield what the description states as cards without a number of their own."""
    begun = {fold(card.step) for card in cards if card.metric == "conversion" and card.started_on}
    for step in process.steps if process else ():
        if step.expected_conversion is not None and fold(step.name) not in begun:
            said = {"id": 1, "problem": step.name, "step": step.name, "evidence": "process"}
            yield Card.model_validate(said | {"started_on": process.dated if process else None})


def _row(crm: Snapshot, card: Card, found: Measured, process: Process | None) -> tuple[object, ...]:
    """Return one row of ``COLUMNS``; what a card hopes for, without the description's."""
    own = card.evidence != "process"
    sides: list[object] = []
    for side in (found.before, found.after):
        sides += [np.nan] * 4 if side is None else [side.value, side.n, side.low, side.high]
    hoped = card.expected
    told = [None] * 4 if hoped is None else [hoped.change, hoped.money_month, hoped.low, hoped.high]
    change = [np.nan if one is None else one for one in told]
    head = (card.step, card.id if own else 0, card.metric, card.started_on)
    if found.state != "ok":
        reason = found.missing or {"empty": "no_cases"}.get(found.state, found.state)
        return (*head, *sides, *change, np.nan, np.nan, np.nan, "cannot_be_computed", "none", reason)
    return (*head, *sides, *change, *_change(crm, card, found, process))


def _change(
    crm: Snapshot, card: Card, found: Measured, process: Process | None
) -> tuple[float, float, float, str, str, str]:
    """Return the change with its limits and its verdict: by weeks, beyond trend and season."""
    place, places = place_of(card, crm, process)
    day = card.started_on or crm.today
    until = min(crm.today, card.check_on or crm.today) + timedelta(days=1)
    weeks = weekly_visits(crm, -1 if place is None else place, places, metric=card.metric)
    start = floor(day + timedelta(days=6), "week")
    monday = weeks["week"].dt.date
    weeks = weeks[((monday < floor(day, "week")) | (monday >= start)) & (monday + timedelta(days=7) <= until)]
    told = judged_series(
        weeks["value"], int((weeks["week"].dt.date < start).sum()), limits=crm.settings.limits,
        weights=weeks["n"], weeks=weeks["week"], cases=weeks["n"],
        bent=recording(crm, find("stage_conversion"), day, until).reason,
    )  # fmt: skip
    ends = (told.value, told.low, told.high)
    if np.isnan(told.low):
        ends = (found.difference, found.low, found.high)
    return (*ends, told.label, told.direction, told.reason)


def weekly_visits(crm: Snapshot, place: int, places: StepMap, *, metric: str) -> pd.DataFrame:
    """Return ``week`` (Monday), ``value`` and ``n`` of the visits to a place that began in each whole week.

    Parameters
    ----------
    metric: ``conversion`` (a place passed over counts as passed) or ``working_days``, the median.

    Weeks of which a tenth of the visits still goes on are left out; so are those without visits.
    """
    stays = stays_of(crm, ALL, places)
    mine = (stays.place == place) & stays.rows["entered_at"].notna().to_numpy()
    rows, days = stays.rows[mine], stays.working_days[mine]
    frame = pd.DataFrame(
        {"at": rows["entered_at"], "over": (rows["outcome"] < STILL_THERE).astype(np.float64),
         "value": (rows["outcome"] == ADVANCED).astype(np.float64) if metric == "conversion" else days}
    )  # fmt: skip
    if metric == "conversion":
        jumped = stays.skipped[(stays.skipped["stage"] == place).to_numpy()]
        passed = pd.DataFrame({"at": jumped["at"], "over": 1.0, "value": 1.0})
        frame = pd.concat([one for one in (frame, passed) if len(one)] or [frame], ignore_index=True)
    frame["week"] = day_of(frame["at"]).dt.to_period("W-SUN").dt.start_time
    over = frame.groupby("week")["over"].agg(["mean", "size"])
    ended = frame[frame["over"] > 0].groupby("week")["value"]
    told = pd.DataFrame(
        {"value": ended.mean() if metric == "conversion" else ended.median(), "n": ended.size()}
    )
    told = told[(over["mean"].reindex(told.index) >= OVER).to_numpy()].reset_index()
    began = crm.began.get("stage_changes")
    return (
        told if began is None else told[(told["week"].dt.date >= began.tz_convert(crm.settings.zone).date())]
    )


def _with_expected(crm: Snapshot, process: Process | None, rows: pd.DataFrame) -> pd.DataFrame:
    """Add what the description lets expect: the change from before, and the money by the funnel of then."""
    mine = (rows["card"] == 0).to_numpy()
    if process is None or process.dated is None or not mine.any():
        return rows
    stated = {fold(step.name): step.expected_conversion for step in process.steps}
    before = Period.between(process.dated - timedelta(days=DAYS_BEFORE), process.dated, crm.settings.zone)
    steps = expected_effect(crm, before, process).steps
    money = steps.assign(key=[fold(name) for name in steps["stage"]]).drop_duplicates("key").set_index("key")
    keys = [fold(step) for step in rows["step"]]
    rows["expected"] = rows["expected"].where(~mine, [stated.get(key) for key in keys] - rows["before"])
    for name in ("money_month", "money_month_low", "money_month_high"):
        if name in money:
            rows[name] = rows[name].where(~mine, money[name].reindex(keys).to_numpy())
    return rows


def _judged(crm: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Widen the limits for all rows together, and say whether what was expected has come."""
    figures = list(rows.columns[rows.columns.get_loc("before") : rows.columns.get_loc("label")])
    rows = rows.astype(dict.fromkeys(figures, "float64"))
    compared = rows["label"].isin(["holds", "may_be_chance"])
    ends = [rows[name].where(compared) for name in ("gap", "gap_low", "gap_high")]
    low, high, _ = widened(*ends, rate=crm.settings.limits.false_discovery)
    rows = rows.assign(
        gap_low=rows["gap_low"].mask(compared, low), gap_high=rows["gap_high"].mask(compared, high)
    )
    unheld(rows, ((rows["gap_low"] <= 0) & (rows["gap_high"] >= 0)).to_numpy(), "within_chance")
    return rows.assign(claim=[_claim(row) for row in rows.to_dict("records")])


def _claim(row: Mapping[Hashable, Any]) -> Standing:
    """Say whether the expected change has come, unless none is expected or a season may have hidden it."""
    told, expected = Verdict(row["label"], row["direction"], row["reason"]), row["expected"]
    if np.isnan(expected) or not expected or told.reason in ("few_weeks", "season_not_separated"):
        return "cannot_tell"
    return set_against([(expected, (row["gap_low"], row["gap_high"]))], told, nothing=0.0)
