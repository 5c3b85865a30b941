"""``evaluate``: named measures over periods and slices, in the one long shape that everything else reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.errors import N_, RequestError
from crmkit.measures import slices
from crmkit.measures.catalog import Measure, find
from crmkit.measures.summaries import ADDITIVE, summarise
from crmkit.periods import Period
from crmkit.schema import Snapshot

FIGURES = ("value", "numerator", "denominator", "n", "low", "high")
#: Cases that belong to a figure but have nothing to add up: where a group has only such, it is unknown, not zero.
VALUELESS = {
    "no_amount": "deals.amount",
    "no_probability": "stages.default_probability",
    "no_expected_date": "deals.expected_close_on",
}


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
    ``measure, variant, unit, period_start, period_end, <slices>, value, numerator, denominator, n, low, high, state,
    missing``, sorted. Shares are 0 to 1, money is in currency units, durations in days. ``state`` is ``ok``,
    ``empty`` (nothing to count: sums are 0, the rest null) or ``not_in_export`` (``missing`` names the columns).

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
    """Return the figures of :func:`evaluate`, and the cases left out: measure, variant, period_start, reason, n."""
    wanted = [find(name) for name in ([names] if isinstance(names, str) else names)]
    by = list(dict.fromkeys(by))
    slices.check(crm, by)
    for one in wanted:
        unfit = [name for name in by if one.only_by and name not in one.only_by]
        if unfit:
            raise RequestError(
                f"{one.name} --by {unfit[0]}",
                N_("the measure cannot be told by this slice"),
                remedy=N_("Possible: {expected}.", expected=", ".join(sorted(one.only_by))),
            )
    within = list(dict.fromkeys(one.within for one in wanted if one.within and one.within not in by))
    if within and len(wanted) > 1 and any(not one.within for one in wanted):
        by = by if not within else [*by, *within]
    elif within:
        by = [*by, *within]
    asked = period or Period(None, None, "all")
    spans = [asked] if each is None else borders(crm, asked).split(each)
    frames, left = [], []
    for one in wanted:
        for span in spans:
            frame, out = _one(one, crm, span, by)
            frames.append(frame)
            left.append(out)
    figures = pd.concat(frames, ignore_index=True)
    return _sorted(_even(figures, wanted, by), by), pd.concat(left, ignore_index=True)


def cases_of(name: str, crm: Snapshot, period: Period | None = None) -> pd.DataFrame:
    """Return the counted cases behind a figure: the rows that it is made of."""
    cases = find(name).cases(crm, period or Period(None, None, "all"))
    return _split(cases)[0]


def borders(crm: Snapshot, period: Period) -> Period:
    """Return the period itself, or for «all» the days from the first record to ``as_of``."""
    if not period.is_all:
        return period
    zone = crm.settings.zone
    first = min(crm.began.values(), default=crm.as_of).tz_convert(zone).date()
    return Period.between(first, crm.as_of.tz_convert(zone).date() + timedelta(days=1), zone, "all")


def _one(one: Measure, crm: Snapshot, span: Period, by: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    edges = borders(crm, span)
    head = {"measure": one.id, "variant": one.variant, "unit": one.unit}
    head |= {"period_start": pd.Timestamp(edges.start), "period_end": pd.Timestamp(edges.end)}
    none = pd.DataFrame(columns=["measure", "variant", "period_start", "reason", "n"])
    missing = _missing(one, crm, span, by)
    if missing:
        blank = dict.fromkeys((*FIGURES[:3], "low", "high"), np.nan) | {"n": 0}
        row = head | dict.fromkeys(by) | blank | {"state": "not_in_export", "missing": missing}
        return pd.DataFrame([row]), none
    every = one.cases(crm, span)
    cases, out = _split(every)
    worthless, _ = _split(every, list(VALUELESS))
    keys = [slices.labels(crm, pd.concat([cases, worthless], ignore_index=True), name) for name in by]
    codes, groups = _grouped(keys, len(cases) + len(worthless))
    size = len(groups)
    figures = summarise(one.summary, cases, codes[: len(cases)], size, money=one.unit == "money")
    if one.summary == "distribution":
        figures = _as_shares(
            figures, groups, [number for number, name in enumerate(by) if name != one.within]
        )
    groups.columns = list(by)
    frame = pd.concat([groups.reindex(figures.index), figures], axis=1).assign(**head)
    frame["n"] = frame["n"].astype("int64")
    unknown = (frame["n"] == 0) & (np.bincount(codes[len(cases) :], minlength=size) > 0)
    frame.loc[unknown, ["value", "numerator"]] = np.nan
    late = frame["value"].isna() & (frame["n"] > 0) & (one.summary == "censored_median")
    frame["state"] = np.select([unknown, frame["n"] == 0], ["not_in_export", "empty"], "ok")
    lacks = VALUELESS[out[out.isin(list(VALUELESS))].mode().iloc[0]] if len(worthless) else ""
    frame["missing"] = np.select([unknown, late], [lacks, "still_open"], "")
    counts = out.value_counts(sort=False).sort_index()
    left = pd.DataFrame({"reason": counts.index, "n": counts.to_numpy()}).assign(
        measure=one.id, variant=one.variant, period_start=head["period_start"]
    )
    return frame, left[none.columns] if len(left) else none


def _missing(one: Measure, crm: Snapshot, span: Period, by: Sequence[str]) -> str:
    """Return why a figure cannot be told: the columns the export lacks, or a time that it does not cover."""
    lacks = crm.lacks(one.needs)
    lacks += [column for name in by if (column := slices.lacking(crm, name))]
    if lacks:
        return ", ".join(dict.fromkeys(lacks))
    start, end = span.start, span.end
    if one.basis == "open_at":
        history = "stage_changes.to_stage" in crm.supplied
        if (end is not None and pd.Timestamp(end) <= crm.as_of) or (
            start is not None and pd.Timestamp(start) > crm.as_of
        ):
            return "known_at_as_of_only"
        needs_stage = (
            "deals.stage" in one.needs
            or "deals.next_task_at" in crm.supplied
            and "tasks.deal_id" not in crm.supplied
        )
        return "stage_changes.to_stage" if needs_stage and not crm.is_current and not history else ""
    if one.basis == "expected_in":
        return "" if crm.is_current else "known_at_export_only"
    began = crm.began.get(one.table)
    if began is not None and end is not None and pd.Timestamp(end) <= began:
        return "before_first_record"
    if start is not None and pd.Timestamp(start) > crm.as_of:
        return "after_as_of"
    return ""


def _split(cases: pd.DataFrame, wanted: Sequence[str] = ("",)) -> tuple[pd.DataFrame, pd.Series]:
    """Divide cases into those with the wanted marks (none: the counted ones) and the marks of the others."""
    if "left_out" not in cases:
        return cases.iloc[: len(cases) if "" in wanted else 0].reset_index(drop=True), pd.Series(dtype="str")
    counted = cases["left_out"].isin(wanted).to_numpy()
    return cases[counted].drop(columns="left_out").reset_index(drop=True), cases["left_out"][~counted]


def _grouped(keys: list[pd.Series], length: int) -> tuple[np.ndarray, pd.DataFrame]:
    """Return a group code per case, and the labels of each group."""
    if not keys:
        return np.zeros(length, dtype=np.int64), pd.DataFrame(index=pd.RangeIndex(1))
    coded = [pd.factorize(key, use_na_sentinel=False) for key in keys]
    joint = np.zeros(length, dtype=np.int64)
    for codes, uniques in coded:
        joint = joint * max(len(uniques), 1) + codes
    codes, firsts = pd.factorize(joint)
    groups = {}
    for number, (_, uniques) in reversed(list(enumerate(coded))):
        size = max(len(uniques), 1)
        groups[number] = pd.Series(uniques).iloc[firsts % size].reset_index(drop=True)
        firsts = firsts // size
    return codes.astype(np.int64), pd.DataFrame({number: groups[number] for number in sorted(groups)})


def _as_shares(figures: pd.DataFrame, groups: pd.DataFrame, outer: list[int]) -> pd.DataFrame:
    """Divide each count by the count of its outer group: all stages together are one."""
    if outer:
        keys = [groups[number] for number in outer]
        whole = figures["numerator"].groupby(keys, dropna=False).transform("sum")
    else:
        whole = figures["numerator"].sum()
    shares = figures.assign(denominator=whole, n=whole)
    shares["value"] = shares["numerator"] / shares["denominator"]
    return shares


def _even(figures: pd.DataFrame, wanted: list[Measure], by: Sequence[str]) -> pd.DataFrame:
    """Give every measure and period the same groups: a count of nothing is 0 with n = 0, the rest is null."""
    figures = figures.astype(dict.fromkeys(by, "str"))
    if not by:
        return figures
    head = ["measure", "variant", "unit", "period_start", "period_end"]
    told = figures[figures["state"] != "not_in_export"]
    groups, heads = told[list(by)].drop_duplicates(), told[head].drop_duplicates()
    marks = told[[*head, *by]].assign(_here=1)
    grid = heads.merge(groups, how="cross").merge(marks, how="left", on=[*head, *by], validate="1:1")
    fresh = grid[grid["_here"].isna()].drop(columns="_here")
    if fresh.empty:
        return figures
    additive = {
        (one.id, one.variant) for one in wanted if one.summary in ADDITIVE and one.summary != "distribution"
    }
    zero = [
        0.0 if pair in additive else np.nan for pair in zip(fresh["measure"], fresh["variant"], strict=True)
    ]
    blank = dict.fromkeys(("denominator", "low", "high"), np.nan)
    fresh = fresh.assign(**blank, value=zero, numerator=zero, n=0, state="empty", missing="")
    return pd.concat([figures, fresh], ignore_index=True)


def _sorted(figures: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    columns = ["measure", "variant", "unit", "period_start", "period_end", *by, *FIGURES, "state", "missing"]
    order = ["measure", "variant", "period_start", *by]
    return figures[columns].sort_values(order, na_position="last", kind="stable", ignore_index=True)
