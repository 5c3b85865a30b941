"""``crmkit new``: from export files to a commented ``client.yml`` that only needs confirming."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from crmkit.errors import N_, CrmkitError, Message, Refusals, RequestError, SourceError
from crmkit.folder import write_whole
from crmkit.places import resource
from crmkit.schema import STATUSES, TABLES
from crmkit.settings import Client, ExportFile
from crmkit.sources import suggest
from crmkit.sources.asof import day_in_name
from crmkit.sources.assemble import assemble, have
from crmkit.sources.heading import find_heading_row
from crmkit.sources.history import suggest_stage_dates
from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import map_headings, recognise
from crmkit.sources.reading import RawTable, read_raw
from crmkit.yamlfile import quoted

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
    files: list[ExportFile] = field(default_factory=list)
    stages: dict[str, dict[str, None]] = field(default_factory=dict)
    managers: list[str] = field(default_factory=list)
    technical: list[str] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    deal_ids: dict[str, set[str]] = field(default_factory=dict)
    currency: str = ""
    exported_on: str = ""
    open_points: list[Message] = field(default_factory=list)

    @property
    def pipelines(self) -> dict[str, list[tuple[str, str]]]:
        """The stages of each pipeline with their kinds: open ones as they were met, then won, then lost."""
        kinds = {
            pipeline: [(one, self.kinds.get(one) or suggest.kind_of(one)) for one in suggest.unlike(met)]
            for pipeline, met in self.stages.items()
        }
        return {name: sorted(met, key=lambda one: STATUSES.index(one[1])) for name, met in kinds.items()}


def write_client(
    folder: Path, exports: Sequence[Path], *, name: str, words: Speaker
) -> tuple[Path, list[Message]]:
    """Look at export files and write ``client.yml`` into a folder; the files stay where they are.

    Returns
    -------
    the file written, and what a person has to decide in it.

    Raises
    ------
    RequestError: the folder holds a client.yml already. SourceError: a file cannot be read, or it cannot be
        told what it is.
    """
    from jinja2 import Environment, StrictUndefined

    target = folder / "client.yml"
    if target.exists():
        raise RequestError(
            str(target),
            N_("a client.yml is there already, and it is not overwritten"),
            remedy=N_("Name another folder, or remove the file."),
        )
    found = look(folder, exports)
    usual, country, zone = DEFAULTS[words.language]
    template = (resource("templates") / "client.yml").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=False,  # noqa: S701 (YAML: every value from the data is quoted)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["q"] = quoted
    text = environment.from_string(template).render(
        say=words.say, name=name or folder.resolve().name, language=words.language,
        currency=found.currency or usual, country=country, time_zone=zone, found=found,
    )  # fmt: skip
    write_whole(target, text.encode("utf-8"))
    return target, found.open_points


def look(folder: Path, exports: Sequence[Path]) -> Found:
    """Return what the files are: their CRM, tables, columns, stages, reps."""
    raws = {path: find_heading_row(read_raw(path)) for path in exports}
    fits = {path: recognise(raw.headings, SOURCES.values()) for path, raw in raws.items()}
    crms = sorted({crm for pairs in fits.values() for crm, _ in pairs})
    if len(crms) > 1:
        raise SourceError(
            exports[0].name,
            N_("the files come from different CRMs: {names}", names=", ".join(crms)),
            [f"{path.name}: {crm}" for path, pairs in fits.items() for crm, _ in pairs],
            N_("Make a client's folder for each CRM."),
        )
    found = Found(crm=crms[0] if crms else "plain")
    for path, raw in raws.items():
        tables = [table for _, table in fits[path]] or suggest.table_of(raw)
        if len(tables) != 1:
            raise _unclear(path, raw, tables)
        columns = {} if fits[path] else suggest.columns_for(tables[0], raw.headings)
        file = ExportFile(
            path=_relative(path, folder),
            table=tables[0],
            columns=columns,
            dates=suggest.short_dates(raw, columns),
        )
        if file.table == "deals":
            file = _read_deals(raw, file, found)
        found.files.append(file)
        if file.columns:
            point = N_("Check the columns of {file}: they were guessed from the headings.", file=path.name)
            found.open_points.append(point)
        if file.dates:
            point = N_("Check the date format of {file}: the years have two digits.", file=path.name)
            found.open_points.append(point)
        if file.stage_dates:
            point = N_("Check which columns of {file} hold the dates of which stages.", file=path.name)
            found.open_points.append(point)
    _name_snapshots(list(raws), found)
    days = [day for path in exports if (day := day_in_name(path.name))]
    found.exported_on = max(days).isoformat() if days else ""
    _try(folder, found)
    return found


def _unclear(path: Path, raw: RawTable, tables: Sequence[str]) -> SourceError:
    remedy = N_(
        "Write client.yml by hand after templates/client.yml, with table and columns for this file. "
        "Tables: {tables}.",
        tables=", ".join(TABLES),
    )
    what = N_("it cannot be told what the rows of this file are; it has: {have}", have=have(raw))
    return SourceError(path.name, what, tables, remedy)


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _read_deals(raw: RawTable, file: ExportFile, found: Found) -> ExportFile:
    """Read stages, reps and reasons of a deals file, as text; complete its entry by what they tell."""
    source = SOURCES[found.crm]
    data: dict[str, pd.Series] = {}
    targets = map_headings(raw.headings, file, source).targets
    if not file.columns:
        unread = [heading for heading in raw.headings if heading not in targets]
        file = file.model_copy(update={"columns": suggest.own_fields(unread, targets.values())})
        targets = map_headings(raw.headings, file, source).targets
    for heading, target in targets.items():
        if target in ("deal_id", "stage", "pipeline", "manager_id", "lost_reason", "currency"):
            values = raw.frame[heading]
            data[target] = data[target].where(data[target].notna(), values) if target in data else values
    deals = pd.DataFrame(data, index=raw.frame.index)
    if source.refine is not None:
        deals, _ = source.refine("deals", deals, "UTC")
    if "stage" in deals:
        blank = pd.Series(None, deals.index, dtype="str")
        pipelines = deals.get("pipeline", blank).fillna("Pipeline")
        for pipeline, stages in deals["stage"].dropna().groupby(pipelines, sort=False):
            found.stages.setdefault(str(pipeline), {}).update(dict.fromkeys(stages))
    if "manager_id" in deals:
        found.managers = sorted({*found.managers, *deals["manager_id"].dropna()})
    if "lost_reason" in deals:
        found.technical = sorted({*found.technical, *suggest.technical(deals["lost_reason"].dropna())})
    codes = deals["currency"].dropna() if "currency" in deals else ()
    found.currency = suggest.commonest_code(codes) or found.currency
    if "deal_id" in deals:
        found.deal_ids[file.path] = set(deals["deal_id"].dropna())
    others = [heading for heading in raw.headings if heading not in targets]
    dates = suggest_stage_dates(others, [stage for met in found.stages.values() for stage in met])
    return file.model_copy(update={"key": None if "deal_id" in deals else "row", "stage_dates": dates})


def _name_snapshots(paths: Sequence[Path], found: Found) -> None:
    """Take files of deals for exports of several days, if their names say so and they share most deals."""
    days = {file.path: day_in_name(path.name) for path, file in zip(paths, found.files, strict=True)}
    ids = {path: known for path, known in found.deal_ids.items() if days[path]}
    sizes = [len(known) for known in ids.values()]
    shared = set.intersection(*ids.values()) if ids else set()
    if len(ids) < 2 or len({days[path] for path in ids}) < len(ids) or 2 * len(shared) < min(sizes):
        return
    found.files = [
        file.model_copy(update={"snapshot": days[file.path]}) if file.path in ids else file
        for file in found.files
    ]
    found.open_points.append(N_("Check the days of the exports: the history of stages is made from them."))


def _try(folder: Path, found: Found) -> None:
    """Read the files as the settings found so far would; learn from that, and note what is to be decided."""
    client = Client(format=1, name="new", crm=found.crm, files=found.files)
    client._folder = folder
    refused: list[Message] = []
    try:
        tables, _, _ = assemble(client)
    except CrmkitError as error:
        for one in error.errors if isinstance(error, Refusals) else (error,):
            refused.append(N_("{where}: {what}", where=one.where, what=one.what))
    else:
        _learn(tables, found)
    if found.stages:
        found.open_points.append(N_("Put the stages into their order and check which are won and lost."))
    found.open_points += refused


def _learn(tables: dict[str, pd.DataFrame], found: Found) -> None:
    """Take from the data, once read, which stages close a deal, the order of stages, and the reps' names."""
    deals, changes = tables.get("deals"), tables.get("stage_changes")
    if deals is None and changes is not None:  # a history without a list of deals
        deals, found.stages = changes[["deal_id"]], {"Pipeline": {}}
        if "manager_id" in changes:
            found.managers = sorted(changes["manager_id"].dropna().unique())
    if deals is not None and {"status", "stage"} <= {*deals} and not SOURCES[found.crm].status_apart:
        found.kinds = suggest.kinds_told(deals)
    if deals is not None and changes is not None:
        suggest.set_in_order(found.stages, deals, changes)
    if "managers" in tables:
        names = tables["managers"].dropna(subset=["name"]).set_index("manager_id")["name"].to_dict()
        found.managers = sorted({names.get(one, one) for one in found.managers})
