"""The parts of the account, each counted over stays by place, or by place and rep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import IntArray, micros
from crmkit.process.stays import Stays, standing
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.stagelog import Ints, first_of_run, owners, ties_settled
from crmkit.stages import ADVANCED, OPEN, OUTCOMES, STILL_THERE, coded_stages, stage_order
from crmkit.statistics.intervals import wilson
from crmkit.statistics.survival_limits import survival_intervals

Floats = npt.NDArray[np.float64]
Told = dict[str, Floats]
_MINOR = 100  # money is added up in whole kopecks: exact, whatever the order of the rows


@dataclass(frozen=True, eq=False)
class Grid:
    """The groups of an account: ``places`` × ``reps`` of them; the last rep is «nobody», or all of them."""

    places: int
    reps: int

    @property
    def size(self) -> int:
        """How many groups there are."""
        return self.places * self.reps

    def codes(self, place: Ints, rep: Ints) -> IntArray:
        """Return the group of each place and rep (−1 for nobody)."""
        which = np.asarray(place, dtype=np.int64) * self.reps + self.reps - 1
        return which if self.reps == 1 else which + np.where(rep >= 0, rep - self.reps + 1, 0)

    def count(self, codes: IntArray, chosen: npt.NDArray[np.bool_] | None = None) -> Floats:
        """Return how many (of those chosen) are in each group."""
        codes = codes if chosen is None else codes[chosen]
        return np.bincount(codes, minlength=self.size).astype(np.float64)

    def total(self, codes: IntArray, values: Floats) -> Floats:
        """Return the sum of the values that are known in each group."""
        known = ~np.isnan(values)
        sums = np.bincount(codes[known], weights=values[known], minlength=self.size)
        return np.asarray(sums, dtype=np.float64)


def share(name: str, top: Floats, whole: Floats) -> Told:
    """Return a share with its cases and Wilson's interval."""
    low, high = wilson(top, whole)
    value = top / np.where(whole > 0, whole, np.nan)
    parts = {"numerator": top, "denominator": whole, "n": whole, "low": low, "high": high}
    return {name: value} | {f"{name}_{part}": values for part, values in parts.items()}


def _mean(grid: Grid, name: str, here: IntArray, values: Floats) -> Told:
    known = grid.count(here, ~np.isnan(values))
    total = grid.total(here, values)
    mean = total / np.where(known > 0, known, np.nan)
    return {name: mean, f"{name}_numerator": total, f"{name}_n": known}


def ways(grid: Grid, here: IntArray, stays: Stays) -> Told:
    """Return the entries, how they ended, the repeated ones, the deals, and how often deals passed over."""
    outcome = stays.rows["outcome"].to_numpy()
    pairs = np.bincount(here * len(OUTCOMES) + outcome, minlength=grid.size * len(OUTCOMES))
    counts = pairs.reshape(grid.size, len(OUTCOMES)).astype(np.float64)
    told = {"entries": grid.count(here)} | dict(zip(OUTCOMES, counts.T, strict=True))
    if (told["entries"] != counts.sum(axis=1)).any():
        raise ValueError("the ways in which visits end do not add up to the entries")
    pairs = stays.rows["deal_ix"].to_numpy(np.int64) * grid.size + here
    pairs.sort()
    distinct = pairs[first_of_run(pairs)] % grid.size
    told |= {"returned": grid.count(here, stays.is_repeated), "deals": grid.count(distinct)}
    return told | {"skipped": grid.count(_passed(grid, stays))}


def _passed(grid: Grid, stays: Stays) -> IntArray:
    return grid.codes(stays.skipped["stage"].to_numpy(), stays.skipped["manager_id"].cat.codes.to_numpy())


def conversion(grid: Grid, here: IntArray, stays: Stays) -> Told:
    """Return the share of the visits that are over and advanced; a place passed over counts as passed."""
    outcome, known = stays.rows["outcome"].to_numpy(), stays.rows["entered_at"].notna().to_numpy()
    passed = grid.count(_passed(grid, stays))
    over = grid.count(here, known & (outcome < STILL_THERE)) + passed
    return share("conversion", grid.count(here, known & (outcome == ADVANCED)) + passed, over)


def times(grid: Grid, here: IntArray, stays: Stays) -> Told:
    """Return the median and the ninth tenth of the time at a place, in calendar and in working days."""
    told: Told = {}
    for unit, spans in (("days", stays.days), ("working_days", stays.working_days)):
        known = ~np.isnan(spans)
        whole, ended = grid.count(here, known), grid.count(here, known & stays.ended)
        found = survival_intervals(here[known], spans[known], stays.ended[known], grid.size)
        for name, (value, low, high) in zip(("median", "p90"), found, strict=True):
            key = f"{unit}_{name}"
            told |= {key: value, f"{key}_numerator": ended, f"{key}_denominator": whole}
            told |= {f"{key}_n": whole, f"{key}_low": low, f"{key}_high": high}
    return told


def overdue(grid: Grid, here: IntArray, stays: Stays) -> Told:
    """Return the share over the norm of the visits of which it is decided."""
    over = stays.over_norm
    return share("over_norm", grid.total(here, over), grid.count(here, ~np.isnan(over)))


