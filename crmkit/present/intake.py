"""Data intake (notebook 01): what came in, how it was read, what it can tell and what it cannot."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.facts import begins_without_closings
from crmkit.present.reasons import COLUMNS, NOTES, SET_ASIDE
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.schema import TABLES, column

#: What each table would unlock, for those that are not in the export.
UNLOCKS = {
    "deals": N_("the figures of sales: deals, money, win rate, cycle"),
    "stage_changes": N_("where deals are lost and stand, conversion from stage to stage, skipped stages"),
    "tasks": N_("tasks on time, deals without a task, actions per day"),
    "activities": N_("calls, letters, meetings, first response"),
    "managers": N_("teams and roles, who worked when"),
    "stages": N_("which stage wins and loses, norms, chances of winning"),
    "plans": N_("plan attainment"),
    "companies": N_("segments, duplicates, repeat sales"),
    "contacts": N_("decision makers, duplicates"),
    "payments": N_("receivables"),
    "products": N_("product groups, discounts from the list price"),
    "costs": N_("cost per lead and return on marketing"),
}


def verdict(study: Study) -> Sentences:
    """Return in a few sentences what came in and up to which moment it reaches."""
    files, crm, formats, words = study.report.files, study.crm, study.formats, study.words
    read, aside = int(files["rows_read"].sum()), int(files["rows_set_aside"].sum())
    said: list[Message | str] = [
        words.plural("{n} file was read.", "{n} files were read.", len(files)),
        N_(
            "Of {read} rows {kept} were kept and {aside} set aside, each with its reason below.",
            read=formats.count(read),
            kept=formats.count(read - aside),
            aside=formats.count(aside),
        ),
        N_(
            "The report describes the moment {moment}; nothing later is in any figure.",
            moment=formats.moment(crm.as_of),
        ),
    ]
    if not crm.is_current:
        said.append(N_("The export itself reaches further, to {moment}. For the earlier day the stage, the amount and the owner of deals then open are not known, unless the history of stages tells.", moment=formats.moment(crm.exported_at)))  # fmt: skip
    return Sentences.of(words, said, "finding")


def files(study: Study) -> Table:
    """Return each file with its rows and how it was read."""
    frame = study.report.files
    columns = [
        Column("path", study.say("File")), Column("table", study.say("Table")), Column("rows_read", study.say("Rows read"), "count"),
        Column("rows_kept", study.say("Kept"), "count"), Column("rows_set_aside", study.say("Set aside"), "count"),
        Column("decisions", study.say("How it was read")),
    ]  # fmt: skip
    return study.table(frame, "files", study.say("How each file was read"), columns)


def set_aside(study: Study) -> Table | Sentences:
    """Return the rows that are in no table, with file, line and reason."""
    frame = study.report.set_aside
    if frame.empty:
        return Sentences.of(study.words, [N_("No row was set aside.")])
    frame = frame.assign(why=[study.words.message(SET_ASIDE[code]) for code in frame["reason"]])
    columns = [
        Column("file", study.say("File")),
        Column("line", study.say("Line"), "count"),
        Column("why", study.say("Why")),
        Column("text", study.say("What stands there")),
    ]
    return study.table(frame, "set_aside", study.say("Each row with its reason"), columns, shown=10)


def oddities(study: Study) -> Table | Sentences:
    """Return what is odd in the data: how many rows, with samples."""
    frame = study.report.notes
    hidden = [
        {
            "code": "after_as_of",
            "table": name.split(".")[0],
            "column": name.split(".")[1],
            "count": n,
            "samples": "",
        }
        for name, n in study.crm.hidden.items()
    ]
    frame = pd.concat([frame, pd.DataFrame(hidden)], ignore_index=True) if hidden else frame
    if frame.empty:
        return Sentences.of(study.words, [N_("Nothing odd was found in the data.")])
    after = N_("later than the day that the report describes; not seen")
    frame = frame.assign(
        what=[study.words.message(NOTES.get(code, after)) for code in frame["code"]]
    ).sort_values("count", ascending=False, kind="stable")
    columns = [
        Column("table", study.say("Table")),
        Column("column", study.say("Column")),
        Column("count", study.say("Rows"), "count"),
        Column("what", study.say("What is odd")),
        Column("samples", study.say("Samples")),
    ]
    return study.table(frame, "oddities", study.say("Kept, but odd"), columns)


def warnings(study: Study) -> Sentences:
    """Return what the figures must not be believed in, as far as the data shows it."""
    said: list[Message] = []
    cut = begins_without_closings(study.crm)
    if cut is not None:
        said.append(N_("The first deals were created on {created}, and nothing closes before {closed}: deals closed earlier are not in the export. Win rates and cycles of the first months are therefore not to be believed.", created=study.formats.day(cut[0].date()), closed=study.formats.day(cut[1].date())))  # fmt: skip
    unplaced = int(study.crm.deals["created_at"].isna().sum())
    if unplaced:
        said.append(
            N_(
                "{n} deals have no creation date. They are kept and stand in the figures by stage, but in no figure of a period.",
                n=study.formats.count(unplaced),
            )
        )
    years = study.crm.settings.calendar.unconfirmed_years(
        study.crm.as_of.date().replace(month=1, day=1), study.crm.as_of.date()
    )
    if years:
        said.append(
            N_(
                "The holidays of {years} are not decreed yet; working days there may change.",
                years=", ".join(map(str, years)),
            )
        )
    return Sentences.of(
        study.words,
        said or [N_("Nothing was found that would make figures doubtful as a whole.")],
        "warning" if said else "plain",
    )


def columns(study: Study) -> Table:
    """Return how full each column is, file by file."""
    frame = study.report.columns
    frame = frame.assign(
        share=frame["filled"] / frame["rows"].where(frame["rows"] > 0),
        share_n=frame["rows"], share_numerator=frame["filled"], share_denominator=frame["rows"],
        meaning=[_meaning(study, path, name) for path, name in zip(frame["file"], frame["column"], strict=True)],
    )  # fmt: skip
    spec = [
        Column("file", study.say("File")), Column("heading", study.say("Heading in the file")), Column("meaning", study.say("What it is")),
        Column("share", study.say("Filled"), "share"), Column("unreadable", study.say("Unreadable"), "count"), Column("decision", study.say("Read as")),
    ]  # fmt: skip
    return study.table(frame, "columns", study.say("Columns and how full they are"), spec, shown=40)


def _meaning(study: Study, path: str, name: str) -> str:
    if not name:
        return study.say("the client's own field")
    table = next((entry.table for entry in study.client.files if entry.shown == path), "deals")
    found = column(table, name)
    return f"{study.say(found.meaning)} ({name})" if found else name


def tables(study: Study) -> Table:
    """Return which tables the export carries, and what the missing ones would unlock."""
    rows = []
    for name in TABLES:
        known = [part for part in study.crm.supplied if part.startswith(f"{name}.")]
        rows.append(
            {
                "table": name,
                "rows": len(study.crm.tables[name]) if known else None,
                "state": study.say("here") if known else study.say("not in this export"),
                "unlocks": study.words.message(UNLOCKS[name]),
                "how": "" if known or name not in COLUMNS else study.words.message(COLUMNS[name]),
            }
        )
    spec = [
        Column("table", study.say("Table")), Column("state", study.say("Is it here")), Column("rows", study.say("Rows"), "count"),
        Column("unlocks", study.say("What it makes possible")), Column("how", study.say("How to get it")),
    ]  # fmt: skip
    return study.table(pd.DataFrame(rows), "tables", study.say("What the export can tell"), spec)


def stages(study: Study) -> Table:
    """Return the stages as they are understood, with the deals that stand in each."""
    counts = (
        study.crm.deals.groupby(["pipeline", "stage"], observed=True, dropna=False)
        .size()
        .rename("deals")
        .reset_index()
    )
    counts = counts.astype({"pipeline": "str", "stage": "str"})
    listed = study.crm.tables["stages"][
        ["pipeline", "stage", "kind", "position", "norm_days", "default_probability"]
    ]
    listed = listed.astype({"pipeline": "str", "stage": "str", "kind": "str"})
    if counts["pipeline"].isna().all():
        frame = listed.merge(counts.drop(columns="pipeline"), how="left", on="stage")
    else:
        frame = listed.merge(counts, how="left", on=["pipeline", "stage"])
    kinds = {"open": study.say("open"), "won": study.say("won"), "lost": study.say("lost")}
    frame = frame.assign(kind=frame["kind"].map(kinds).fillna(study.say("not known")))
    frame = frame.sort_values(["pipeline", "position"], kind="stable", na_position="last")
    spec = [
        Column("pipeline", study.say("Pipeline")), Column("stage", study.say("Stage")), Column("kind", study.say("Kind")),
        Column("deals", study.say("Deals"), "count"), Column("norm_days", study.say("Norm"), "days"), Column("default_probability", study.say("Chance of winning"), "share"),
    ]  # fmt: skip
    return study.table(frame, "stages", study.say("Stages as they are understood"), spec, shown=60)


def managers(study: Study) -> Table:
    """Return the reps as they are understood, with the deals that each owns."""
    counts = study.crm.deals["manager_id"].value_counts()
    frame = study.crm.tables["managers"]
    frame = frame.assign(
        deals=frame["manager_id"].astype("str").map(counts.rename(index=str)).fillna(value=0)
    )
    spec = [
        Column("name", study.say("Rep")), Column("role", study.say("Role")), Column("team", study.say("Team")),
        Column("deals", study.say("Deals"), "count"), Column("hired_on", study.say("Hired"), "date"), Column("left_on", study.say("Left"), "date"),
    ]  # fmt: skip
    return study.table(frame, "managers", study.say("Reps as they are understood"), spec, shown=60)
