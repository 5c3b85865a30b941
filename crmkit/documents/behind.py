"""The rows behind the figures: each deal or task once, with what it counts for in every measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from crmkit.documents.sheets import Rows
from crmkit.measures import cases_of
from crmkit.present.study import Study
from crmkit.present.tables import Column
from crmkit.schema import TABLES

MOST_ROWS = 200_000
DEALS = (
    "deal_id", "title", "manager_id", "pipeline", "stage", "status", "amount", "source", "product",
    "company_id", "lost_reason", "created_at", "closed_at", "expected_close_on", "url",
)  # fmt: skip
TASKS = ("task_id", "deal_id", "manager_id", "kind", "title", "created_at", "due_at", "completed_at")
KIND = {
    "moment": "moment",
    "date": "date",
    "money": "money",
    "text": "text",
    "id": "text",
    "category": "text",
}


def rows_behind(study: Study) -> Iterator[Rows]:
    """Yield a sheet of deals and one of tasks; a cell in a measure's column is what the row counts for there.

    An empty cell means that the row is no case of that measure; so a filter on the column gives the very rows
    of the figure for the report's period (of open deals: for the day described).
    """
    names = study.names()
    for table, key, columns in (("deals", "deal_ix", DEALS), ("tasks", "task_ix", TASKS)):
        frame = study.crm.tables[table]
        if len(frame):
            yield _sheet(study, table, key, columns, names, frame)


def _sheet(
    study: Study, table: str, key: str, columns: Sequence[str], names: Sequence[str], frame: pd.DataFrame
) -> Rows:
    shown = [name for name in columns if f"{table}.{name}" in study.crm.supplied or name == columns[0]]
    kinds = {item.name: (item.kind, item.meaning) for item in TABLES[table]}
    spec = [Column(name, study.say(kinds[name][1]), KIND[kinds[name][0]]) for name in shown]
    out = frame[shown].copy()
    for name in names:
        values = _counted(study, name, key, len(frame))
        if values is not None:
            out[name] = values
            spec.append(Column(name, study.title(name), "number"))
    out["file"], out["line"] = frame["file"].astype("str"), frame["line"]
    spec += [Column("file", study.say("File")), Column("line", study.say("Line"), "count")]
    note = study.say(
        "Each column of a figure holds what the row counts for in it, in the report's period;"
        " empty means that it does not belong to it."
    )
    notes = [note]
    if len(out) > MOST_ROWS:
        notes.append(study.say("Only the first {n} rows are here.", n=study.formats.count(MOST_ROWS)))
    title = (
        study.say("Deals behind the figures") if table == "deals" else study.say("Tasks behind the figures")
    )
    return Rows(
        f"rows_{table}",
        title,
        tuple(spec),
        out.head(MOST_ROWS),
        study.language,
        study.client.currency,
        tuple(notes),
    )


def _counted(study: Study, name: str, key: str, length: int) -> np.ndarray | None:
    """Return for each row what it counts for in a measure, NaN if nothing; ``None``: it has no such rows."""
    if study.crm.lacks(study.measure(name).needs):
        return None
    cases = cases_of(name, study.crm, study.span(name))
    if key not in cases or (key == "deal_ix" and "task_ix" in cases):
        return None
    ix = cases[key].fillna(value=-1).to_numpy(dtype=np.int64)
    known = ix >= 0
    if not known.any():
        return None
    values = np.full(length, np.nan)
    values[ix[known]] = cases["value"].to_numpy(dtype=np.float64)[known]
    return values