def actions(grid: Grid, here: IntArray, stays: Stays) -> Told:
    """Return how many tasks were completed and communications logged per visit.

    Visits that began before the CRM began to record actions are not counted.
    """
    crm = stays.crm
    parts = [(crm.tasks, "completed_at"), (crm.activities, "at")]
    deal = np.concatenate([rows["deal_ix"].to_numpy() for rows, _ in parts])
    counts = stays.count(deal, np.concatenate([micros(rows[name]) for rows, name in parts]))
    firsts = [crm.began[name] for name in ("tasks", "activities") if name in crm.began]
    if firsts:
        counts[(stays.rows["entered_at"] < min(firsts)).to_numpy()] = np.nan
    return _mean(grid, "actions", here, counts)


def owner_changes(grid: Grid, here: IntArray, stays: Stays) -> Told:
    """Return how often the owner changed per visit, by the records of the history and the present owner."""
    crm = stays.crm
    log = crm.tables["stage_changes"]
    deal, at = log["deal_ix"].to_numpy(), micros(log["changed_at"])
    then, now, _ = owners(crm)
    stages = stage_order(crm)
    entered = coded_stages(crm, stages, log["to_stage"], deal)
    if ((deal[1:] < deal[:-1]) | ((deal[1:] == deal[:-1]) & (at[1:] < at[:-1]))).any():
        order = np.lexsort((at, deal))
        deal, at, then, entered = deal[order], at[order], then[order], entered[order]
    settled = ties_settled(deal, at, lambda tied: (then[tied], np.append(stages.places, -1)[entered[tied]]))
    then = then if settled is None else then[settled]
    passed = np.flatnonzero(~first_of_run(deal)[1:] & (then[1:] != then[:-1]) & (then[1:] >= 0)) + 1
    counts = stays.count(deal[passed], at[passed], after=True)
    last = np.flatnonzero(np.append(first_of_run(deal)[1:], True))[: len(deal)]
    latest = np.full(len(crm.deals) + 1, -1)
    latest[deal[last]] = then[last]
    mine = stays.rows["deal_ix"].to_numpy()
    going = (stays.rows["outcome"] == STILL_THERE).to_numpy()
    counts += going & (latest[mine] >= 0) & (now[mine] >= 0) & (latest[mine] != now[mine])
    return _mean(grid, "owner_changes", here, counts)


def stock(grid: Grid, crm: Snapshot, places: StepMap) -> dict[str, Told]:
    """Return what stands at each place at ``as_of``: deals, money, and how much of it over the norm."""
    deals = standing(crm, places)
    deals = deals[(places.order.kinds[deals["place"].to_numpy()] == OPEN)]
    here = grid.codes(deals["place"].to_numpy(), deals["manager"].to_numpy())
    amount, over = deals["amount"].to_numpy(), deals["over_norm"].to_numpy()
    late = over == 1
    count, priced = grid.count(here), ~np.isnan(amount)

    def money(of: npt.NDArray[np.bool_]) -> Floats:
        """Add up amounts: unknown where there are deals and none of them has one."""
        known = grid.count(here, of & priced)
        total = grid.total(here[of], np.rint(amount[of] * _MINOR)) / _MINOR
        return np.where((known == 0) & (grid.count(here, of) > 0), np.nan, total)

    decided = grid.count(here, ~np.isnan(over))
    open_over = np.where((decided == 0) & (count > 0), np.nan, grid.count(here, late))
    return {
        "open_now": {"open_now": count},
        "money_now": {
            "money_now": money(np.ones(len(here), dtype=bool)),
            "money_now_n": grid.count(here, priced),
            "open_without_amount": grid.count(here, ~priced),
        },
        "open_over_norm": {"open_over_norm": open_over, "open_over_norm_n": decided},
        "money_over_norm": {"money_over_norm": np.where(np.isnan(open_over), np.nan, money(late))},
    }


def laid_out(grid: Grid, crm: Snapshot, places: StepMap, columns: Told) -> pd.DataFrame:
    """Return the columns with the places and reps that they belong to, in order, of open places only."""
    order = places.order
    place, rep = np.divmod(np.arange(grid.size), grid.reps)
    nonzero = np.zeros(grid.size, dtype=bool)
    for name in ("entries", "skipped", "open_now"):
        nonzero |= columns[name] > 0
    listed = ~np.isnan(order.positions[place]) & (grid.reps == 1)
    kept = np.flatnonzero((order.kinds == OPEN)[place] & (nonzero | listed))
    kept = kept[np.lexsort((rep[kept], order.places[place[kept]]))]
    head = order.table[["pipeline", "stage"]].iloc[place[kept]].reset_index(drop=True)
    head.insert(0, "place", place[kept])
    head["step_ix"] = places.step_ix[place[kept]]
    if grid.reps > 1:
        names = pd.Categorical.from_codes(np.append(np.arange(grid.reps - 1), -1), owners(crm)[2])
        head["manager_id"] = pd.Series(names[rep[kept]]).astype("str")
    norms = {"norm_amount": places.norm_amount[place[kept]], "norm_unit": places.norm_unit[place[kept]]}
    told = {name: values[kept] for name, values in columns.items()}
    frame = pd.DataFrame(told | norms, copy=False)
    return pd.concat([head, frame], axis=1)
