"""``crmkit compare managers|gap``: who differs from whom, and where the difference comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crmkit.commands.compare_output import opened, print_told, span
from crmkit.commands.figures import AsOf, ClientPlace, Span
from crmkit.commands.improve import Plain
from crmkit.commands.terminal import busy, say

if TYPE_CHECKING:
    from crmkit.compare.gap_sides import Side
    from crmkit.present.study import Study


OutcomeName = Annotated[
    str,
    typer.Option(
        help=say(
            "What is compared: win_rate, revenue_per_lead, cycle, on_time, actions_per_day or"
            " stage_conversion."
        )
    ),
]
First = Annotated[str, typer.Argument(metavar="FIRST", help=say("A rep, another group, or a period."))]
Second = Annotated[str, typer.Argument(metavar="SECOND", help=say("What it is compared with."))]
Slice = Annotated[
    str, typer.Option(help=say("What FIRST and SECOND are: manager, team, source …; default: periods."))
]
ChainName = Annotated[
    Literal["sales", "stages"],
    typer.Option(help=say("Leads, win rate and average check; or the conversion of every stage.")),
]
Mix = Annotated[
    str, typer.Option(help=say("A slice, such as source: tells which deals apart from how they are won."))
]


def managers(
    client: ClientPlace,
    outcome: OutcomeName = "win_rate",
    period: Span = "all",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print each rep beside what the others would have made of such deals."""
    from crmkit.compare.outcomes import find_outcome
    from crmkit.present.managers import compared_reps, managers_of
    from crmkit.present.managers_notes import notes
    from crmkit.present.verdict_words import why

    one = find_outcome(outcome)
    with busy():
        study = opened(client, as_of, period)
        page, found = compared_reps(study, outcome), managers_of(study, outcome)
    if format == "table":
        typer.echo(repr(page))
        return
    (content,) = study.found["managers"]
    head = {
        "period": span(study), "unit": one.unit, "better": one.better, "credit": found.credit or None,
        "not_alike_by": dict(found.mix.left_out),
    }  # fmt: skip
    said = [why(study, found.missing)] if found.missing else notes(study, found)
    print_told(study, head | content, said)


def gap(
    client: ClientPlace,
    first: First,
    second: Second,
    by: Slice = "",
    chain: ChainName = "sales",
    mix: Mix = "",
    pipeline: Annotated[str, typer.Option(help=say("Of the stages; default: that of most deals."))] = "",
    period: Span = "all",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print the factors with what each contributes."""
    from crmkit.compare.gap import gap as split
    from crmkit.measures.records import plain_rows
    from crmkit.present.compared import records
    from crmkit.present.gap import shown
    from crmkit.present.gap_words import compared, named_sides, notes

    with busy():
        study = opened(client, as_of, period)
        one, other = (_side(study, text, by) for text in (first, second))
        found = split(study.crm, one, other, chain=chain, mix=mix, pipeline=pipeline)
    if format == "table":
        typer.echo(repr(shown(study, found)))
        return
    head = {
        "period": span(study), "first": first, "second": second, "by": by or "period",
        "chain": found.chain, "unit": found.unit,
        "pipeline": found.pipeline or None, "mix": found.mix or None, "level": found.level,
        "left_out": plain_rows(found.left_out),
    }  # fmt: skip
    rows = records(study, found.rows, lambda row: compared(found, row))
    print_told(study, head | {"rows": rows}, notes(study, named_sides(study, found)))


def _side(study: Study, text: str, by: str) -> Side:
    """Return one side of a gap: a group in the period, or everybody in a period of its own."""
    from crmkit.compare.gap_sides import Side
    from crmkit.periods import Period

    if by:
        return Side(study.period, by, text)
    return Side(Period.parse(text, study.client.time_zone))
