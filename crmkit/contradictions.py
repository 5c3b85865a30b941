"""What one value of ``client.yml`` cannot show: files that are not there, things said twice, empty names."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

from crmkit.columns import CLOSINGS, TABLES, column_kind
from crmkit.errors import N_, CrmkitError, Message, did_you_mean, fold
from crmkit.settings import ANSWERING, Client, ExportFile

TWICE, KEEP_ONE = N_("something stands here twice"), N_("Keep one of the two.")
Problem = tuple[tuple[str | int, ...], Message, Sequence[object], Message | None]


def contradictions(client: Client) -> Iterator[Problem]:
    """Yield the place, what is wrong, samples and the remedy of each mistake."""
    yield from _of_time(client)
    for name, limit in asdict(client.limits).items():
        if limit <= 0 or (name.endswith("_share") and limit > 1):
            what = N_("the number is too small") if limit <= 0 else N_("the number is too large")
            yield ("limits", name), what, [limit], None
    if client.api is not None and client.crm not in ANSWERING:
        what, remedy = (
            N_("of this CRM no answers are read"),
            N_("Possible: {expected}.", expected=", ".join(ANSWERING)),
        )
        yield ("crm",), what, [client.crm], remedy
    for index, entry in enumerate(client.files):
        yield from _of_file(client, index, entry)
    what, remedy = N_("two files cannot be told apart"), N_("Keep one of the two, or give one another name.")
    yield from _repeated(("files",), (f"{one.shown}: {one.table}" for one in client.files), what, remedy)
    yield from _repeated(("pipelines",), (pipeline.name for pipeline in client.pipelines))
    for index, pipeline in enumerate(client.pipelines):
        yield from _repeated(("pipelines", index, "stages"), (stage.name for stage in pipeline.stages))
        yield from _alike(index, [stage.name for stage in pipeline.stages])
        waiting = [stage.name for stage in pipeline.stages if stage.kind == "open"]
        named = pipeline.qualified_at
        if named and named not in waiting:
            what = N_("the pipeline has no such open stage")
            yield ("pipelines", index, "qualified_at"), what, [named], did_you_mean(named, waiting)
    yield from _repeated(("managers",), (manager.id or manager.name for manager in client.managers))
    for index, manager in enumerate(client.managers):
        if manager.hired_on and manager.left_on and manager.left_on <= manager.hired_on:
            yield ("managers", index, "left_on"), N_("the rep leaves before coming"), [manager.left_on], None
    if client.plan and any(entry.table == "plans" for entry in client.files):
        yield ("plan",), N_("the plan stands here and in a file of the table plans"), [], KEEP_ONE
    if isinstance(client.plan, str):
        if not (client.folder / client.plan).is_file():
            yield ("plan",), N_("there is no such file"), [client.plan], _nearest(client, client.plan)
    else:
        yield from _repeated(
            ("plan",),
            (f"{row.period} {row.period_start} {row.manager or ''} {row.metric}" for row in client.plan),
        )


def _alike(index: int, names: Sequence[str]) -> Iterator[Problem]:
    """Yield the stages of one pipeline whose names differ only in case, in spaces or in the dots on «e»."""
    met: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        met.setdefault(fold(name), []).append(name)
    alike = [one for group in met.values() if len(group) > 1 for one in group]
    if alike:
        what = N_("the names of these stages differ only in capital letters, spaces or the dots on «e»")
        remedy = N_("Keep one of them; the kit takes what the export writes otherwise for that one.")
        yield ("pipelines", index, "stages"), what, alike, remedy


def _of_time(client: Client) -> Iterator[Problem]:
    try:
        ZoneInfo(client.time_zone)
    except (KeyError, ValueError, OSError):
        remedy = N_("Write one such as Europe/Moscow.")
        yield ("time_zone",), N_("there is no such time zone"), [client.time_zone], remedy
        return
    try:
        client.settings()
    except CrmkitError as error:
        key = error.where.removeprefix("client.yml: ")
        yield (key,), error.what, list(error.samples), error.remedy


def _of_file(client: Client, index: int, entry: ExportFile) -> Iterator[Problem]:
    place = ("files", index)
    if not client.file(entry).is_file():
        yield (*place, "path"), N_("there is no such file"), [entry.path], _nearest(client, entry.path)
    known = [item.name for item in TABLES[entry.table]] + list(CLOSINGS if entry.table == "deals" else ())
    for heading, target in entry.columns.items():
        if target not in known:
            what = N_("the table {table} has no column «{column}»", table=entry.table, column=target)
            yield (*place, "columns", heading), what, [], did_you_mean(target, known)
    fed = [target for target in entry.columns.values() if column_kind(entry.table, target) != "moment"]
    yield from _repeated((*place, "columns"), fed)
    for name in ("snapshot", "stage_dates"):
        if entry.table != "deals" and getattr(entry, name):
            yield (*place, name), N_("only files of deals may say this"), [], None
    if entry.encoding is not None and not _is_encoding(entry.encoding):
        remedy = N_("Try utf-8 or cp1251.")
        yield (*place, "encoding"), N_("there is no such encoding"), [entry.encoding], remedy
    if entry.dates is not None and not all(part in entry.dates for part in ("%d", "%m")):
        remedy = N_("Write the order with %d, %m and %Y (or %y for two digits), such as %d.%m.%Y.")
        yield (*place, "dates"), N_("this is not a date format"), [entry.dates], remedy
    if entry.delimiter is not None and len(entry.delimiter) != 1:
        yield (*place, "delimiter"), N_("the delimiter is one character"), [entry.delimiter], None


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _nearest(client: Client, path: str) -> Message:
    names = sorted(item.name for item in client.folder.iterdir() if item.is_file())
    near = difflib.get_close_matches(Path(path).name, names, n=1)
    if near:
        return N_("Did you mean «{near}»?", near=near[0])
    return N_("Write the path from the client's folder.")


def _repeated(
    place: tuple[str | int, ...],
    names: Iterable[str],
    what: Message = TWICE,
    remedy: Message = KEEP_ONE,
) -> Iterator[Problem]:
    seen: set[str] = set()
    twice: set[str] = set()
    for name in names:
        (twice if name in seen else seen).add(name)
    if twice:
        yield place, what, sorted(twice), remedy
