"""Reps compared like for like by an outcome (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.compare.colleagues import judged
from crmkit.compare.intervals import LEVEL, unheld
from crmkit.compare.mix import Mix, leaks, mix_of, telling
from crmkit.compare.outcomes import Outcome, find_outcome, hangs_together
from crmkit.compare.people import OWNER_THEN, credited, people_of
from crmkit.limits import Limits
from crmkit.measures import ALL, slices
from crmkit.measures.sales import amounts
from crmkit.periods import Period
from crmkit.schema import Snapshot

COLUMNS = (
    "manager_id", "role", "n", "numerator", "clusters", "value", "low", "high", "expected", "model",
    "adjusted", "adjusted_low", "adjusted_high", "shrunk", "gap", "gap_low", "gap_high", "chance", "matched",
    "without_biggest", "rank_low", "rank_high", "worth", "is_new", "whole", "label", "direction", "reason",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Managers:
    """Reps beside one another.

    Attributes
    ----------
    outcome, period: what was compared, and of when.
    rows: one row a rep of ``COLUMNS``, by role and name: see :func:`judged`; ``low`` and ``high`` are the
        95 % limits of ``value``, ``whole`` the figure of those of the role who do not stand out.
    mix: by what deals were made alike. left_out: cases that do not count, by reason.
    level: of the limits of ``gap``. missing: the columns for want of which nothing can be computed.
    credit: ``owner_now`` where the export tells only the present owner of deals, else ``owner_then``.
    """

    outcome: Outcome
    period: Period
    rows: pd.DataFrame
    mix: Mix
    left_out: Mapping[str, int]
    level: float
    missing: str = ""
    credit: str = ""


def managers(
    crm: Snapshot, period: Period = ALL, outcome: str | Outcome = "win_rate", *, by: str = "manager"
) -> Managers:
    """Return each rep beside colleagues of the same role, like for like, with a verdict.

    Nothing holds that does not hold with deals lying open far longer than usual counted as lost, and whether
    deals are alike by when they began or by when they ended.

    Parameters
    ----------
    period: half-open; by default all that the export tells of.
    outcome: an id of ``OUTCOMES``, or one itself.
    by: who is compared: reps, or the labels of another slice (``team``, a field of the deals).

    Raises
    ------
    RequestError: no such outcome or slice.

    Source: METHOD 6.1
    """
    one = find_outcome(outcome) if isinstance(outcome, str) else outcome
    slices.check(crm, [by])
    mine = cases_of_reps(crm, period, one, by=by)
    told = Managers(
        one, period, pd.DataFrame(columns=list(COLUMNS)), mine.mix, mine.left_out, LEVEL, mine.missing,
        mine.credit,
    )  # fmt: skip
    if mine.missing:
        return told
    rows, level = judged(mine.frame, tuple(mine.mix.codes), limits=crm.settings.limits, kind=one.kind)
    rows = rows.assign(
        manager_id=np.asarray(mine.people.index, object)[rows["rep"]],
        role=mine.people["role"].to_numpy()[rows["rep"]],
        reason=rows["reason"].replace("few_clients", "few_work_weeks" if one.by_week else "few_clients"),
    )
    for reason, cases in one.doubts.items():
        if (rows["label"] == "holds").any():
            again = managers(crm, period, replace(one, cases=cases, doubts={}), by=by).rows
            same = again.set_index("manager_id")["direction"].reindex(rows["manager_id"]).to_numpy()
            unheld(rows, (rows["direction"] != same).to_numpy(), reason)
    return replace(told, rows=rows[list(COLUMNS)], level=level)


@dataclass(frozen=True, eq=False)
class RepsCases:
    """The cases by which reps are compared.

    Attributes
    ----------
    frame: one row a case, as :func:`judged` takes it. people: one row a code of ``rep``, by identifier, with
        ``role`` (empty if not known) and ``is_new``.
    mix, left_out, missing, credit: as in :class:`Managers`.
    """

    frame: pd.DataFrame
    people: pd.DataFrame
    mix: Mix
    left_out: Mapping[str, int]
    missing: str = ""
    credit: str = ""


def cases_of_reps(crm: Snapshot, period: Period, one: Outcome, *, by: str = "manager") -> RepsCases:
    """Return the cases of an outcome with whose they are and of what kind, or why there are none."""
    missing = ", ".join(filter(None, [*crm.lacks(one.needs), slices.lacking(crm, by)]))
    told = RepsCases(pd.DataFrame(), pd.DataFrame(), Mix({}, {}), {}, missing)
    if missing:
        return told
    every, left_out = _counted(one.cases(crm, period))
    codes, names, credit = _owners(crm, every, by)
    known = codes >= 0
    well = (every["value"] > 0).to_numpy() if one.kind in ("share", "money") else None
    if not known.all():
        left_out |= {"no_manager": int((~known).sum())}
    told = replace(told, left_out=left_out, credit=credit)
    unpriced = left_out.get("no_amount", 0)
    if telling(crm, every, known, outcome=well) if one.has_mix else leaks(known, well):
        told = replace(told, missing="reps_known_after_the_outcome")
    elif not known.any():
        told = replace(told, missing="one_outcome" if left_out.get("one_kind") else "no_cases")
    elif one.has_mix and well is not None and _of_one_kind(well[known], crm.settings.limits):
        told = replace(told, missing="one_outcome")
    elif unpriced and unpriced >= crm.settings.limits.empty_share * (unpriced + (every["value"] > 0).sum()):
        told = replace(told, missing="amounts_missing")
    if told.missing:
        return told
    cases, codes = every[known].reset_index(drop=True), codes[known]
    mix = mix_of(
        crm, cases, well[known] if well is not None else None, also=one.also if one.has_mix else None
    )
    people = (
        people_of(crm, names, period)
        if by == "manager"
        else pd.DataFrame(index=names).assign(role="", is_new=False)
    )
    role = pd.factorize(people["role"], sort=True)[0]
    frame = pd.DataFrame(
        {
            "rep": codes, "value": cases["value"].to_numpy(np.float64), "role": role[codes],
            "cluster": hangs_together(crm, one, cases), "is_new": people["is_new"].to_numpy()[codes],
        } | _sizes(crm, one, cases) | mix.codes
    )  # fmt: skip
    return replace(told, frame=frame, people=people, mix=mix)


def _of_one_kind(well: npt.NDArray[np.bool_], limits: Limits) -> bool:
    """Return whether so many cases all went well, or all badly, that the others must be missing."""
    return len(well) >= limits.compared_cases and bool(well.all() or not well.any())


def _counted(cases: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the cases that count, and how many do not, by reason."""
    reasons = cases["left_out"].astype("str")
    counts = reasons[reasons != ""].value_counts().sort_index()
    return cases[(reasons == "").to_numpy()].reset_index(drop=True), {
        str(k): int(n) for k, n in counts.items()
    }


def _owners(crm: Snapshot, cases: pd.DataFrame, by: str) -> tuple[npt.NDArray[np.int64], list[str], str]:
    """Return the code of whose each case is, −1 for nobody's, the identifiers, and how that is known."""
    mine = credited(crm, cases)
    if by != "manager":
        codes, labels = slices.coded(crm, mine, by)
        return codes, labels, ""
    owner = mine["manager_id"].cat
    tells_itself = "manager_id" in cases and "stage" not in cases
    credit = "owner_then" if tells_itself or OWNER_THEN in crm.supplied else "owner_now"
    return owner.codes.to_numpy().astype(np.int64), [str(one) for one in owner.categories], credit


def _sizes(crm: Snapshot, one: Outcome, cases: pd.DataFrame) -> dict[str, npt.NDArray[np.float64]]:
    """Return what the deals behind cases are worth, where an outcome counts deals."""
    if not one.has_mix or one.kind != "share" or "deals.amount" not in crm.supplied:
        return {}
    return {"size": amounts(crm)[cases["deal_ix"].to_numpy(dtype=np.int64)]}
