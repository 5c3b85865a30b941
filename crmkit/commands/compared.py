"""What all commands of ``crmkit compare`` share: opening a client, and telling what was compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmkit.commands.terminal import print_json, print_table, user_language

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.present.compared import OfRow
    from crmkit.present.study import Study


@dataclass(frozen=True, eq=False)
class Answer:
    """What a comparison found.

    Attributes
    ----------
    rows: in the shape of all comparisons. what: what is compared in each of them.
    heads: the columns that say what a row is about -> their headings on a terminal.
    head: what else programs are told, before the rows. notes: sentences below them.
    shown: the rows with what a terminal shows of them instead.
    """

    study: Study
    rows: pd.DataFrame
    what: OfRow
    heads: Mapping[str, str]
    head: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    shown: pd.DataFrame | None = None

    def print(self, format: str) -> None:
        """Print it as JSON, or as a table with the notes below."""
        from crmkit.measures.records import plain
        from crmkit.present.compared import for_the_eye, records
        from crmkit.present.texts import clean

        if format == "json":
            told = {"as_of": self.study.crm.as_of.isoformat(), "period": span(self.study)}
            told |= {name: plain(value) for name, value in self.head.items()}
            rows = records(self.study, self.rows, self.what)
            print_json(told | {"rows": rows, "notes": list(self.notes)})
            return
        shown = self.rows if self.shown is None else self.shown
        if len(shown):
            print_table(for_the_eye(self.study, shown, self.what, self.heads))
        for note in self.notes:
            typer.echo(clean(note))


def opened(client: Path, as_of: str, period: str) -> Study:
    """Open a client in the language of the terminal.

    Raises
    ------
    CrmkitError: settings, files or a period that cannot be used.
    """
    from crmkit.present.study import open_study

    return open_study(client, as_of, user_language(), period)


def print_told(study: Study, content: Mapping[str, Any], notes: Iterable[str] = ()) -> None:
    """Print what programs read of a comparison: the day, what was found, what is to be known with it."""
    print_json({"as_of": study.crm.as_of.isoformat()} | dict(content) | {"notes": list(notes)})


def span(study: Study) -> dict[str, str]:
    """Return the period of a study as programs read it."""
    from crmkit.measures import borders

    first, after = borders(study.crm, study.period).days()
    return {"start": first.isoformat(), "end": after.isoformat(), "name": study.period.name}
