"""The page that compares reps like for like: what may be said of whom, and what may not (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from crmkit.compare.managers import Managers, managers
from crmkit.compare.outcomes import OUTCOMES, Outcome
from crmkit.errors import N_
from crmkit.present.compared import like_for_like, records
from crmkit.present.field_words import role_text
from crmkit.present.figures import Figure, Plate
from crmkit.present.funnel import funnel
from crmkit.present.managers_notes import notes
from crmkit.present.several import Several
from crmkit.present.slicing import names_of_reps
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.verdict_words import Compared, label_text, verdict_text, why

MAIN = "win_rate"
SHOWN = 60
#: By an outcome beside the main one so many rows stand open, and all whose verdict holds.
UNFOLDED = 10
CASES = {
    "win_rate": "deals", "revenue_per_lead": "leads", "cycle": "deals", "on_time": "tasks",
    "actions_per_day": "days", "stage_conversion": "visits",
}  # fmt: skip
COUNTED = {
    "deals": N_("Deals"), "leads": N_("Leads"), "tasks": N_("Tasks"), "days": N_("Working days"),
    "visits": N_("Visits"),
}  # fmt: skip
ALONE = N_(
    "Each outcome is compared by itself. Among several, a verdict that stands alone may be one of the few"
    " that chance gives."
)


def compared_reps(study: Study, outcome: str = MAIN) -> Several | Sentences:
    """Return reps beside their colleagues by an outcome: what may be said, the funnel plot, the table.

    The plot of an outcome beside the main one stands only where somebody differs by more than chance.
    """
    found = managers_of(study, outcome)
    if found.missing:
        return Sentences((_not_told(study, found),), "warning")
    rows = named(study, found)
    items: list[Any] = [told(study, found, rows)]
    if found.outcome.kind == "share":
        parts = (part for _, part in rows.groupby("role", sort=True))
        is_main = outcome == MAIN
        items += [
            _funnel(study, found, one)
            for one in parts
            if _compared(one) and (is_main or (one["label"] == "holds").any())
        ]
    return Several((*items, _table(study, found, rows)))


def other_outcomes(study: Study) -> Several:
    """Return the comparison by every outcome but the main one; those that the export lacks together."""
    names = [name for name in OUTCOMES if name != MAIN]
    parts = [compared_reps(study, name) for name in names if not managers_of(study, name).missing]
    items = [item for part in parts for item in getattr(part, "items", (part,))]
    lacking = [_not_told(study, found) for found in map(partial(managers_of, study), names) if found.missing]
    alone = [Sentences.of(study.words, [ALONE])] if len(parts) > 1 else []
    return Several((*alone, *items, *([Sentences(tuple(lacking), "warning")] if lacking else [])))


def _not_told(study: Study, found: Managers) -> str:
    title = study.words.message(found.outcome.title)
    return study.say("{outcome}. {reason}", outcome=title, reason=why(study, found.missing))


def managers_of(study: Study, outcome: str) -> Managers:
    """Return reps compared by an outcome, once for all pages of a study, kept for the findings."""
    return study.once(f"managers {outcome}", lambda: _managers(study, outcome))


def _managers(study: Study, outcome: str) -> Managers:
    found = managers(study.crm, study.period, outcome)
    what = what_of(found.outcome)
    study.found.setdefault("managers", []).append(
        {
            "outcome": outcome, "missing": found.missing, "level": round(found.level, 6),
            "left_out": dict(found.left_out), "alike_by": list(found.mix.codes),
            "rows": records(study, named(study, found), lambda _: what),
        }
    )  # fmt: skip
    return found


def what_of(outcome: Outcome) -> Compared:
    """Return what a comparison by an outcome is about."""
    return Compared(outcome.unit, outcome.better, CASES[outcome.id])


def named(study: Study, found: Managers) -> pd.DataFrame:
    """Return the rows with the names of the reps, in their order."""
    names = names_of_reps(study)
    frame = found.rows.assign(name=[str(names.get(one, one)) for one in found.rows["manager_id"]])
    return frame.sort_values(["role", "name"], kind="stable", ignore_index=True)


def told(study: Study, found: Managers, rows: pd.DataFrame) -> Sentences:
    """Return what may be said of whom in sentences; how many cannot be told apart, or have too few cases."""
    what = what_of(found.outcome)
    title, about = study.words.message(found.outcome.title), study.words.message(found.outcome.about)
    said = [about if found.outcome.id == MAIN else f"{title}. {about}"]
    for row in rows[rows["label"] == "holds"].to_dict("records"):
        said.append(told_of(study, str(row["name"]), row, what))
    counts = rows["label"].value_counts()
    chance, few = int(counts.get("may_be_chance", 0)), int(counts.get("too_little_data", 0))
    if chance:
        said.append(study.words.plural(
            "Of {n} rep the data cannot tell a difference from colleagues.",
            "Of {n} reps the data cannot tell a difference from colleagues.", chance,
        ))  # fmt: skip
    if few:
        said.append(study.words.plural(
            "{n} rep has too few cases to be compared.", "{n} reps have too few cases to be compared.", few
        ))  # fmt: skip
    if found.outcome.id == MAIN:
        said += alone(study, rows)
    return Sentences(tuple(said), "finding" if "holds" in counts else "plain")


def alone(study: Study, rows: pd.DataFrame) -> list[str]:
    """Return how many reps have nobody to be compared with, if there are any."""
    many = int((rows["label"] == "cannot_be_computed").sum())
    if not many:
        return []
    return [study.words.plural(
        "{n} rep has nobody to be compared with.", "{n} reps have nobody to be compared with.", many
    )]  # fmt: skip


def _compared(rows: pd.DataFrame) -> bool:
    """Whether at least two of a role's reps are compared."""
    return int(rows["label"].isin(["holds", "may_be_chance"]).sum()) > 1


