"""Whether deals go the way that is described: the share that does, and every deal that does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.field_words import field_text, role_text
from crmkit.present.gates import Cases, gated
from crmkit.present.process_words import all_book_words
from crmkit.present.reasons import LEFT_OUT
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import NBSP
from crmkit.present.tiles import Sentences
from crmkit.present.wide import beside
from crmkit.process.conformance import KINDS, Conformance, conformance, conforming
from crmkit.process.description import Process
from crmkit.process.layout import codes_of
from crmkit.process.rules import BETWEEN
from crmkit.process.steps import map_steps
from crmkit.process.wording import fold
from crmkit.sources.ledger import LoadReport

#: Deviations that a page shows at first: the latest ones.
LATEST = 8
KIND_WORDS: Mapping[str, Message] = {
    "skipped_step": N_("Skipped a step"),
    "step_back": N_("Went a step back"),
    "illegal_jump": N_("Went where no described way leads"),
    "exit_condition_unmet": N_("Left a step with required fields empty"),
    "over_norm": N_("Stood longer than the norm"),
    "wrong_role": N_("Another role was the owner"),
}
#: Unit of a norm -> how a time is said.
TIMES: Mapping[str, Message] = {
    "working_days": N_("{number} working days"),
    "working_hours": N_("{number} working hours"),
    "days": N_("{number} days"),
}
#: Kind -> what was found, what was expected, where there are names to tell.
SAID: Mapping[str, tuple[Message, Message]] = {
    "skipped_step": (N_("went on to «{names}»"), N_("before it: {names}")),
    "step_back": (N_("back to «{names}»"), N_("on to: {names}")),
    "illegal_jump": (N_("went to «{names}»"), N_("on to: {names}")),
    "exit_condition_unmet": (N_("empty now: {names}"), N_("filled: {names}")),
    "wrong_role": (N_("{names}"), N_("{names}")),
}
#: What the description does not ask for, where a kind cannot be examined for that.
ASK: Mapping[str, Message] = {
    "exits": N_("The description names no required fields."),
    "norms": N_("The description names no time norms."),
    "roles": N_("The description names nobody responsible."),
}


def headings_of(report: LoadReport) -> dict[str, str]:
    """Return the headings of the client's files and the columns that they feed, empty if none.

    A field that the kit knows and no file feeds is the client's own one of the same name, if there is one.
    """
    columns = report.columns
    found = dict(zip(columns["heading"].astype("str"), columns["column"].fillna(""), strict=True))
    known = codes_of(all_book_words(), "fields")
    called = {known[fold(one)]: column or one for one, column in found.items() if fold(one) in known}
    return {name: column for name, column in called.items() if name not in found.values()} | found


def examined(study: Study, process: Process) -> Conformance:
    """Return how the deals of the study's period keep to a description."""
    places = map_steps(study.crm, process)
    return conformance(study.crm, study.period, process, places, headings=headings_of(study.report))


def summary(study: Study, found: Conformance) -> Sentences:
    """Return how many deals went as described, and who is not looked at."""
    row, said = conforming(found).iloc[0].to_dict(), list[Message | str]()
    told, n = gated(study.formats, row["value"], Cases.of(row)), study.formats.count(row["n"])
    if not row["n"]:
        whys = dict.fromkeys(why for one in found.checked.to_dict("records") for why in _why(study, one))
        said += [N_("No deal can be held against the description."), *whys]
    elif told.standing == "few":
        k = study.formats.count(row["numerator"])
        said.append(N_("Without any deviation from the description: {k} of {n} deals.", k=k, n=n))
    else:
        said.append(
            N_("Without any deviation from the description: {share} of {n} deals.", share=str(told), n=n)
        )
    said.append(
        N_(
            "Looked at is every deal that stood in a described step in the period, {period}; a deal that"
            " began in a later step has skipped nothing, and losing a deal is no deviation.",
            period=study.period_text(),
        )
    )
    dated = found.process.dated
    if dated is not None and dated > study.crm.today:
        said.append(
            N_(
                "This version is to hold only from {day} on: what follows shows how far the present way is"
                " from it.",
                day=study.formats.day(dated),
            )
        )
    for reason, count in found.left_out.items():
        if count:
            why = study.words.message(LEFT_OUT[reason])
            said.append(N_("Not looked at: {n} ({why}).", n=study.formats.count(count), why=why))
    return Sentences.of(study.words, said, "finding" if row["n"] else "warning")


def by_kind(study: Study, found: Conformance) -> Table:
    """Return for each kind of deviation how many deals have it, of those that could be examined for it."""
    rows = conforming(found, "kind")
    frame = rows.rename(columns=beside("value")).assign(
        name=[study.words.message(KIND_WORDS[kind]) for kind in rows["kind"]],
        deviations=found.checked["deviations"].to_numpy(),
        why=[" ".join(_why(study, row)) for row in found.checked.to_dict("records")],
    )
    columns = [
        Column("name", study.say("Deviation")),
        Column("value", study.say("Deals with it"), "share", "lower"),
        Column("value_n", study.say("Deals examined"), "count"),
        Column("deviations", study.say("Deviations"), "count"),
        Column("why", study.say("What to know")),
    ]
    title = study.say("Deviations from the description, by kind")
    return study.table(frame, "conformance_kinds", title, columns)


