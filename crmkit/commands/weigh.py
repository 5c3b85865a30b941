"""``crmkit process bottlenecks``: which step costs most, and what the described process would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Span
from crmkit.commands.terminal import print_json, say, user_language

if TYPE_CHECKING:
    from crmkit.present.study import Study


def bottlenecks(
    client: ClientPlace,
    period: Span = "",
    steps: Annotated[
        bool,
        typer.Option(
            "--steps/--stages", help=say("By the described steps, if there are any, or CRM stages.")
        ),
    ] = True,
    as_of: AsOf = "",
    format: Annotated[Literal["table", "json"], typer.Option(help=say("How to print it."))] = "table",
) -> None:
    """Print what each step costs, the one to improve first, and what the process to be would bring."""
    from crmkit.measures import borders
    from crmkit.present.bottlenecks import bottlenecks_of, content, focus, ranking, what_if
    from crmkit.present.expected import expected
    from crmkit.present.study import open_study

    study = open_study(client, as_of, user_language(), period)
    found = bottlenecks_of(study, stages=not steps)
    if format == "json":
        first, after = borders(study.crm, study.period).days()
        span = {"start": first.isoformat(), "end": after.isoformat(), "name": study.period.name}
        told = {"as_of": study.crm.as_of.isoformat(), "period": span}
        print_json(told | content(found) | _effect(study))
        return
    pages: list[Any] = [focus(study, found)]
    if not found.ranking.empty:
        pages += [ranking(study, found), what_if(study, found)]
    if study.processes.to_be:
        pages += expected(study).items
    typer.echo("\n\n".join(map(repr, pages)))


def _effect(study: Study) -> dict[str, Any]:
    """Return what the latest process to be would bring."""
    from crmkit.measures.records import plain_rows
    from crmkit.process.expected import expected_effect

    if not study.processes.to_be:
        return {"expected": None}
    found = expected_effect(study.crm, study.period, study.processes.to_be[-1])
    told = {"state": found.state, "whole": plain_rows(found.whole), "steps": plain_rows(found.steps)}
    return {"expected": told}
