"""``crmkit new``: from export files to a commented ``client.yml`` that only needs confirming."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from crmkit.client import Client, ExportFile
from crmkit.errors import N_, Message, RequestError, SourceError
from crmkit.folder import write_whole
from crmkit.places import resource
from crmkit.schema import TABLES
from crmkit.sources import suggest
from crmkit.sources.assemble import assemble
from crmkit.sources.known import SOURCES
from crmkit.sources.load import day_in_name
from crmkit.sources.mapping import recognise
from crmkit.sources.rawtable import RawTable
from crmkit.sources.reading import read_raw

#: What stands in a new client.yml until somebody says otherwise, by language.
DEFAULTS = {"ru": ("RUB", "RU", "Europe/Moscow"), "en": ("USD", "US", "UTC")}


class Speaker(Protocol):
    """What is needed of ``present.words.Words``."""

    @property
    def language(self) -> str:
        """``ru`` or ``en``."""

    def say(self, text: str, /, **params: object) -> str:
        """Return a sentence in the speaker's language."""


@dataclass
class Found:
    """What the files tell, before anybody confirms it."""

    crm: str
    files: list[dict[str, object]] = field(default_factory=list)
    pipelines: list[dict[str, object]] = field(default_factory=list)
    managers: list[str] = field(default_factory=list)
    technical: list[str] = field(default_factory=list)
    exported_on: str = ""
    open_points: list[Message] = field(default_factory=list)


def write_client(
    folder: Path, exports: list[Path], *, name: str, words: Speaker
) -> tuple[Path, list[Message]]:
    """Look at export files and write ``client.yml`` into a folder; the files stay where they are.

    Returns
    -------
    the file written, and what a person has to decide in it.

    Raises
    ------
    RequestError: the folder holds a client.yml already. SourceError: a file cannot be read.
    """
    from jinja2 import Environment, StrictUndefined

    target = folder / "client.yml"
    if target.exists():
        raise RequestError(
            str(target), N_("a client.yml is there already, and it is not overwritten"), remedy=N_("Name another folder, or remove the file.")
        )  # fmt: skip
    found = look(folder, exports)
    currency, country, zone = DEFAULTS.get(words.language, DEFAULTS["en"])
    template = (resource("templates") / "client.yml").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # noqa: S701 (YAML, every value quoted)
    environment.filters["q"] = lambda value: json.dumps(value, ensure_ascii=False)
    text = environment.from_string(template).render(
        say=words.say, name=name or folder.resolve().name, language=words.language, currency=currency, country=country,
        time_zone=zone, found=found,
    )  # fmt: skip
    write_whole(target, text.encode("utf-8"))
    return target, found.open_points


def look(folder: Path, exports: list[Path]) -> Found:
    """Return what the files are: their CRM, tables, columns, stages, reps."""
    raws = {path: read_raw(path) for path in exports}
    guesses = {path: recognise(raw.headings, list(SOURCES.values())) for path, raw in raws.items()}
    votes = Counter(pairs[0][0] for pairs in guesses.values() if pairs)
    found = Found(crm=votes.most_common(1)[0][0] if votes else "plain")
    entries = []
    for path, raw in raws.items():
        table = next((table for crm, table in guesses[path] if crm == found.crm), None)
        columns: dict[str, str] = {}
        if table is None:
            table = suggest.table_for(raw.headings)
            if table is None:
                raise SourceError(
                    path.name,
                    N_("it cannot be told what the rows of this file are; it has: {have}", have=", ".join(raw.headings[:12])),
                    remedy=N_("Write client.yml by hand after templates/client.yml, with table and columns for this file. Tables: {tables}.", tables=", ".join(TABLES)),
                )  # fmt: skip
            columns = suggest.columns_for(table, raw.headings)
            found.open_points.append(
                N_("Check the columns of {file}: they were guessed from the headings.", file=path.name)
            )
        shown = _relative(path, folder)
        entries.append((shown, table, columns))
        found.files.append(
            {"path": shown, "table": table, "columns": columns, "dates": _dates(raw, columns, found, path)}
        )
    days = [day for path in exports if (day := day_in_name(path.name))]
    found.exported_on = max(days).isoformat() if days else ""
    _from_data(folder, found, entries)
    return found


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _dates(raw: RawTable, columns: dict[str, str], found: Found, path: Path) -> str:
    """Return the date format that the values themselves prove for short years, to be confirmed, or nothing."""
    form = re.compile(r"(\d{1,2})([-./])(\d{1,2})[-./](\d{2})")
    for heading, target in columns.items():
        if not target.endswith(("_at", "_on")):
            continue
        parts = raw.frame[heading].str.extract(rf"^{form.pattern}$").dropna()
        if parts.empty:
            continue
        mark, fields = parts[1].iloc[0], {0: parts[0], 2: parts[2], 3: parts[3]}
        top = {place: int(values.astype("int64").max()) for place, values in fields.items()}
        spread = {place: values.nunique() for place, values in fields.items()}
        if top[0] > 12 >= top[2] and spread[3] < spread[0]:
            found.open_points.append(
                N_("Check the date format of {file}: the years have two digits.", file=path.name)
            )
            return f"%d{mark}%m{mark}%y"
        if top[2] > 12 >= top[0] and spread[3] < spread[2]:
            found.open_points.append(
                N_("Check the date format of {file}: the years have two digits.", file=path.name)
            )
            return f"%m{mark}%d{mark}%y"
    return ""


def _from_data(folder: Path, found: Found, entries: list[tuple[str, str, dict[str, str]]]) -> None:
    """Read stages, reps and reasons from the data as the settings found so far would load them."""
    files = [
        ExportFile(
            path=path,
            table=table,
            columns=columns,
            dates=str(item["dates"]) or None,
            key=_key(table, columns, found.crm),
        )
        for (path, table, columns), item in zip(entries, found.files, strict=True)
    ]
    for item, file in zip(found.files, files, strict=True):
        item["key"] = file.key or ""
    client = Client.model_validate({"format": 1, "name": "new", "crm": found.crm, "files": files})
    client._folder = folder
    try:
        tables, _, _ = assemble(client)
    except SourceError as error:
        found.open_points.append(N_("{where}: {what}", where=error.where, what=str(error.what)))
        return
    deals = tables.get("deals", pd.DataFrame())
    if "stage" in deals:
        pipelines = deals["pipeline"] if "pipeline" in deals else pd.Series("", index=deals.index)
        for pipeline, rows in deals.groupby(pipelines.fillna(value=""), sort=False):
            names = list(dict.fromkeys(rows["stage"].dropna()))
            kinds = {name: suggest.kind_of(name) for name in names}
            order = {"open": 0, "won": 1, "lost": 2}
            stages = [
                {"name": name, "kind": kinds[name]}
                for name in sorted(names, key=lambda one: order[kinds[one]])
            ]
            found.pipelines.append({"name": str(pipeline) or "Pipeline", "stages": stages})
        found.open_points.append(N_("Put the stages into their order and check which are won and lost."))
    if "manager_id" in deals:
        found.managers = sorted(deals["manager_id"].dropna().unique())
    if "lost_reason" in deals:
        found.technical = suggest.technical(deals["lost_reason"].dropna().unique())


def _key(table: str, columns: dict[str, str], crm: str) -> str | None:
    known_headings = SOURCES[crm].columns.get(table)
    return "row" if table == "deals" and not known_headings and "deal_id" not in columns.values() else None
