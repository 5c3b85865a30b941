"""What makes two periods look different although nothing changed but the records, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.compare.periods import Periods
from crmkit.errors import N_
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences

CUT = N_(
    "{period}: nothing in this export was closed before {day}. Of the deals that usually close in such a time"
    " only about {share} can be in it, and not like the others: those closed earlier are missing. Won"
    " and lost deals, revenue, win rate, average check and cycle of this period are therefore not compared."
    " Export the deals closed earlier too, or compare later periods."
)
QUICK = N_(
    "{period}: deals are recorded only from shortly before it on, so only those that were closed quickly can"
    " be among the closed ones: about {share} of what usually closes in such a time. Won and lost"
    " deals, revenue, win rate, average check and cycle of this period are therefore not compared. Compare"
    " later periods, or export older deals too."
)
BELIEVE = N_("The win rate of {value} told for it is that of this part and not to be believed.")
CREATED = N_(
    "{period}: of the deals created then only about {share} can be in this export, for those closed before"
    " {day} are not. New deals of this period are not compared."
)
OTHERS = {
    "records_begin": N_("{period}: {measure}: recorded only from {day} on, so it is not compared."),
    "not_over": N_("{period} is not over: it is told up to {day}, per working day."),
    "young_cases": N_(
        "{period}: {measure}: {n} of {of} cases are too young to be counted. Those that are counted are"
        " the ones that came to an end soon."
    ),
    "young_cohort": N_(
        "{period}: {measure}: {n} of {of} deals are too young to be counted; it is told of the older ones."
    ),
    "mass_closing": N_(
        "{period}: {n} of {of} closed deals were closed in a mass, by one person in one day: that looks like"
        " tidying up, and the figures of closed deals tell of it."
    ),
    "another_season": N_(
        "The periods are different parts of the year: a change may be the season's. Compare the same months"
        " of two years to leave it out."
    ),
    "present_owner": N_(
        "The export does not tell whose a deal was when it was closed: where reps are told apart, deals count"
        " for their present owner."
    ),
}


def warnings(study: Study, found: Periods) -> Sentences | None:
    """Return what must be known before the periods are compared; nothing where there is nothing."""
    told = [_said(study, found, row) for row in found.warnings.to_dict("records")]
    return Sentences(tuple(told), "warning") if told else None


def _said(study: Study, found: Periods, row: Mapping[str, Any]) -> str:
    formats = study.formats
    period = (found.earlier, found.later)[max(row["side"], 0)]
    day = None if is_missing(row["day"]) else pd.Timestamp(row["day"]).tz_convert(study.client.time_zone)
    parts: dict[str, object] = {
        "period": formats.period(*period.days()),
        "day": formats.day(None if day is None else day.date()),
        "share": formats.share(row["share"], 0),
        "n": formats.count(row["n"]), "of": formats.count(row["of"]),
    }  # fmt: skip
    if row["code"] != "first_records":
        one = row["measure"]
        return study.say(OTHERS[row["code"]].text, **parts, measure=study.title(one) if one else "")
    if row["measure"] == "created_in":
        return study.say(CREATED.text, **parts)
    text = QUICK if day is None else CUT
    return " ".join([study.say(text.text, **parts), *_rate(study, found, row["side"])])


def _rate(study: Study, found: Periods, side: int) -> list[str]:
    """Return the sentence about a period's win rate, where there is one."""
    rows = found.rows[found.rows["name"] == "win_rate:closed_count"]
    for row in rows.to_dict("records"):
        value, n = ((row["before"], row["before_n"]), (row["value"], row["after_n"]))[side]
        if not is_missing(value) and n >= study.crm.settings.limits.few_cases:
            return [study.say(BELIEVE.text, value=study.formats.share(value))]
    return []
