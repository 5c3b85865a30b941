"""Checks of the fields that stages require of open deals (METHOD 5.1: 2, 3, 18)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crmkit.audit.checks import Examined, check
from crmkit.audit.seeing import either, unfilled
from crmkit.errors import N_
from crmkit.facts import BoolArray, is_status, once_per_snapshot
from crmkit.fields import required_fields, unrated
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import OPEN, StageOrder, coded_stages, stage_order
from crmkit.visits import stage_entered

NEEDS = frozenset({"deals.status", "deals.stage", "stages.required_fields"})


@check(
    "H02", title="Deals moved on without what earlier stages require",
    about="open deals in stages behind others that require fields", severity="major", needs=NEEDS,
    says=[N_("not filled, though a stage already passed requires it: {names}")], at_export=True,
)  # fmt: skip
def earlier_fields_empty(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals that lack a field which an earlier stage of their pipeline requires.

    Stages that may be left out («optional» in client.yml) require nothing of the deals behind them.

    Evidence: the deal, the empty fields, and when it entered the stage where it stands.
    Why: the deal was moved on before the work of the stage was done; what was not asked then is missing for
    the offer and the forecast.
    Fix: fill the fields now, or move the deal back to the stage whose work is not done; let the CRM ask for
    them before a deal moves on.
    """
    wanted = {name: before for name, (_, before) in _wanted(crm).items() if before.any()}
    return [unfilled(crm, "deals", wanted, since=stage_entered(crm)[0], unknown=_nowhere(crm, placed=True))]


@check(
    "H03", title="Required fields of the stage are empty", about="open deals in stages that require fields",
    severity="major", needs=NEEDS, at_export=True,
    says=[N_("not filled, though the stage requires it: {names}")],
)  # fmt: skip
def stage_fields_empty(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals that lack a field which the stage where they stand requires.

    Evidence: the deal, the empty fields, and when it entered the stage.
    Why: without them nobody but the rep knows what the client needs, and nobody can help or take over.
    Fix: ask the client for what is missing and fill it in; let the CRM demand the field at this stage.
    """
    wanted = {name: here for name, (here, _) in _wanted(crm).items() if here.any()}
    return [unfilled(crm, "deals", wanted, since=stage_entered(crm)[0], unknown=_nowhere(crm, placed=False))]


@check(
    "H18", title="No amount where the stage needs one",
    about="open deals in a stage that requires the amount, or behind one", severity="major",
    needs=NEEDS | {"deals.amount"}, at_export=True,
    says=[
        N_("no amount, though this stage or an earlier one requires it"),
        N_("the amount is zero, though this stage or an earlier one requires it"),
    ],
)  # fmt: skip
def deals_without_amount(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Open deals without an amount, or with zero, in a stage that requires it or behind one that does.

    Evidence: the deal, whether the amount is missing or zero, and when it entered the stage.
    Why: the forecast counts such a deal as nothing, and the plan looks worse than it is.
    Fix: agree on the price with the client, or put in the amount that is expected.
    """
    parts = [rows for name, rows in _wanted(crm).items() if name.strip().casefold() == "amount"]
    asked = either(len(crm.deals), [rows for pair in parts for rows in pair])
    amount, doubtful = crm.deals["amount"].to_numpy(np.float64), unrated(crm)
    unknown = {"no_amount": asked & doubtful}
    if parts:
        unknown |= {why: rows & ~asked for why, rows in _nowhere(crm, placed=True).items()}
    zero = amount == 0
    wrong, kind = zero | np.isnan(amount), zero.astype(np.int8)
    return [Examined("deals", asked & ~doubtful, wrong, stage_entered(crm)[0], kind, unknown=unknown)]


@once_per_snapshot
def _wanted(crm: Snapshot) -> dict[str, tuple[BoolArray, BoolArray]]:
    """Return for each required field which open deals need it by their stage, and which by earlier ones."""
    order, fields = stage_order(crm), required_fields(crm)
    codes, is_open = _stages(crm), is_status(crm, "open")
    before = _earlier(order)
    wanted = {}
    for name in dict.fromkeys(name for some in fields for name in some):
        here = np.array([name in some for some in fields], dtype=bool)
        sides = here, (before & here).any(axis=1)
        of_stage, of_earlier = (is_open & np.append(side, values=False)[codes] for side in sides)
        wanted[name] = of_stage, of_earlier
    return wanted


def _stages(crm: Snapshot) -> np.ndarray:
    """Return the code of the stage in which each deal stands; −1 for none."""
    return coded_stages(crm, stage_order(crm), crm.deals["stage"], np.arange(len(crm.deals)))


def _earlier(order: StageOrder) -> BoolArray:
    """Return for each stage (row) which stages (columns) a deal in it must have passed."""
    must = (order.kinds == OPEN) & ~order.table["is_optional"].to_numpy(dtype=bool, na_value=False)
    same = (order.pipelines[:, None] == order.pipelines) & (order.pipelines >= 0)
    earlier = same & must & (order.positions < order.positions[:, None])
    return np.asarray(earlier & ~order.is_kind("lost")[:, None])  # it is entered from any stage


def _nowhere(crm: Snapshot, *, placed: bool) -> dict[str, BoolArray]:
    """Return the open deals of whose stage nothing is told: not in the settings, or without a place there.

    Parameters
    ----------
    placed: whether what the stage requires is not enough to know, and its place is needed too.
    """
    order, fields = stage_order(crm), required_fields(crm)
    known = ~np.isnan(order.positions)
    if placed:
        known &= ~order.is_kind("lost")
    else:
        known |= np.array([bool(some) for some in fields], dtype=bool)
    return {"no_stage": is_status(crm, "open") & ~np.append(known, values=False)[_stages(crm)]}
