"""The board of violations for a shared screen: who has how many open ones, never a score or a ranking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from crmkit.audit.checks import find_check
from crmkit.audit.score import COLUMN, By, tallied
from crmkit.audit.score import by_check as cells_of
from crmkit.present.audit_changes import changed, day_of, run_before, summed
from crmkit.present.audit_score import NOTHING, REPS, SHOWN, by_name, by_weight, in_parts
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import clean
from crmkit.present.tiles import Sentences

#: How many words of a name have an initial, and how many letters it has at most.
INITIALS, MOST_LETTERS = 3, 3
TREND = ("new", "fixed")
#: How many reps fit beside one another by their initials.
INITIALLED = 10


@dataclass(frozen=True)
class Counts:
    """Open violations by group and check: rows examined of each group, and what changed since a day."""

    by: By
    cells: pd.DataFrame
    groups: pd.DataFrame
    since: str


def board(study: Study) -> Table | Sentences:
    """Return for each rep how many violations are open that can be put right, check by check.

    Waived ones are left out, and what happened and cannot be put right any more. Reps stand in the order of
    the names that are shown: full, as initials or not at all, then teams instead (``audit.names``).
    """
    names = study.crm.settings.audit.names
    counts = _counts(study, "team" if names == "off" else "manager")
    if counts is None:
        return Sentences.of(study.words, [NOTHING])
    groups = by_name(study, counts.groups, counts.by)
    if names == "initials":
        known = groups[COLUMN["manager"]].notna().to_numpy()
        groups.loc[known, "name"] = initials(groups.loc[known, "name"].tolist())
        groups = pd.concat([groups[known].sort_values("name", kind="stable"), groups[~known]])
    if names == "off" and groups["team"].isna().all():
        groups = groups[:0]
    frame = pd.concat([groups, _whole(study, counts)], ignore_index=True)
    checks = list(dict.fromkeys(counts.cells.loc[counts.cells["open"] > 0, "check"]))
    frame = _with_checks(frame, counts, checks)
    first = study.say("Team") if names == "off" else study.say("Rep")
    columns = [
        Column("name", first), Column("open", study.say("Open violations"), "count"),
        Column("checked", study.say("Rows checked"), "count"),
        *_trend_columns(study, counts.since),
        *(Column(one, study.say(find_check(one).title), "count", counted=True) for one in checks),
    ]  # fmt: skip
    notes = _notes(study, checks)
    return study.table(frame, "audit_board", heading(study), columns, notes, foot=1, shown=SHOWN)


def by_check(study: Study) -> Several | Sentences:
    """Return the board as a page of a report has it: checks as rows, the critical first, reps as columns."""
    table = board(study)
    if isinstance(table, Sentences):
        return table
    keys = [column.key for column in table.columns]
    sums = [key for key in keys[1:] if key not in table.cases]
    order = [*by_weight(study, table.cases), *sums]
    cells: dict[str, list[Any]] = {"check": [table.columns[keys.index(key)].heading for key in order]}
    for rep, row in enumerate(table.rows):
        n = [table.cases[key][rep].n if key in table.cases else None for key in order]
        cells |= {f"r{rep}": [row[keys.index(key)] for key in order], f"r{rep}_n": n}
    frame = pd.DataFrame(cells)
    names = [str(row[0]).replace(". ", ".\N{NARROW NO-BREAK SPACE}") for row in table.rows]
    reps = [Column(f"r{rep}", name, "count", counted=True) for rep, name in enumerate(names)]
    none = (0,) * len(sums)
    heat = {one.key: (*(2 * (value > 0) for value in frame[one.key][: -len(sums)]), *none) for one in reps}
    return in_parts(
        study, frame, [Column("check", study.say("What is checked")), *reps], name=table.name,
        title=table.title, notes=table.notes, heat=heat, foot=len(sums),
        most=REPS if study.crm.settings.audit.names == "full" else INITIALLED,
    )  # fmt: skip


def heading(study: Study) -> str:
    """Return what the board tells, and of which day."""
    day = study.crm.today
    return study.say("Open violations in the CRM on {day}", day=study.formats.day(day))


def _counts(study: Study, by: By) -> Counts | None:
    """Return what can be put right by group and check; ``None`` if nothing was examined."""
    states = study.whole_audit.states
    mendable = states["check"][states["mendable"] & study.whole_audit.made]
    cells = cells_of(study.whole_audit, by)
    cells = cells[cells["check"].isin(mendable)].reset_index(drop=True)
    if cells.empty:
        return None
    groups = cells.groupby(COLUMN[by], dropna=False, sort=True)[["checked", "open"]].sum().reset_index()
    run = run_before(study)
    if run is None:
        return Counts(by, cells, groups, "")
    rows = changed(study)
    rows = rows[(rows["state"] == "compared").to_numpy() & rows["check"].isin(mendable).to_numpy()]
    if rows.empty:
        return Counts(by, cells, groups, "")
    reps = tallied(study.whole_audit, "manager").labels
    group_of = tallied(study.whole_audit, by)
    team = {rep: group_of.labels[place] for rep, place in zip(reps, group_of.of_rep, strict=True)}
    told = [None if pd.isna(one) else str(one) for one in rows["manager_id"]]
    rows = rows.assign(**{COLUMN[by]: pd.Series([team[one] for one in told], index=rows.index, dtype="str")})
    trend = summed(rows, COLUMN[by])[[COLUMN[by], *TREND]]
    return Counts(by, cells, groups.merge(trend, on=COLUMN[by], how="left"), day_of(study, run))


def _whole(study: Study, counts: Counts) -> pd.DataFrame:
    sums = counts.groups.drop(columns=COLUMN[counts.by]).sum(min_count=1)
    return pd.DataFrame([sums]).assign(name=study.say("The whole department"))


def _with_checks(frame: pd.DataFrame, counts: Counts, checks: Sequence[str]) -> pd.DataFrame:
    """Return the frame with a column for each check: open violations, and beside them rows examined."""
    column = COLUMN[counts.by]
    for check in checks:
        rows = counts.cells[counts.cells["check"] == check]
        part = frame[[column]].merge(rows, on=column, how="left")
        for name, source in ((check, "open"), (f"{check}_n", "checked")):
            values = part[source].astype("Float64")
            values.iloc[-1] = rows[source].sum()
            frame = frame.assign(**{name: values.to_numpy(dtype="float64", na_value=float("nan"))})
    return frame


def _trend_columns(study: Study, since: str) -> list[Column]:
    if not since:
        return []
    return [
        Column("new", study.say("New since {day}", day=since), "count"),
        Column("fixed", study.say("Put right since {day}", day=since), "count"),
    ]


def _notes(study: Study, shown: Sequence[str]) -> list[str]:
    """Return what the board leaves out: checks without violations, and those that could not be made."""
    states, made, notes = study.whole_audit.states, study.whole_audit.made, []
    clean_ones = states["check"][made & states["mendable"] & ~states["check"].isin(shown)]
    missing = states["check"][~made & states["mendable"]]
    if len(clean_ones):
        notes.append(study.say("No open violations: {checks}.", checks=_titles(study, clean_ones)))
    if len(missing):
        notes.append(study.say("Could not be checked: {checks}.", checks=_titles(study, missing)))
    notes.append(
        study.say(
            "Only what can still be put right, without what is waived. Who has more deals has more rows to"
            " check: read each figure beside its number of rows."
        )
    )
    return notes


def _titles(study: Study, checks: pd.Series) -> str:
    return "; ".join(study.say(find_check(one).title) for one in checks)


def initials(names: Sequence[str]) -> list[str]:
    """Return names as initials; of two alike, each word keeps as many letters as tell them apart.

    Never so many that a word stands there whole, or nearly so: then they are numbered.

    >>> initials(["Anna Lind", "Alla Lund", "Bo Ek", "Bob Ek"])
    ['An. Li.', 'Al. Lu.', 'B. E. 1', 'B. E. 2']
    """
    words = [(re.findall(r"\w+", clean(name)) or ["?"])[:INITIALS] for name in names]
    found = [_letters(one, 1) for one in words]
    for short in dict.fromkeys(found):
        alike = [place for place, one in enumerate(found) if one == short]
        if len(alike) == 1:
            continue
        shortest = min(len(word) for place in alike for word in words[place])
        apart = next(
            (
                size
                for size in range(2, min(shortest, MOST_LETTERS + 1))
                if len({_letters(words[place], size) for place in alike}) == len(alike)
            ),
            0,
        )
        for number, place in enumerate(alike, 1):
            found[place] = _letters(words[place], apart) if apart else f"{short} {number}"
    return found


def _letters(words: Sequence[str], size: int) -> str:
    return " ".join(word[:size].upper() + "." if size == 1 else f"{word[:size]}." for word in words)
