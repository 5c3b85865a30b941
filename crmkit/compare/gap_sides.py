"""The two sides of a gap: whose deals, of what time, and how far each of them came (METHOD 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from crmkit.compare.mix import telling
from crmkit.compare.people import credited
from crmkit.errors import N_, RequestError, did_you_mean
from crmkit.facts import BoolArray, FloatArray, IntArray, is_status
from crmkit.measures.evaluation import ALL, cases_of
from crmkit.measures.sales import amounts, closed
from crmkit.measures.slices import coded
from crmkit.measures.vendors import standing
from crmkit.periods import Period
from crmkit.process.resampling import Resamples
from crmkit.schema import Snapshot
from crmkit.stages import coded_stages
from crmkit.visits import stage_visits

ChainName: TypeAlias = Literal["sales", "stages"]
#: Why deals are in no figure: which, by reason.
Reasons: TypeAlias = dict[str, BoolArray]
STAGED = ("stage_changes.to_stage|deals.lost_at_stage", "stages.position")


@dataclass(frozen=True)
class Side:
    """The deals of one group, of one time.

    Attributes
    ----------
    period: the time in which they were closed. by: a slice, such as ``manager``, ``team`` or ``source``;
        empty for the whole department. value: the group of the slice, as figures name it.
    """

    period: Period = ALL
    by: str = ""
    value: str = ""


@dataclass(frozen=True, eq=False)
class Chain:
    """The steps by which leads become revenue.

    Attributes
    ----------
    factors: ``leads``; ``win_rate`` or, for each open stage, ``stage_conversion``; ``amount_known`` where
        some won deals have no amount; ``average_check`` where amounts are known at all.
    stages: the stage of each factor, empty for those that have none. pipeline: of the stages.
    depths: for each side and deal, how many steps it came: 0 a lead … ; −1 not of the side.
    """

    factors: tuple[str, ...]
    stages: tuple[str, ...]
    pipeline: str
    depths: tuple[IntArray, IntArray]

    @property
    def steps(self) -> int:
        """How many counts the chain has: leads, the stages, won deals, those with an amount."""
        return len(self.factors) - ("average_check" in self.factors)

    @property
    def won(self) -> int:
        """How many steps a won deal came, be its amount known or not."""
        return self.steps - 1 - ("amount_known" in self.factors)

    def unpriced(self, side: int) -> int:
        """Return how many won deals of a side have no amount, where amounts are known at all."""
        return int((self.depths[side] == self.won).sum()) if "amount_known" in self.factors else 0

    def levels(self, side: int, drawn: Resamples, money: FloatArray, without: int = -1) -> FloatArray:
        """Return the counts of the steps and the revenue of a side, one row a resample.

        Parameters
        ----------
        money: the amount of each deal. without: the position of a deal that is left out.
        """
        deals = np.flatnonzero(self.depths[side] >= 0)
        deals = deals[deals != without]
        depth = self.depths[side][deals]
        counts = drawn.sums(deals, depth, self.steps)[:, ::-1].cumsum(axis=1)[:, ::-1]
        if "average_check" not in self.factors:
            return counts
        paid = np.where(depth == self.steps - 1, 0, -1)
        return np.concatenate([counts, drawn.sums(deals, paid, 1, money[deals])], axis=1)


def resolved(crm: Snapshot, side: Side) -> tuple[BoolArray, Reasons]:
    """Return the deals of a side that came to an end in its period, and why others of it do not count.

    Raises
    ------
    RequestError: the group is not in the slice.
    """
    mine = _of_group(crm, side)
    chosen, left_out = closed(crm, side.period, "won", "lost")
    left_out = {reason: mask & mine for reason, mask in left_out.items()}
    return chosen & mine & ~np.any(list(left_out.values()), axis=0), left_out


def untold(crm: Snapshot, side: Side) -> list[str]:
    """Return why a side has no figures: what its won deals brought, or whose deals were lost, is unknown."""
    won = resolved(crm, side)[0] & is_status(crm, "won")
    if "deals.amount" in crm.supplied and won.any() and np.isnan(amounts(crm)[won]).all():
        return ["amounts_missing"]
    if not side.by:
        return []
    cases = cases_of("win_rate", crm, side.period)
    known = coded(crm, cases, side.by)[0] >= 0
    late = telling(crm, cases, known, outcome=(cases["value"] > 0).to_numpy())
    return ["reps_known_after_the_outcome"] if late else []


def _of_group(crm: Snapshot, side: Side) -> BoolArray:
    if not side.by:
        return np.ones(len(crm.deals), dtype=bool)
    codes, names = coded(crm, _deals(crm), side.by)
    if side.value not in names:
        raise RequestError(
            f"{side.by} {side.value}", N_("there is no such group"), remedy=did_you_mean(side.value, names)
        )
    return np.asarray(codes == names.index(side.value))


def _deals(crm: Snapshot) -> pd.DataFrame:
    """Return the deals as cases, each with who owned it when it ended, where the export tells that."""
    return credited(crm, pd.DataFrame({"deal_ix": np.arange(len(crm.deals))}))


def sales_chain(crm: Snapshot, sides: tuple[BoolArray, BoolArray]) -> Chain:
    """Return leads × win rate × average check, over the resolved deals of both sides.

    Raises
    ------
    RequestError: the sides have deals in common, which would be compared with themselves.
    """
    if shared := int((sides[0] & sides[1]).sum()):
        what = N_("deals that are on both sides: {n}", n=shared)
        remedy = N_("Name two sides that have no deals in common.")
        raise RequestError("compare gap", what, remedy=remedy)
    won = is_status(crm, "won").astype(np.int64)
    return _with_money(crm, ("leads", "win_rate"), ("", ""), "", (sides, (won, won)))


def stage_chain(
    crm: Snapshot, sides: tuple[BoolArray, BoolArray], pipeline: str = ""
) -> tuple[Chain, tuple[Reasons, Reasons]]:
    """Return leads × the conversion of each stage × average check, over the deals of one pipeline.

    A deal has come through all stages before the furthest that it reached, whether it stood in them or not;
    a won deal through all.

    Parameters
    ----------
    sides: the resolved deals. pipeline: by default that of most of them.

    Returns
    -------
    The chain; for each side what is in no figure: its deals in other pipelines (or in none), and lost deals
    of which it is not known where they stood.

    Raises
    ------
    RequestError: there is no such pipeline with stages in order.
    """
    visits = stage_visits(crm)
    order, own = visits.order, standing(crm, visits.order)
    of = np.where(own >= 0, order.pipelines[own], -1)
    names = order.table["pipeline"].astype("object").to_numpy()
    placed = np.flatnonzero(order.pipelines >= 0)
    known = dict(zip(names[placed], order.pipelines[placed], strict=True))
    if pipeline and pipeline not in known:
        raise RequestError(
            pipeline, N_("there is no such pipeline"), remedy=did_you_mean(pipeline, sorted(map(str, known)))
        )
    either = of[(sides[0] | sides[1]) & (of >= 0)]
    code = known[pipeline] if pipeline else int(np.bincount(either, minlength=1).argmax())
    reached = _furthest(crm, code)
    won = is_status(crm, "won")
    reached[won] = order.sizes[code]
    out = [
        {"other_pipeline": side & (of != code), "no_history": side & (of == code) & (reached < 0)}
        for side in sides
    ]
    stages = order.table["stage"].astype("object").to_numpy()[order.open_stages[code, : order.sizes[code]]]
    factors = ("leads", *["stage_conversion"] * len(stages))
    counted = tuple(side & (of == code) & (reached >= 0) for side in sides)
    called = next((str(name) for name, one in known.items() if one == code and not pd.isna(name)), "")
    chain = _with_money(
        crm, factors, ("", *map(str, stages)), called, ((counted[0], counted[1]), (reached, reached))
    )
    return chain, (out[0], out[1])


def _furthest(crm: Snapshot, pipeline: int) -> IntArray:
    """Return the rank of the furthest open stage of a pipeline that each deal is known to have reached."""
    visits = stage_visits(crm)
    order, rows = visits.order, visits.rows
    ranks = np.append(np.where((order.kinds == 0) & (order.pipelines == pipeline), order.ranks, -1), -1)
    lost_at = coded_stages(crm, order, crm.deals["lost_at_stage"], np.arange(len(crm.deals)))
    reached = np.maximum(ranks[standing(crm, order)], ranks[lost_at]).astype(np.int64)
    np.maximum.at(reached, rows["deal_ix"].to_numpy(), ranks[rows["stage"].to_numpy()])
    return np.asarray(reached, dtype=np.int64)


def _with_money(
    crm: Snapshot,
    factors: tuple[str, ...],
    stages: tuple[str, ...],
    pipeline: str,
    sides: tuple[tuple[BoolArray, BoolArray], tuple[IntArray, IntArray]],
) -> Chain:
    """Add what won deals bring in; those without an amount make a step of their own."""
    depths = tuple(np.where(mask, depth, -1) for mask, depth in zip(*sides, strict=True))
    if "deals.amount" not in crm.supplied:
        return Chain(factors, stages, pipeline, (depths[0], depths[1]))
    won, unpriced = len(factors) - 1, np.isnan(amounts(crm))
    more: tuple[str, ...] = ("average_check",)
    if any((unpriced & (depth == won)).any() for depth in depths):
        depths = tuple(depth + ((depth == won) & ~unpriced) for depth in depths)
        more = ("amount_known", "average_check")
    return Chain((*factors, *more), (*stages, *[""] * len(more)), pipeline, (depths[0], depths[1]))


def reps_of(crm: Snapshot, side: Side) -> list[str]:
    """Return the identifiers of the reps of a side."""
    return [str(one) for one in _deals(crm)["manager_id"].astype("str")[_of_group(crm, side)].unique()]
