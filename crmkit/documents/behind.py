"""The rows behind the figures: each deal, task or communication once, with what it counts for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from crmkit.documents.sheets import Rows
from crmkit.errors import N_
from crmkit.measures import cases_of
from crmkit.present import evidence
from crmkit.present.study import Study
from crmkit.present.tables import Column
from crmkit.schema import TABLES

MOST_ROWS = 200_000
DEALS = (
    "deal_id", "title", "manager_id", "pipeline", "stage", "status", "amount", "source", "product",
    "company_id", "lost_reason", "created_at", "closed_at", "expected_close_on", "url",
)  # fmt: skip
TASKS = ("task_id", "deal_id", "manager_id", "kind", "title", "created_at", "due_at", "completed_at")
ACTIVITIES = (
    "activity_id", "deal_id", "manager_id", "kind", "direction", "at", "duration_s", "contact_id",
    "company_id", "title",
)  # fmt: skip
KIND = {
    "seconds": "number",
    "moment": "moment",
    "date": "date",
    "money": "money",
    "text": "text",
    "id": "text",
    "category": "text",
}


TITLES = {
    "deals": N_("Deals behind the figures"),
    "tasks": N_("Tasks behind the figures"),
    "activities": N_("Communications behind the figures"),
}


def rows_behind(study: Study) -> Iterator[Rows]:
    """Yield sheets of deals, tasks and communications; a cell in a measure's column is what it counts there.

    An empty cell means that the row is no case of that measure; so a filter on the column gives the very rows
    of the figure for the report's period (of open deals: for the day described). Of communications only those
    that count are there.
    """
    names = study.names()
    for table, columns in (("deals", DEALS), ("tasks", TASKS), ("activities", ACTIVITIES)):
        frame = study.crm.tables[table]
        key, size = {"deals": "deal_ix", "tasks": "task_ix"}.get(table, "activity_ix"), len(frame)
        counted = {name: _counted(study, name, key, size) for name in names if size}
        told = {name: values for name, values in counted.items() if values is not None}
        if size and (told or table != "activities"):
            yield _sheet(study, table, columns, told)


def violations_behind(study: Study) -> Rows:
    """Return the sheet of all violations with their evidence, in the order of the page."""
    rows = evidence.ordered(study)
    frame, notes = evidence.told(study, rows.head(MOST_ROWS)), tuple[str, ...]()
    if len(rows) > MOST_ROWS:
        notes = (study.say("Only the first {n} rows are here.", n=study.formats.count(MOST_ROWS)),)
    return Rows(
        "violations", study.say("Violations"), tuple(evidence.columns(study, frame)), frame, study.language,
        study.client.currency, notes,
    )  # fmt: skip


def _sheet(study: Study, table: str, columns: Sequence[str], counted: Mapping[str, np.ndarray]) -> Rows:
    frame = study.crm.tables[table]
    if table == "activities":
        rows = np.flatnonzero(np.any([~np.isnan(values) for values in counted.values()], axis=0))
        frame, counted = frame.iloc[rows], {name: values[rows] for name, values in counted.items()}
    size, frame = len(frame), frame.head(MOST_ROWS)
    shown = [name for name in columns if f"{table}.{name}" in study.crm.supplied or name == columns[0]]
    kinds = {item.name: (item.kind, item.meaning) for item in TABLES[table]}
    spec = [Column(name, study.say(kinds[name][1]), KIND[kinds[name][0]]) for name in shown]
    out = frame[shown].copy()
    for name, values in counted.items():
        out[name] = values[:MOST_ROWS]
        spec.append(Column(name, study.title(name), "number"))
    out["file"], out["line"] = frame["file"].astype("str"), frame["line"]
    spec += [Column("file", study.say("File")), Column("line", study.say("Line"), "count")]
    note = study.say(
        "Each column of a figure holds what the row counts for in it, in the report's period;"
        " empty means that it does not belong to it."
    )
    notes = [note]
    if size > MOST_ROWS:
        notes.append(study.say("Only the first {n} rows are here.", n=study.formats.count(MOST_ROWS)))
    return Rows(
        f"rows_{table}",
        study.words.message(TITLES[table]),
        tuple(spec),
        out,
        study.language,
        study.client.currency,
        tuple(notes),
    )


def _counted(study: Study, name: str, key: str, length: int) -> np.ndarray | None:
    """Return for each row what it counts for in a measure, NaN if nothing; ``None``: it has no such rows."""
    if study.measure(name).parts or study.crm.lacks(study.measure(name).needs):
        return None
    cases = cases_of(name, study.crm, study.span(name))
    if key not in cases or (key == "deal_ix" and {"task_ix", "activity_ix"} & set(cases)):
        return None
    ix = cases[key].fillna(value=-1).to_numpy(dtype=np.int64)
    known = ix >= 0
    if not known.any():
        return None
    values = np.full(length, np.nan)
    values[ix[known]] = cases["value"].to_numpy(dtype=np.float64)[known]
    return values
