"""``evaluate``: named measures over periods and slices, in the one long shape that everything else reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crmkit.errors import N_, RequestError
from crmkit.facts import is_status
from crmkit.measures import slices
from crmkit.measures.approximation import marked
from crmkit.measures.beginnings import BOTH
from crmkit.measures.beginnings import began as began
from crmkit.measures.cases import borders
from crmkit.measures.catalog import STANDING, Measure, find
from crmkit.measures.compounds import with_compounds
from crmkit.measures.groups import HEAD, Columns, as_shares, evened, grouped
from crmkit.measures.summaries import FIGURES, Sample, summarise
from crmkit.periods import GRAINS, Period
from crmkit.schema import Snapshot, alternatives

ALL = Period(None, None, "all")
LEFT = (*HEAD, "reason", "n")

#: Cases with nothing to add up, and the column they lack: a group that has only such is unknown, not zero.
VALUELESS = {
    "no_amount": "deals.amount",
    "no_direction": "activities.direction",
    "no_answer_known": "activities.answered|activities.duration_s",
    "no_duration": "activities.duration_s",
    "no_probability": "stages.default_probability",
    "no_expected_date": "deals.expected_close_on",
    "no_margin": "deals.margin",
    "no_amount_due": "payments.amount_due",
    "no_proposal_stage": "stages.process_step",
}
#: Why a quantile that allows for open cases cannot be told: some have ended, or none has.
NOT_YET = {
    "censored_median": ("still_open", "none_won"),
    "survival_median": ("not_ended", "not_ended"),
    "survival_p90": ("not_ended", "not_ended"),
}
#: What an export tells of open deals only for its own day.
OF_EXPORT_DAY = {
    "deals.amount", "deals.probability", "deals.expected_close_on", "deals.next_task_at",
    "deals.last_activity_at", "deals.stage_entered_at", "stages.required_fields", "companies.name",
    "contacts.name",
}  # fmt: skip


def evaluate(
    names: str | Sequence[str],
    crm: Snapshot,
    period: Period | None = None,
    by: Sequence[str] = (),
    each: str | None = None,
) -> pd.DataFrame:
    """Return figures, one row per measure, period and group.

    Parameters
    ----------
    names: ``id`` or ``id:variant``, one or several.
    period: half-open; by default all that the export tells of.
    by: slices, such as ``manager`` or ``("team", "month")``; groups that any of the measures has are in all.
    each: a step of time; the period is cut into such steps.

    Returns
    -------
    ``measure, variant, unit, period_start, period_end, <slices>, value, numerator, denominator, n, low,
    high, state, missing``, sorted. Shares are 0 to 1, money is in currency units, durations in days.
    ``state`` is ``ok``, ``empty`` (nothing to count: sums are 0, the rest null), ``approximate`` (told from a
    part of what it needs: ``missing`` says why) or ``not_in_export`` (``missing`` names the columns). A
    measure with a slice of its own (a distribution by stage) has a column for it, which is null for the
    others.

    Raises
    ------
    RequestError: an unknown measure or slice, or one that does not fit the other.
    """
    return evaluate_fully(names, crm, period, by, each)[0]


def evaluate_fully(
    names: str | Sequence[str],
    crm: Snapshot,
    period: Period | None = None,
    by: Sequence[str] = (),
    each: str | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures of :func:`evaluate`, and the cases left out by measure, period and reason."""
    wanted = list(dict.fromkeys(find(name) for name in ([names] if isinstance(names, str) else names)))
    by = list(dict.fromkeys(by))
    slices.check(crm, by, frozenset[str]().union(*(one.also_by for one in wanted)))
    for one in wanted:
        check_fit(one, crm, by)
    spans = [period or ALL] if each is None else borders(crm, period or ALL).split(each)
    atoms = [one for one in wanted if not one.parts]
    atoms += [find(part) for one in wanted for part in one.parts]
    families: dict[tuple[str, ...], list[Measure]] = {}
    for one in dict.fromkeys(atoms):
        own = one.within if one.within not in by else ""
        families.setdefault((*by, own) if own else tuple(by), []).append(one)
    pairs = [_family(family, crm, spans, slicing) for slicing, family in families.items()]
    columns = list(dict.fromkeys(name for slicing in families for name in slicing))
    told, left = (pd.concat(frames, ignore_index=True) for frames in zip(*pairs, strict=True))
    if any(one.parts for one in wanted):
        is_all = spans[0].is_all
        told, left = with_compounds(wanted, told, left, crm=crm, by=by, is_all=is_all)
    figures = told.reindex(columns=[*HEAD, *columns, *FIGURES, "state", "missing"])
    figures = figures.astype(dict.fromkeys(columns, "str") | {"n": "int64"})
    order = ["measure", "variant", "period_start", *columns]
    figures = figures.sort_values(order, na_position="last", kind="stable", ignore_index=True)
    return figures, left


def cases_of(name: str, crm: Snapshot, period: Period | None = None) -> pd.DataFrame:
    """Return the counted cases behind a figure: the rows that it is made of."""
    cases = find(name).cases(crm, period or ALL)
    return cases[(cases["left_out"] == "").to_numpy()].reset_index(drop=True)


def check_fit(one: Measure, crm: Snapshot, by: Sequence[str]) -> None:
    """Raise a RequestError for a slice that a measure cannot be told by."""
    for name in by:
        where, remedy = f"{one.name} --by {name}", N_("Leave the slice out.")
        if one.only_by and name not in one.only_by:
            remedy = N_("Possible: {expected}.", expected=", ".join(sorted(one.only_by)))
            raise RequestError(where, N_("the measure cannot be told by this slice"), remedy=remedy)
        if one.is_timeless and name in GRAINS:
            what = N_("the measure describes a moment or a whole period and cannot be told by time")
            raise RequestError(where, what, remedy=N_("Cut the period into steps instead (--each)."))
        if name not in one.also_by and not slices.is_common(crm, name):
            raise RequestError(where, N_("the measure cannot be told by this slice"), remedy=remedy)


