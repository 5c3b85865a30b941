"""The page of claims: what is claimed, what the data says to it, why, and what is to be learnt from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from crmkit.compare.answers import Answer, answer, answers
from crmkit.compare.outcomes import OUTCOMES
from crmkit.errors import N_, RequestError
from crmkit.measures import catalogue, find
from crmkit.periods import Period, a_day
from crmkit.present.asked import check_texts, each_asked, two_periods
from crmkit.present.claim_words import (
    ANSWERS,
    READING,
    claimed_text,
    lessons,
    measured_text,
    what_of,
    why_text,
)
from crmkit.present.compared import records
from crmkit.present.options import how_to_ask
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT
from crmkit.present.verdict_words import label_text
from crmkit.present.words import LANGUAGES, Words

#: What the option says of a claim.
ASKED = ("claim", "date", "until", "periods", "period", "outcome", "control", "treated")
GROUPS = ASKED[-2:]
NOTHING_ASKED = N_(
    "No claim was named. A claim is written short, with the day from which on it is said to hold:"
    " revenue:+24%, lost_deals:-30%, client_retention:x5, margin:+18%, first_response_time:/3,"
    " win_rate:2%->20%; of two reps, without a day: Ann/Bob:x2."
)


def claims(study: Study) -> Several | Sentences:
    """Return the answers to the claims that the option ``claims`` names.

    The option is a list; each is a claim (``revenue:+24%``) or an object with ``claim`` and, where wanted,
    ``date`` (2026-03-01), ``until``, ``periods`` (two names), ``control`` and ``treated`` (slice -> group);
    of two reps ``outcome`` and ``period``.

    Raises
    ------
    RequestError: an option that cannot be used.
    """
    found = asked_claims(study)
    if not found:
        example = {"claims": [{"claim": "revenue:+24%", "date": "2026-03-01"}]}
        return Sentences.of(study.words, [NOTHING_ASKED, how_to_ask(example)])
    return claims_of(study, found)


def asked_claims(study: Study) -> list[Answer]:
    """Return the answers to the claims that the option ``claims`` names, computed once for all pages.

    Raises
    ------
    RequestError: an option that cannot be used.
    """
    return each_asked(study, "claims", _asked)


def measure_titles() -> dict[str, str]:
    """Return all measures by their titles in all languages: claims may be written with them."""
    return {Words(language).say(one.title): one.name for language in LANGUAGES for one in catalogue()}


def claims_of(study: Study, found: Sequence[Answer]) -> Several:
    """Return answers as a table, with what is to be learnt from them."""
    rows = claim_rows(study, found)
    study.found.setdefault("claims", []).extend(records(study, rows, lambda row: what_of(study, row)))
    weeks = study.crm.settings.limits.weeks_after
    said = [study.say(one.text, weeks_after=weeks) for one in (READING, *lessons(found))]
    return Several((_table(study, rows), Sentences(tuple(said))))


def claim_rows(study: Study, found: Sequence[Answer]) -> pd.DataFrame:
    """Return answers as compared rows, with what people read: ``title, said, measured, held,
    answer, why``."""
    rows = answers(found)
    told = rows.to_dict("records")
    return rows.assign(
        title=[_title(study, row) for row in told],
        said=[claimed_text(study.formats, row["text"]) for row in told],
        held=[label_text(study, row["label"]) for row in told],
        measured=[measured_text(study, row, _kind(row)) for row in told],
        answer=[study.words.message(ANSWERS[row["claim"]]) for row in told],
        why=[why_text(study, row) for row in told],
    )


def _kind(row: Mapping[str, Any]) -> str:
    return KIND_OF_UNIT[OUTCOMES[row["outcome"]].unit if row["kind"] == "pair" else find(row["about"]).unit]


def _title(study: Study, row: Mapping[str, Any]) -> str:
    """Return what is claimed, of when."""
    if row["kind"] == "pair":
        told = {"reps": row["about"], "measure": study.words.message(OUTCOMES[row["outcome"]].title)}
        if not row["later"]:
            return study.say("{reps}: {measure}", **told)
        span = study.formats.period(*Period.parse(row["later"], study.client.time_zone).days())
        return study.say("{reps}: {measure}, {period}", **told, period=span)
    measure = study.title(row["about"])
    if row["kind"] == "effect":
        day = study.formats.day(date.fromisoformat(row["date"]))
        return study.say("{measure}, since {day}", measure=measure, day=day)
    spans = {
        side: study.formats.period(*Period.parse(row[side], study.client.time_zone).days())
        for side in ("earlier", "later")
    }
    return study.say("{measure}, {later} against {earlier}", measure=measure, **spans)


def _table(study: Study, rows: pd.DataFrame) -> Table:
    columns = [
        Column("title", study.say("What it is about")),
        Column("said", study.say("Claimed")),
        Column("measured", study.say("Measured, with the 95% interval")),
        Column("n", "n", "count"),
        Column("held", study.say("Verdict")),
        Column("answer", study.say("Answer")),
        Column("why", study.say("Why")),
    ]
    notes = [
        study.say(
            "Since a day: against what the weeks before let one expect. Of two periods: per working day where"
            " it is a sum or a count. Of two reps: within like deals."
        ),
        study.say("n: cases of the side that has fewer; of two reps, those whose likes both had."),
    ]
    return study.table(rows, "claims", study.say("Claims set against the data"), columns, notes)


def _asked(study: Study, asked: Any) -> Answer:
    """Return the answer to one claim of the option."""
    one: Mapping[str, Any] = asked if isinstance(asked, Mapping) else {"claim": asked}
    where, expected = "options: claims", ", ".join(ASKED)
    if not {"claim"} <= set(one) <= set(ASKED):
        what = N_("a claim is asked for by what it says")
        raise RequestError(where, what, remedy=N_("Possible: {expected}.", expected=expected))
    check_texts(where, {name: value for name, value in one.items() if name != "periods"}, GROUPS)
    return answer(
        study.crm,
        one["claim"],
        day=a_day(where, one["date"]) if "date" in one else None,
        until=a_day(where, one["until"]) if "until" in one else None,
        periods=two_periods(where, one["periods"], study.client.time_zone) if "periods" in one else None,
        period=Period.parse(one["period"], study.client.time_zone) if "period" in one else study.asked,
        outcome=one.get("outcome", "win_rate"),
        treated=one.get("treated"),
        control=one.get("control"),
        titles=measure_titles(),
    )
