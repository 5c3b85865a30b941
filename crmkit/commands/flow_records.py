"""The process as the data tells it, as plain records for programs: English codes, names of the data's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from crmkit.calendars import WorkCalendar
from crmkit.facts import is_status
from crmkit.measures.cases import within
from crmkit.measures.records import plain
from crmkit.periods import Period
from crmkit.process.accounting import accounting
from crmkit.process.flows import (
    directly_follows,
    durations,
    ends,
    entered_first,
    narrowed,
    path_shares,
    reached,
    starts,
    tied_moments,
    variants,
)  # fmt: skip
from crmkit.process.steps import StepMap
from crmkit.schema import Snapshot
from crmkit.sources.ledger import LoadReport
from crmkit.stagelog import StageLog, stage_log

Rows: TypeAlias = list[dict[str, Any]]

HISTORY = "stage_changes.to_stage"
PARTS = ("edges", "variants", "starts", "ends", "durations", "events_per_deal", "shares")
CAME = {
    "deals": "reached",
    "timed": "reached_timed",
    "again": "reached_again",
    "median_days": "days_to_median",
}
#: Figures that are no counts, even if they happen to be whole.
NOT_WHOLE = (
    "_median", "_p90", "_low", "_high", "days", "share", "value", "low", "high", "conversion", "over_norm",
    "actions", "owner_changes", "money_now", "money_over_norm", "norm_amount", "working_days",
)  # fmt: skip
QUANTILES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9, "max": 1.0}


def flows_of(
    crm: Snapshot, period: Period, places: StepMap, *, working: WorkCalendar | None = None
) -> dict[str, Any]:
    """Return the account of each stage, the moves between them and the paths of deals, as JSON has them.

    Parameters
    ----------
    period: stages are told of the visits that began in it, everything else of the deals whose first entry
        lies in it. working: tell moves in working days of this calendar too.
    """
    lacking = crm.lacks([HISTORY])
    log, whole = places.log(crm), stage_log(crm)
    if not period.is_all:
        chosen = entered_first(log, period)
        log, whole = narrowed(log, chosen), narrowed(whole, chosen)
    edges = directly_follows(log)
    names = Names.of(log)
    kept = crm.settings.self_loops == "keep" and not places.is_described
    loops = int(edges.loc[edges["stage"] == edges["next_stage"], "n"].sum()) if kept else len(log.self_loops)
    if places.is_described:  # those left out among stages too
        loops += len(whole.self_loops)
    told = {
        "as_of": crm.as_of.isoformat(),
        "period": period.name,
        "basis": {"stages": "entered_stage_in", "paths": "first_entered_in"},
        "places": "steps" if places.is_described else "stages",
        "state": "not_in_export" if lacking else "ok",
        "missing": lacking,
        "deals": int(log.firsts.sum()) if not lacking else None,
        "events": len(log.deal) if not lacking else None,
        "deals_without_history": _without_history(crm, log, period),
        "self_loops": {"treatment": "kept" if kept else "collapsed", "n": None if lacking else loops},
        "ties": {
            "moments": None if lacking else tied_moments(log),
            "moves": None if lacking else int(edges["tied"].sum()),
            "order": _order_of_ties(log, edges),
        },
        "stages": _stages(crm, period, places, log),
    }
    return told | (dict.fromkeys(PARTS) if lacking else _paths(crm, log, names, (edges, working)))


def rows_of_history(report: LoadReport) -> dict[str, Any]:
    """Return what became of the rows of the files with the history, and what was odd about them.

    What is kept is the events of all time, with those of a stage to itself.
    """
    files = report.files[report.files["table"] == "stage_changes"]
    aside = report.set_aside["reason"][report.set_aside["table"] == "stage_changes"]
    odd = report.notes[report.notes["table"] == "stage_changes"].drop(columns="table")
    return {
        "read": int(files["rows_read"].sum()),
        "kept": int(files["rows_kept"].sum()),
        "set_aside": {str(reason): int(n) for reason, n in aside.value_counts().sort_index().items()},
        "notes": rows_of(odd),
    }


def _order_of_ties(log: StageLog, edges: pd.DataFrame) -> str:
    """Return what puts stages of one moment in order: their places, or names where they have none."""
    tied = edges.loc[edges["tied"] > 0, ["stage", "next_stage"]].to_numpy()
    unknown = np.isnan(log.order.positions[tied if len(tied) else log.stage]).any()
    return "stage_name" if unknown else "stage_order"


def _without_history(crm: Snapshot, log: StageLog, period: Period) -> int:
    """Return how many deals have no history: all of them, or those created in the period."""
    silent = stage_log(crm).without_history
    return int((silent if period.is_all else silent & within(crm.deals["created_at"], period)).sum())


def _paths(
    crm: Snapshot, log: StageLog, names: Names, moves: tuple[pd.DataFrame, WorkCalendar | None]
) -> dict[str, Any]:
    """Return what is told of moves and of whole paths."""
    edges, working = moves
    if working is not None:
        worked = directly_follows(log, working=working)
        times = {f"{one}_working_days": worked[f"{one}_days"] for one in ("median", "mean")}
        edges = edges.assign(timed_working=worked["timed"], **times)
    paths, spans = variants(log), durations(log)
    closed = {status: is_status(crm, status) for status in ("won", "lost")}
    return {
        "edges": names.told(edges, stage="from", next_stage="to"),
        "variants": [
            names.path(path) | {"n": n, "share": share}
            for path, n, share in zip(*(paths[name].tolist() for name in paths), strict=True)
        ],
        "starts": names.told(starts(log), stage="stage"),
        "ends": names.told(ends(log), stage="stage"),
        "durations": _spread(spans["days"]),
        "events_per_deal": _spread(spans["entries"]),
        "shares": rows_of(path_shares(log, **closed)),
    }


def _stages(crm: Snapshot, period: Period, places: StepMap, log: StageLog) -> Rows:
    """Return the account of each open stage, and of all stages how many deals came there, and how soon."""
    account = accounting(crm, period, places).set_index("place").drop(columns=["pipeline", "stage"])
    came = reached(log).set_index("stage").rename(columns=CAME)
    visits, order = places.visits(crm).rows, places.order
    inside = visits["stage"].to_numpy()[within(visits["entered_at"], period)]
    rows = order.table[["stage", "kind"]].join(came).join(account)
    rows.insert(0, "pipeline", list(Names.of(log).pipelines))
    closed = order.kinds != 0
    if not crm.lacks([HISTORY]):
        rows.loc[closed, "entries"] = np.bincount(inside, minlength=len(closed))[closed]
    rows = rows.iloc[np.argsort(order.places)]
    met = rows[["reached", "entries", "skipped", "open_now"]].gt(0).any(axis=1)
    return rows_of(rows[met])


@dataclass(frozen=True)
class Names:
    """The data's own names of stages, with their pipelines where the names alone do not tell them apart."""

    stages: tuple[str, ...]
    pipelines: tuple[str | None, ...]
    apart: bool

    @classmethod
    def of(cls, log: StageLog) -> Names:
        """Return the names of the stages of a log."""
        table = log.order.table
        used = table["stage"].iloc[np.unique(log.stage)]
        pipelines = tuple(None if pd.isna(one) or not one else str(one) for one in table["pipeline"])
        return cls(tuple(table["stage"].astype("object")), pipelines, bool(used.duplicated().any()))

    def told(self, frame: pd.DataFrame, **codes: str) -> Rows:
        """Return rows in which columns of codes are names, under other headings."""
        columns = {}
        for column, heading in codes.items():
            of = frame[column].tolist()
            columns[heading] = [self.stages[code] for code in of]
            if self.apart:
                other = "pipeline" if heading == "stage" else f"{heading}_pipeline"
                columns[other] = [self.pipelines[code] for code in of]
        rest = rows_of(frame.drop(columns=list(codes)))
        heads = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        return [head | row for head, row in zip(heads, rest, strict=True)]

    def path(self, codes: tuple[int, ...]) -> dict[str, Any]:
        """Return a path as names."""
        told: dict[str, Any] = {"path": [self.stages[code] for code in codes]}
        return told | ({"pipelines": [self.pipelines[code] for code in codes]} if self.apart else {})


def rows_of(frame: pd.DataFrame) -> Rows:
    """Return the rows of a frame as JSON has them: missing is null, a count is a whole number."""
    columns = {}
    for name, values in frame.items():
        whole = values.dtype.kind == "f" and not name.endswith(NOT_WHOLE) and (values.dropna() % 1 == 0).all()
        told = [plain(value) for value in values.astype("object").tolist()]
        columns[str(name)] = [None if one is None else int(one) for one in told] if whole else told
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _spread(values: pd.Series) -> dict[str, Any]:
    """Return how values are spread; quantiles lie on the line between neighbours."""
    known = values.dropna()
    told: dict[str, Any] = {"n": len(known), "mean": float(known.mean()) if len(known) else None}
    for name, place in QUANTILES.items():
        told[name] = float(known.quantile(place, interpolation="linear")) if len(known) else None
    return told | {"quantiles": "linear"}
