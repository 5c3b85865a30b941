"""One client in one notebook: the data at a moment, a period, a language, and a record of what was told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.client import Client, read_client
from crmkit.errors import N_, CrmkitError, Message, RequestError
from crmkit.measures import Measure, borders, evaluate_fully, find
from crmkit.measures.records import left_out_records, records
from crmkit.periods import Period, floor, next_start
from crmkit.present.figures import Plate
from crmkit.present.formats import Formats
from crmkit.present.tables import Column, Table
from crmkit.present.words import Words
from crmkit.schema import Snapshot
from crmkit.sources.ledger import LoadReport
from crmkit.sources.load import load, load_report

FINDINGS_MIME = "application/vnd.crmkit.findings+json"
MONTHS = 12


@dataclass(frozen=True)
class Findings:
    """What a notebook found, as programs read it."""

    content: Mapping[str, Any]
    sentence: str

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), FINDINGS_MIME: dict(self.content)}


@dataclass(frozen=True)
class Study:
    """What the pages of a notebook are made from.

    Attributes
    ----------
    client, crm, report: the settings, the data at ``as_of``, how it was read.
    period: what the figures are for; language: of all that is said.
    told: every row of ``evaluate`` that a page used, in order; it becomes the findings.
    """

    client: Client
    crm: Snapshot
    report: LoadReport
    period: Period
    language: str
    options: Mapping[str, Any] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)

    @cached_property
    def words(self) -> Words:
        """What says sentences."""
        return Words(self.language)

    @cached_property
    def formats(self) -> Formats:
        """What writes figures."""
        return Formats(self.language, self.client.currency)

    def say(self, text: str, /, **params: object) -> str:
        """Return a sentence in the language of the study."""
        return self.words.say(text, **params)

    def evaluate(
        self,
        names: str | Sequence[str],
        by: Sequence[str] = (),
        each: str | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """Return figures as :func:`crmkit.evaluate` does, and keep them for the findings."""
        figures, left = evaluate_fully(names, self.crm, period or self.period, by, each)
        self.told.extend(row for row in records(figures) if row not in self.told[-400:])
        self.left_out.extend(row for row in left_out_records(left) if row not in self.left_out)
        return figures

    def title(self, name: str) -> str:
        """Return what a measure is called."""
        return self.say(self.measure(name).title)

    def measure(self, name: str) -> Measure:
        """Return a measure's declaration."""
        return find(name)

    def plate(self, name: str, title: Message, axis: Message, heading: Message) -> Plate:
        """Return what a chart of the study is told: its finding, what is counted, what the groups are."""
        title_text, axis_text, heading_text = (self.words.message(one) for one in (title, axis, heading))
        return Plate(name, title_text, axis_text, heading_text, self.formats, self.crm.settings.limits)

    def table(
        self,
        frame: pd.DataFrame,
        name: str,
        title: str,
        columns: Sequence[Column],
        notes: Sequence[str] = (),
        **more: Any,
    ) -> Table:
        """Return a table in the language, currency and limits of the study."""
        return Table.of(
            frame, name=name, title=title, columns=columns, notes=notes, language=self.language,
            currency=self.client.currency, limits=self.crm.settings.limits, **more,
        )  # fmt: skip

    def period_text(self) -> str:
        """Return the period as it is read."""
        first, after = borders(self.crm, self.period).days()
        return self.formats.period(first, after)

    def findings(self, notebook: str) -> Findings:
        """Return all that was told, as an output that programs can read; the last cell of every notebook."""
        first, after = borders(self.crm, self.period).days()
        content = {
            "notebook": notebook,
            "client": self.client.name,
            "as_of": self.crm.as_of.isoformat(),
            "period": {"start": first.isoformat(), "end": after.isoformat(), "name": self.period.name},
            "rows": self.told,
            "left_out": self.left_out,
            "load": json.loads(self.report.files.drop(columns="decisions").to_json(orient="records")),
        }
        sentence = self.words.plural(
            "{n} figure recorded for programs.", "{n} figures recorded for programs.", len(self.told)
        )
        return Findings(content, sentence)


def open_study(
    client: str | Path, as_of: str = "", language: str = "", period: str = "", options: str = ""
) -> Study:
    """Open a client for a notebook; the arguments are the five parameters, an empty one means «as the settings say».

    Raises
    ------
    CrmkitError: settings, files or parameters that cannot be used.
    """
    try:
        settings = read_client(client)
        language = language or settings.language
        crm = load(settings, as_of or None)
        span = Period.parse(period, settings.time_zone) if period else latest_months(crm)
        return Study(settings, crm, load_report(settings), span, language, _options(options))
    except CrmkitError as error:
        error.say = Words(language or "en").message
        raise


def _options(path: str) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(
            "options",
            N_("the file of options cannot be read as JSON"),
            [Path(path).name],
            N_("Give the path of one JSON file."),
        ) from error
    if not isinstance(content, dict):
        raise RequestError("options", N_("the file of options cannot be read as JSON"), [Path(path).name])
    return content


def latest_months(crm: Snapshot, months: int = MONTHS) -> Period:
    """Return the latest whole calendar months up to ``as_of``, at most those since the first record; else «all»."""
    zone = crm.settings.zone
    as_of = crm.as_of.tz_convert(zone).date()
    after = floor(as_of + timedelta(days=1), "month")
    began = min((moment.tz_convert(zone).date() for moment in crm.began.values()), default=as_of)
    first = after
    for _ in range(months):
        earlier = floor(first - timedelta(days=1), "month")
        if next_start(earlier, "month") <= began:
            break
        first = earlier
    if first >= after:
        return Period(None, None, "all")
    return Period.between(first, after, zone)


def before(period: Period) -> Period | None:
    """Return the period of the same length just before; whole months stay whole months."""
    if period.start is None or period.end is None:
        return None
    first, after = period.days()
    zone = str(period.start.tzinfo)
    if first.day == 1 and after.day == 1:
        months = (after.year - first.year) * 12 + after.month - first.month
        index = first.year * 12 + first.month - 1 - months
        return Period.between(date(index // 12, index % 12 + 1, 1), first, zone)
    return Period.between(first - (after - first), first, zone)


__all__ = ["Findings", "Message", "Study", "before", "latest_months", "open_study"]
