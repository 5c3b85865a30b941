"""The cases by which reps are compared: whose, of what kind, or why there are none (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmkit.compare.mix import ODD, Mix, leaks, mix_of, telling
from crmkit.compare.outcomes import Outcome, hangs_together
from crmkit.compare.people import OWNER_THEN, credited, people_of
from crmkit.facts import BoolArray, FloatArray, IntArray
from crmkit.measures import slices
from crmkit.measures.sales import amounts
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: Who wins less than this part of what the others win, has so much of all that is lost, and so many times as
#: many cases as any other, is no rep.
HARDLY, MUCH, TIMES = 0.05, 0.25, 2


@dataclass(frozen=True, eq=False)
class RepsCases:
    """The cases by which reps are compared.

    Attributes
    ----------
    frame: one row a case, as :func:`judged` takes it. people: one row a code of ``rep``, by identifier, with
        ``role`` (empty if not known) and ``is_new``.
    mix, left_out, missing, credit: as in :class:`crmkit.compare.managers.Managers`.
    nobodys: how many more cases that went well, and how many more that went badly, are nobody's than would be
        if both kinds were nobody's equally often.
    """

    frame: pd.DataFrame
    people: pd.DataFrame
    mix: Mix
    left_out: Mapping[str, int]
    missing: str = ""
    credit: str = ""
    nobodys: tuple[float, float] = (0.0, 0.0)


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
    late = telling(crm, every, known, outcome=well) if one.has_mix else leaks(known, well)
    unpriced, won = left_out.get("no_amount", 0), int((every["value"] > 0).sum())
    if late:
        missing = "reps_known_after_the_outcome"
    elif not known.any():
        missing = "one_outcome" if left_out.get("one_kind") else "no_cases"
    elif unpriced and unpriced >= crm.settings.limits.empty_share * (unpriced + won):
        missing = "amounts_missing"
    elif one.has_mix and well is not None:
        missing = _one_sided(well[known], codes[known], crm.settings.limits.compared_cases)
    if missing:
        return replace(told, missing=missing)
    cases, codes = every[known].reset_index(drop=True), codes[known]
    mix = mix_of(
        crm, cases, well[known] if well is not None else None, also=one.also if one.has_mix else None
    )
    groups = pd.DataFrame({"role": "", "is_new": False}, index=names)
    people = people_of(crm, names, period) if by == "manager" else groups
    role = pd.factorize(people["role"], sort=True)[0]
    frame = pd.DataFrame(
        {
            "rep": codes, "value": cases["value"].to_numpy(np.float64), "role": role[codes],
            "cluster": hangs_together(crm, one, cases), "is_new": people["is_new"].to_numpy()[codes],
        } | _sizes(crm, one, cases) | mix.codes
    )  # fmt: skip
    nobodys = (0.0, 0.0) if well is None else _nobodys(known, well)
    return replace(told, frame=frame, people=people, mix=mix, nobodys=nobodys)


def _one_sided(well: BoolArray, codes: IntArray, least: int) -> str:
    """Return why cases tell nothing of who does better, although they have outcomes; empty if they do."""
    if len(well) >= least and (well.all() or not well.any()):
        return "one_outcome"
    return "lost_are_pooled" if _is_pooled(codes, well) else ""


def _is_pooled(codes: IntArray, well: BoolArray) -> bool:
    """Return whether one of the reps seems to be where lost deals are put.

    Hardly any of these deals are won, and they are much of what is lost: the figures of the others would be
    those of what they won. A rep of the others' size may win nothing and is judged.
    """
    from scipy.special import bdtr

    n, won = np.bincount(codes), np.bincount(codes, weights=well)
    lost = n - won
    rate = (won.sum() - won) / np.maximum(n.sum() - n, 1)
    hardly = (won <= HARDLY * rate * n) & (bdtr(won, n, np.clip(rate, 0, 1)) < ODD)
    largest = np.sort(n)[::-1][:2]
    others = np.where(n == largest[0], largest[-1], largest[0])
    return bool((hardly & (lost > MUCH * lost.sum()) & (n > TIMES * others)).any())


def _nobodys(known: BoolArray, well: BoolArray) -> tuple[float, float]:
    """Return how many more cases of either kind are nobody's than the other kind would let expect."""
    counts = [(float((known & kind).sum()), float((~known & kind).sum())) for kind in (well, ~well)]
    (good, good_lost), (bad, bad_lost) = counts
    more = good_lost - good * bad_lost / bad if bad else good_lost
    worse = bad_lost - bad * good_lost / good if good else bad_lost
    return max(more, 0.0), max(worse, 0.0)


def _counted(cases: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the cases that count, and how many do not, by reason."""
    reasons = cases["left_out"].astype("str")
    counts = reasons[reasons != ""].value_counts().sort_index()
    return cases[(reasons == "").to_numpy()].reset_index(drop=True), {
        str(k): int(n) for k, n in counts.items()
    }


def _owners(crm: Snapshot, cases: pd.DataFrame, by: str) -> tuple[IntArray, list[str], str]:
    """Return the code of whose each case is, −1 for nobody's, the identifiers, and how that is known."""
    mine = credited(crm, cases)
    if by != "manager":
        codes, labels = slices.coded(crm, mine, by)
        return codes, labels, ""
    owner = mine["manager_id"].cat
    tells_itself = "manager_id" in cases and "stage" not in cases
    credit = "owner_then" if tells_itself or OWNER_THEN in crm.supplied else "owner_now"
    return owner.codes.to_numpy().astype(np.int64), [str(one) for one in owner.categories], credit


def _sizes(crm: Snapshot, one: Outcome, cases: pd.DataFrame) -> dict[str, FloatArray]:
    """Return what the deals behind cases are worth, where an outcome counts deals."""
    if not one.has_mix or one.kind != "share" or "deals.amount" not in crm.supplied:
        return {}
    return {"size": amounts(crm)[cases["deal_ix"].to_numpy(dtype=np.int64)]}
