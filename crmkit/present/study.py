"""One client in one notebook: the data at a moment, a period, a language, and a record of what was told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import pandas as pd

from crmkit.audit import Audit, examine
from crmkit.audit.decisions import read_decisions, with_decided
from crmkit.audit.waivers import read_waivers
from crmkit.client import Client, read_client
from crmkit.errors import CrmkitError, Message
from crmkit.measures import ALL, Measure, borders, evaluate_fully, find
from crmkit.measures.cases import latest_months
from crmkit.measures.catalog import STANDING
from crmkit.measures.records import left_out_records, records
from crmkit.measures.slices import coded
from crmkit.measures.summaries import FIGURES
from crmkit.periods import Period
from crmkit.periods import before as before  # where the pages look for it
from crmkit.present.figures import Plate
from crmkit.present.findings import FINDINGS_MIME as FINDINGS_MIME  # where programs look for it
from crmkit.present.findings import Findings
from crmkit.present.formats import Formats
from crmkit.present.options import read_options
from crmkit.present.process_words import described
from crmkit.present.reasons import missing
from crmkit.present.tables import Column, Table
from crmkit.present.words import Words, refusing_in
from crmkit.process.store import Processes
from crmkit.schema import Snapshot
from crmkit.sources.ledger import LoadReport
from crmkit.sources.load import load, load_report

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Study:
    """What the pages of a notebook are made from.

    Attributes
    ----------
    client, crm, report: the settings, the data at ``as_of``, how it was read.
    period: what the figures are for; language: of all that is said.
    asked: the period that was asked for; «all» where none was: what happens in one is audited for it.
    told, left_out: every row of ``evaluate`` that a page used, and what is in no figure, in order, by what
        it is about; they become the findings. found: other results by name, as JSON values, likewise.
    """

    client: Client
    crm: Snapshot
    report: LoadReport
    period: Period
    language: str
    options: Mapping[str, Any] = field(default_factory=dict)
    asked: Period = ALL
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def words(self) -> Words:
        """What says sentences."""
        return Words(self.language)

    @cached_property
    def formats(self) -> Formats:
        """What writes figures."""
        return Formats(self.language, self.client.currency)

    @cached_property
    def audit(self) -> Audit:
        """What the checks of CRM keeping found, with the client's waivers.

        Raises
        ------
        CrmkitError: a file of waivers that cannot be used.
        """
        return examine(self.crm, self.asked, waivers=self.waivers)

    @cached_property
    def whole_audit(self) -> Audit:
        """The audit of the whole time, whatever period was asked for: what changed is told of it."""
        return self.audit if self.asked.is_all else examine(self.crm, ALL, waivers=self.waivers)

    @cached_property
    def waivers(self) -> pd.DataFrame | None:
        """The exceptions that the client allows: those of its file, and those decided on weekly sheets.

        Raises
        ------
        CrmkitError: a file of exceptions or of decisions that cannot be used.
        """
        folder = self.client.folder
        with refusing_in(self.words):
            return with_decided(read_waivers(folder), read_decisions(folder), self.crm)

    @cached_property
    def processes(self) -> Processes:
        """The descriptions of the process in the client's folder.

        Raises
        ------
        CrmkitError: descriptions that cannot be used; it speaks the language of the study.
        """
        with refusing_in(self.words):
            return described(self.client.folder)

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
        """Return figures as :func:`crmkit.evaluate` does, and keep them for the findings.

        Without a period, each measure is told for its :meth:`span`.
        """
        names = [names] if isinstance(names, str) else list(names)
        frames = []
        for span in [period] if period else dict.fromkeys(map(self.span, names)):
            mine = names if period else [name for name in names if self.span(name) == span]
            figures, left = evaluate_fully(mine, self.crm, span, by, each)
            self.note(records(figures, by), left_out_records(left))
            frames.append(figures)
        return pd.concat(frames, ignore_index=True)

    def span(self, name: str) -> Period:
        """Return what a measure is told for: the period; «all» where it speaks of deals open at ``as_of``."""
        return ALL if find(name).basis in STANDING else self.period

    def note(self, rows: Sequence[dict[str, Any]], left_out: Sequence[dict[str, Any]] = ()) -> None:
        """Keep rows for the findings, each once."""
        for kept, fresh, said in ((self.told, rows, FIGURES), (self.left_out, left_out, ("n",))):
            for row in fresh:
                about = {key: value for key, value in row.items() if key not in (*said, "state", "missing")}
                kept.setdefault(json.dumps(about, ensure_ascii=False), row)

    def names(self) -> list[str]:
        """Return the measures that were told, in order."""
        pairs = dict.fromkeys((row["measure"], row["variant"]) for row in self.told.values())
        return [":".join(part for part in pair if part) for pair in pairs]

    def once(self, name: str, make: Callable[[], Result]) -> Result:
        """Return a result that several pages use: made by the first that asks for it."""
        if name not in self.kept:
            self.kept[name] = make()
        return cast(Result, self.kept[name])

    def why(self, code: str | None) -> list[str]:
        """Return sentences for what a figure's ``missing`` says."""
        return [self.words.message(one) for one in missing(self.crm, code)]

    def title(self, name: str) -> str:
        """Return what a measure is called."""
        return self.say(self.measure(name).title)

    def measure(self, name: str) -> Measure:
        """Return a measure's declaration."""
        return find(name)

    def reps(self, rows: pd.DataFrame, nobody: str | None = None) -> pd.api.extensions.ExtensionArray:
        """Return the name of the rep of each row (by ``manager_id``, else its deal's), else ``nobody``."""
        codes, names = coded(self.crm, rows, "manager")
        return pd.Series([*names, nobody], dtype="str").array.take(codes)

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
            "asked": self.asked.name,
            "rows": list(self.told.values()),
            "left_out": list(self.left_out.values()),
            **self.found,
            "load": json.loads(self.report.files.drop(columns="decisions").to_json(orient="records")),
        }
        many = len(self.told) + sum(len(rows) for rows in self.found.values())
        sentence = self.words.plural(
            "{n} figure recorded for programs.", "{n} figures recorded for programs.", many
        )
        return Findings(content, sentence)


def open_study(
    client: str | Path, as_of: str = "", language: str = "", period: str = "", options: str = ""
) -> Study:
    """Open a client for a notebook by the five parameters; an empty one means «as the settings say».

    Raises
    ------
    CrmkitError: settings, files or parameters that cannot be used.
    """
    try:
        settings = read_client(client)
        language = language or settings.language
        crm = load(settings, as_of or None)
        span = Period.parse(period, settings.time_zone) if period else latest_months(crm)
        asked = span if period else ALL
        return Study(settings, crm, load_report(settings), span, language, read_options(options), asked)
    except CrmkitError as error:
        error.say = Words(language or "en").message
        raise
