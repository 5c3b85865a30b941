"""``crmkit compare periods|effect|claim``: what changed, what a change brought, whether a claim is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crmkit.commands.compare_output import opened, print_told
from crmkit.commands.figures import AsOf, ClientPlace, Measures, Span
from crmkit.commands.improve import Plain
from crmkit.commands.terminal import busy, say
from crmkit.errors import N_, RequestError

if TYPE_CHECKING:
    from crmkit.periods import Period

Day = Annotated[str, typer.Option("--date", help=say("The first day of the change, such as 2026-03-01."))]
Treated = Annotated[
    list[str], typer.Option(help=say("Whom the change touched: SLICE=GROUP, such as team=North."))
]
Untouched = Annotated[
    list[str], typer.Option(help=say("Whom it did not touch, to compare with: SLICE=GROUP."))
]
Claims = Annotated[
    list[str],
    typer.Argument(
        metavar="CLAIM…",
        help=say(
            "What is claimed: revenue:+24%, lost_deals:-30%, client_retention:x5, first_response_time:/3,"
            " win_rate:2%->20%; of two reps: Ann/Bob:x2."
        ),
    ),
]
Since = Annotated[
    str, typer.Option("--date", help=say("The first day of the change that is said to have brought it."))
]
Until = Annotated[
    str, typer.Option(help=say("Only the days up to this one count, against as many before the change."))
]
Before = Annotated[str, typer.Option("--earlier", help=say("Of two periods: the one before."))]
After = Annotated[str, typer.Option("--later", help=say("Of two periods: the one after it."))]
Earlier = Annotated[str, typer.Argument(metavar="EARLIER", help=say("The period before, such as 2026-Q1."))]
Later = Annotated[str, typer.Argument(metavar="LATER", help=say("The period after it, such as 2026-Q2."))]


def periods(
    client: ClientPlace,
    earlier: Earlier,
    later: Later,
    measure: Measures = [],  # noqa: B006
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print each figure of both periods, its change, and whether the change is more than noise."""
    from crmkit.compare.periods import MEASURES, compared_periods
    from crmkit.periods import Period
    from crmkit.present.artefacts import warnings
    from crmkit.present.periods import content, shown

    with busy():
        study = opened(client, as_of, "all")
        first, second = (Period.parse(text, study.client.time_zone) for text in (earlier, later))
        found = compared_periods(study.crm, first, second, measure or MEASURES)
    if format == "table":
        typer.echo(repr(shown(study, found)))
        return
    said = warnings(study, found)
    print_told(study, content(study, found), said.paragraphs if said else ())


def effect(
    client: ClientPlace,
    day: Day,
    measure: Annotated[str, typer.Option(help=say("What may have changed: ID or ID:VARIANT."))] = "revenue",
    treated: Treated = [],  # noqa: B006
    control: Untouched = [],  # noqa: B006
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print what a change did to a measure, week by week."""
    from crmkit.compare.effect import effect as effect_of
    from crmkit.measures.records import plain, plain_rows
    from crmkit.periods import a_day
    from crmkit.present.effect import shown
    from crmkit.present.effect_words import said_of

    since, groups = a_day("--date", day), (_group("--treated", treated), _group("--control", control))
    with busy():
        study = opened(client, as_of, "all")
        found = effect_of(study.crm, since, measure, treated=groups[0], control=groups[1])
        page = shown(study, found)
    if format == "table":
        typer.echo(repr(page))
        return
    names = ("measure", "n_before", "n_after", "placebo_share", "placebo_dates", "is_season", "correlation")
    told = {name: plain(getattr(found, name)) for name in names}
    told |= {"rows": study.found["effects"], "series": plain_rows(found.series)}
    print_told(study, told, [] if found.series.empty else said_of(study, found))


def claim(
    client: ClientPlace,
    claims: Claims,
    day: Since = "",
    until: Until = "",
    earlier: Before = "",
    later: After = "",
    outcome: Annotated[str, typer.Option(help=say("By what two reps are compared."))] = "win_rate",
    treated: Treated = [],  # noqa: B006
    control: Untouched = [],  # noqa: B006
    period: Span = "all",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print what the data say to claims."""
    from crmkit.compare.answers import answer
    from crmkit.periods import a_day
    from crmkit.present.claims import claims_of, measure_titles

    since, end = (a_day(*one) if one[1] else None for one in (("--date", day), ("--until", until)))
    touched, untouched = _group("--treated", treated), _group("--control", control)
    with busy():
        study = opened(client, as_of, period)
        spans = _both(earlier, later, study.client.time_zone)
        found = []
        for one in claims:
            told = answer(
                study.crm, one, day=since, until=end, periods=spans, period=study.period, outcome=outcome,
                treated=touched, control=untouched, titles=measure_titles(),
            )  # fmt: skip
            found.append(told)
        page = claims_of(study, found)
    if format == "table":
        typer.echo(repr(page))
    else:
        print_told(study, {"rows": study.found["claims"]}, page.items[-1].paragraphs)


def _both(earlier: str, later: str, zone: str) -> tuple[Period, Period] | None:
    """Return the two periods of a claim, if it is about two."""
    from crmkit.periods import Period

    if not earlier and not later:
        return None
    if not (earlier and later):
        remedy = N_("Name two periods, such as 2017-Q1 and 2017-Q2.")
        raise RequestError("--earlier --later", N_("two periods are needed"), remedy=remedy)
    return Period.parse(earlier, zone), Period.parse(later, zone)


def _group(option: str, texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if wrong := [text for text, pair in zip(texts, pairs, strict=True) if not (pair[0] and pair[2])]:
        remedy = N_("Write the slice and the group, such as team=North.")
        raise RequestError(option, N_("this is not a group"), wrong, remedy)
    return {slice_: group for slice_, _, group in pairs}
