"""A batch as the person at the keyboard sees it: a progress bar on a terminal, then what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from crmkit.batch.request import BatchResult, ClientResult, Progress, Request
from crmkit.errors import N_, CrmkitError, Refusals
from crmkit.present.words import Words


def run_and_tell(clients: Sequence[Path], request: Request, words: Words) -> int:
    """Run a batch; tell made reports on the output, failures on the error stream; return the exit code."""
    from crmkit.batch.runner import run

    with _bar(words) as tell:
        result = run(clients, request, tell=tell)
    for client in result.clients:
        _tell_client(client, words)
    _tell_index(result, words)
    return result.exit_code


@contextmanager
def _bar(words: Words) -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words.message(N_("reading the exports")), total=None)

        def tell(moment: Progress) -> None:
            bar.update(
                task, total=moment.total, completed=moment.done, description=escape(moment.client[:40])
            )

        yield tell


def _tell_client(client: ClientResult, words: Words) -> None:
    if client.reason is None:
        report = _near(client.folder / "report.html") if client.folder else ""
        typer.echo(words.message(N_("{client}: made, {path}", client=client.name, path=report)))
        return
    reason = _of_error(client.error, words) if client.error else words.message(client.reason)
    typer.secho(f"✗ {client.name}: {reason}", err=True, fg=typer.colors.RED)
    if client.folder is not None:
        typer.echo(
            "  → " + words.message(N_("What it left is in {path}", path=_near(client.folder))), err=True
        )


def _of_error(error: CrmkitError, words: Words) -> str:
    """Return a refusal with its samples and remedies, mistakes below one another."""
    lines = []
    for one in error.errors if isinstance(error, Refusals) else (error,):
        said = [f"{one.where}: {words.message(one.what)}", " · ".join(one.samples)]
        lines.append("\n  ".join(filter(None, [*said, words.message(one.remedy) if one.remedy else ""])))
    return "\n  ".join(lines)


def _tell_index(result: BatchResult, words: Words) -> None:
    if result.problem is not None:
        typer.secho(f"✗ {words.message(result.problem)}", err=True, fg=typer.colors.RED)
    if result.index is not None:
        typer.echo(words.message(N_("All clients: {path}", path=_near(result.index))))


def _near(path: Path) -> str:
    """Return a path from the current folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
