"""``crmkit board``: the board of violations as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Language
from crmkit.commands.terminal import busy, say


def board(
    client: ClientPlace,
    to: Annotated[Path, typer.Option(help=say("The file to write."))] = Path("board.html"),
    as_of: AsOf = "",
    language: Language = None,
) -> None:
    """Write who has how many open violations, for a shared screen."""
    from crmkit.documents.board import write_board
    from crmkit.present.study import open_study

    with busy():
        write_board(open_study(client, as_of, language or ""), to)
    typer.echo(say("Written: {path}", path=to))
