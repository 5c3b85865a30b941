"""The person at the keyboard: the language to speak, refusals, and frames as tables, CSV or JSON."""

from __future__ import annotations

import json
import locale
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from crmkit.errors import N_, CrmkitError, Refusals, RequestError
from crmkit.present.texts import clean
from crmkit.present.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.pull import Pulled
    from crmkit.settings import Client


def user_language() -> Literal["ru", "en"]:
    """Return the language of the user: ``CRMKIT_LANGUAGE``, else the system's, else English."""
    told = os.environ.get("CRMKIT_LANGUAGE") or os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES")
    told = told or os.environ.get("LANG") or locale.getlocale()[0] or "en"
    return "ru" if told.lower().startswith("ru") else "en"


say = Words(user_language()).say
#: With these a spreadsheet begins a formula, in whatever width they are written; and what it does not see.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\0")
_HIDDEN = '\ufeff\u200b\u200c\u200d\u2060 "'


def tell(error: CrmkitError) -> None:
    """Say a refusal on standard error: where, what, samples, what to do."""
    words = Words(user_language())
    for one in error.errors if isinstance(error, Refusals) else (error,):
        said = clean(f"✗ {one.where}: {words.message(one.what)}")
        typer.secho(said, err=True, fg=typer.colors.RED)
        if one.samples:
            typer.echo(clean("  " + " · ".join(one.samples)), err=True)
        if one.remedy is not None:
            typer.echo(clean("  → " + words.message(one.remedy)), err=True)


def say_all_signs() -> None:
    """Let a terminal that lacks a sign show its number instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def refuse_taken(target: Path, *, replace: bool) -> None:
    """Keep a file that is there, perhaps filled in, unless it may be written over.

    Raises
    ------
    RequestError: there is such a file.
    """
    if target.exists() and not replace:
        remedy = N_("Give --replace to write over it, or --to with another name.")
        raise RequestError(str(target), N_("there is such a file already"), (), remedy)


def print_json(content: object) -> None:
    """Print what programs read."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False))


def print_csv(frame: pd.DataFrame) -> None:
    """Print a frame as CSV; missing values are empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; JSON tells it as it is.
    """
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_harmless(name) for name in frame.columns])
    writer.writerows([_harmless(value) for value in row] for row in frame.itertuples(index=False, name=None))
    typer.echo(text.getvalue(), nl=False)


def print_table(frame: pd.DataFrame) -> None:
    """Print a frame for the eye: six digits are enough, columns without any value are left out."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    frame = frame.dropna(axis=1, how="all") if len(frame) else frame
    for name in frame.columns:
        table.add_column(str(name), overflow="fold")
    for row in frame.itertuples(index=False, name=None):
        table.add_row(*(Text(clean(_short(value))) for value in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(table)


@contextmanager
def busy() -> Iterator[None]:
    """Show on a terminal, while a block lasts, that the kit is at work; elsewhere nothing."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(say("At work: reading and reckoning…")):
        yield


def tell_step(step: Pulled) -> None:
    """Say how far a pull came: on a terminal in a line that moves on, elsewhere when an entity is done."""
    moving = sys.stderr.isatty()
    if moving or step.done:
        text = say(
            "{entity}: records {records}, pages {pages}",
            entity=step.entity, records=step.records, pages=step.pages,
        )  # fmt: skip
        typer.echo(("\r\x1b[K" if moving else "") + text, err=True, nl=step.done)
    if step.refusal is not None:
        typer.echo("  → " + _refused(step), err=True)


def tell_pull(came: list[Pulled], client: Client) -> None:
    """Say what a pull brought, and what to do next."""
    import pandas as pd

    from crmkit.pull import answers_of

    head = (say("entity"), say("records"), say("pages"), say("note"))
    rows = [(one.entity, one.records, one.pages, _refused(one)) for one in came]
    print_table(pd.DataFrame(rows, columns=list(head)))
    typer.echo(say("Saved in {path}", path=answers_of(client)))
    if client.api is None:
        typer.echo("  → " + say("Write «api: api» into client.yml, so that it is read."))
    typer.echo(say("Next: crmkit load {folder}", folder=client.folder))


def _refused(step: Pulled) -> str:
    if step.refusal is None:
        return ""
    return " ".join([Words(user_language()).message(step.refusal.what), *step.refusal.samples])


def _short(value: object) -> str:
    """Return a number with at least its whole part and at most six digits that tell something."""
    if not isinstance(value, float) or value != value:
        return _plain(value)
    return f"{value:.0f}" if abs(value) >= 100_000 or value == int(value) else f"{value:.6g}"


def _harmless(value: object) -> str:
    """Return what a cell of a CSV holds; only texts can be formulas, figures stay what they are."""
    said = _plain(value)
    return f"'{said}" if isinstance(value, str) and said.lstrip(_HIDDEN).startswith(_FORMULAS) else said


def _plain(value: object) -> str:
    return "" if value is None or value != value else str(value)