def _family(
    family: Sequence[Measure], crm: Snapshot, spans: Sequence[Period], by: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the figures of measures that are told by the same slices, and what is left out of them."""
    heads, parts, left = [], [], []
    for one in family:
        for span in spans:
            edges = borders(crm, span)
            start, end = (
                pd.Timestamp(edge).tz_convert(crm.settings.zone) for edge in (edges.start, edges.end)
            )
            head = dict(zip(HEAD, (one.id, one.variant, one.unit, start, end), strict=True))
            missing = why_not(one, crm, span, by)
            figures, reasons = _unknown(missing, by) if missing else _figures(one, crm, span, by)
            heads.append(head | {"summary": "" if missing else one.summary})
            parts.append(figures)
            left += [head | {"reason": reason, "n": count} for reason, count in reasons.items()]
    figures = evened(pd.DataFrame(heads), parts, by)
    for one in family:
        if one.summary == "distribution":
            figures = as_shares(figures, one, by)
    return marked(figures, family, crm, by), pd.DataFrame(left, columns=list(LEFT)).astype({"n": "int64"})


def _unknown(missing: str, by: Sequence[str]) -> tuple[Columns, dict[str, int]]:
    """Return the one row of a figure that cannot be told."""
    row = dict.fromkeys(by) | dict.fromkeys(FIGURES, np.nan) | {"n": 0.0}
    row |= {"state": "not_in_export", "missing": missing}
    return {name: np.array([value]) for name, value in row.items()}, {}


def _figures(one: Measure, crm: Snapshot, span: Period, by: Sequence[str]) -> tuple[Columns, dict[str, int]]:
    """Return the figures of one measure in one period by group, and how many cases are left out by reason."""
    every = one.cases(crm, span)
    reasons = every["left_out"].array
    # The counted cases first, then those that make a figure unknown where a group has no others.
    counted, valueless = np.flatnonzero(reasons == ""), np.flatnonzero(reasons.isin(list(VALUELESS)))
    cases, first = every, len(counted)
    if first < len(every):
        cases = every.iloc[np.concatenate([counted, valueless])]
    codes, labels = grouped([slices.coded(crm, cases, name) for name in by], len(cases))
    size = len(labels[0]) if by else 1
    weighted = "weight" in cases
    limit = crm.settings.limits.open_at_longest_share
    sample = Sample(
        cases.iloc[:first], codes[:first], size, one.unit == "money" or weighted,
        one.summary == "ratio" and not weighted, limit,
    )  # fmt: skip
    figures = summarise(one.summary, sample)
    nothing = (figures["n"] == 0) & ~(figures["denominator"] > 0)
    unknown = (figures["n"] == 0) & (np.bincount(codes[first:], minlength=size) > 0)
    for name in ("value", "numerator"):
        figures[name] = np.where(unknown, np.nan, figures[name])
    lacks = [VALUELESS[reason] for reason in VALUELESS if (reasons[valueless] == reason).any()]
    why = np.full(size, "", dtype=object)
    if one.summary in NOT_YET:
        untold = (figures["n"] > 0) & np.isnan(figures["value"])
        some, none = NOT_YET[one.summary]
        why[untold] = np.where(figures["numerator"][untold] > 0, some, none)
    why[unknown] = ", ".join(lacks)
    state = np.select([unknown, nothing], ["not_in_export", "empty"], "ok")
    counts = every["left_out"][reasons != ""].value_counts()
    told = dict(zip(by, labels, strict=True)) | figures | {"state": state, "missing": why}
    return told, {str(reason): int(counts[reason]) for reason in sorted(counts.index[counts > 0])}


def why_not(one: Measure, crm: Snapshot, span: Period, by: Sequence[str]) -> str:
    """Return why a figure cannot be told: the columns the export lacks, or a time that it does not cover."""
    lacks = crm.lacks(one.needs)
    if "deals.closed_at" in lacks and "deals.status" in crm.supplied and not _any_closed(crm):
        lacks.remove("deals.closed_at")
    lacks += [name for one_by in by if one_by not in one.also_by and (name := slices.lacking(crm, one_by))]
    if lacks:
        return ", ".join(dict.fromkeys(lacks))
    if one.is_bounded and span.is_all:
        return "needs_borders"
    edges = borders(crm, span)
    start, end = pd.Timestamp(edges.start), pd.Timestamp(edges.end)
    if one.basis == "planned_in":
        return ""
    if one.basis == "open_at" and not start <= crm.as_of < end:
        return "known_at_as_of_only"
    if one.basis in STANDING:
        return "" if crm.is_current else _unknown_before_export(one, crm)
    first = began(one, crm)
    if first is pd.NaT:
        return "one_outcome"
    if one.basis == "bought_before":
        end = start  # what is asked about the period is asked of the buyers of the one before
    if first is not None and end <= first:
        return "one_kind_then" if one.name in BOTH and BOTH[one.name](crm) == first else "before_first_record"
    return "after_as_of" if start > crm.as_of else ""


def _any_closed(crm: Snapshot) -> bool:
    return bool(is_status(crm, "won").any() or is_status(crm, "lost").any())


def _unknown_before_export(one: Measure, crm: Snapshot) -> str:
    """Return why a figure of open deals is not known for a day before the export."""
    for need in one.needs:
        given = crm.supplied.intersection(alternatives(need))
        if given and given <= OF_EXPORT_DAY:
            return "known_at_export_only"
    history = "stage_changes.to_stage"
    return history if "deals.stage" in one.needs and history not in crm.supplied else ""
