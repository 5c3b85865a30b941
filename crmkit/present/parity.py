"""Our figure and the CRM's screen: side by side, with the reason for the difference."""

from __future__ import annotations

from crmkit.errors import N_, Message
from crmkit.measures.parity import PAIRS
from crmkit.measures.parity import parity as side_by_side
from crmkit.measures.summaries import FIGURES
from crmkit.present.appendix import unavailable
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences

#: What the CRMs are called.
NAMES = {
    "amocrm": N_("amoCRM"), "bitrix24": N_("Bitrix24"), "hubspot": N_("HubSpot"),
    "salesforce": N_("Salesforce"), "pipedrive": N_("Pipedrive"), "1c": N_("1C:CRM"),
    "plain": N_("a plain list"),
}  # fmt: skip


def screen(study: Study, crm: str = "") -> Table | Sentences:
    """Return our figures beside those on the CRM's screen (the client's CRM, if none is named)."""
    whose = crm or study.client.crm
    if whose not in PAIRS:
        return Sentences.of(study.words, [N_("What this CRM shows on its own screen is not known.")])
    rows = side_by_side(
        study.crm, whose, study.period, tell=lambda name, span, by: study.evaluate(name, by, period=span)
    )
    rows = rows[rows["value_ours"].notna() | rows["value_theirs"].notna()].reset_index(drop=True)
    if rows.empty:
        return unavailable(study, [pair.theirs for pair in PAIRS[whose]])
    told = study.words.message(NAMES[whose])
    names = {f"{part}_{side}": f"{side}_{part}" for side in ("ours", "theirs") for part in FIGURES}
    names |= {"value_ours": "ours", "value_theirs": "theirs"}
    titles = [study.title(name) for name in rows["ours"]]
    rows = rows.drop(columns=["ours", "theirs"]).rename(columns=names).assign(name=titles)
    rows["stage"] = rows["stage"].fillna(value=study.say("all stages"))
    notes = [_note(study, pair.theirs, pair.where, pair.why) for pair in PAIRS[whose]]
    places = ["pipeline"] * bool(rows["pipeline"].notna().any())
    rows["pipeline"] = rows["pipeline"].fillna(value=study.say("all pipelines"))
    columns = [
        Column("name", study.say("Figure")),
        *(Column(place, study.say("Pipeline")) for place in places),
        Column("stage", study.say("Stage")),
        Column("ours", study.say("Ours"), "share"), Column("ours_n", study.say("Cases"), "count"),
        Column("theirs", told, "share"), Column("theirs_n", study.say("Cases"), "count"),
    ]  # fmt: skip
    title = study.say("Our figure and the screen of {crm}", crm=told)
    return study.table(rows, "parity", title, columns, notes)


def _note(study: Study, name: str, where: Message, why: Message) -> str:
    return study.say(
        "{title} ({where}). {why}",
        title=study.title(name), where=study.words.message(where), why=study.words.message(why),
    )  # fmt: skip
