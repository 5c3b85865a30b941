"""Histories of stages out of what is no history: dates of stages in columns, and exports of several days."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from crmkit.schema import at_midnight
from crmkit.settings import Client
from crmkit.sources.casting import OpenedFile, cast
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import ColumnMap, find_heading, normal

#: With such a word begin the headings of columns in which clients write when a deal came to a stage.
DATE_WORDS = ("дата ", "date ", "data ", "fecha ")


def stage_columns(file: OpenedFile) -> dict[str, str]:
    """Return which headings hold the day on which a deal entered which stage.

    They are those of ``stage_dates`` in ``client.yml``, and those that the CRM itself writes.
    """
    columns = {}
    for wanted, stage in file.entry.stage_dates.items():
        heading = find_heading(wanted, file.raw.headings)
        if heading is not None:
            columns[heading] = stage
    if file.source.stage_dates:
        pattern = re.compile(file.source.stage_dates, re.IGNORECASE)
        for heading in file.raw.headings:
            found = pattern.fullmatch(heading)
            if found and heading not in columns:
                columns[heading] = next(part for part in (found["stage"], found["id"]) if part)
    return columns


def wide_history(
    file: OpenedFile, deals: pd.DataFrame, client: Client, ledger: Ledger
) -> tuple[pd.DataFrame | None, set[str]]:
    """Turn columns with the dates of stages into stage changes.

    Such columns hold one date for each stage: of several visits to a stage, the others are lost.

    Parameters
    ----------
    deals: the typed deals of the file, with ``deal_id`` and ``line``.

    Returns
    -------
    the stage changes, by deal and moment (``None`` if the file has no such column), and the names of the
    moments without a time of day.

    Raises
    ------
    SourceError: dates that may be read in two ways, or cannot be read.
    """
    columns = stage_columns(file)
    if not columns or "deal_id" not in deals:
        return None, set()
    listed = [stage.name for pipeline in client.pipelines for stage in pipeline.stages]
    entry = file.entry.model_copy(update={"table": "stage_changes"})
    parts, whole_days = [], set[str]()
    for at, (heading, stage) in enumerate(columns.items()):
        raw = replace(file.raw, headings=(heading,), frame=file.raw.frame[[heading]])
        column = OpenedFile(entry, file.source, raw, ColumnMap({heading: "changed_at"}, ()))
        dates, without_time = cast(column, client, ledger)
        whole_days |= without_time
        place = listed.index(stage) if stage in listed else len(listed) + at
        parts.append(dates.dropna(subset=["changed_at"]).assign(to_stage=stage, place=place))
    changes = pd.concat(parts, ignore_index=True).merge(deals[["deal_id", "line"]], on="line")
    changes = changes.sort_values(["line", "changed_at", "place"], kind="stable", ignore_index=True)
    changes = changes.assign(
        to_stage=changes["to_stage"].astype("str"),
        from_stage=changes.groupby("line")["to_stage"].shift().astype("str"),
    )
    ledger.note("last_entry_only", "stage_changes", "changed_at", count=len(changes), samples=columns)
    names = ["deal_id", "changed_at", "from_stage", "to_stage", "file", "line"]
    return changes[names], whole_days


def changes_between(snapshots: Iterable[tuple[date, pd.DataFrame]], zone: str) -> pd.DataFrame:
    """Return the stage changes that lie between exports of several days.

    A deal that stands in another stage than when it was last seen has changed at some moment between the two
    days, and through how many stages cannot be told. A deal that is new came between the export before and
    the one that has it; those of the first export came at an unknown time and have no row.

    Parameters
    ----------
    snapshots: the day of export and its deals (``deal_id``, ``stage``, and if known ``manager_id``, ``file``,
        ``line``), in any order.
    zone: of the client.

    Returns
    -------
    ``deal_id``, ``changed_at`` (the later day), ``known_after`` (the earlier day), ``from_stage`` (empty for
    new deals), ``to_stage``, ``manager_id``, ``file``, ``line``; sorted by deal and day.
    """
    dated = sorted(snapshots, key=lambda one: one[0])
    days = [pd.Timestamp(day) for day, _ in dated]
    names = ["deal_id", "stage", "manager_id", "file", "line"]
    frames = [frame.reindex(columns=names).assign(at=place) for place, (_, frame) in enumerate(dated)]
    seen = pd.concat(frames, ignore_index=True).dropna(subset=["deal_id", "stage"])
    for name in ("deal_id", "stage", "manager_id", "file"):
        seen[name] = seen[name].astype("str")
    seen = seen.sort_values(["deal_id", "at"], kind="stable", ignore_index=True)
    before = seen.groupby("deal_id")[["stage", "at"]].shift()
    fresh = before["at"].isna() & (seen["at"] > 0)
    moved = before["at"].notna() & (before["stage"] != seen["stage"])
    rows = seen[fresh | moved]
    last_seen = before["at"].fillna(seen["at"] - 1)[rows.index].astype("int64")
    later, earlier = (
        pd.Series(pd.DatetimeIndex([days[place] for place in places]).as_unit("us"), rows.index)
        for places in (rows["at"], last_seen)
    )
    changes = pd.DataFrame(
        {
            "deal_id": rows["deal_id"],
            "changed_at": at_midnight(later, zone),
            "known_after": at_midnight(earlier, zone),
            "from_stage": before["stage"][rows.index].astype("str"),
            "to_stage": rows["stage"],
            "manager_id": rows["manager_id"],
            "file": rows["file"],
            "line": rows["line"].fillna(0).astype("int32"),
        }
    )
    return changes.reset_index(drop=True)


def suggest_stage_dates(headings: Sequence[str], stages: Iterable[str]) -> dict[str, str]:
    """Guess which headings hold the dates of which stages, for ``crmkit new``: «Date» and a stage's name.

    >>> suggest_stage_dates(["Date created", "Date Contract sent"], ["Contract sent", "Paid"])
    {'Date Contract sent': 'Contract sent'}
    """
    names = {normal(stage): stage for stage in stages}
    found = {}
    for heading in headings:
        plain = normal(heading)
        word = next((one for one in DATE_WORDS if plain.startswith(one)), None)
        near = difflib.get_close_matches(plain.removeprefix(word), names, n=1, cutoff=0.85) if word else []
        if near:
            found[heading] = names[near[0]]
    return found


def deals_of(changes: pd.DataFrame, empty: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return the deals that a history of stages tells of, where the export has no list of deals.

    A deal is created at its first change, and stands in the stage and with the owner of its last; of several
    at one moment the stage with the last ``@place`` counts.

    Parameters
    ----------
    changes: canonical stage changes; empty: the table of deals without a row, which gives the columns.
    """
    order = ["changed_at", "@place", "manager_id"]
    rows = changes.dropna(subset=["deal_id", "changed_at"]).sort_values(order, na_position="first")
    ends = rows.groupby("deal_id", sort=True)
    first, last = ends.head(1).set_index("deal_id"), ends.tail(1).set_index("deal_id").sort_index()
    told = last[["file", "line", "manager_id"]].assign(
        created_at=first["changed_at"], stage=last["to_stage"], stage_entered_at=last["changed_at"]
    )
    ledger.note("deals_from_history", "deals", "deal_id", count=len(told))
    return told.reset_index().reindex(columns=empty.columns).astype(empty.dtypes)
