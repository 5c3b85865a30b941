"""Slices for people: what they are called, how their labels read, in which order they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crmkit.errors import N_
from crmkit.measures.slices import ALIASES
from crmkit.present.study import Study
from crmkit.present.texts import is_missing

NAMES = {
    "manager": N_("Rep"),
    "team": N_("Team"),
    "role": N_("Role"),
    "pipeline": N_("Pipeline"),
    "stage": N_("Stage"),
    "source": N_("Source"),
    "product": N_("Product"),
    "segment": N_("Segment"),
    "company": N_("Client"),
    "lost_reason": N_("Reason"),
    "kind": N_("Kind"),
    "direction": N_("Direction"),
    "day": N_("Day"),
    "week": N_("Week"),
    "month": N_("Month"),
    "quarter": N_("Quarter"),
    "year": N_("Year"),
}
UNBROKEN = "\u2011"
"""A hyphen at which no line ends."""
BY_NAME = ("manager", "owner", "team", "role")
_CALLED = {"manager_id": "manager", "company_id": "company"}


def heading(study: Study, name: str) -> str:
    """Return what a slice is called; a client's own field is called as in the export."""
    column = ALIASES.get(name, name)
    known = NAMES.get(_CALLED.get(column, column))
    return study.words.message(known) if known else name


def within(study: Study, name: str) -> str:
    """Return what a slice is called inside a sentence."""
    told = heading(study, name)
    return told if told == name else told.lower()


def label(study: Study, name: str, value: object) -> str:
    """Return how a label of a slice is read; that of a span of time is its first day and the day after it."""
    if isinstance(value, tuple):
        first, after = value
        if (name, first.day, after.day) == ("month", 1, 1):
            return study.formats.month(first)
        whole_week = name == "week" and after - first > timedelta(days=6)
        told = study.formats.day(first) if whole_week else study.formats.period(first, after)
        return told.replace("-", UNBROKEN)
    if ALIASES.get(name, name) == "company_id" and not is_missing(value):
        return study.formats.group(company_names(study).get(str(value), value))
    return study.formats.group(value)


def names_of_reps(study: Study) -> dict[str, str]:
    """Return the names of the reps by their number, where the export tells them."""
    reps = study.crm.tables["managers"].dropna(subset="name")
    return dict(zip(reps["manager_id"].astype("str"), reps["name"].astype("str"), strict=True))


def company_names(study: Study) -> dict[str, str]:
    """Return the names of the companies by their number, where the export tells them."""
    table = study.crm.tables["companies"]
    known = table[table["name"].notna() & (table["name"].astype("str") != "")]
    return dict(zip(known["company_id"].astype("str"), known["name"].astype("str"), strict=True))


def stage_order(study: Study) -> list[str]:
    """Return the stages in the order of the pipelines."""
    stages = study.crm.tables["stages"]
    stages = stages.sort_values(["pipeline", "position"], kind="stable", na_position="last")
    return list(dict.fromkeys(stages["stage"].astype("str")))


def ordered(study: Study, name: str, labels: Sequence[object], sizes: Sequence[float]) -> list[object]:
    """Return the labels of a slice in the order in which people look for them; what has none comes last.

    Time runs on, stages follow the pipeline, reps and teams stand by name so that nothing is read into their
    order; all others stand by size, the largest first.
    """
    stages = {stage: place for place, stage in enumerate(stage_order(study))} if name == "stage" else {}

    def place(label: object, size: float) -> tuple[bool, float, str]:
        rank = 0.0 if is_missing(size) else -size
        if isinstance(label, tuple):
            rank = label[0].toordinal()
        elif name == "stage":
            rank = stages.get(str(label), len(stages))
        elif name in BY_NAME:
            rank = 0.0
        return is_missing(label), rank, str(label).casefold()

    return [label for label, _ in sorted(zip(labels, sizes, strict=True), key=lambda pair: place(*pair))]
