"""What the parts of a gap are called, what may be said of them, and how they are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crmkit.compare.gap import Gap
from crmkit.compare.gap_sides import Side
from crmkit.compare.people import OWNER_THEN
from crmkit.errors import N_, Message
from crmkit.measures.cases import borders, days_seen
from crmkit.present import slicing
from crmkit.present.reasons import LEFT_OUT
from crmkit.present.study import Study
from crmkit.present.verdict_words import Compared

FACTORS: Mapping[str, Message] = {
    "working_days": N_("Working days"),
    "leads": N_("Leads"),
    "win_rate": N_("Win rate"),
    "amount_known": N_("Won deals with an amount"),
    "average_check": N_("Average check"),
    "total": N_("Difference"),
}
OTHERWISE: Mapping[str, Message] = {
    "leads": N_("Leads a working day"),
    "win_rate": N_("Win rate of like deals"),
}
READING = (
    N_(
        "Leads are the deals that came to an end, won or lost, in the period: so leads × win rate × average"
        " check is exactly its revenue. Deals still open are in none of these figures."
    ),
    N_(
        "Each part is what the difference would lose if both sides had this one figure in common: the mean"
        " over all orders in which their figures can be made equal. The parts add up exactly."
    ),
    N_(
        "In the chart a filled part is more than chance, a hollow one may be chance. The thin line is its"
        " interval: where it may end if chance falls out otherwise."
    ),
    N_(
        "The intervals come from drawing the clients anew, all deals of a client together, and between two"
        " periods from how much weeks differ, where that is more; those of the parts allow for several being"
        " compared at once."
    ),
)
OF_STAGES = N_(
    "A deal counts as having gone on from every stage before the furthest that it reached; deals of"
    " the pipeline «{pipeline}» alone."
)
OF_MIX = N_(
    "«Which deals» is the win rate that a side would have with its own deals by {slice}, were like deals won"
    " equally well by both; «win rate of like deals» the one it would have if both had the same deals. What"
    " one side had none of is taken to be won as the other wins it."
)
PRESENT_OWNER = N_("Deals count for their present owner, whoever worked on them before.")
UNKNOWN = N_(
    "A dash: there is nothing to divide by. The figure is then taken to be that of the other side, so it adds"
    " nothing, and the parts still add up."
)


@dataclass(frozen=True)
class Named:
    """A gap with what its two sides are called."""

    found: Gap
    first: str
    second: str


def compared(found: Gap, row: Mapping[str, Any]) -> Compared:
    """Return what is compared in a row: the whole difference, or a part of it.

    More revenue is not called better: that is for comparisons of like with like.
    """
    is_change = found.first.by == found.second.by and found.first.value == found.second.value
    if row["factor"] == "total":
        return Compared(found.unit, "", "leads", "change" if is_change else "sides")
    return Compared(found.unit, "", "deals" if row["factor"] == "average_check" else "leads", "part")


def side_name(study: Study, side: Side, sides: tuple[Side, Side]) -> str:
    """Return what a side is called: its group, its period, or both where the other's period is another."""
    group = slicing.label(study, side.by, side.value) if side.by else study.say("The whole department")
    first, after = days_seen(study.crm, side.period).days()
    if first == after:  # nothing is known of any of its days
        first, after = borders(study.crm, side.period).days()
    period = study.formats.period(first, after)
    if sides[0].period == sides[1].period:
        return group
    if not sides[0].by and not sides[1].by:
        return period
    return study.say("{group}, {period}", group=group, period=period)


def named_sides(study: Study, found: Gap) -> Named:
    """Return a gap with the names of its sides."""
    sides = (found.first, found.second)
    return Named(found, *(side_name(study, side, sides) for side in sides))


def heading(study: Study, named: Named) -> Message:
    """Return the title: who is compared with whom."""
    texts = {
        ("money", "sales"): N_("{first} and {second}: where the difference in revenue comes from"),
        ("money", "stages"): N_("{first} and {second}: the difference in revenue, stage by stage"),
        ("count", "sales"): N_("{first} and {second}: where the difference in won deals comes from"),
        ("count", "stages"): N_("{first} and {second}: the difference in won deals, stage by stage"),
    }
    text = texts[named.found.unit, named.found.chain].text
    return Message(text, {"first": named.first, "second": named.second})


def factor(study: Study, found: Gap, row: Mapping[str, Any]) -> str:
    """Return what a factor is called."""
    name = row["factor"]
    if name == "mix":
        return study.say("Which deals: {slice}", slice=slicing.within(study, found.mix))
    if name == "stage_conversion":
        return study.say("Went past «{stage}»", stage=row["stage"])
    like_for_like = name == "win_rate" and found.mix
    per_day = name == "leads" and row["unit"] == "per_day"
    return study.words.message(OTHERWISE[name] if like_for_like or per_day else FACTORS[name])


def notes(study: Study, named: Named) -> list[str]:
    """Return what is to be known of this gap, and how many deals are in no figure."""
    found = named.found
    notes = []
    if found.chain == "stages":
        notes.append(study.say(OF_STAGES.text, pipeline=found.pipeline))
    if found.mix and found.chain == "sales":
        notes.append(study.say(OF_MIX.text, slice=slicing.within(study, found.mix)))
    if found.rows[["first", "second"]].isna().any(axis=None):
        notes.append(study.words.message(UNKNOWN))
    of_owners = {found.first.by, found.second.by} & set(slicing.BY_NAME)
    if of_owners and OWNER_THEN not in study.crm.supplied:
        notes.append(study.words.message(PRESENT_OWNER))
    for side, name in enumerate((named.first, named.second)):
        notes += _left_out(study, found, side, name)
    return notes


def _left_out(study: Study, found: Gap, side: int, name: str) -> list[str]:
    rows = found.left_out[found.left_out["side"] == side].to_dict("records")
    told = {row["reason"]: _counted(study, row) for row in rows}
    unpriced = told.pop("no_amount", "")
    said = []
    if told:
        counts = "; ".join(told.values())
        said.append(study.say("Not counted of {side}: {counts}.", side=name, counts=counts))
    if unpriced:
        said.append(
            study.say("Won deals of {side} that bring no money here: {counts}.", side=name, counts=unpriced)
        )
    return said


def _counted(study: Study, row: Mapping[str, Any]) -> str:
    reason = study.words.message(LEFT_OUT[row["reason"]])
    return study.say("{n} – {reason}", n=study.formats.count(row["n"]), reason=reason)
