"""A progress bar for a batch, on the error stream and only where someone watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from crmkit.batch.request import Progress
from crmkit.errors import N_


@contextmanager
def progress_bar(language: str) -> Iterator[Callable[[Progress], None]]:
    """Show a bar while the block runs; give the function to hand to ``run`` as ``tell``."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from crmkit.present.words import Words

    words = Words(language)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words.message(N_("notebooks")), total=None)

        def tell(moment: Progress) -> None:
            bar.update(
                task, total=moment.total, completed=moment.done, description=escape(moment.client[:40])
            )

        yield tell
