"""What a described process would bring: what it states, put through the measured funnel (METHOD 4.7)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.facts import FloatArray
from crmkit.periods import Period
from crmkit.process.chain import (
    HORIZON_DAYS,
    HORIZON_WORKING_DAYS,
    UNTOLD_SHARE,
    Chain,
    chain_from,
    days_left,
    mean_times,
    with_conversions,
)
from crmkit.process.description import Process
from crmkit.process.moves import Moves, moves_of
from crmkit.process.resampling import limits, resamples_of
from crmkit.process.steps import StepMap, map_steps
from crmkit.process.worth import Worth, worth_of
from crmkit.schema import Snapshot

TIMES = ("days", "working_days")
#: Bases of a conversion that is put through the funnel.
USED = ("stated", "few_visits")


@dataclass(frozen=True, eq=False)
class Expected:
    """What would change if the steps converted, and lasted no longer than, what is described.

    Attributes
    ----------
    steps: one row a described step: ``step_ix``, ``stage`` (its name); ``conversion`` measured with its cases
        (``_numerator``, ``_denominator``, ``_n``, ``_low``, ``_high``), ``stated``; ``mean_days``,
        ``mean_working_days`` and the same ``_if`` no visit outlasted the norm; ``deals_month``,
        ``money_month`` (with ``_low``, ``_high``, ``_n``): the gain if this step alone converted as stated;
        ``saved_days``, ``saved_working_days``: of the way from a deal's first step to its end, if this step
        alone converted and lasted as stated; ``basis``: ``stated``, ``as_measured`` (nothing is stated),
        ``not_in_data`` (no visit), ``few_visits``, ``never_advanced`` (where deals would go is not known: as
        measured), or a state of the chain (as measured).
    whole: one row each for ``win_rate`` (of deals entering the process), ``deals_month``, ``money_month``,
        ``days``, ``working_days`` (from a deal's first step to its end, won or lost): ``now``, ``then`` with
        all steps as stated, ``change``, ``change_low``, ``change_high`` (by client; not for days).
    months: how many months the flow is counted over.
    state: empty, ``no_history``, ``no_visits``, ``nothing_stated``, or ``leads_to_unknown`` (too many deals
        begin where their end cannot be told).
    """

    steps: pd.DataFrame
    whole: pd.DataFrame
    months: float
    state: str


def expected_effect(crm: Snapshot, period: Period, to_be: Process) -> Expected:
    """Put the conversions and norms that a process states through the chain of the visits of a period.

    A step without a stated conversion converts as measured. With a norm, the time in a step is that of its
    visits if none outlasted it; a norm in working time shortens calendar days in proportion. The number of
    deals that enter, their first steps and the average check stay as they are.

    Source: METHOD 4.7
    """
    places = map_steps(crm, to_be)
    moves = moves_of(crm, period, places)
    chain = chain_from(crm, moves)
    worth = worth_of(crm, period, moves, resamples_of(crm))
    described = places.step_ix[chain.codes]
    stated = np.array([np.nan, *(one.expected_conversion for one in to_be.steps)], dtype=np.float64)
    basis = _basis(crm, chain, stated[described + 1])
    wanted = np.where(np.isin(basis, USED), stated[described + 1], np.nan)
    now = chain.table[[f"mean_{name}" for name in TIMES]].to_numpy().T
    effect = _Effect(chain, worth, wanted, now, _shortened(crm, places, moves, now))
    steps = effect.alone().assign(step_ix=described, basis=basis)
    rows = pd.DataFrame({"step_ix": np.arange(len(to_be.steps)), "stage": [s.name for s in to_be.steps]})
    steps = rows.merge(steps[described >= 0], how="left", on="step_ix", validate="1:1")
    steps.insert(2, "stated", stated[1:])
    steps["basis"] = steps["basis"].where(steps["basis"].notna(), "not_in_data")
    state = effect.state or ("nothing_stated" if np.isnan(wanted).all() and not effect.is_shorter else "")
    if chain.table.empty:
        state = "no_history" if crm.lacks(["stage_changes.to_stage"]) else "no_visits"
    return Expected(steps, effect.whole(), worth.months, state)


@dataclass(frozen=True, eq=False)
class _Effect:
    """The funnel as it is, and what is wanted of it; ``now`` and ``then`` are mean times, one row a unit."""

    chain: Chain
    worth: Worth
    wanted: FloatArray
    now: FloatArray
    then: FloatArray

    @property
    def is_shorter(self) -> bool:
        """Whether a norm shortens anything."""
        return bool((self.then < self.now).any())

    @property
    def state(self) -> str:
        """Whether enough of the deals begin where their end can be told."""
        starts = self.worth.starts[0]
        untold = ~self.chain.table["state"].isin(("", "no_times")).to_numpy()
        return "leads_to_unknown" if starts[untold].sum() > UNTOLD_SHARE * starts.sum() else ""

    def alone(self) -> pd.DataFrame:
        """Return what each place alone would change."""
        table, worth = self.chain.table, self.worth
        cases: dict[str, FloatArray] = {}
        deals = worth.entries / (worth.months or np.nan) * worth.alone(self.wanted)
        for name, drawn in (("deals_month", deals), ("money_month", deals * worth.check)):
            cases |= {name: drawn[0], f"{name}_n": table["resolved"].to_numpy(np.float64)}
            cases[f"{name}_low"], cases[f"{name}_high"] = limits(drawn)
        means = {f"mean_{name}": self.now[row] for row, name in enumerate(TIMES)}
        means |= {f"mean_{name}_if": self.then[row] for row, name in enumerate(TIMES)}
        saved = np.full((len(TIMES), len(table)), np.nan)
        for place in range(len(table)):
            only = np.arange(len(table)) == place
            then = self._way(np.where(only, self.wanted, np.nan), np.where(only, self.then, self.now))
            saved[:, place] = self._way(np.full(len(table), np.nan), self.now) - then
        return pd.DataFrame(
            {
                "conversion": table["conversion"], "conversion_numerator": table["advanced"],
                "conversion_denominator": table["resolved"], "conversion_n": table["resolved"],
                "conversion_low": table["conversion_low"], "conversion_high": table["conversion_high"],
            } | means | cases | {f"saved_{name}": saved[row] for row, name in enumerate(TIMES)}
        )  # fmt: skip

    def whole(self) -> pd.DataFrame:
        """Return the figures of the whole process as it is, and with all that is wanted."""
        starts, months = self.worth.starts, self.worth.months or np.nan
        both: dict[str, list[FloatArray]] = {"win_rate": [], "deals_month": [], "money_month": []}
        for p_win in self.worth.together(self.wanted):
            won, total = starts * p_win, starts.sum(axis=1)
            both["win_rate"].append(won.sum(axis=1) / np.where(total > 0, total, np.nan))
            both["deals_month"].append(won.sum(axis=1) / months)
            both["money_month"].append(np.where(won > 0, won * self.worth.check, 0.0).sum(axis=1) / months)
        rows = []
        for name, (before, after) in both.items():
            low, high = limits((after - before)[:, None])
            rows.append((name, before[0], after[0], low[0], high[0]))
        ways = [self._way(np.full(len(self.wanted), np.nan), self.now), self._way(self.wanted, self.then)]
        rows += [(name, ways[0][row], ways[1][row], np.nan, np.nan) for row, name in enumerate(TIMES)]
        frame = pd.DataFrame(rows, columns=["figure", "now", "then", "change_low", "change_high"])
        frame.insert(3, "change", frame["then"] - frame["now"])
        told = np.nan if self.state or not len(self.wanted) else 1.0
        figures = list(frame.columns[1:])
        return frame.assign(**{name: frame[name] * told for name in figures})

    def _way(self, wanted: FloatArray, means: FloatArray) -> FloatArray:
        """Return the days from a deal's first place to its end, in each unit."""
        chances = with_conversions(self.chain.chances, self.chain.ways, wanted)
        starts = self.worth.starts[0]
        here = starts > 0
        days = np.array([days_left(chances, mean)[here] @ starts[here] for mean in means])
        return np.asarray(days / starts.sum() if here.any() else np.full(len(means), np.nan))


def _basis(crm: Snapshot, chain: Chain, stated: FloatArray) -> np.ndarray:
    """Say of each place what its conversion rests on."""
    table = chain.table
    cases = {
        "as_measured": np.isnan(stated),
        "no_resolved_visits": table["resolved"] == 0,
        "never_advanced": table["advanced"] == 0,
        "few_visits": table["resolved"] < crm.settings.limits.compared_cases,
    }
    return np.asarray(np.select(list(cases.values()), list(cases), "stated"))


def _shortened(crm: Snapshot, places: StepMap, moves: Moves, now: FloatArray) -> FloatArray:
    """Return the mean times if no visit outlasted the norm of its place."""
    amount = np.where(places.step_ix >= 0, places.norm_amount, np.nan)[moves.codes]
    unit = places.norm_unit[moves.codes]
    hours = np.where(unit == "working_hours", crm.settings.calendar.hours_per_day, 1.0)
    in_days = unit == "days"
    horizons = {
        "days": np.where(in_days & ~np.isnan(amount), amount, HORIZON_DAYS),
        "working_days": np.where(in_days | np.isnan(amount), HORIZON_WORKING_DAYS, amount / hours),
    }
    cut = mean_times(crm, moves, **horizons)[[f"mean_{name}" for name in TIMES]].to_numpy().T
    cut = np.minimum(cut, now)
    ratio = np.divide(cut, now, out=np.ones_like(now), where=now > 0)
    return np.asarray(now * np.where(in_days, ratio[0], ratio[1]))
