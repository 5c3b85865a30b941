"""The page of a gap: what one side's revenue has more or less than the other's, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import pandas as pd

from crmkit.compare.gap import Gap, gap
from crmkit.compare.gap_doubts import hindrance
from crmkit.compare.gap_sides import STAGED, ChainName, Side
from crmkit.errors import N_, RequestError
from crmkit.measures.slices import lacking
from crmkit.periods import Period
from crmkit.present import periods
from crmkit.present.asked import check_texts
from crmkit.present.compared import records
from crmkit.present.differences import between_text, difference_text
from crmkit.present.figures import Figure
from crmkit.present.gap_words import READING, Named, compared, factor, heading, named_sides, notes
from crmkit.present.managers import told_of
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.verdict_words import label_text, reason_text, verdict_text
from crmkit.present.waterfall import Part, waterfall

#: What the option says of a gap.
ASKED = ("first", "second", "by", "chain", "mix")
#: Among so many reps, those with most deals, two are looked for who can be compared.
MOST = 10


def gap_of(
    study: Study, first: Side, second: Side, *, chain: ChainName = "sales", mix: str | None = ""
) -> Several | Sentences:
    """Return where the gap in revenue between two sides comes from: sentences, a waterfall, its table.

    Raises
    ------
    RequestError: both sides are the same; there is no such slice or group.
    """
    return shown(study, gap(study.crm, first, second, chain=chain, mix=mix))


def shown(study: Study, found: Gap) -> Several | Sentences:
    """Return a gap as sentences, a waterfall and its table."""
    named = named_sides(study, found)
    total = found.rows.iloc[-1].to_dict()
    study.found.setdefault("gap", []).extend(
        {"first_side": named.first, "second_side": named.second, **row}
        for row in records(study, found.rows, lambda row: compared(found, row))
    )
    if is_missing(total["value"]):
        return _warned(study, named, reason_text(study, total, compared(found, total)))
    if total["n"] < study.crm.settings.limits.few_cases:
        return _warned(study, named, *_too_few(study, named))
    return Several((_said(study, named), _chart(study, named), _table(study, named)))


def _warned(study: Study, named: Named, *said: str) -> Sentences:
    return Sentences.of(study.words, [heading(study, named), *said], "warning")


def _too_few(study: Study, named: Named) -> list[str]:
    """Return how many deals each side won of how many, which is all that so few allow to be told."""
    rows = named.found.rows
    leads = rows[rows["factor"] == "leads"].iloc[0]
    few = study.crm.settings.limits.few_cases
    told = [
        study.say("{side}: {n} deals came to an end.", side=side, n=study.formats.count(leads[name]))
        for side, name in ((named.first, "n_first"), (named.second, "n_second"))
    ]
    return [*told, study.say("Too few to split the difference: {few} on each side are needed.", few=few)]


def _said(study: Study, named: Named) -> Sentences:
    """Return what the difference is, which parts are more than chance, and what else is to be known."""
    found, formats = named.found, study.formats
    *parts, total = found.rows.to_dict("records")
    kind = KIND_OF_UNIT[found.unit]
    ends = {"first": named.first, "second": named.second}
    ends |= {
        "one": with_unit(formats, total["first"], kind),
        "other": with_unit(formats, total["second"], kind),
        "difference": difference_text(formats, total["shown"], found.unit),
    }
    what = N_("{first}: {one}; {second}: {other}. The difference is {difference}.")
    told = [study.say(what.text, **ends)]
    days = [row for row in parts if row["factor"] == "working_days"]  # a calendar is no finding
    holding = [row for row in parts if row["label"] == "holds" and row not in days]
    verdict = verdict_text(study, total, compared(found, total))
    told.append(
        verdict
        if total["label"] == "cannot_be_computed"
        else study.say(
            "{verdict} Verdict: {label} (n = {n}).", n=formats.count(total["n"]),
            verdict=verdict, label=label_text(study, total["label"]),
        )
    )  # fmt: skip
    told += [told_of(study, factor(study, found, row), row, compared(found, row)) for row in holding]
    if not holding:
        none = N_("Of none of its parts can the data tell whether it is more than chance.")
        if days:
            none = N_(
                "Of none of its parts but the working days can the data tell that it is more than chance."
            )
        told.append(study.words.message(none))
    return Sentences(tuple(told), "finding")


def _chart(study: Study, named: Named) -> Figure:
    found = named.found
    *rows, total = found.rows.to_dict("records")
    limits = study.crm.settings.limits

    def part(row: Mapping[str, Any], name: str) -> Part:
        shown = row["n"] >= limits.few_cases
        low, high = (float(row[end]) if shown else float("nan") for end in ("gap_low", "gap_high"))
        return Part(name, float(row["shown"]), low, high, row["label"] == "holds")

    column = N_("Part of the difference")
    axis = N_("Revenue") if found.unit == "money" else N_("Won deals")
    plate = study.plate("gap", heading(study, named), axis, column)
    ends = ((named.second, float(total["second"])), named.first)
    parts = [part(row, factor(study, found, row)) for row in rows]
    return waterfall(parts, ends, plate, unit=found.unit)


def _table(study: Study, named: Named) -> Table:
    """Return the factors of both sides, what each contributes, and what may be said of it."""
    found = named.found
    rows = found.rows.to_dict("records")
    kinds = [KIND_OF_UNIT[row["unit"]] for row in rows]
    frame = pd.DataFrame(
        {
            "factor": [factor(study, found, row) for row in rows],
            "first": found.rows["first"],
            "second": found.rows["second"],
            "n": found.rows["n"],
            "value": found.rows["shown"],
            "interval": [_interval(study, found, row) for row in rows],
            "verdict": [label_text(study, row["label"]) for row in rows],
        }
    )
    for side in ("first", "second"):
        frame[f"{side}_n"] = found.rows[f"n_{side}"]
        is_share = [row["unit"] == "share" and row["factor"] != "mix" and not found.mix for row in rows]
        frame[f"{side}_numerator"] = np.where(is_share, np.round(frame[side] * frame[f"{side}_n"]), np.nan)
    columns = [
        Column("factor", study.say("Part of the difference")),
        Column("first", named.first, "mixed", gated=True),
        Column("second", named.second, "mixed", gated=True),
        Column("n", "n", "count"),
        Column("value", study.say("Adds"), "money" if found.unit == "money" else "number"),
        Column("interval", study.say("Its interval")),
        Column("verdict", study.say("Verdict")),
    ]
    title = study.words.message(heading(study, named))
    return study.table(frame, "gap", title, columns, notes(study, named), kinds=kinds, foot=1)


def _interval(study: Study, found: Gap, row: Mapping[str, Any]) -> str | None:
    few = row["n"] < study.crm.settings.limits.few_cases or is_missing(row["gap_low"])
    return None if few else between_text(study.formats, row["gap_low"], row["gap_high"], found.unit)


def gaps(study: Study) -> Several:
    """Return how gaps are read, and those of a report: the one asked for, else those of :func:`usual`.

    The option ``gap`` of a study has ``first`` and ``second``, which are groups of the slice ``by`` or,
    without it, periods; ``mix`` and ``chain`` as for :func:`crmkit.compare.gap.gap`.

    Raises
    ------
    RequestError: an option that cannot be used.
    """
    asked, reading = study.options.get("gap"), Sentences.of(study.words, READING)
    if asked is None:
        told = [item for pair in usual(study) for item in _items(study, *pair)]
        return Several((reading, *told)) if told else Several((_nobody(study),))
    if not isinstance(asked, dict) or not {"first", "second"} <= set(asked) <= set(ASKED):
        what = N_("a gap is asked for by two sides")
        raise RequestError(
            "options: gap", what, remedy=N_("Possible: {expected}.", expected=", ".join(ASKED))
        )
    check_texts("options: gap", asked)
    by, zone = asked.get("by", ""), study.client.time_zone
    if (chain := asked.get("chain", "sales")) not in get_args(ChainName):
        remedy = N_("Possible: {expected}.", expected=", ".join(get_args(ChainName)))
        raise RequestError(f"options: gap: chain {chain}", N_("a gap is not split so"), remedy=remedy)
    first, second = (
        Side(study.period, by, asked[name]) if by else Side(Period.parse(asked[name], zone))
        for name in ("first", "second")
    )
    items = _items(study, first, second, asked.get("chain", "sales"), asked.get("mix"))
    return Several((reading, *items))


def _items(
    study: Study, first: Side, second: Side, chain: ChainName = "sales", mix: str | None = None
) -> tuple[Any, ...]:
    told = gap_of(study, first, second, chain=chain, mix=mix)
    return told.items if isinstance(told, Several) else (told,)


def _nobody(study: Study) -> Sentences:
    said = N_("There are neither two reps of one role nor two periods to compare.")
    return Sentences.of(study.words, [said, *study.why(lacking(study.crm, "manager"))], "warning")


def usual(study: Study) -> list[tuple[Side, Side, ChainName]]:
    """Return what a report compares by itself: two periods, the later first, and two reps.

    The reps are two of one role, both not new, of whom most deals came to an end: of them the data tell most.
    Where the stages of lost deals are known, they are compared by stage too.
    """
    told: list[tuple[Side, Side, ChainName]] = []
    pair = periods.asked(study)
    if pair is not None:
        told.append((Side(pair[1]), Side(pair[0]), "sales"))
    closed = study.evaluate("win_rate", by=["manager"])
    closed = closed[(closed["n"] > 0) & closed["manager"].notna()].sort_values(
        ["n", "manager"], ascending=[False, True]
    )
    sides = [Side(study.period, "manager", name) for name in closed["manager"].head(MOST)]
    for one, other in ((one, other) for at, other in enumerate(sides) for one in sides[:at]):
        if not hindrance(study.crm, (one, other)):
            chains: list[ChainName] = ["sales"] if study.crm.lacks(STAGED) else ["sales", "stages"]
            return [*told, *((one, other, chain) for chain in chains)]
    return told
