"""Exports as HubSpot writes them: deals with the dates of stages in columns, tasks, calls and cards."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd

from crmkit.simulate.cells import Cells, Style, closings, stamps, worded
from crmkit.simulate.department import Department
from crmkit.simulate.export import write_export
from crmkit.simulate.scenario import read_data

#: HubSpot knows no seconds.
_STYLE = Style(moment="%Y-%m-%d %H:%M")


def write_hubspot(department: Department, folder: Path) -> Path:
    """Write HubSpot's exports of deals, tasks, calls, companies and contacts, and ``client.yml``.

    Of several entries into a stage the deals' columns tell the last; letters, messages and meetings are in no
    file of HubSpot's.

    Returns
    -------
    the path of the deals' file.
    """
    calls = department.activities[(department.activities["kind"] == "call").to_numpy()]
    more = [
        [f'Date {verb} "{stage.name} ({pipeline.name})"', f"{verb} {pipeline.name} {stage.name}"]
        for pipeline in department.scenario.pipelines
        for stage in pipeline.stages
        for verb in ("entered", "exited")
    ]
    return write_export(
        replace(department, activities=calls), folder, "hubspot", style=_STYLE, more={"deals": more},
        makers={"deals": _deals, "tasks": _tasks, "activities": _calls, "contacts": _contacts},
        quoting=csv.QUOTE_ALL,
    )  # fmt: skip


def _deals(department: Department, cells: Cells) -> Cells:
    return closings(department, _STYLE.moment) | _stage_dates(department)


def _stage_dates(department: Department) -> Cells:
    """Return for every stage when each deal last came to it, and when it left."""
    deals, moves = department.deals, department.stage_changes
    moves = moves[(moves["from_stage"].astype("str") != moves["to_stage"].astype("str")).fillna(value=True)]
    moves = moves.assign(left_at=moves.groupby("deal_id")["changed_at"].shift(-1))
    last = moves.drop_duplicates(["deal_id", "to_stage"], keep="last").set_index(["to_stage", "deal_id"])
    dates: Cells = {}
    for pipeline in department.scenario.pipelines:
        inside = (deals["pipeline"] == pipeline.name).to_numpy()
        for stage in pipeline.stages:
            here = last.xs(stage.name) if stage.name in last.index.levels[0] else last.iloc[:0].droplevel(0)
            for verb, name in (("entered", "changed_at"), ("exited", "left_at")):
                found: pd.Series = here[name].reindex(deals["deal_id"])
                dates[f"{verb} {pipeline.name} {stage.name}"] = stamps(found.where(inside), _STYLE.moment)
    return dates


def _tasks(department: Department, cells: Cells) -> Cells:
    words = read_data("headings.yml")["hubspot"]["words"]
    status = ["Completed" if one else "Not started" for one in cells["completed_at"]]
    return {"kind": worded(cells["kind"], words["kinds"]), "task_status": status}


def _calls(department: Department, cells: Cells) -> Cells:
    words = read_data("headings.yml")["hubspot"]["words"]
    answered = department.activities["answered"].tolist()
    lengths = department.activities["duration_s"].tolist()
    return {
        "direction": worded(cells["direction"], words["directions"]),
        "outcome": ["" if one is pd.NA else words["outcomes"][str(one).lower()] for one in answered],
        "milliseconds": [f"{one * 1000:.0f}" if one == one else "" for one in lengths],
        "call_status": ["COMPLETED"] * len(lengths),
    }


def _contacts(department: Department, cells: Cells) -> Cells:
    names = [one.rpartition(" ") for one in department.contacts["name"].fillna("").tolist()]
    return {"first": [first for first, _, _ in names], "last": [last for _, _, last in names]}
