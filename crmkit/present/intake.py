"""Data intake (notebook 01): what came in, how it was read, what it can tell and what it cannot."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.doubts import warnings
from crmkit.present.quality import quality_of
from crmkit.present.reasons import SET_ASIDE, TABLE_NAMES
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.troubles import LOOKED_FOR, what_is_wrong
from crmkit.present.wide import counted
from crmkit.schema import TABLES, column

__all__ = ["columns", "files", "managers", "oddities", "set_aside", "stages", "verdict", "warnings"]

ROWS = ["rows_read", "rows_kept", "rows_set_aside"]
#: How a file was read.
DECISIONS = {
    "kind": N_("format"),
    "encoding": N_("encoding"),
    "delimiter": N_("fields are divided by"),
    "sheet": N_("sheet"),
    "other_sheets": N_("other sheets, not read"),
    "quotes": N_("quotation marks are marked by"),
    "damaged_numbers": N_("columns with rounded numbers"),
    "damaged_characters": N_("damaged characters"),
    "control_characters": N_("control characters, taken out"),
    "heading_line": N_("line of the headings"),
}

#: How the numbers of a column are written; how dates are stands for itself.
READ_AS = {
    "whole numbers": N_("whole numbers"),
    "decimal point": N_("decimal point"),
    "decimal comma": N_("decimal comma"),
    "decimal comma and decimal point": N_("decimal comma and decimal point"),
}


def verdict(study: Study) -> Sentences:
    """Return in a few sentences what came in and up to which moment it reaches."""
    files, crm, formats, words = study.report.files, study.crm, study.formats, study.words
    read, aside = int(files["rows_read"].sum()), int(files["rows_set_aside"].sum())
    said: list[Message | str] = [
        words.plural("{n} file was read.", "{n} files were read.", files["path"].nunique()),
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
        said.append(
            N_(
                "The export itself reaches further, to {moment}. For the earlier day the stage, the amount"
                " and the owner of deals then open are not known, unless the history of stages tells.",
                moment=formats.moment(crm.exported_at),
            )
        )
    counts, (told, of) = quality_of(study).verdict(), quality_of(study).computable
    if any(counts.values()):
        said.append(
            N_(
                "Problems of the data: {blocks} block figures, {distorts} distort them, {cosmetic} hardly"
                " matter.",
                **counts,
            )
        )
    else:
        said.append(N_("No problem was found in the data."))
    said.append(N_("{told} of {all} figures can be told from this export.", told=told, all=of))
    return Sentences.of(words, said, "warning" if counts["blocks"] else "finding")


def files(study: Study) -> Table:
    """Return each file with its rows and how it was read."""
    frame = study.report.files
    pages = frame["path"].str.rpartition("/")[0] + "/…"  # of answers there may be thousands
    frame = frame.assign(path=frame["path"].where(frame["kind"] != "json", pages))
    frame = frame.groupby(["path", "table", "decisions"], sort=False, as_index=False)[ROWS].sum()
    frame = frame.assign(
        table=[_said(study, TABLE_NAMES, name) for name in frame["table"]],
        decisions=[
            " · ".join(": ".join((_said(study, DECISIONS, key), value)) for key, value in _pairs(text))
            for text in frame["decisions"]
        ],
    )
    columns = [
        Column("path", study.say("File")),
        Column("table", study.say("Table")),
        Column("rows_read", study.say("Rows read"), "count"),
        Column("rows_kept", study.say("Kept"), "count"),
        Column("rows_set_aside", study.say("Set aside"), "count"),
        Column("decisions", study.say("How it was read")),
    ]
    return study.table(frame, "files", study.say("How each file was read"), columns)


def set_aside(study: Study) -> Table | Sentences:
    """Return the rows that are in no table, with file, line and reason."""
    frame = study.report.set_aside
    if frame.empty:
        return Sentences.of(study.words, [N_("No row was set aside.")])
    frame = frame.assign(why=[_said(study, SET_ASIDE, code) for code in frame["reason"]])
    columns = [
        Column("file", study.say("File")),
        Column("line", study.say("Line"), "count"),
        Column("why", study.say("Why")),
        Column("text", study.say("What stands there")),
    ]
    return study.table(frame, "set_aside", study.say("Each row with its reason"), columns, shown=10)


def oddities(study: Study) -> Table | Sentences:
    """Return what is odd in the data: how many rows, with samples."""
    found = quality_of(study).problems
    frame = found[(found["group"] == "reading") | (found["weight"] == "note")]
    hidden = [
        dict(zip(("table", "column"), name.split("."), strict=True))
        | {"code": "after_as_of", "count": n, "samples": ""}
        for name, n in study.crm.hidden.items()
    ]
    frame = pd.concat([frame, pd.DataFrame(hidden)], ignore_index=True) if hidden else frame
    if frame.empty:
        return Sentences.of(study.words, [LOOKED_FOR["reading"]])
    frame = frame.assign(
        what=[study.words.message(what_is_wrong(code)) for code in frame["code"]],
        table=[_said(study, TABLE_NAMES, name) for name in frame["table"]],
    )
    frame = frame.sort_values("count", ascending=False, kind="stable")
    columns = [
        Column("table", study.say("Table")),
        Column("column", study.say("Column")),
        Column("count", study.say("Rows"), "count"),
        Column("what", study.say("What is odd")),
        Column("samples", study.say("Samples")),
    ]
    return study.table(frame, "oddities", study.say("Kept, but odd"), columns)


def _pairs(decisions: str) -> list[tuple[str, str]]:
    """Cut «name: value · name: value»; what has no name is left out."""
    cut = (part.partition(": ") for part in decisions.split(" · "))
    return [(name, value) for name, mark, value in cut if mark]


def _said(study: Study, sentences: Mapping[str, Message], code: str) -> str:
    """Return the sentence for a code of the load report; a code without one stands for itself."""
    return study.words.message(sentences[code]) if code in sentences else code


def columns(study: Study) -> Table:
    """Return how full each column is, file by file."""
    frame = study.report.columns
    frame = frame.assign(
        share=frame["filled"] / frame["rows"].where(frame["rows"] > 0),
        **counted("share", frame["filled"], frame["rows"]),
        meaning=[_meaning(study, *pair) for pair in zip(frame["file"], frame["column"], strict=True)],
        decision=[_said(study, READ_AS, one) for one in frame["decision"]],
    )
    spec = [
        Column("file", study.say("File")),
        Column("heading", study.say("Heading in the file")),
        Column("meaning", study.say("What it is")),
        Column("share", study.say("Filled"), "share"),
        Column("unreadable", study.say("Unreadable"), "count"),
        Column("decision", study.say("Read as")),
    ]
    return study.table(frame, "columns", study.say("Columns and how full they are"), spec, shown=40)


def _meaning(study: Study, path: str, name: str) -> str:
    if not name:
        return study.say("the client's own field")
    made = path.rpartition("/")[2]  # answers are told by the table that they feed
    table = next((entry.table for entry in study.client.files if entry.shown == path), made)
    table = table if table in TABLES else "deals"
    found = column(table, name)
    return f"{study.say(found.meaning)} ({name})" if found else name


def stages(study: Study) -> Table:
    """Return the stages as they are understood, with the deals that stand in each."""
    names = ["pipeline", "stage"]
    listed = study.crm.tables["stages"].astype(dict.fromkeys([*names, "kind"], "str"))
    deals = study.crm.deals[names].astype("str").assign(deals=1)
    if deals["pipeline"].isna().all():
        names = ["stage"]
    counts = deals.groupby(names, dropna=False, as_index=False)["deals"].sum()
    frame = listed.merge(counts, how="outer", on=names)
    kinds = listed.dropna(subset=["kind"]).drop_duplicates(["stage", "kind"])
    of_stage = kinds[~kinds["stage"].duplicated(keep=False)].set_index("stage")["kind"]
    kind = frame["kind"].where(frame["kind"].notna(), frame["stage"].map(of_stage))
    said = {"open": study.say("open"), "won": study.say("won"), "lost": study.say("lost")}
    frame = frame.assign(
        kind=kind.map(said).fillna(study.say("not known")), deals=frame["deals"].fillna(value=0)
    )
    frame = frame.sort_values(["pipeline", "position"], kind="stable", na_position="last")
    spec = [
        Column("pipeline", study.say("Pipeline")),
        Column("stage", study.say("Stage")),
        Column("kind", study.say("Kind")),
        Column("deals", study.say("Deals"), "count"),
        Column("norm_days", study.say("Norm"), "days"),
        Column("default_probability", study.say("Chance of winning"), "share"),
    ]
    return study.table(frame, "stages", study.say("Stages as they are understood"), spec, shown=60)


def managers(study: Study) -> Table:
    """Return the reps as they are understood, with the deals that each owns."""
    counts = study.crm.deals["manager_id"].value_counts()
    frame = study.crm.tables["managers"]
    frame = frame.assign(
        deals=frame["manager_id"].astype("str").map(counts.rename(index=str)).fillna(value=0)
    )
    spec = [
        Column("name", study.say("Rep")),
        Column("role", study.say("Role")),
        Column("team", study.say("Team")),
        Column("deals", study.say("Deals"), "count"),
        Column("hired_on", study.say("Hired"), "date"),
        Column("left_on", study.say("Left"), "date"),
    ]
    return study.table(frame, "managers", study.say("Reps as they are understood"), spec, shown=60)
