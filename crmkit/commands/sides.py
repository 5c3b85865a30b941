"""``crmkit compare managers|gap``: who differs from whom, and where the difference comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crmkit.commands.compared import Answer, opened
from crmkit.commands.figures import AsOf, ClientPlace, Span
from crmkit.commands.improve import Plain
from crmkit.commands.terminal import busy, say

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.compare.sides import Side
    from crmkit.present.study import Study


def gap(
    client: ClientPlace,
    first: Annotated[str, typer.Argument(metavar="FIRST", help=say("A rep, another group, or a period."))],
    second: Annotated[str, typer.Argument(metavar="SECOND", help=say("What it is compared with."))],
    by: Annotated[
        str, typer.Option(help=say("What FIRST and SECOND are: manager, team, source …; default: periods."))
    ] = "",
    chain: Annotated[
        Literal["sales", "stages"],
        typer.Option(help=say("Leads, win rate and average check; or the conversion of every stage.")),
    ] = "sales",
    mix: Annotated[
        str, typer.Option(help=say("A slice, such as source: tells which deals apart from how they are won."))
    ] = "",
    pipeline: Annotated[str, typer.Option(help=say("Of the stages; default: that of most deals."))] = "",
    period: Span = "all",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print the factors with what each contributes."""
    from crmkit.compare.gap import gap as split
    from crmkit.measures.records import plain_rows
    from crmkit.present.verdict_words import Compared

    with busy():
        study = opened(client, as_of, period)
        one, other = (_side(study, text, by) for text in (first, second))
        found = split(study.crm, one, other, chain=chain, mix=mix, pipeline=pipeline)
    part, whole = Compared(found.unit, kind="part"), Compared(found.unit, "higher")
    head = {
        "first": first, "second": second, "by": by or "period", "chain": found.chain, "unit": found.unit,
        "pipeline": found.pipeline or None, "mix": found.mix or None, "level": found.level,
        "left_out": plain_rows(found.left_out),
    }  # fmt: skip
    heads = {"factor": say("factor"), "stage": say("stage"), "first": first, "second": second}
    shown = _shown(study, found.rows)
    Answer(
        study, found.rows, lambda row: whole if row["factor"] == "total" else part, heads, head, shown=shown
    ).print(format)


def _shown(study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the factors with both sides' values as they are read."""
    from crmkit.present.units import KIND_OF_UNIT, with_unit

    kinds = rows["unit"].map(KIND_OF_UNIT)
    told = {
        name: [with_unit(study.formats, value, kind) for value, kind in zip(rows[name], kinds, strict=True)]
        for name in ("first", "second")
    }
    return rows.assign(**told)


def _side(study: Study, text: str, by: str) -> Side:
    """Return one side of a gap: a group in the period, or everybody in a period of its own."""
    from crmkit.compare.sides import Side
    from crmkit.periods import Period

    if by:
        return Side(study.period, by, text)
    return Side(Period.parse(text, study.client.time_zone))
