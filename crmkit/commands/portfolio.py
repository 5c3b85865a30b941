"""``crmkit compare clients``: one client beside the others of a portfolio, without anybody's own figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmkit.commands.compared import opened
from crmkit.commands.improve import Plain
from crmkit.commands.terminal import busy, print_json, print_table, say, user_language
from crmkit.errors import N_, RequestError

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.measures import Measure
    from crmkit.present.formats import Formats
    from crmkit.present.verdict_words import Compared

#: What a portfolio tells of a measure, whoever asks.
QUARTILES = ["quartile_low", "median", "quartile_high"]
OF_ALL = ["measure", "variant", "unit", "clients", *QUARTILES]


def clients(
    clients: Annotated[
        list[Path], typer.Argument(metavar="CLIENT…", help=say("Folders with a client.yml; five or more."))
    ],
    own: Annotated[
        Path | None, typer.Option(help=say("The client whose place is told; one of the clients."))
    ] = None,
    format: Plain = "table",
) -> None:
    """Print the quartiles of each figure, and where one client stands."""
    from crmkit.client import read_client
    from crmkit.compare.clients import clients as portfolio
    from crmkit.compare.clients import figures_of
    from crmkit.limits import Limits
    from crmkit.measures.records import plain_rows
    from crmkit.present.compared import for_the_eye, records
    from crmkit.present.formats import Formats
    from crmkit.sources.load import load

    places = [one.resolve() for one in clients]
    if own is not None and own.resolve() not in places:
        raise RequestError(f"--own {own}", N_("it is not among the clients"))
    with busy():
        figures = [figures_of(load(read_client(one))) for one in places]
        study = opened(own, "", "") if own else None
        at = places.index(own.resolve()) if own else None
        limits = study.crm.settings.limits if study else Limits()
        found = portfolio(figures, limits=limits, own=at)
    rows = found.rows if study else found.rows[OF_ALL]
    if format == "json":
        told = {"clients": found.clients, "needed": limits.clients_compared, "level": found.level}
        print_json(told | {"rows": records(study, rows, _what) if study else plain_rows(rows)})
        return
    shown = _texts(rows, Formats(user_language(), "USD"))  # no money is among the figures
    heads = {"title": say("measure"), "clients": say("clients"), "quartile_low": say("lower quarter below")}
    heads |= {"median": say("median"), "quartile_high": say("upper quarter above")}
    print_table(
        for_the_eye(study, shown, _what, heads) if study else shown[list(heads)].rename(columns=heads)
    )
    if found.clients < limits.clients_compared:
        typer.echo(
            say(
                "{n} clients are given; figures are told from {needed} on.",
                n=found.clients,
                needed=limits.clients_compared,
            )
        )


def _texts(rows: pd.DataFrame, formats: Formats) -> pd.DataFrame:
    """Return the rows with the measure's title and the quartiles as they are read."""
    from crmkit.present.units import KIND_OF_UNIT, with_unit

    kinds = rows["unit"].map(KIND_OF_UNIT)
    texts = {
        name: [with_unit(formats, value, kind) for value, kind in zip(rows[name], kinds, strict=True)]
        for name in QUARTILES
    }
    return rows.assign(title=[say(_measure(row).title) for row in rows.to_dict("records")], **texts)


def _measure(row: Mapping[str, Any]) -> Measure:
    from crmkit.measures import find

    return find(":".join(part for part in (row["measure"], row["variant"]) if part))


def _what(row: Mapping[str, Any]) -> Compared:
    from crmkit.present.verdict_words import Compared

    one = _measure(row)
    return Compared(one.unit, one.better, "cases")
