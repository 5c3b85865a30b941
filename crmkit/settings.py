"""What ``client.yml`` may say: its keys, their kinds, and what stands where they are left out."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    PrivateAttr,
    Tag,
    ValidationInfo,
)
from pydantic_core import PydanticCustomError

from crmkit.limits import AuditRules, Limits
from crmkit.parts import DAY, Account, Day, Name, Part, ReportSettings, RequiredCards
from crmkit.schema import TABLES, Settings

CRMS = ("amocrm", "bitrix24", "hubspot", "pipedrive", "salesforce", "1c", "plain")
#: CRMs whose saved answers (``api``) are read.
ANSWERING = ("amocrm", "bitrix24")
METRICS = ("revenue", "margin", "won_deals", "new_deals")


def _moment(value: object) -> date | datetime:
    try:
        if isinstance(value, str):
            return date.fromisoformat(value) if DAY.fullmatch(value) else datetime.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("date", "no date") from error
    if isinstance(value, date):
        return value
    raise PydanticCustomError("date", "no date")


def _something(files: list[ExportFile], info: ValidationInfo) -> list[ExportFile]:
    """Refuse settings that name nothing to read: neither files nor a folder of answers."""
    if not files and not info.data.get("api"):
        raise PydanticCustomError("nothing_to_read", "neither files nor api")
    return files


def _is_text(value: object) -> str:
    return "<text>" if isinstance(value, str) else "<more>"


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Address = Annotated[str, Field(pattern=r"^https?://.*\{id\}")]


class Join(Part):
    """How a second file finds the rows of a table: by a heading, or ``{heading here: column there}``."""

    on: Annotated[
        Annotated[Name, Tag("<text>")]
        | Annotated[dict[str, str], Field(min_length=1, max_length=1), Tag("<more>")],
        Discriminator(_is_text),
    ]


class ExportFile(Part):
    """One file of the export and how it is to be read."""

    path: Name
    table: Literal[tuple(TABLES)]  # type: ignore[valid-type]
    columns: dict[str, str] = Field(default_factory=dict)
    dates: str | None = None
    decimal: Literal[",", "."] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    key: (
        Annotated[
            Annotated[list[str], Field(min_length=1), Tag("<more>")] | Annotated[Name, Tag("<text>")],
            Discriminator(_is_text),
        ]
        | None
    ) = None
    join: Join | None = None
    stage_dates: dict[str, str] = Field(default_factory=dict)
    snapshot: Day | None = None

    @property
    def shown(self) -> str:
        """How reports and messages name the file: its name and its folder's, no more of where it lies."""
        name = "/".join([part for part in PurePath(self.path).parts if part not in ("..", ".")][-2:])
        return f"{name} [{self.sheet}]" if self.sheet else name


class Stage(Part):
    """A CRM stage; an optional one may be left out: that is no skip."""

    name: Name
    kind: Literal["open", "won", "lost"] = "open"
    process_step: str | None = None
    norm_days: float | None = Field(default=None, gt=0)
    probability: float | None = Field(default=None, ge=0, le=1)
    required: list[str] = Field(default_factory=list)
    optional: bool = False


class Pipeline(Part):
    """A pipeline with its stages in order; at ``qualified_at`` a lead becomes a deal to be reckoned with."""

    name: Name
    stages: list[Stage]
    qualified_at: Name | None = None


class Manager(Part):
    """A sales rep, named as in the export."""

    name: Name
    id: str | None = None
    role: str | None = None
    team: str | None = None
    hired_on: Day | None = None
    left_on: Day | None = None


class PlanRow(Part):
    """A plan figure; without a manager it is the whole department's."""

    period_start: Day
    period: Literal["day", "week", "month", "quarter", "year"] = "month"
    manager: str | None = None
    metric: Literal[METRICS] = "revenue"  # type: ignore[valid-type]
    value: float = Field(ge=0)


class CalendarSettings(Part):
    """The client's own days off and working days, and the hours worked, such as ``09:00-18:00``."""

    days_off: list[Day] = Field(default_factory=list)
    days_on: list[Day] = Field(default_factory=list)
    hours: str = Field(default="09:00-18:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")


class Links(Part):
    """Addresses of cards, such as ``https://firm.example/deal/{id}``."""

    deal: Address | None = None
    company: Address | None = None
    contact: Address | None = None


class Client(Part):
    """What ``client.yml`` says. ``folder`` is where it lies."""

    format: Annotated[Literal[1], BeforeValidator(lambda value: 1 if value == "1" else value)]
    name: Name
    language: Literal["ru", "en"] = "en"
    currency: Currency = "RUB"
    rates: dict[Currency, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    country: str | None = None
    time_zone: str = "UTC"
    crm: Literal[CRMS] = "plain"  # type: ignore[valid-type]
    account: Account | None = None
    as_of: Annotated[date | datetime, PlainValidator(_moment)] | None = None
    exported_on: Day | None = None
    api: Name | None = None
    files: Annotated[list[ExportFile], AfterValidator(_something)] = Field(
        default_factory=list, validate_default=True
    )
    pipelines: list[Pipeline] = Field(default_factory=list)
    statuses: dict[str, Literal["open", "won", "lost"]] = Field(default_factory=dict)
    technical_losses: list[str] = Field(default_factory=list)
    self_loops: Literal["collapse", "keep"] = "collapse"
    inbound_sources: list[str] = Field(default_factory=list)
    empty_reasons: list[str] | None = None
    required_cards: RequiredCards = RequiredCards()
    managers: list[Manager] = Field(default_factory=list)
    plan: Annotated[
        Annotated[list[PlanRow], Tag("<more>")] | Annotated[Name, Tag("<text>")], Discriminator(_is_text)
    ] = Field(default_factory=list)
    calendar: CalendarSettings = CalendarSettings()
    limits: Limits = Limits()
    audit: AuditRules = AuditRules()
    preset: Annotated[
        Annotated[list[Name], Tag("<more>")] | Annotated[Name, Tag("<text>")], Discriminator(_is_text)
    ] = "monitoring-23"
    report: ReportSettings = ReportSettings()
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

    @property
    def answers(self) -> Path | None:
        """The folder of the CRM's saved answers, if there is one."""
        return None if self.api is None else Path(os.path.normpath(self._folder / self.api))

    def settings(self) -> Settings:
        """Return what the figures need to know.

        Raises
        ------
        SettingsError: there is no such country, or the calendar contradicts itself.
        """
        from crmkit.calendars import WorkCalendar

        opens, closes = (datetime.strptime(part, "%H:%M").time() for part in self.calendar.hours.split("-"))  # noqa: DTZ007
        calendar = WorkCalendar(
            self.country or "",
            days_off=self.calendar.days_off,
            days_on=self.calendar.days_on,
            hours=(opens, closes),
            zone=self.time_zone,
        )
        cards = {name: tuple(fields) for name, fields in self.required_cards.model_dump().items()}
        empty = None if self.empty_reasons is None else _folded(self.empty_reasons)
        return Settings(
            self.time_zone, self.currency, calendar, _folded(self.technical_losses), self.limits,
            _folded(self.inbound_sources), empty, cards,
            self_loops=self.self_loops,
            qualified_at={one.name: one.qualified_at for one in self.pipelines if one.qualified_at},
            audit=self.audit,
        )  # fmt: skip


def _folded(names: list[str]) -> frozenset[str]:
    return frozenset(name.strip().casefold() for name in names)
