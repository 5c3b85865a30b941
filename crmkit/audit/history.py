"""The audits of a client day by day: what they found is kept, so that the next one tells what changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from crmkit.audit.examine import EXAMINED, Audit
from crmkit.audit.keys import lasting_names
from crmkit.errors import N_, ReportError, SettingsError
from crmkit.folder import write_whole
from crmkit.parts import DAY
from crmkit.schema import Snapshot

HISTORY = "audit/history"
FORMAT: Literal[1] = 1


class Kept(BaseModel):
    """What an earlier audit said of one check; see ``Audit.states``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: str
    state: Literal["passed", "failed", "not_applicable", "ask"]
    reason: str
    lacking: str
    checked: int
    wrong: int
    waived: int

    @property
    def examined(self) -> bool:
        """Whether the check could be made, though there may have been nothing to look at."""
        return self.reason in EXAMINED


class Offenders(BaseModel):
    """Rows of a table that offended, by the rep who answered for them and whether they were waived."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    check: str
    table: Literal["deals", "tasks", "activities", "companies", "contacts"]
    manager_id: str | None
    waived: bool
    rows: list[str]


class Run(BaseModel):
    """An earlier audit: its moment, a digest of its rules, how the checks came out, what could be mended."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1]
    as_of: AwareDatetime
    rules: str
    checks: list[Kept]
    offenders: list[Offenders]


def record(audit: Audit, folder: Path) -> Path | None:
    """Keep what an audit found, in ``audit/history/2026-10-31.json`` of the client's folder.

    An audit of the same day replaces it. Of a period only a part is seen, so that such an audit is not kept.

    Returns
    -------
    the file; ``None`` if nothing was kept.

    Raises
    ------
    ReportError: the folder cannot be written to.
    """
    if not audit.period.is_all:
        return None
    path = folder / HISTORY / f"{_moment(audit).date()}.json"
    content = json.dumps(_run(audit).model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"
    try:
        write_whole(path, content.encode())
    except OSError as error:
        what = N_("what the audit found cannot be kept here: {reason}", reason=error.strerror or "")
        remedy = N_(
            "The audit holds all the same; without the file the next one cannot tell what has changed since."
        )
        raise ReportError(f"{HISTORY}/{path.name}", what, remedy=remedy) from error
    return path


def previous_run(folder: Path, as_of: pd.Timestamp) -> Run | None:
    """Return the latest audit kept of a day before that of ``as_of`` (in its own zone), if there is one.

    Raises
    ------
    SettingsError: the file is damaged, of a later version of the kit, or no such file at all.
    """
    day = as_of.date()
    place = folder / HISTORY
    names = [path.stem for path in place.glob("*.json")] if place.is_dir() else []
    earlier = [name for name in names if DAY.fullmatch(name) and name < day.isoformat()]
    return _read(place / f"{max(earlier)}.json") if earlier else None


def _run(audit: Audit) -> Run:
    told = ["check", "state", "reason", "lacking", "checked", "wrong", "waived"]
    states = [Kept.model_validate(row) for row in audit.states[told].to_dict("records")]
    offenders = list(_offenders(audit))
    return Run(
        format=FORMAT, as_of=_moment(audit), rules=rules_of(audit.crm), checks=states, offenders=offenders
    )  # fmt: skip


def rules_of(crm: Snapshot) -> str:
    """Return a digest of what the settings ask for: with another one, changes may be due to them."""
    asked, names = crm.settings, ["norm_days", "required_fields", "is_optional"]
    stages = crm.tables["stages"].dropna(how="all", subset=names)
    texts = stages[["pipeline", "stage", *names]].astype("str")
    named = {name: sorted(getattr(asked, name) or ()) for name in ("technical_losses", "inbound_sources")}
    content = [
        asdict(asked.limits), named, sorted(asked.empty_reasons or ()), dict(asked.required_cards),
        sorted(map(str, texts.to_numpy(object).tolist())),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def named(audit: Audit) -> pd.DataFrame:
    """Return the violations that can be mended: ``check``, ``table``, ``key``, ``manager_id`` ("":
    nobody), ``waived``.

    ``key`` names the row in any export (see :func:`crmkit.audit.keys.lasting_names`).
    """
    mendable = audit.states["check"][audit.states["mendable"]]
    rows = audit.violations[audit.violations["check"].isin(mendable)]
    rep = rows["manager_id"].astype("str")
    found = rows[["check", "table"]].assign(
        key="", manager_id=rep.where(rep.notna(), ""), waived=rows["waived"].astype(bool)
    )
    for (_, table), part in rows.groupby(["check", "table"], sort=True):
        found.loc[part.index, "key"] = lasting_names(audit.crm, str(table), part["row"].to_numpy())
    keys = ["check", "table", "key"]
    return found.sort_values([*keys, "manager_id"]).drop_duplicates(keys).reset_index(drop=True)


def _offenders(audit: Audit) -> Iterator[Offenders]:
    by = ["check", "table", "manager_id", "waived"]
    for (check, table, rep, waived), part in named(audit).groupby(by, sort=True):
        yield Offenders(
            check=check, table=table, manager_id=rep or None, waived=waived, rows=sorted(part["key"])
        )  # fmt: skip


def _moment(audit: Audit) -> datetime:
    moment: datetime = audit.crm.as_of.tz_convert(audit.crm.settings.zone).to_pydatetime()
    return moment


def _read(path: Path) -> Run:
    where = f"{HISTORY}/{path.name}"
    remedy = N_("Move the file out of the folder: then the audit before it is compared with.")
    try:
        raw = path.read_bytes().decode()
        content = json.loads(raw)
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(where, N_("the file is damaged"), remedy=remedy) from error
    given = content.get("format") if isinstance(content, dict) else None
    if isinstance(given, int) and given > FORMAT:
        newer = N_("Update crmkit, or move the file out of the folder.")
        raise SettingsError(where, N_("a later version of crmkit has written this file"), remedy=newer)
    try:
        run = Run.model_validate_json(raw)
    except ValidationError as error:
        raise SettingsError(where, N_("this is not what an audit keeps here"), remedy=remedy) from error
    if run.as_of.date().isoformat() != path.stem:
        raise SettingsError(where, N_("the file is of another day than its name says"), remedy=remedy)
    return run


def rows_of(run: Run, checks: Sequence[str]) -> pd.DataFrame:
    """Return what offended in an earlier audit, in the columns of :func:`named`."""
    rows = [
        (part.check, part.table, key, part.manager_id or "", part.waived)
        for part in run.offenders
        if part.check in checks
        for key in part.rows
    ]
    frame = pd.DataFrame(rows, columns=["check", "table", "key", "manager_id", "waived"])
    return frame.astype({"check": "str", "table": "str", "key": "str", "manager_id": "str", "waived": "bool"})
