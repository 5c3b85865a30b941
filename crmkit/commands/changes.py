"""``crmkit compare periods|effect|claim``: what changed, what a change brought, whether a claim is true."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from crmkit.commands.compared import Answer, opened, print_told
from crmkit.commands.figures import AsOf, ClientPlace, Measures
from crmkit.commands.improve import Plain
from crmkit.commands.terminal import busy, say
from crmkit.errors import N_, RequestError

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.compare.effect import Effect
    from crmkit.present.verdict_words import Compared

Day = Annotated[str, typer.Option("--date", help=say("The first day of the change, such as 2026-03-01."))]
#: What a measure that adds up is told in, per working day.
DAILY = {"count": "per_day", "money": "money_per_day"}
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
    treated: Annotated[
        list[str], typer.Option(help=say("Whom the change touched: SLICE=GROUP, such as team=North."))
    ] = [],  # noqa: B006
    control: Annotated[
        list[str], typer.Option(help=say("Whom it did not touch, to compare with: SLICE=GROUP."))
    ] = [],  # noqa: B006
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print what a change did to a measure, week by week."""
    from crmkit.compare.effect import effect as effect_of
    from crmkit.measures import find
    from crmkit.measures.records import plain_rows

    since, groups = a_day(day), (_group("--treated", treated), _group("--control", control))
    with busy():
        study = opened(client, as_of, "all")
        found = effect_of(study.crm, since, measure, treated=groups[0], control=groups[1])
    head = {
        "measure": found.measure, "date": since.isoformat(), "treated": groups[0], "control": groups[1],
        "weeks_before": found.n_before, "weeks_after": found.n_after, "placebo_share": found.placebo_share,
        "placebo_dates": found.placebo_dates, "is_season": found.is_season,
        "series": plain_rows(found.series),
    }  # fmt: skip
    heads = {"title": say("measure")}
    rows, what = _row_of(found)
    shown = rows.assign(title=say(find(found.measure).title))
    Answer(study, rows, lambda _: what, heads, head, shown=shown).print(format)


def _row_of(found: Effect) -> tuple[pd.DataFrame, Compared]:
    """Return an effect as a compared row: as a part of what would have been, shares in points."""
    import pandas as pd

    from crmkit.compare.series import TOTALS
    from crmkit.measures import find
    from crmkit.present.differences import RELATIVE
    from crmkit.present.verdict_words import Compared

    one = find(found.measure)
    figure = DAILY.get(one.unit, one.unit) if one.summary in TOTALS else one.unit
    unit = figure if one.unit == "share" else RELATIVE
    of = "" if unit == figure else "relative_"
    names = (
        "n",
        "low",
        "high",
        "relative",
        "relative_low",
        "relative_high",
        "base",
        "label",
        "direction",
        "reason",
    )
    row = {"measure": found.measure, "unit": figure, "value": found.value}
    row |= {name: getattr(found, name) for name in names}
    row |= dict.fromkeys(("adjusted", "adjusted_low", "adjusted_high"), float("nan"))
    row |= {"gap": found.relative if of else found.value}
    row |= {f"gap_{end}": getattr(found, of + end) for end in ("low", "high")}
    row |= {name: getattr(found, name) for name in ("money_month", "money_low", "money_high")}
    return pd.DataFrame([row]), Compared(unit, one.better, "cases", "change", figure)


def a_day(text: str) -> date:
    """Return the day of an option.

    Raises
    ------
    RequestError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        remedy = N_("Write a date such as 2026-10-31.")
        raise RequestError(f"--date {text}", N_("this is not a date"), remedy=remedy) from error


def _group(option: str, texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if wrong := [text for text, pair in zip(texts, pairs, strict=True) if not (pair[0] and pair[2])]:
        remedy = N_("Write the slice and the group, such as team=North.")
        raise RequestError(option, N_("this is not a group"), wrong, remedy)
    return {slice_: group for slice_, _, group in pairs}
