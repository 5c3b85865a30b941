"""Two reps of a client compared within like deals: who is meant, and which cases are theirs (METHOD 6.1)."""

from __future__ import annotations

from dataclasses import replace

from crmkit.compare.intervals import Verdict
from crmkit.compare.outcomes import Outcome, find_outcome
from crmkit.compare.pairs import NOTHING, Pair, judged_pair
from crmkit.compare.rep_cases import cases_of_reps
from crmkit.errors import N_, RequestError, did_you_mean, fold
from crmkit.measures import ALL
from crmkit.periods import Period
from crmkit.schema import Snapshot


def compared_pair(crm: Snapshot, names: str, period: Period = ALL, outcome: str = "win_rate") -> Pair:
    """Compare two reps within like deals; see :func:`crmkit.compare.pairs.judged_pair`.

    Nothing holds that the outcome's ``doubts`` speak against.

    Parameters
    ----------
    names: ``A/B``: how much A achieves by what B does; identifiers or names of reps.
    outcome: what they are compared by; see ``compare.outcomes``.

    Raises
    ------
    RequestError: there are no two such reps, or no such outcome.

    Source: METHOD 6.1
    """
    return pair_of(crm, _reps(crm, names), period, find_outcome(outcome))


def pair_of(crm: Snapshot, who: tuple[str, str], period: Period, one: Outcome) -> Pair:
    """Compare two reps, by their identifiers; see :func:`compared_pair`."""
    told = _judged(crm, period, one, who)
    for reason, cases in one.doubts.items():
        if told.verdict.label == "holds" or told.verdict.reason == "nothing_won":
            again = _judged(crm, period, replace(one, cases=cases, doubts={}), who)
            if told.verdict.reason == "nothing_won":
                likely = max(told.like.nothing, again.like.nothing)
                told = replace(told, like=replace(told.like, nothing=likely))
            elif again.verdict.direction != told.verdict.direction:
                told = replace(told, verdict=Verdict("may_be_chance", "none", reason))
    return told


def _judged(crm: Snapshot, period: Period, one: Outcome, who: tuple[str, str]) -> Pair:
    mine = cases_of_reps(crm, period, one)
    missing = mine.missing or ("" if set(who) <= set(mine.people.index) else "no_cases")
    if missing:
        return Pair(NOTHING, NOTHING, Verdict("cannot_be_computed", "none", missing))
    codes = (mine.people.index.get_loc(who[0]), mine.people.index.get_loc(who[1]))
    told = judged_pair(mine.frame, tuple(mine.mix.codes), codes, limits=crm.settings.limits, kind=one.kind)
    if one.by_week and told.verdict.reason == "few_clients":
        told = replace(told, verdict=replace(told.verdict, reason="few_work_weeks"))
    return replace(told, credit=mine.credit)


def _reps(crm: Snapshot, names: str) -> tuple[str, str]:
    """Return the identifiers of two reps, «A/B»; a name may itself have a stroke in it."""
    table = crm.tables["managers"]
    known = {fold(str(one)): str(one) for one in table["manager_id"]}
    for name, one in zip(table["name"].astype("object"), table["manager_id"], strict=True):
        known.setdefault(fold(str(name)), str(one))
    parts = names.split("/")
    for cut in range(1, len(parts)):
        first, second = (known.get(fold("/".join(some))) for some in (parts[:cut], parts[cut:]))
        if first and second and first != second:
            return first, second
    strange = next((part for part in parts if fold(part) not in known), names)
    what = N_("these are not two reps of this client")
    raise RequestError(
        names, what, remedy=did_you_mean(strange, sorted(table["name"].dropna().astype("str")))
    )
