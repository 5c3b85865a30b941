"""From a client to a Snapshot: files are parsed once and cached; nothing later than ``as_of`` is seen."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from crmkit.client import Client
from crmkit.errors import N_, RequestError, SourceError
from crmkit.folder import whole_folder
from crmkit.schema import EVENTS, TABLES, Snapshot
from crmkit.sources.assemble import assemble, digest
from crmkit.sources.conform import conform, supplied
from crmkit.sources.ledger import LoadReport
from crmkit.sources.plans import read_plan

_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)")
_PARTS = ("files", "columns", "set_aside", "notes")


def load_tables(client: Client) -> tuple[dict[str, pd.DataFrame], dict[str, list[str]], LoadReport]:
    """Read (or take from the cache) the canonical tables of a client.

    Returns
    -------
    the tables; what is known of columns (``supplied``, ``whole_days``); the load report.
    """
    place = client.state / "cache" / _key(client)
    if (place / "meta.json").is_file():
        meta = json.loads((place / "meta.json").read_text(encoding="utf-8"))
        tables = {name: pd.read_parquet(place / f"{name}.parquet") for name in TABLES}
        report = LoadReport(*(pd.read_parquet(place / f"report_{name}.parquet") for name in _PARTS))
        return tables, meta, report
    frames, whole_days, ledger = assemble(client)
    plan = read_plan(client)
    if plan is not None:
        frames["plans"] = plan
    tables = conform(frames, whole_days, client, ledger)
    report = ledger.report()
    meta = {"supplied": sorted(supplied(tables)), "whole_days": sorted(whole_days)}
    shutil.rmtree(client.state / "cache", ignore_errors=True)
    with whole_folder(place) as folder:
        for name, frame in tables.items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)
        for name in _PARTS:
            getattr(report, name).to_parquet(folder / f"report_{name}.parquet", index=False)
        (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    return tables, meta, report


def _key(client: Client) -> str:
    """Name the cache by everything that the tables depend on: the files' bytes, the settings, the code's version."""
    settings = client.model_dump(mode="json", exclude={"name", "language", "as_of"})
    paths = [client.file(entry) for entry in client.files]
    if isinstance(client.plan, str):
        paths.append(client.folder / client.plan)
    content = [_code(), settings, [digest(path) for path in paths]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the hash of the code that makes the tables: a cache of older code is not believed."""
    here = Path(__file__).parent
    paths = [*sorted(here.glob("*.py")), here.parent / "schema.py", here.parent / "client.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def load(client: Client, as_of: date | datetime | str | None = None) -> Snapshot:
    """Return the client's data as it stood at a moment.

    Parameters
    ----------
    as_of: a moment, or a day (then its end); by default that of ``client.yml``, else the latest event of the
        export that is neither a sentinel nor later than the day of export.
    """
    tables, meta, _ = load_tables(client)
    settings = client.settings()
    reach = _reach(tables, export_day(client))
    moment = _moment(as_of or client.as_of, client.time_zone) or reach
    if moment is None:
        raise SourceError(
            client.files[0].path,
            N_("no row carries a date, so the moment that the report describes is unknown"),
            remedy=N_("Write as_of in client.yml, or map a date column."),
        )
    began = {
        table: min(firsts)
        for table, names in EVENTS.items()
        if (firsts := [tables[table][name].min() for name in names if tables[table][name].notna().any()])
    }
    snapshot = Snapshot(
        as_of=moment,
        exported_at=reach if reach is not None else moment,
        tables=tables,
        settings=settings,
        supplied=frozenset(meta["supplied"]),
        whole_days=frozenset(meta["whole_days"]),
        began=began,
    )
    return _cut(snapshot)


def load_report(client: Client) -> LoadReport:
    """Return how the client's files were read."""
    return load_tables(client)[2]


def export_day(client: Client) -> date | None:
    """Return the day of export: the settings', else the latest that stands in a file's name."""
    if client.exported_on is not None:
        return client.exported_on
    days = [day for entry in client.files if (day := day_in_name(Path(entry.path).name)) is not None]
    return max(days, default=None)


def day_in_name(name: str) -> date | None:
    """Return the latest day that stands in a file's name.

    >>> day_in_name("amocrm_export_leads_2026-10-31.csv")
    datetime.date(2026, 10, 31)
    """
    days = []
    for parts in _DAY_IN_NAME.findall(name):
        try:
            days.append(date(*(int(part) for part in parts)))
        except ValueError:
            continue
    return max(days, default=None)


def _moment(given: date | datetime | str | None, zone: str) -> pd.Timestamp | None:
    if given is None or given == "":
        return None
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given) if len(given) > 10 else date.fromisoformat(given)
        except ValueError as error:
            raise RequestError(
                f"as_of {given}", N_("this is not a date"), remedy=N_("Write a date such as 2026-10-31.")
            ) from error
    if isinstance(given, datetime):
        moment = pd.Timestamp(given)
        return moment.tz_localize(zone) if moment.tz is None else moment.tz_convert(zone)
    return pd.Timestamp(given + timedelta(days=1)).tz_localize(zone) - pd.Timedelta(microseconds=1)


