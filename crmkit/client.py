"""``client.yml`` into a validated :class:`Client`: every mistake at once, each with its place and remedy."""

from __future__ import annotations

import codecs
import difflib
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from crmkit.errors import N_, CrmkitError, Message, Refusals, SettingsError
from crmkit.limits import Limits
from crmkit.schema import TABLES, Settings
from crmkit.yamlfile import read_yaml

CRMS = ("amocrm", "bitrix24", "plain")
METRICS = ("revenue", "margin", "won_deals", "new_deals")

Text = Annotated[
    str, BeforeValidator(lambda value: str(value) if isinstance(value, int | float | date) else value)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Join(_Part):
    """How a second file finds the rows of a table: by a heading, or ``{heading here: column there}``."""

    on: str | dict[str, str]


class ExportFile(_Part):
    """One file of the export and how it is to be read."""

    path: str
    table: Literal[tuple(TABLES)]  # type: ignore[valid-type]
    columns: dict[Text, str] = Field(default_factory=dict)
    dates: str | None = None
    decimal: Literal[",", "."] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: Text | None = None
    key: list[str] | str | None = None
    join: Join | None = None

    @property
    def shown(self) -> str:
        """How reports and messages name the file: its name and its folder's, no more of where it lies."""
        return "/".join([part for part in PurePath(self.path).parts if part not in ("..", ".")][-2:])


class Stage(_Part):
    """A CRM stage."""

    name: Text
    kind: Literal["open", "won", "lost"] = "open"
    process_step: str | None = None
    norm_days: float | None = Field(default=None, gt=0)
    probability: float | None = Field(default=None, ge=0, le=1)
    required: list[str] = Field(default_factory=list)


class Pipeline(_Part):
    """A pipeline with its stages in order."""

    name: Text
    stages: list[Stage]


class Manager(_Part):
    """A sales rep, named as in the export."""

    name: Text
    id: Text | None = None
    role: str | None = None
    team: Text | None = None
    hired_on: date | None = None
    left_on: date | None = None


class PlanRow(_Part):
    """A plan figure; without a manager it is the whole department's."""

    period_start: date
    period: Literal["day", "week", "month", "quarter", "year"] = "month"
    manager: Text | None = None
    metric: Literal[METRICS] = "revenue"  # type: ignore[valid-type]
    value: float = Field(ge=0)


class CalendarSettings(_Part):
    """The client's own days off and working days, and the hours worked, such as ``09:00-18:00``."""

    days_off: list[date] = Field(default_factory=list)
    days_on: list[date] = Field(default_factory=list)
    hours: str = Field(default="09:00-18:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")


class Links(_Part):
    """Addresses of cards, such as ``https://firm.example/deal/{id}``."""

    deal: str | None = Field(default=None, pattern=r"^https?://")
    company: str | None = Field(default=None, pattern=r"^https?://")
    contact: str | None = Field(default=None, pattern=r"^https?://")


class Client(_Part):
    """What ``client.yml`` says. ``folder`` is where it lies."""

    format: Literal[1]
    name: Text = Field(min_length=1)
    language: Literal["ru", "en"] = "en"
    currency: str = Field(default="RUB", pattern=r"^[A-Z]{3}$")
    rates: dict[str, float] = Field(default_factory=dict)
    country: str | None = None
    time_zone: str = "UTC"
    crm: Literal[CRMS] = "plain"  # type: ignore[valid-type]
    as_of: date | datetime | None = Field(default=None, union_mode="left_to_right")
    exported_on: date | None = None
    files: list[ExportFile] = Field(min_length=1)
    pipelines: list[Pipeline] = Field(default_factory=list)
    technical_losses: list[Text] = Field(default_factory=list)
    managers: list[Manager] = Field(default_factory=list)
    plan: list[PlanRow] | str = Field(default_factory=list)
    calendar: CalendarSettings = CalendarSettings()
    limits: dict[str, float] = Field(default_factory=dict)
    links: Links = Links()
    _folder: Path = PrivateAttr(default=Path())

    @property
    def folder(self) -> Path:
        """The folder that holds ``client.yml``."""
        return self._folder

    @property
    def state(self) -> Path:
        """Where the kit keeps what it knows about this client."""
        return self._folder / ".crmkit"

    def file(self, entry: ExportFile) -> Path:
        """Return the path of an export file."""
        return Path(os.path.normpath(self._folder / entry.path))

    def settings(self) -> Settings:
        """Return what the figures need to know."""
        from crmkit.calendars import WorkCalendar

        opens, closes = (datetime.strptime(part, "%H:%M").time() for part in self.calendar.hours.split("-"))  # noqa: DTZ007
        calendar = WorkCalendar(
            self.country or "",
            days_off=self.calendar.days_off,
            days_on=self.calendar.days_on,
            hours=(opens, closes),
            zone=self.time_zone,
        )
        losses = frozenset(reason.strip().casefold() for reason in self.technical_losses)
        return Settings(self.time_zone, self.currency, calendar, losses, self.thresholds())

    def thresholds(self) -> Limits:
        """Return the method's limits with the client's own in their places."""
        return Limits(**{name: type(getattr(Limits(), name))(value) for name, value in self.limits.items()})


def read_client(place: str | Path) -> Client:
    """Read and check a client's settings.

    Parameters
    ----------
    place: a folder that holds ``client.yml``, or that file.

    Raises
    ------
    Refusals or SettingsError: what is wrong, all of it, each with its place and what to do.
    """
    path = Path(place)
    if path.is_dir() or path.suffix.lower() not in (".yml", ".yaml"):
        path = path / "client.yml"
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        raise SettingsError(
            path.name,
            N_("the file holds no settings"),
            remedy=N_("Make one with «crmkit new FOLDER EXPORT…», or copy templates/client.yml."),
        )
    try:
        client = Client.model_validate(data)
    except ValidationError as error:
        raise Refusals([_translate(path, item, data, lines) for item in error.errors()]) from error
    client._folder = path.parent
    problems = [
        SettingsError(_place(path, place, lines), what, samples, remedy)
        for place, what, samples, remedy in _contradictions(client)
    ]
    if problems:
        raise Refusals(problems)
    return client


def _place(path: Path, place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> str:
    known = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None)
    dotted = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{path.name}{f':{known}' if known else ''}: {dotted}"


_WRONG: dict[str, Message] = {
    "missing": N_("this key is missing"),
    "literal_error": N_("this is not one of the possible values"),
    "bool": N_("true or false should stand here"),
    "int": N_("a whole number should stand here"),
    "float": N_("a number should stand here"),
    "string": N_("text should stand here"),
    "date": N_("a date such as 2026-10-31 should stand here"),
    "datetime": N_("a date such as 2026-10-31 should stand here"),
    "list": N_("a list should stand here, each item behind a dash"),
    "dict": N_("keys with values should stand here"),
    "model": N_("keys with values should stand here"),
    "greater_than": N_("the number is too small"),
    "less_than": N_("the number is too large"),
    "too_short": N_("this may not be empty"),
}


def _translate(path: Path, item: Any, data: Any, lines: dict[tuple[str | int, ...], int]) -> SettingsError:
    place = tuple(part for part in item["loc"] if not _is_union_mark(part, data))
    kind = item["type"]
    samples = [] if kind in ("missing", "extra_forbidden") else [item["input"]]
    remedy: Message | None = None
    what = _WRONG.get(kind) or next(
        (message for prefix, message in _WRONG.items() if kind.startswith(prefix)),
        N_("this value does not fit here"),
    )
    if kind == "extra_forbidden":
        what = N_("there is no such key")
        remedy = did_you_mean(str(place[-1]), _keys_beside(place))
    elif kind == "literal_error":
        remedy = N_("Possible: {expected}.", expected=str(item["ctx"]["expected"]).replace(" or ", ", "))
    return SettingsError(_place(path, place, lines), what, samples, remedy)


def _is_union_mark(part: str | int, data: Any) -> bool:
    """Pydantic names the tried member of a union inside the place; such parts are no keys."""
    return isinstance(part, str) and (
        part.startswith(("list[", "dict[", "function-", "lax")) or part in ("str", "date", "datetime")
    )


def _keys_beside(place: tuple[str | int, ...]) -> list[str]:
    model: Any = Client
    for part in place[:-1]:
        if isinstance(part, int):
            continue
        model = {
            "files": ExportFile, "join": Join, "pipelines": Pipeline, "stages": Stage, "managers": Manager,
            "plan": PlanRow, "calendar": CalendarSettings, "links": Links,
        }.get(part, model)  # fmt: skip
    return list(model.model_fields)


def did_you_mean(word: str, known: list[str]) -> Message:
    """Return the remedy for an unknown name: the nearest known one, else all of them."""
    near = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    if near:
        return N_("Did you mean «{near}»?", near=near[0])
    return N_("Possible: {expected}.", expected=", ".join(known))


Problem = tuple[tuple[str | int, ...], Message, Sequence[object], Message | None]


def _contradictions(client: Client) -> Iterator[Problem]:
    """Yield what pydantic cannot see: names that nothing bears, files that are not there, things said twice."""
    try:
        ZoneInfo(client.time_zone)
    except (KeyError, ValueError, OSError):
        yield (
            ("time_zone",),
            N_("there is no such time zone"),
            [client.time_zone],
            N_("Write one such as Europe/Moscow."),
        )
    else:
        try:
            client.settings()
        except CrmkitError as error:
            yield ("country",), error.what, list(error.samples), error.remedy
        except (TypeError, ValueError):
            pass  # a wrong limit, told below
    for name in client.limits:
        known = [item.name for item in fields(Limits)]
        if name not in known:
            yield ("limits", name), N_("there is no such limit"), [], did_you_mean(name, known)
    for index, entry in enumerate(client.files):
        yield from _file_problems(client, index, entry)
    yield from _repeated(("pipelines",), [pipeline.name for pipeline in client.pipelines])
    for index, pipeline in enumerate(client.pipelines):
        yield from _repeated(("pipelines", index, "stages"), [stage.name for stage in pipeline.stages])
    yield from _repeated(("managers",), [manager.id or manager.name for manager in client.managers])
    if isinstance(client.plan, str):
        if not (client.folder / client.plan).is_file():
            yield ("plan",), N_("there is no such file"), [client.plan], None
    else:
        rows = [f"{row.period} {row.period_start} {row.manager or ''} {row.metric}" for row in client.plan]
        yield from _repeated(("plan",), rows)
    for pattern in ("deal", "company", "contact"):
        link = getattr(client.links, pattern)
        if link and "{id}" not in link:
            yield ("links", pattern), N_("the address has no {{id}} in it"), [link], None


def _file_problems(client: Client, index: int, entry: ExportFile) -> Iterator[Problem]:
    place = ("files", index)
    if not client.file(entry).is_file():
        names = sorted(item.name for item in client.folder.iterdir() if item.is_file())
        near = difflib.get_close_matches(Path(entry.path).name, names, n=1)
        remedy = (
            N_("Did you mean «{near}»?", near=near[0])
            if near
            else N_("Write the path from the client's folder.")
        )
        yield (*place, "path"), N_("there is no such file"), [entry.path], remedy
    known = [item.name for item in TABLES[entry.table]]
    for heading, target in entry.columns.items():
        if target not in known:
            what = N_("the table {table} has no column «{column}»", table=entry.table, column=target)
            yield (*place, "columns", heading), what, [], did_you_mean(target, known)
    yield from _repeated((*place, "columns"), list(entry.columns.values()))
    if entry.encoding is not None:
        try:
            codecs.lookup(entry.encoding)
        except LookupError:
            yield (
                (*place, "encoding"),
                N_("there is no such encoding"),
                [entry.encoding],
                N_("Try utf-8 or cp1251."),
            )
    if entry.dates is not None and not {"%d", "%m"} <= {
        entry.dates[i : i + 2] for i in range(len(entry.dates))
    }:
        remedy = N_("Write the order with %d, %m and %Y (or %y for two digits), such as %d.%m.%Y.")
        yield (*place, "dates"), N_("this is not a date format"), [entry.dates], remedy
    if entry.delimiter is not None and len(entry.delimiter) != 1:
        yield (*place, "delimiter"), N_("the delimiter is one character"), [entry.delimiter], None


def _repeated(place: tuple[str | int, ...], names: list[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    twice = {name for name in names if name in seen or seen.add(name)}  # type: ignore[func-returns-value]
    if twice:
        yield place, N_("something stands here twice"), sorted(twice), N_("Keep one of the two.")
