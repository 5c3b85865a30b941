"""``crmkit compare clients``: one client beside the others of a portfolio, without anybody's own figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crmkit.commands.compare_output import opened, print_told
from crmkit.commands.improve import Plain
from crmkit.commands.terminal import busy, say


def clients(
    own: Annotated[Path, typer.Argument(metavar="CLIENT", help=say("The client whose place is told."))],
    others: Annotated[
        list[Path],
        typer.Argument(metavar="OTHER…", help=say("The other clients of the portfolio; four or more.")),
    ],
    format: Plain = "table",
) -> None:
    """Print the quartiles of each figure, and where the client stands."""
    from crmkit.client import read_client
    from crmkit.compare.clients import clients as among
    from crmkit.compare.clients import figures_of
    from crmkit.present.portfolio import portfolio
    from crmkit.sources.load import load

    places = list(dict.fromkeys(one.resolve() for one in (own, *others)))
    with busy():
        study = opened(own, "", "")
        figures = [figures_of(study.crm), *(figures_of(load(read_client(one))) for one in places[1:])]
        found = among(figures, limits=study.crm.settings.limits, own=0)
        page = portfolio(study, found)
    if format == "table":
        typer.echo(repr(page))
        return
    needed = study.crm.settings.limits.clients_compared
    head = {"clients": found.clients, "needed": needed, "level": found.level}
    print_told(study, head | {"rows": study.found["portfolio"]})
