"""From a client to a Snapshot: files are parsed once and cached; nothing later than ``as_of`` is seen."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.errors import N_, SourceError
from crmkit.folder import whole_folder
from crmkit.schema import TABLES, Snapshot, typed_nulls
from crmkit.settings import Client
from crmkit.sources.asof import cut, day_in_name, first_records, moment_of, reach
from crmkit.sources.assemble import assemble
from crmkit.sources.carded import CARDED
from crmkit.sources.conform import conform, supplied
from crmkit.sources.ledger import LoadReport
from crmkit.sources.plans import read_plan
from crmkit.sources.saved import answer_files, digest
from crmkit.sources.stages import stands_closed
from crmkit.sources.telephones import normalised

#: Notes of the load report that tell of a table of which the export has only a part.
PARTIAL = ("last_entry_only", "between_exports", "calls_only", "no_meetings", CARDED)
#: So many names are kept apart from their codes: nothing has to look for them again.
WIDE = 1 << 16
_PARTS = ("files", "columns", "set_aside", "notes")
Loaded = tuple[dict[str, pd.DataFrame], dict[str, Any], LoadReport]


def load(client: Client, as_of: date | datetime | str | None = None) -> Snapshot:
    """Return the client's data as it stood at a moment.

    Parameters
    ----------
    as_of: a moment, or a day (then its end); by default that of ``client.yml``, else the latest event of the
        export that is neither a sentinel nor later than the day of export.

    Raises
    ------
    CrmkitError: a file that cannot be used, or no moment to describe.
    """
    return cut(load_whole(client, as_of))


def load_whole(client: Client, as_of: date | datetime | str | None = None) -> Snapshot:
    """Return the client's data as in the files, what is later than ``as_of`` too; all else as above."""
    tables, meta, _ = load_tables(client)
    zone = client.time_zone
    latest = reach(tables, export_day(client), zone)
    given = as_of or client.as_of
    moment = moment_of(given, zone) if given else latest
    if moment is None:
        raise SourceError(
            client.files[0].shown if client.files else str(client.api),
            N_("no row carries a date, so the moment that the report describes is unknown"),
            remedy=N_("Write as_of in client.yml, or map a date column."),
        )
    return Snapshot(
        as_of=moment,
        exported_at=moment if latest is None else latest,
        tables=tables,
        settings=client.settings(),
        supplied=frozenset(meta["supplied"]),
        whole_days=frozenset(meta["whole_days"]),
        began=first_records(tables),
        partial=meta["partial"],
    )


def load_report(client: Client) -> LoadReport:
    """Return how the client's files were read."""
    with suppress(OSError, ValueError):  # not kept yet: then all is read
        return _kept_report(client.state / "cache" / _key(client, {}))
    return load_tables(client)[2]


def export_day(client: Client) -> date | None:
    """Return the day of export: the settings', else the latest that stands in a file's name."""
    if client.exported_on is not None:
        return client.exported_on
    days = [day for entry in client.files if (day := day_in_name(Path(entry.path).name)) is not None]
    return max(days, default=None)


def load_tables(client: Client) -> Loaded:
    """Read (or take from the cache) the canonical tables of a client.

    Returns
    -------
    the tables; what is known of them (``supplied`` columns and kinds of actions, ``whole_days``,
    ``partial`` tables); the load report.

    Raises
    ------
    CrmkitError: a file that cannot be used.
    """
    digests: dict[Path, str] = {}
    place = client.state / "cache" / _key(client, digests)
    cached = _from_cache(place)
    if cached is not None:
        return cached
    frames, whole_days, ledger = assemble(client, digests)
    plan = read_plan(client)
    if plan is not None:
        frames["plans"] = plan
    tables = conform(frames, whole_days, client, ledger)
    numbers = normalised(tables["contacts"]["phone"], client.country)
    tables["contacts"] = tables["contacts"].assign(phone_e164=numbers)
    kinds = {name: tables[name]["kind"].cat.categories.tolist() for name in ("activities", "tasks")}
    if kinds["activities"] == ["call"]:
        ledger.note("calls_only", "activities", "kind", count=len(tables["activities"]))
    of_kinds = {f"{table}.kind={kind}" for table, names in kinds.items() for kind in names}
    of_kinds |= {f"plans.metric={metric}" for metric in tables["plans"]["metric"].cat.categories}
    if stands_closed(tables):
        of_kinds.add("deals.stage=closed")
    meta = {
        "supplied": sorted(supplied(tables) | of_kinds),
        "whole_days": sorted(whole_days),
        "partial": {str(one["table"]): one["code"] for one in ledger.notes if one["code"] in PARTIAL},
    }
    loaded = (tables, meta, ledger.report())
    # another process may make room for its own tables meanwhile, the folder be closed to us, or the disk be
    # full: then they are read anew next time
    with suppress(OSError):
        _to_cache(place, loaded)
    return loaded


