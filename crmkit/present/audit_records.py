"""The audit for programs: per check its state and every row that offends, per rep and team the score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit import Audit, find_check
from crmkit.audit.decisions import FILE as DECIDED
from crmkit.audit.dynamics import COUNTS, compared
from crmkit.audit.history import Run
from crmkit.audit.inheritance import inherited
from crmkit.audit.score import by_check, scores
from crmkit.audit.waivers import WAIVERS, idle_waivers
from crmkit.errors import N_, Message
from crmkit.measures.records import plain, plain_rows
from crmkit.measures.slices import coded
from crmkit.present.audit_lacking import how_to_get
from crmkit.present.study import Study
from crmkit.present.texts import safe_link
from crmkit.present.violations import what_exactly

#: Why an exception changes nothing.
IDLE: Mapping[str, Message] = {
    "ran_out": N_("{place}: the exception of {check}, {id} ran out on {day}."),
    "offends_not": N_("{place}: {check} finds nothing wrong with {id}: the exception is not needed."),
}
ROW = [
    "table", "id", "name", "deal_id", "manager_id", "manager", "since", "what", "url", "waived", "waiver",
    "until", "inherited",
]  # fmt: skip
RATE = ["rate", "low", "high"]


@dataclass(frozen=True, eq=False)
class Told:
    """An audit to be told, what changed since the one before, and that one."""

    study: Study
    audit: Audit
    changes: pd.DataFrame
    previous: Run | None

    @classmethod
    def of(cls, study: Study, audit: Audit, whole: Audit, previous: Run | None) -> Told:
        """Tell an audit; ``whole`` is one of the whole time, in which what changed is looked for."""
        return cls(study, audit, compared(whole, previous), previous)


def offenders(told: Told) -> pd.DataFrame:
    """Return every row that offends, with its sentence, as JSON values: ``check`` and ``ROW``."""
    study, rows = told.study, told.audit.violations
    codes, names = coded(study.crm, rows, "manager")
    urls, pages = pd.factorize(rows["url"])
    safe = np.array([*(safe_link(page) for page in pages), None], dtype=object)
    frame = rows.assign(
        manager=np.array([*names, None], dtype=object)[codes],
        since=_texts(rows["since"]),
        what=what_exactly(study.formats, rows),
        url=safe[urls],
        until=_texts(rows["until"], 10),
        inherited=inherited(told.audit),
    )[["check", *ROW]].astype("object")
    return frame.where(frame.notna(), None)


def _texts(moments: pd.Series, most: int = 32) -> pd.Series:
    """Return moments as ISO text, of at most so many signs (10: the day)."""
    codes, distinct = pd.factorize(moments)
    texts = [one.isoformat()[:most] for one in distinct]
    return pd.Series([*texts, None], dtype="object").iloc[codes].set_axis(moments.index)


def records(told: Told) -> dict[str, Any]:
    """Return the audit as JSON values."""
    audit, previous = told.audit, told.previous
    head = {
        "as_of": audit.crm.as_of.isoformat(),
        "period": audit.period.name,
        "previous": None if previous is None else previous.as_of.isoformat(),
    }
    groups: dict[str, Any] = {"department": _groups(told, "all")[0]}
    groups |= {"reps": _groups(told, "manager"), "teams": _groups(told, "team")}
    rows = {
        str(check): part[ROW].to_dict("records")
        for check, part in offenders(told).groupby("check", sort=False)
    }
    every = [one | {"offenders": rows.get(one["id"], [])} for one in checks(told)]
    return head | {"checks": every} | groups


def checks(told: Told) -> list[dict[str, Any]]:
    """Return one record a check, without its rows."""
    study, audit = told.study, told.audit
    rates = by_check(audit, "all").set_index("check")[RATE]
    changes = _changes(told.changes, ["check"])
    found = []
    for row in audit.states.to_dict("records"):
        one, name = find_check(row["check"]), str(row["check"])
        rate = rates.loc[name].to_dict() if name in rates.index else dict.fromkeys(RATE)
        unknown = audit.unknown[audit.unknown["check"] == name]
        found.append(
            {"id": name, "number": one.number, "title": study.say(one.title)}
            | {key: row[key] for key in ("severity", "mendable", "state", "reason")}
            | {"missing": _parts(row["missing"]), "remedies": how_to_get(study, row)}
            | {"lacking": _parts(row["lacking"]), "checked": int(row["checked"])}
            | {"violations": int(row["wrong"]), "waived": int(row["waived"])}
            | {str(key): plain(value) for key, value in rate.items()}
            | {"unknown": {reason: int(n) for reason, n in unknown.groupby("reason")["n"].sum().items()}}
            | {"changes": changes.get((name,))}
        )
    return found


def _parts(text: str) -> list[str]:
    return [part for part in text.split(", ") if part]


def _changes(frame: pd.DataFrame, by: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return the state and the counts of each group; a count is null if it cannot be told of all its rows."""
    found = {}
    for key, part in frame.groupby(by, dropna=False, sort=False):
        counts = {
            name: None if part[name].isna().any() else int(part[name].sum()) for name in COUNTS
        }  # fmt: skip
        names = tuple(None if pd.isna(one) else one for one in key)
        found[names] = {"state": part["state"].iloc[0]} | counts
    return found


def _groups(told: Told, by: Any) -> list[dict[str, Any]]:
    """Return one record a rep, a team, or one of all: score, and each check with what changed."""
    audit, crm = told.audit, told.audit.crm
    keys = {"manager": ["manager_id"], "team": ["team"], "all": []}[by]
    people = crm.tables["managers"].set_index("manager_id")
    teams = told.changes["manager_id"].map(people["team"].astype("object")).astype("object")
    changes = _changes(told.changes.assign(team=teams), [*keys, "check"])
    parts: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in plain_rows(by_check(audit, by)):
        mine = tuple(row.pop(key) for key in keys)
        row["violations"] = row.pop("wrong")
        row["changes"] = changes.get((*mine, row["check"]))
        parts.setdefault(mine, []).append(row)
    found = []
    for row in plain_rows(scores(audit, by)):
        name = row.get("manager_id")
        if by == "manager":
            row |= {"manager": _of(people, name, "name"), "team": _of(people, name, "team")}
        row["violations"] = row.pop("wrong")
        found.append(row | {"by_check": parts.get(tuple(row[key] for key in keys), [])})
    return found


def _of(people: pd.DataFrame, name: str | None, column: str) -> str | None:
    told = people[column].get(name) if name is not None else None
    return None if told is None or pd.isna(told) else str(told)


def idle(told: Told) -> Iterable[str]:
    """Yield a sentence for each exception that changes nothing."""
    study = told.study
    for row in idle_waivers(study.waivers, told.audit).to_dict("records"):
        line = row.get("line")
        decided = line is None or pd.isna(line)  # on a weekly sheet: no line of the client's file
        place = f"audit/{DECIDED}" if decided else f"{WAIVERS}:{line:.0f}"
        told_day = study.formats.day(row["until"].date())
        yield study.say(IDLE[row["why"]].text, place=place, check=row["check"], id=row["id"], day=told_day)
