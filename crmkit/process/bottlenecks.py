"""Which step costs most, in money a month, and which one to improve first (METHOD 4.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.facts import FloatArray, IntArray
from crmkit.periods import Period
from crmkit.process.accounting import missing
from crmkit.process.benchmarks import best_quarters
from crmkit.process.chain import Chain, chain_from
from crmkit.process.description import Process
from crmkit.process.expected import expected_effect as expected_effect  # where it is looked for
from crmkit.process.moves import moves_of
from crmkit.process.resampling import limits, resamples_of
from crmkit.process.steps import StepMap
from crmkit.process.tallies import Grid, stock
from crmkit.process.worth import Worth, worth_of
from crmkit.schema import Snapshot

#: Where a benchmark comes from.
QUARTER, NORM, NONE = "best_quartile", "norm", "none"
#: States of a place of which the cost is told.
TOLD = ("", "may_be_chance")
#: And those that cost nothing now.
RANKED = (*TOLD, "at_benchmark", "no_gain")
NEXT = 3

_NOTHING = 1e-6  # a difference below is rounding


@dataclass(frozen=True, eq=False)
class Bottlenecks:
    """The places by what they cost, and the one to improve first.

    Attributes
    ----------
    chain: the funnel that all figures come from. ranking: one row a place, the dearest first; see
        :func:`bottlenecks`. unit: ``money`` a month, or ``deals`` a month where no amounts are known.
    focus: the row of ``ranking`` that is recommended: the dearest whose interval excludes zero; ``None`` if
        none can be. next: the dearest others, at most three. why_not: why nothing is recommended: states of
        the ranking, ``no_history`` or ``no_visits``.
    first_two_overlap: whether the interval of the dearest overlaps that of another place, one that costs
        nothing now included. ahead: share of the resamples in which it costs more than the second. Both
        ``None`` without two.
    other_focus: the row that would be the dearest by the other benchmarks, if there are any.
    months: how many months the flow is counted over. clients: how many were resampled.
    """

    chain: Chain
    ranking: pd.DataFrame
    unit: str
    focus: int | None
    next: tuple[int, ...]
    why_not: tuple[str, ...]
    first_two_overlap: bool | None
    ahead: float | None
    other_focus: int | None
    months: float
    clients: int


def bottlenecks(
    crm: Snapshot, period: Period, places: StepMap, *, process: Process | None = None
) -> Bottlenecks:
    """Rank the places by what they cost a month against their benchmark.

    Cost = first entries of deals a month × average check × rise of the chance of winning from the place if
    its conversion alone rose to the benchmark. The benchmark is the shrunken conversion of the best quarter
    of the reps with enough resolved visits (:func:`crmkit.process.benchmarks.best_quarters`), else the
    ``expected_conversion`` that ``process`` describes. The average check is the mean amount of the deals won
    in the period that have one and passed through the pipeline of the place. Intervals are of 1000 resamples
    by client, in which all is estimated anew.

    Returns
    -------
    Bottlenecks. The columns of ``ranking``: ``place`` (code), ``pipeline``, ``stage``, ``step_ix``;
    ``conversion`` (with ``_numerator``, ``_denominator``, ``_n``, ``_low``, ``_high``); ``benchmark``,
    ``benchmark_source`` (``best_quartile``, ``norm``, ``none``), ``reps`` (compared), ``best_reps`` (of them
    the best quarter); ``p_win``, ``p_win_if``; ``first_entries``, ``flow_month``; ``check``, ``check_n``;
    ``deals_month``, ``money_month`` (the cost), each with ``_low``, ``_high``, ``_n``; ``open_over_norm``,
    ``money_over_norm`` (what stands there at ``as_of`` for longer than its norm); ``other_source``,
    ``other_benchmark``, ``other_month`` (the cost by the other benchmark); ``state``:

    - empty: the cost is told and its interval excludes zero; ``may_be_chance``: it does not;
    - ``at_benchmark``: the conversion is as good; ``no_gain``: going on from there wins no more often;
    - ``few_visits``: too few have ended to compare; ``few_clients``: fewer than 10; ``no_benchmark``;
      ``no_amounts``;
    - ``never_advanced``: where deals would go from there is not known; or a state of the chain.

    Source: METHOD 4.6, 6
    """
    moves, drawn = moves_of(crm, period, places), resamples_of(crm)
    chain = chain_from(crm, moves)
    best, norms = best_quarters(crm, moves, drawn), _norms(places, chain.codes, process)
    worth, compared = worth_of(crm, period, moves, drawn), ~np.isnan(best.conversion[0])
    unit = "deals" if np.isnan(worth.check[0]).all() else "money"
    month = worth.entries / (worth.months or np.nan)
    price = worth.check if unit == "money" else np.ones_like(worth.check)
    rise = worth.alone(np.where(compared, best.conversion, norms), only_up=True)
    other = np.where(compared, norms, np.nan)
    costs = {"deals_month": month * rise, "money_month": month * rise * worth.check}
    table = _described(crm, places, chain).assign(
        benchmark=np.where(compared, best.conversion[0], norms),
        benchmark_source=np.select([compared, ~np.isnan(norms)], [QUARTER, NORM], NONE),
        reps=best.reps, best_reps=best.best,
        p_win=chain.table["p_win"], p_win_if=chain.table["p_win"] + rise[0],
        first_entries=worth.entries[0], flow_month=month[0], check=worth.check[0], check_n=worth.check_n,
        deals_month_n=chain.table["resolved"], money_month_n=chain.table["resolved"],
        **_limited(costs), **_stuck(crm, period, places, chain.codes),
        other_source=np.where(np.isnan(other), NONE, NORM), other_benchmark=other,
        other_month=month[0] * price[0] * worth.alone(other, only_up=True, rows=1)[0],
    )  # fmt: skip
    few = drawn.clients < crm.settings.limits.few_cases
    table["state"] = _states(crm, chain, table.assign(few_clients=few), costs[f"{unit}_month"])
    return _ranked(crm, chain, table, worth, (unit, costs[f"{unit}_month"], drawn.clients))


def _described(crm: Snapshot, places: StepMap, chain: Chain) -> pd.DataFrame:
    """Return the places with their conversion and its cases."""
    table, few = chain.table, crm.settings.limits.few_cases
    frame = table[["pipeline", "stage"]].assign(step_ix=places.step_ix[chain.codes])
    frame.insert(0, "place", chain.codes)
    known = (table["resolved"] >= few).to_numpy()
    return frame.assign(
        conversion=table["conversion"], conversion_numerator=table["advanced"],
        conversion_denominator=table["resolved"], conversion_n=table["resolved"],
        conversion_low=table["conversion_low"].where(known),
        conversion_high=table["conversion_high"].where(known),
    )  # fmt: skip


def _norms(places: StepMap, codes: IntArray, process: Process | None) -> FloatArray:
    """Return for each place the conversion that is described for its step; NaN where none is."""
    if process is None:
        return np.full(len(codes), np.nan)
    told = [step.expected_conversion for step in process.steps]
    return np.array([np.nan, *told], dtype=np.float64)[places.step_ix[codes] + 1]


def _limited(costs: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return what each cost is in the data, and its interval over the resamples."""
    told = {}
    for name, drawn in costs.items():
        told[name] = drawn[0]
        told[f"{name}_low"], told[f"{name}_high"] = limits(drawn)
    return told