def _to_cache(place: Path, loaded: Loaded) -> None:
    tables, meta, report = loaded
    shutil.rmtree(place.parent, ignore_errors=True)
    with whole_folder(place) as folder:
        for name, frame in tables.items():
            # names are codes into a dictionary; anything else seldom repeats, and is written as it is
            names = [str(column) for column, kind in frame.dtypes.items() if kind == "category"]
            wide = [one for one in names if len(frame[one].cat.categories) > WIDE]
            for one in wide:
                _write(frame[one].cat.categories.to_frame(name=one), folder / f"{name}.{one}.parquet")
            codes = {one: frame[one].cat.codes for one in wide}
            _write(frame.assign(**codes), folder / f"{name}.parquet", [*({*names} - {*wide})])
        for name in _PARTS:
            getattr(report, name).to_parquet(folder / f"report_{name}.parquet", index=False)
        (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


def _write(frame: pd.DataFrame, path: Path, names: Sequence[str] = ()) -> None:
    frame.to_parquet(path, index=False, compression="lz4", use_dictionary=list(names), write_statistics=False)


def _read(place: Path, table: str) -> pd.DataFrame:
    """Return a table: names kept apart are put to their codes, columns without any name get their type."""
    frame = pd.read_parquet(place / f"{table}.parquet")
    for name in ("file", *(item.name for item in TABLES[table] if item.kind == "category")):
        kind = frame[name].dtype
        if kind.kind == "i":
            names = pd.Index(pd.read_parquet(place / f"{table}.{name}.parquet")[name].array)
            frame[name] = pd.Categorical.from_codes(frame[name], names)  # checks the codes too
        elif not len(getattr(kind, "categories", ())):  # Parquet has forgotten it
            frame[name] = frame[name].astype(typed_nulls("category", 0, "UTC").dtype)
    return frame


def _from_cache(place: Path) -> Loaded | None:
    """Return what was kept, or ``None`` if there is nothing, or nothing whole."""
    try:
        meta = json.loads((place / "meta.json").read_text(encoding="utf-8"))
        tables = {name: _read(place, name) for name in TABLES}
        report = _kept_report(place)
    except (OSError, ValueError):  # missing, being replaced by another process, or damaged
        return None
    return tables, meta, report


def _kept_report(place: Path) -> LoadReport:
    return LoadReport(*(pd.read_parquet(place / f"report_{name}.parquet") for name in _PARTS))


def _key(client: Client, digests: dict[Path, str]) -> str:
    """Name the cache by all that the tables depend on: the files' bytes, the settings, the code.

    The files' digests are put into ``digests``, so that no file is read through twice.
    """
    settings = client.model_dump(mode="json", exclude={"name", "language", "as_of", "exported_on"})
    paths = [client.file(entry) for entry in client.files]
    if isinstance(client.plan, str):
        paths.append(client.folder / client.plan)
    answers = [] if client.api is None else answer_files(client.folder, client.api)
    paths += [path for _, path in answers]
    names = [name for name, _ in answers]
    digests |= {path: digest(path) for path in paths}
    plans = version("phonenumbers")  # a newer one may know more numbers
    content = [_code(), pd.__version__, plans, settings, names, [digests[path] for path in paths]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> str:
    """Return the hash of the code that makes the tables: a cache of older code is not believed."""
    here = Path(__file__).parent
    beside = ("columns", "schema", "workbooks", "workbook_child")
    paths = [*sorted(here.glob("*.py")), *(here.parent / f"{name}.py" for name in beside)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
