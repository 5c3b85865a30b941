"""Exports as Pipedrive writes them: deals, whose status stands beside the stage, and planned activities."""

from __future__ import annotations

from pathlib import Path

from crmkit.simulate.cells import Cells, Style, worded
from crmkit.simulate.department import Department
from crmkit.simulate.export import write_export
from crmkit.simulate.scenario import read_data

_STYLE = Style()


def write_pipedrive(department: Department, folder: Path) -> Path:
    """Write Pipedrive's exports of deals and activities, and ``client.yml``.

    The activities are the tasks, done or not; what was logged without a plan is not among them.

    Returns
    -------
    the path of the deals' file.
    """
    return write_export(
        department, folder, "pipedrive", style=_STYLE, makers={"deals": _deals, "tasks": _tasks}
    )


def _deals(department: Department, cells: Cells) -> Cells:
    """A closed deal keeps the stage where it ended."""
    deals, words = department.deals, read_data("headings.yml")["pipedrive"]["words"]
    last = {one.name: one.open_stages[-1].name for one in department.scenario.pipelines}
    ended = {
        "lost": deals["lost_at_stage"].astype("object"),
        "won": deals["pipeline"].astype("object").map(last),
    }
    stages, status = deals["stage"].astype("object"), deals["status"].astype("object")
    for name, values in ended.items():
        stages = stages.where(status != name, values)
    weighted = (deals["amount"] * deals["probability"]).tolist()
    return {
        "stage": stages.fillna("").tolist(),
        "status": worded(status.tolist(), words["status"]),
        "weighted": [f"{one:.4f}" if one == one else "" for one in weighted],
        "probability": [f"{one * 100:.0f}" for one in deals["probability"].tolist()],
        **{
            f"{name}_at": [
                at if one == name else "" for at, one in zip(cells["closed_at"], status, strict=True)
            ]
            for name in ("won", "lost")
        },
    }


def _tasks(department: Department, cells: Cells) -> Cells:
    words = read_data("headings.yml")["pipedrive"]["words"]
    return {
        "kind": worded(cells["kind"], words["kinds"]),
        "done": ["Done" if one else "To do" for one in cells["completed_at"]],
    }
