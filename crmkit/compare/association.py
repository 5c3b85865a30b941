"""How reps work beside what comes of it: what goes together, across reps and week by week; never what causes.

Who has more good deals also has more to do, so a figure that goes together with results may follow them as
well as lead to them. Ranks are compared, so that one extreme week or rep decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.compare.intervals import verdicts
from crmkit.compare.people import people_of
from crmkit.limits import Limits
from crmkit.measures import ALL, evaluate
from crmkit.measures.cases import borders
from crmkit.measures.slices import coded, lacking
from crmkit.periods import Period, floor
from crmkit.schema import Snapshot
from crmkit.statistics.correlation import Correlation, across, within
from crmkit.statistics.many import false_discovery

#: What reps do, and what comes of it: the measure behind each; deals won are told per working day of the rep.
ACTIVITY = {"tasks_on_time": "tasks_on_time", "actions_per_day": "sales_actions_per_day"}
RESULTS = {"win_rate": "win_rate", "won_per_day": "won_deals"}
#: Week by week a rep closes too few deals for a share.
WEEKLY = ("won_per_day",)
#: With fewer reps the weekly interval is too short: measured by simulation.
FEWEST_REPS = 5


@dataclass(frozen=True, eq=False)
class Association:
    """What goes together.

    Attributes
    ----------
    rows: one row a pair: ``level`` (``reps``: of the whole period, one point a rep; ``weeks``: a rep's weeks
        against the same rep's usual one, what all reps have in common in a week taken out), ``activity``,
        ``result``, ``reps``, ``n`` (points), ``value`` (rank correlation, −1 … 1) with ``low``, ``high``;
        ``gap`` (the same value) with limits for all pairs together; ``label``, ``direction``, ``reason``.
    left_out: ``level``, ``activity``, ``result``, ``reason``, ``n``: points that are in no pair.
    points: of the level ``reps``: ``manager``, ``role``, each activity and result with its ``_n``.
    level: the confidence of the limits of ``gap``.
    """

    rows: pd.DataFrame
    left_out: pd.DataFrame
    points: pd.DataFrame
    level: float


NOTHING = Correlation(np.nan, np.nan, np.nan, np.inf, 0, 0)


def association(crm: Snapshot, period: Period = ALL) -> Association:
    """Return what of the reps' work goes together with their results.

    Across reps of one role each; those hired less than ``limits.new_hire_days`` before the end, or with fewer
    than ``limits.few_cases`` cases behind either figure, are left out, and counted. Weeks: whole ones only,
    of reps with at least ``limits.described_weeks`` of them.

    Source: METHOD 6.1
    """
    limits = crm.settings.limits
    role = [] if lacking(crm, "role") else ["role"]
    frames = {
        "reps": _points(crm, period, ["manager", *role]),
        "weeks": _points(crm, _whole_weeks(crm, period), ["manager", "week", *role]),
    }
    fresh = _new_hires(crm, period)
    rows, left, found = [], [], []
    for level, frame in frames.items():
        for activity in ACTIVITY:
            for result in RESULTS if level == "reps" else WEEKLY:
                head = {"level": level, "activity": activity, "result": result}
                missing = _both(frame.missing[activity], frame.missing[result])
                kept, reasons = _kept(
                    frame, (activity, result), fresh, limits=limits, weekly=level == "weeks"
                )
                found.append(NOTHING if missing else _told(kept, (activity, result), level))
                rows.append(head | {"missing": missing})
                left += [head | {"reason": why, "n": n} for why, n in reasons.items() if n and not missing]
    columns = ["level", "activity", "result", "reason", "n"]
    table, level_of_all = _judged(pd.DataFrame(rows), found, limits)
    return Association(table, pd.DataFrame(left, columns=columns), frames["reps"].figures, level_of_all)


@dataclass(frozen=True, eq=False)
class _Points:
    """Figures of reps, or of their weeks, and what the export lacks for each."""

    figures: pd.DataFrame
    missing: Mapping[str, str]


def _points(crm: Snapshot, period: Period | None, by: list[str]) -> _Points:
    """Return one row a group with each figure and its number of cases."""
    names = {**ACTIVITY, **RESULTS}
    lacks = dict.fromkeys(names, "no_cases")
    frame = pd.DataFrame(columns=[*by, *names, *(f"{name}_n" for name in names)])
    if period is not None:
        told = evaluate(list(names.values()), crm, period, by)
        told = told[told["manager"].notna() | (told["state"] == "not_in_export").to_numpy()]
        lacks, parts = {}, []
        for name, measure in names.items():
            mine = told[told["measure"] == measure]
            lacks[name] = ", ".join(dict.fromkeys(mine.loc[mine["manager"].isna(), "missing"]))
            own = mine[mine["manager"].notna()].set_index(by)
            parts.append(own[["value", "n"]].set_axis([name, f"{name}_n"], axis=1))
        frame = pd.concat(parts, axis=1).reset_index() if parts else frame
        days = frame["actions_per_day_n"].astype(np.float64)
        frame["won_per_day"] = frame["won_per_day"].astype(np.float64) / days.where(days > 0)
        frame["won_per_day_n"] = days
        lacks["won_per_day"] = _both(lacks["won_per_day"], lacks["actions_per_day"])
    return _Points(frame if "role" in frame else frame.assign(role=""), lacks)


def _both(one: str, other: str) -> str:
    """Return the codes of two lists, each once."""
    return ", ".join(dict.fromkeys(code for code in f"{one}, {other}".split(", ") if code))


def _whole_weeks(crm: Snapshot, period: Period) -> Period | None:
    first, after = borders(crm, period).days()
    after = min(after, crm.today + timedelta(days=1))
    start, end = floor(first + timedelta(days=6), "week"), floor(after, "week")
    return Period.between(start, end, crm.settings.zone) if start < end else None


def _new_hires(crm: Snapshot, period: Period) -> set[str]:
    """Return the names of the reps who are too new, as figures bear them."""
    managers = crm.tables["managers"]
    codes, names = coded(crm, managers, "manager")
    fresh = people_of(crm, managers["manager_id"].astype("str").tolist(), period)["is_new"].to_numpy(bool)
    return {names[code] for code in codes[fresh & (codes >= 0)]}


def _kept(
    points: _Points, names: tuple[str, str], fresh: set[str], *, limits: Limits, weekly: bool
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the points of a pair, and how many are left out by reason."""
    frame, every = points.figures, [f"{name}_n" for name in names]
    least = 1 if weekly else limits.few_cases
    reasons = {
        "new_hire": frame["manager"].isin(list(fresh)).to_numpy(),
        "few_cases": ~(frame[every].astype(np.float64) >= least).all(axis=1).to_numpy(),
        "no_figure": frame[list(names)].isna().any(axis=1).to_numpy(),
    }
    if weekly:
        known = ~np.any(list(reasons.values()), axis=0)
        weeks = frame["manager"].map(frame.loc[known, "manager"].value_counts())
        reasons["few_weeks"] = ~(weeks >= limits.described_weeks).to_numpy()
    out, counts = np.zeros(len(frame), dtype=bool), dict[str, int]()
    for reason, mask in reasons.items():
        counts[reason] = int((mask & ~out).sum())
        out |= mask
    return frame[~out], counts


def _told(kept: pd.DataFrame, names: tuple[str, str], level: str) -> Correlation:
    x, y = (kept[name].to_numpy(np.float64) for name in names)
    if level == "reps":
        return across(x, y, pd.factorize(kept["role"], use_na_sentinel=False)[0])
    return within(pd.factorize(kept["manager"])[0], pd.factorize(kept["week"])[0], x, y)


def _judged(rows: pd.DataFrame, found: list[Correlation], limits: Limits) -> tuple[pd.DataFrame, float]:
    """Return the rows with figures and verdicts; the limits of ``gap`` are for all pairs together."""
    enough = [
        one.n >= limits.compared_cases and one.groups >= FEWEST_REPS and not missing
        for one, missing in zip(found, rows["missing"], strict=True)
    ]
    chances = [one.chance if ok else np.nan for one, ok in zip(found, enough, strict=True)]
    level = false_discovery(chances, limits.false_discovery)[1]
    rows["reps"], rows["n"] = [one.groups for one in found], [one.n for one in found]
    rows["value"] = [one.value for one in found]
    for name, confidence in (("", 0.95), ("gap_", level)):
        ends = np.array([one.limits(confidence) for one in found])
        if name:
            rows["gap"] = rows["value"]
        rows[f"{name}low"], rows[f"{name}high"] = ends[:, 0], ends[:, 1]
    cases = rows["n"].where(rows["reps"] >= FEWEST_REPS, rows["reps"])
    judged = verdicts(cases, rows["gap_low"], rows["gap_high"], limits=limits, missing=rows["missing"])
    return rows.drop(columns="missing").join(judged), level