def _stuck(crm: Snapshot, period: Period, places: StepMap, codes: IntArray) -> dict[str, FloatArray]:
    """Return how many deals, and how much money, stand at each place for longer than its norm."""
    parts, why = stock(Grid(len(places.order.kinds), 1), crm, places), missing(crm, period, places)
    names = ("open_over_norm", "money_over_norm")
    return {name: np.where(name in why, np.nan, parts[name][name][codes]) for name in names}


def _states(crm: Snapshot, chain: Chain, table: pd.DataFrame, cost: FloatArray) -> np.ndarray:
    """Say of each place how far its cost can be told."""
    untold = chain.table["state"].where(chain.table["state"] != "no_times", "")
    benchmark, low = table["benchmark"], limits(cost)[0]
    cases = {
        "few_visits": table["conversion_n"] < crm.settings.limits.compared_cases,
        "few_clients": table["few_clients"],
        "no_benchmark": benchmark.isna(),
        "at_benchmark": table["conversion"] >= benchmark - _NOTHING,
        "never_advanced": table["conversion_numerator"] == 0,
        "no_gain": table["p_win_if"] - table["p_win"] <= _NOTHING,
        "no_amounts": np.isnan(cost[0]),
        "may_be_chance": ~(low > 0),
    }
    return np.where(untold != "", untold, np.select(list(cases.values()), list(cases), ""))


def _ranked(
    crm: Snapshot, chain: Chain, table: pd.DataFrame, worth: Worth, costed: tuple[str, FloatArray, int]
) -> Bottlenecks:
    """Put the dearest places first, and recommend one of them, if any can be."""
    unit, cost, clients = costed
    told = table["state"].isin(TOLD).to_numpy()
    order = np.argsort(np.where(told, -cost[0], np.inf), kind="stable")
    drawn, told = cost[:, order], told[order]
    ranking = table.iloc[order].reset_index(drop=True)
    few = ranking["conversion_n"] < crm.settings.limits.few_cases
    priced = [name + part for name in ("deals_month", "money_month") for part in ("", "_low", "_high")]
    ranking[priced] = ranking[priced].where(~few)
    sure = np.flatnonzero(ranking["state"] == "")
    focus = int(sure[0]) if len(sure) else None
    after = [int(row) for row in np.flatnonzero(told) if row != focus]
    overlap = ahead = None
    rivals = drawn[:, ranking["state"].isin(RANKED).to_numpy()]
    if told.any() and rivals.shape[1] > 1:
        low, high = limits(rivals)
        overlap, ahead = bool((low[0] <= high[1:]).any()), float((rivals[1:, 0] > rivals[1:, 1]).mean())
    why = () if focus is not None else tuple(dict.fromkeys(ranking["state"]))
    if ranking.empty:
        why = ("no_history",) if crm.lacks(["stage_changes.to_stage"]) else ("no_visits",)
    return Bottlenecks(
        chain, ranking, unit, focus, tuple(after[:NEXT]), why, overlap, ahead,
        _other_focus(ranking, drawn[0]), worth.months, clients,
    )  # fmt: skip


def _other_focus(ranking: pd.DataFrame, cost: FloatArray) -> int | None:
    """Return the row that would be the dearest if the described norms stood before the best reps."""
    beside = ranking["other_month"].to_numpy()
    if np.isnan(beside).all():
        return None
    eligible = ranking["state"].isin(RANKED).to_numpy()
    rival = np.where(eligible, np.where(np.isnan(beside), cost, beside), -np.inf)
    return int(np.argmax(rival)) if rival.max() > 0 else None