def told_of(study: Study, name: str, row: Mapping[str, Any], what: Compared) -> str:
    """Return a verdict about somebody or something, with its number of cases and its label."""
    said = verdict_text(study, row, what)
    return study.say(
        "{figure} (n = {n}, {label}): {verdict}", figure=name, verdict=said[:1].lower() + said[1:],
        n=study.formats.count(row["n"]), label=label_text(study, row["label"]),
    )  # fmt: skip


def _funnel(study: Study, found: Managers, rows: pd.DataFrame) -> Figure:
    outcome, what = found.outcome, what_of(found.outcome)
    holds, name = int((rows["label"] == "holds").sum()), study.words.message(outcome.title)
    title = study.say("{outcome} like for like: nobody differs by more than chance", outcome=name)
    if holds:
        title = study.words.plural(
            "{outcome} like for like: {n} rep differs by more than chance",
            "{outcome} like for like: {n} reps differ by more than chance", holds, outcome=name,
        )  # fmt: skip
    role = role_text(study.words, rows["role"].iloc[0])
    if role and len(found.rows["role"].unique()) > 1:
        title = study.say("{title} ({role})", title=title, role=role)
    plate = Plate(
        f"funnel_{outcome.id}", title, study.say("Like for like"), study.say("Rep"), study.formats,
        study.crm.settings.limits,
    )  # fmt: skip
    counted = study.say("{counted}, as many as tell of it", counted=study.words.message(COUNTED[what.cases]))
    return funnel(rows, plate, better=outcome.better, counted=counted)


def _table(study: Study, found: Managers, rows: pd.DataFrame) -> Table:
    outcome, what = found.outcome, what_of(found.outcome)
    kind = "number" if outcome.unit == "per_day" else outcome.unit
    records = rows.to_dict("records")
    frame = rows.assign(
        value_numerator=rows["numerator"],
        places=[_places(study, row, what) for row in records],
        role=[role_text(study.words, name) for name in rows["role"]],
        told=[label_text(study, row["label"]) for row in records],
        **like_for_like(study, rows, what),
    )
    columns = [
        Column("role", study.say("Role")),
        Column("name", study.say("Rep")),
        Column("told", study.say("Verdict")),
        Column("n", study.words.message(COUNTED[what.cases]), "count"),
        Column("like", study.say("Like for like"), kind, outcome.better, gated=True),
        Column("value", study.say("As it is"), kind, outcome.better, gated=True),
        Column("places", study.say("Possible places")),
        Column("verdict", study.say("What can be said")),
    ]
    parted = "role" if len(rows["role"].unique()) > 1 else ""
    if not parted:
        del columns[0]
    if not what.better:
        columns = [one for one in columns if one.key != "places"]
    name = study.words.message(outcome.title)
    title = study.say("{outcome} by rep, {period}", outcome=name, period=study.period_text())
    rest = [at for at, label in enumerate(rows["label"]) if at >= UNFOLDED and label != "holds"]
    return study.table(
        frame, f"managers_{outcome.id}", title, columns, notes(study, found), parted=parted, shown=SHOWN,
        folded=rest if outcome.id != MAIN else (),
    )  # fmt: skip


def _places(study: Study, row: Mapping[str, Any], what: Compared) -> str | None:
    """Return between which places among colleagues a rep stands, where that may be told.

    There are none where neither much nor little is good.
    """
    if row["label"] not in ("holds", "may_be_chance") or not what.better:
        return None
    low, high = int(row["rank_low"]), int(row["rank_high"])
    return study.formats.count(low) if low == high else f"{low}–{high}"
