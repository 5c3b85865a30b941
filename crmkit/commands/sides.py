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


OutcomeName = Annotated[
    str,
    typer.Option(
        help=say(
            "What is compared: win_rate, revenue_per_lead, cycle, on_time, actions_per_day or"
            " stage_conversion."
        )
    ),
]
#: What is counted in an outcome, where it is not deals.
CASES = {
    "revenue_per_lead": "leads",
    "on_time": "tasks",
    "actions_per_day": "days",
    "stage_conversion": "visits",
}


def managers(
    client: ClientPlace,
    outcome: OutcomeName = "win_rate",
    by: Annotated[
        str, typer.Option(help=say("Who is compared: manager, or another slice, such as team."))
    ] = "manager",
    period: Span = "all",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print each rep beside what the others would have made of such deals."""
    from crmkit.compare.managers import managers as compared
    from crmkit.compare.outcomes import find_outcome
    from crmkit.present.verdict_words import Compared, why

    one = find_outcome(outcome)
    with busy():
        study = opened(client, as_of, period)
        found = compared(study.crm, study.period, outcome, by=by)
    what = Compared(one.unit, one.better, CASES.get(outcome, "deals"))
    head = {
        "outcome": outcome, "unit": one.unit, "better": one.better, "by": by, "mix": list(found.mix.codes),
        "not_in_mix": dict(found.mix.left_out), "left_out": dict(found.left_out), "level": found.level,
        "credit": found.credit or None, "missing": found.missing or None,
    }  # fmt: skip
    notes = [study.say(str(one.about)), *([why(study, found.missing)] if found.missing else [])]
    if found.credit == "owner_now":
        notes.append(say("Deals count for their present owner, whoever worked on them before."))
    heads = {"name": say("rep") if by == "manager" else by, "role": say("role")}
    Answer(study, _named(study, found.rows, by), lambda _: what, heads, head, tuple(notes)).print(format)


def _named(study: Study, rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the rows with the names of the reps; the labels of another slice are names."""
    if by != "manager":
        return rows.rename(columns={"manager_id": "name"})
    people = study.crm.tables["managers"]
    names = dict(zip(people["manager_id"].astype("str"), people["name"].astype("object"), strict=True))
    told = rows.copy()
    told.insert(1, "name", [names.get(one, one) for one in rows["manager_id"]])
    return told


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
        "first": first, "second": second, "by": by or "period", "chain": found.chain, "unit": found.unit,
        "pipeline": found.pipeline or None, "mix": found.mix or None, "level": found.level,
        "left_out": plain_rows(found.left_out),
    }  # fmt: skip
    said = notes(study, named_sides(study, found))
    Answer(study, found.rows, lambda row: compared(found, row), {}, head, tuple(said)).print(format)


def _side(study: Study, text: str, by: str) -> Side:
    """Return one side of a gap: a group in the period, or everybody in a period of its own."""
    from crmkit.compare.sides import Side
    from crmkit.periods import Period

    if by:
        return Side(study.period, by, text)
    return Side(Period.parse(text, study.client.time_zone))
