"""The bonus that violations would leave: a proposal to be confirmed, and the rows behind it (notebook 04)."""

from __future__ import annotations

from functools import lru_cache

from crmkit.audit.bonus import Bonus, propose
from crmkit.audit.checks import find_check
from crmkit.errors import N_, Message
from crmkit.present.audit_score import NOTHING, SHOWN, TALK, by_name
from crmkit.present.evidence import told
from crmkit.present.several import MOST, beyond
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import counted

STANDING: dict[str, Message] = {
    "counts": N_("counts"),
    "waived": N_("waived"),
    "inherited": N_("was there before the rep took over"),
}


@lru_cache(maxsize=4)
def _proposed(study: Study) -> Bonus:
    return propose(study.audit)


def bonus_sheet(study: Study) -> Table | Sentences:
    """Return what the client's rules would leave of each rep's bonus: a proposal to be confirmed."""
    bonus = _proposed(study)
    if bonus.reps.empty:
        nobodys = N_("No row that was checked is a rep's, so there is no bonus to reckon.")
        said = nobodys if bonus.audit.made.any() else NOTHING
        return Sentences.of(study.words, [said, *_costless(study, bonus)])
    frame = by_name(study, bonus.reps, "manager")
    frame = frame.assign(
        decided=[_titles(study, one) for one in frame["decided"]],
        **counted("rate", frame["wrong"], frame["checked"]),
    )
    columns = [
        Column("name", study.say("Rep")), Column("share", study.say("Bonus by the rules"), "share"),
        Column("decided", study.say("What lowers it")),
        Column("wrong", study.say("Rows that count"), "count"),
        Column("checked", study.say("Rows checked"), "count"),
        Column("rate", study.say("Share with a violation"), "share"),
        Column("waived", study.say("Waived"), "count"),
        Column("inherited", study.say("Taken over with it"), "count"),
    ]  # fmt: skip
    columns = [one for one in columns if one.key not in ("waived", "inherited") or frame[one.key].any()]
    first, after = bonus.audit.period.days()
    period = study.formats.period(first, after)
    title = study.say("Bonus by the rules for {period}: a proposal to confirm", period=period)
    return study.table(frame, "audit_bonus", title, columns, _bonus_notes(study, bonus), shown=SHOWN)


def _bonus_notes(study: Study, bonus: Bonus) -> list[str]:
    rules, share = study.crm.settings.audit.bonus, study.formats.share
    worst = N_("The largest deduction of one check counts.")
    every = N_(
        "The deductions of all checks are added up; {floor} always remain.", floor=share(rules.floor, 0)
    )
    notes = [
        study.say(
            "A proposal for the head of sales to confirm, not a decision. One row of a check costs {once},"
            " two or more cost {repeatedly}.",
            once=share(rules.once, 0), repeatedly=share(rules.repeatedly, 0),
        )
        + " " + study.words.message(worst if rules.mode == "worst" else every),
        study.say(
            "Open deals and cards count as they stand on the last day, what happened only if it did in this"
            " time. What is waived, and what was there before the rep took the deal over, costs nothing."
        ),
        study.say("Where few rows were checked, chance decides much: look at the rows first."),
    ]  # fmt: skip
    return [*notes, *(study.words.message(one) for one in _costless(study, bonus))]


def _costless(study: Study, bonus: Bonus) -> list[Message]:
    """Return a sentence that names the checks which could not be made, if there are any."""
    rest = bonus.audit.states["check"][~bonus.audit.made]
    if rest.empty:
        return []
    return [N_("Could not be checked and costs nothing: {checks}.", checks=_titles(study, ", ".join(rest)))]


def _titles(study: Study, checks: str) -> str:
    return "; ".join(study.say(find_check(one).title) for one in checks.split(", ") if one)


def bonus_rows(study: Study) -> Table | Sentences:
    """Return the rows that cost each rep's bonus, rep by rep, and beside them those that cost nothing."""
    bonus = _proposed(study)
    if bonus.rows.empty:
        return Sentences.of(study.words, [N_("No row would lower anybody's bonus.")])
    rows = told(study, bonus.rows).rename(columns={"part": "check_name"})
    rows = rows.assign(
        standing_name=[study.words.message(STANDING[one]) for one in rows["standing"]],
        deduction=rows["deduction"].where(rows["standing"] == "counts"),
    )
    rows = rows.sort_values(
        ["rep", "deduction", "check", "id"], ascending=[True, False, True, True], kind="stable",
        na_position="last", ignore_index=True,
    )  # fmt: skip
    columns = [
        Column("rep", study.say("Rep")), Column("check_name", study.say("What is checked")),
        Column("deduction", study.say("The check costs"), "share"),
        Column("standing_name", study.say("How it counts")), Column("id", study.say("Number")),
        Column("name", study.say("Card")), Column("what", study.say("What exactly")),
        Column("since", study.say("Since"), "date"), Column("url", study.say("Link"), "url"),
    ]  # fmt: skip
    empty = {"url": rows["url"].isna().all(), "standing_name": (rows["standing"] == "counts").all()}
    columns = [one for one in columns if not empty.get(one.key)]
    title = study.say("The rows behind the bonus")
    notes = [study.words.message(TALK)]
    return study.table(
        rows, "audit_bonus_rows", title, columns, notes, shown=MOST, parted="rep", folded=beyond(rows["rep"])
    )
