"""What a step was before an improvement began and what it is since: each with its n, and the difference."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from crmkit.periods import Period
from crmkit.process.accounting import accounting, missing
from crmkit.process.cards import Card, Effect, Metric
from crmkit.process.description import Process, fold
from crmkit.process.steps import StepMap, map_steps, stages_as_places
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import difference_limits, newcombe

#: The account's columns by metric.
COLUMNS: dict[Metric, str] = {"conversion": "conversion", "working_days": "working_days_median"}
DAYS_BEFORE = 365


@dataclass(frozen=True)
class Side:
    """The metric of one span of time: ``k`` of ``n`` for a conversion; NaN where it cannot be told."""

    period: Period
    value: float
    n: int
    low: float
    high: float
    k: float


@dataclass(frozen=True)
class Measured:
    """The effect of a card.

    ``state``: ``ok``; ``not_started`` (no day of start, or it lies ahead); ``unknown_step`` (no described
    step and no CRM stage is called so); ``not_in_export`` with ``missing``; ``empty`` (one side has no
    cases). ``difference`` is after less before, with its 95 % interval.
    """

    state: str
    missing: str = ""
    before: Side | None = None
    after: Side | None = None
    difference: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")

    def effect(self, as_of: date) -> Effect | None:
        """Return what the card's file keeps of it."""
        if self.before is None or self.after is None:
            return None
        told = {"before": self.before.value, "after": self.after.value, "difference": self.difference}
        told |= {"low": self.low, "high": self.high}
        known = {name: round(value, 6) for name, value in told.items() if value == value}
        return Effect(before_n=self.before.n, after_n=self.after.n, as_of=as_of, **known)


def measured(card: Card, crm: Snapshot, process: Process | None = None) -> Measured:
    """Measure a card's step before its start and after it.

    Before: the visits that began within a year before ``started_on``, not before the first record. After:
    those that began from then on until ``check_on`` (included), at most to ``as_of``. The conversion is that
    of the account of the process, of the visits that are over; the median counts those that go on as not
    ended yet. Shares are compared by Newcombe's interval, medians by the limits of both.

    Source: METHOD 4.7, 6.1
    """
    today = crm.today
    if card.started_on is None or card.started_on > today:
        return Measured("not_started")
    place, places = place_of(card, crm, process)
    if place is None:
        return Measured("unknown_step")
    zone, start = crm.settings.zone, card.started_on
    until = min(today, card.check_on or today) + timedelta(days=1)
    began = crm.began.get("stage_changes")
    first = start - timedelta(days=DAYS_BEFORE)
    if began is not None:
        first = max(first, began.tz_convert(zone).date())
    spans = [
        Period.between(min(first, start - timedelta(days=1)), start, zone),
        Period.between(start, until, zone),
    ]
    column = COLUMNS[card.metric]
    for span in spans:
        told = missing(crm, span, places)
        why = told.get("conversion" if card.metric == "conversion" else "days_median", "")
        if why and why != "before_first_record":
            return Measured("not_in_export", why)
    before, after = (_side(accounting(crm, span, places), place, column, span) for span in spans)
    return _compared(before, after, card.metric)


def place_of(card: Card, crm: Snapshot, process: Process | None) -> tuple[int | None, StepMap]:
    """Return the code of the place that a card is about (``None``: nothing is called so), and the places."""
    places = stages_as_places(crm) if process is None else map_steps(crm, process)
    names = [fold(str(name)) for name in places.order.table["stage"]]
    if fold(card.step) not in names and process is not None:
        places = stages_as_places(crm)
        names = [fold(str(name)) for name in places.order.table["stage"]]
    wanted = fold(card.step)
    return (names.index(wanted) if wanted in names else None), places


def _side(account: pd.DataFrame, place: int, column: str, span: Period) -> Side:
    rows = account[(account["place"] == place).to_numpy()]
    if rows.empty:
        return Side(span, np.nan, 0, np.nan, np.nan, np.nan)
    row = rows.iloc[0]
    n, k = row[f"{column}_n"], row.get(f"{column}_numerator", np.nan)
    value, low, high = (float(row[name]) for name in (column, f"{column}_low", f"{column}_high"))
    return Side(span, value, 0 if n != n else int(n), low, high, float(k))


def _compared(before: Side, after: Side, metric: Metric) -> Measured:
    if not before.n or not after.n:
        return Measured("empty", before=before, after=after)
    if metric == "conversion":
        low, high = newcombe((after.k, after.n), (before.k, before.n))
    else:
        low, high = difference_limits(
            (after.value, after.low, after.high), (before.value, before.low, before.high)
        )
    gap = after.value - before.value
    return Measured("ok", before=before, after=after, difference=gap, low=float(low), high=float(high))