def _reach(tables: dict[str, pd.DataFrame], exported: date | None) -> pd.Timestamp | None:
    """Return the latest event, leaving out what is later than the day of export."""
    latest = []
    for table, names in EVENTS.items():
        for name in names:
            moments = tables[table][name].dropna()
            if exported is not None and len(moments):
                moments = moments[
                    moments < pd.Timestamp(exported + timedelta(days=1)).tz_localize(moments.dt.tz)
                ]
            if len(moments):
                latest.append(moments.max())
    return max(latest, default=None)


def _cut(crm: Snapshot) -> Snapshot:
    """Take away all that came after ``as_of``."""
    as_of, tables = crm.as_of, dict(crm.tables)
    deals = tables["deals"]
    seen = ~(deals["created_at"] > as_of).to_numpy()
    hidden = {"deals.created_at": int((~seen).sum())}
    reopened = deals["closed_at"] > as_of
    hidden["deals.closed_at"] = int((reopened & seen).sum())
    deals = deals.assign(
        status=deals["status"].where(~reopened, "open"),
        closed_at=deals["closed_at"].where(~reopened),
        lost_reason=deals["lost_reason"].where(~reopened),
        lost_at_stage=deals["lost_at_stage"].where(~reopened),
    )
    for name, moment in (("stage_changes", "changed_at"), ("tasks", "created_at"), ("activities", "at")):
        late = tables[name][moment] > as_of
        hidden[f"{name}.{moment}"] = int(late.sum())
        if late.any():
            tables[name] = tables[name][~late].reset_index(drop=True)
    tasks = tables["tasks"]
    undone = tasks["completed_at"] > as_of
    if undone.any():
        tables["tasks"] = tasks.assign(
            completed_at=tasks["completed_at"].where(~undone), result=tasks["result"].where(~undone)
        )
    if not crm.is_current:
        deals = _as_it_stood(deals, tables["stage_changes"], as_of)
    if not seen.all():
        place = np.where(seen, np.cumsum(seen) - 1, -1)
        deals = deals[seen].reset_index(drop=True)
        for name, frame in tables.items():
            if "deal_ix" in frame:
                ix = frame["deal_ix"].to_numpy()
                tables[name] = frame.assign(deal_ix=np.where(ix >= 0, place[ix], -1))
    tables["deals"] = deals
    return Snapshot(
        as_of, crm.exported_at, tables, crm.settings, crm.supplied, crm.whole_days, crm.began,
        {name: count for name, count in hidden.items() if count},
    )  # fmt: skip


def _as_it_stood(deals: pd.DataFrame, changes: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Blank what is known of open deals only for the day of export; the stage comes from the history if there is one."""
    unknown = (deals["status"] == "open").to_numpy()
    later = (
        "amount",
        "margin",
        "probability",
        "expected_close_on",
        "next_task_at",
        "last_activity_at",
        "updated_at",
        "stage_entered_at",
        "discount",
    )
    blanked = {name: deals[name].where(~unknown) for name in (*later, "stage", "manager_id")}
    deals = deals.assign(owner_at_export=deals["manager_id"], **blanked)
    known = changes[changes["deal_ix"] >= 0]
    if len(known):
        last = known.groupby("deal_ix", dropna=False).tail(1).set_index("deal_ix")
        stage = pd.Series(last["to_stage"].astype("str"), dtype="str").reindex(range(len(deals)))
        owner = pd.Series(last["manager_id"].astype("str"), dtype="str").reindex(range(len(deals)))
        entered = last["changed_at"].reindex(range(len(deals)))
        deals = deals.assign(
            stage=deals["stage"].astype("str").where(~unknown, stage).astype("category"),
            manager_id=deals["manager_id"].astype("str").where(~unknown, owner).astype("category"),
            stage_entered_at=deals["stage_entered_at"].where(~unknown, entered),
        )
    return deals