def by_rep(study: Study, found: Conformance) -> Table:
    """Return the share of deals without a deviation by their present owner, in the order of names."""
    rows = conforming(found, "manager_id")
    told = rows.assign(name=study.reps(rows)).sort_values("name", na_position="last", ignore_index=True)
    notes = [study.say("In the order of names; deals count for their present owner.")]
    if (found.deviations["kind"] == "wrong_role").any():
        notes.append(
            study.say(
                "A deal in the hands of another role deviates too: that is a matter of who is given the"
                " deals, not of how the rep works."
            )
        )
    title = study.say("Deals that went as described, by rep")
    return _shares(study, told, ("conformance_reps", study.say("Rep"), title), notes)


def by_step(study: Study, found: Conformance) -> Table:
    """Return for each step the share of its deals that have no deviation there."""
    rows = conforming(found, "step_ix")
    told = rows.assign(name=[found.process.steps[ix].name for ix in rows["step_ix"]])
    note = study.say("Of the deals that stood in a step, those without a deviation at this very step.")
    title = study.say("Deals that went as described, by step")
    return _shares(study, told, ("conformance_steps", study.say("Step"), title), [note])


def _shares(study: Study, rows: pd.DataFrame, what: tuple[str, str, str], notes: list[str]) -> Table:
    columns = [
        Column("name", what[1]),
        Column("value", study.say("Without a deviation"), "share", "higher"),
        Column("value_n", study.say("Deals examined"), "count"),
    ]
    return study.table(rows.rename(columns=beside("value")), what[0], what[2], columns, notes, shown=60)


def deviations_table(study: Study, found: Conformance) -> Table | Sentences:
    """Return every deviation with its deal, what was found and what is expected; the latest first."""
    rows = found.deviations.sort_values("at", ascending=False, kind="stable", ignore_index=True)
    if rows.empty:
        return Sentences.of(study.words, [N_("No deal deviates in what could be examined.")])
    records = rows.to_dict("records")
    frame = rows.assign(
        rep=study.reps(rows),
        kind=[study.words.message(KIND_WORDS[row["kind"]]) for row in records],
        found=[said(study, row, 0) for row in records],
        expected=[said(study, row, 1) for row in records],
    )
    columns = [
        Column("deal_id", study.say("Deal")), Column("place", study.say("Step")),
        Column("kind", study.say("Deviation")), Column("found", study.say("Found")),
        Column("expected", study.say("Expected")), Column("rep", study.say("Rep")),
        Column("at", study.say("When"), "date"),
    ]  # fmt: skip
    if rows["url"].notna().any():
        columns.append(Column("url", study.say("Card"), "url"))
    notes = [
        study.say("The rep is the owner on entering the step, where the history tells; else the present one.")
    ]
    if (rows["kind"] == "exit_condition_unmet").any():
        notes.append(
            study.say(
                "Required fields are judged by what stands in them at the export: earlier ones are not known."
            )
        )
    title = study.words.plural(
        "{n} deviation from the description", "{n} deviations from the description", len(rows)
    )
    return study.table(frame, "deviations", title, columns, notes, folded=range(LATEST, len(frame)))


def said(study: Study, row: Mapping[Any, Any], side: int) -> str:
    """Return what was found (``side`` 0) or expected (1) at a deviation, as it is read."""
    kind, text = row["kind"], str(row["expected" if side else "found"])
    if kind == "over_norm":
        amount = row["norm" if side else "amount"]
        number = study.formats.number(amount, 0 if side and amount == int(amount) else 1)
        time = study.say(TIMES[row["unit"]].text, number=number).replace(" ", NBSP)
        if side:
            return study.say("at most {time}", time=time)
        goes_on = not row["next_place"] and row["at"] == study.crm.as_of
        return study.say("{time} so far", time=time) if goes_on else time
    if not text:
        return study.say("to be won") if side else study.say("was won")
    names = text
    if kind == "exit_condition_unmet":
        names = ", ".join(field_text(study.words, name) for name in text.split(BETWEEN))
    elif kind == "wrong_role" and not side:
        names = role_text(study.words, text)
    elif side:
        names = text.replace(BETWEEN, ", ")
    return study.say(SAID[kind][side].text, names=names)


def _why(study: Study, row: Mapping[Any, Any]) -> list[str]:
    """Return what is to be known of a kind: what it could not be examined for, what is only roughly known."""
    said = study.why(row["missing"])
    check = KINDS[row["kind"]]
    if row["state"] == "not_described":
        said.append(study.words.message(ASK[check]))
    if row["state"] == "approximate":
        said += study.why(study.crm.partial.get("stage_changes"))
    if row["lacking"] and check == "exits":
        names = ", ".join(field_text(study.words, name) for name in row["lacking"].split(BETWEEN))
        said.append(study.say("Not in the export, and not examined: {names}.", names=names))
    if row["lacking"] and check == "roles":
        names = row["lacking"].replace(BETWEEN, ", ")
        said.append(study.say("No rep of the list has the role: {names}. Not examined.", names=names))
    if row["basis"] and row["deals"]:
        said.append(study.say("Judged by the values at the export."))
    return said
