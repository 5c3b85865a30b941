"""What stands against the parts of a gap: whom nobody compares, and deals that are not alike (METHOD 6)."""

from __future__ import annotations

from crmkit.compare.artefacts import seen_shares
from crmkit.compare.gap_sides import Side, reps_of
from crmkit.compare.intervals import LEVEL
from crmkit.compare.outcomes import find_outcome
from crmkit.compare.people import people_of
from crmkit.compare.periods import compared_periods
from crmkit.compare.two_reps import pair_of
from crmkit.schema import Snapshot

WIN_RATE = "win_rate:closed_count"


def hindrances(crm: Snapshot, sides: tuple[Side, Side]) -> dict[str, str]:
    """Return why parts do not hold, by factor; under "" why none does.

    Of two reps, or two periods, like deals may be won alike: then nobody wins less.
    """
    if whole := hindrance(crm, sides):
        return {"": whole}
    is_time = not any(side.by for side in sides)
    found = _times(crm, sides) if is_time else _people(crm, sides)
    return dict.fromkeys(("win_rate", "stage_conversion"), found) if found else {}


def hindrance(crm: Snapshot, sides: tuple[Side, Side]) -> str:
    """Return why two reps are not compared at all: roles that differ, or one who is new; else nothing."""
    people = [people_of(crm, reps_of(crm, side), side.period) for side in sides if _is_rep(side)]
    roles = [set(each["role"]) - {""} for each in people]
    if len(roles) == 2 and roles[0] and roles[1] and roles[0] != roles[1]:
        return "different_roles"
    return "new_hire" if any(each["is_new"].any() for each in people) else ""


def _is_rep(side: Side) -> bool:
    return side.by in ("manager", "owner")


def _people(crm: Snapshot, sides: tuple[Side, Side]) -> str:
    """Return why the win rates of two reps do not differ among like deals as they do among all."""
    who = [reps_of(crm, side) for side in sides if _is_rep(side)]
    if [len(one) for one in who] != [1, 1] or who[0] == who[1] or sides[0].period != sides[1].period:
        return ""
    told = pair_of(crm, (who[0][0], who[1][0]), sides[0].period, find_outcome("win_rate"))
    if told.verdict.reason == "nothing_won":  # there is no ratio, but chance can be told
        return "" if told.like.nothing < (1 - LEVEL) / 2 else "won_nothing_by_chance"
    if told.verdict.label == "cannot_be_computed":
        return told.verdict.reason
    return "" if told.verdict.direction == ("above" if told.raw.value > 1 else "below") else "unlike_deals"


def _times(crm: Snapshot, sides: tuple[Side, Side]) -> str:
    """Return why the win rates of two periods do not differ among like deals as they do among all."""
    (start, end), (other_start, other_end) = ((side.period.start, side.period.end) for side in sides)
    if start is None or end is None or other_start is None or other_end is None:
        return ""
    if max(start, other_start) < min(end, other_end):
        return ""
    earlier, later = sorted((side.period for side in sides), key=lambda one: str(one.start))
    row = compared_periods(crm, earlier, later, [WIN_RATE]).rows.iloc[0]
    return "" if row["direction"] == ("above" if row["change"] > 0 else "below") else "unlike_deals"


def beginning(crm: Snapshot, sides: tuple[Side, Side]) -> str:
    """Return ``first_records`` where of one of two periods only quick deals can be in the export."""
    if sides[0].period == sides[1].period:
        return ""
    least = min(seen_shares(crm, side.period).closed_in for side in sides)
    return "first_records" if least < crm.settings.limits.closings_seen else ""
