"""Sentences for the codes that the library speaks in: what is missing, what does not count, what is odd."""

from __future__ import annotations

from crmkit.errors import N_, Message
from crmkit.schema import Snapshot, alternatives, column

#: Why a figure cannot be told, where it is not a missing column.
STATES = {
    "known_at_as_of_only": N_("This is known only for the day that the report describes."),
    "known_at_export_only": N_(
        "Amounts, chances and next tasks of open deals are known only for the day of export."
    ),
    "before_first_record": N_("The CRM had not begun to record this yet."),
    "one_outcome": N_(
        "All these cases went well, or all went badly: the other kind seems not to be in the export. Export"
        " won and lost deals together, both with their closing dates, and check in client.yml which stages"
        " mean won and which mean lost."
    ),
    "nothing_expected": N_(
        "By the trend of the weeks before, nothing was to be expected by now, or less than nothing: of that"
        " no change can be told in per cent."
    ),
    "sparse_weeks": N_(
        "Too few cases in a week: weeks with none and weeks with several follow one another by chance alone,"
        " so no limits of what is ordinary are drawn. Look at quarters instead."
    ),
    "one_kind_then": N_(
        "Of that time only won deals are in the export. Export the lost ones too: perhaps they are archived."
    ),
    "after_as_of": N_("The period lies after the day that the report describes."),
    "still_open": N_("Not yet: too many of these deals are still open at the longest age seen."),
    "none_won": N_("None of these deals has been won."),
    "last_entry_only": N_(
        "Approximate: of several visits of a deal to a stage, this export tells only the last."
    ),
    "between_exports": N_(
        "Approximate: changes of stage are known only to lie between the days of two exports."
    ),
    "calls_only": N_("Approximate: of all communications, this export tells only calls."),
    "no_meetings": N_("Approximate: this CRM keeps no meetings among communications, only as tasks."),
    "cards_of_deals": N_("Approximate: only the cards that deals name, as the export of deals tells them."),
    "no_time_of_day": N_("Approximate: some of these dates have no time of day in this export."),
    "not_ended": N_("Not yet: too many have not ended."),
    "needs_borders": N_("This is told only of a period with a beginning and an end, such as a month."),
    "plan_reached": N_("The plan is reached: there is nothing left to cover."),
}

#: What a missing column is called, and how it is got out of a CRM.
COLUMNS = {
    "tasks": N_(
        "The list of tasks is not in this export. Export the tasks too (in most CRMs: Tasks, list, export)."
    ),
    "activities": N_(
        "Calls, letters and meetings are not in this export. They come from the CRM's interface for programs."
    ),
    "stage_changes": N_(
        "The history of stages is not in this export. Few CRMs export it as a file; it comes from the"
        " interface for programs; «crmkit pull» fetches it from amoCRM and Bitrix24."
    ),
    "plans": N_("There is no plan. Write it under «plan» in client.yml, or name a file with it."),
    "plans.metric=margin": N_("There is no plan of margin. Write it under «plan» in client.yml."),
    "plans.metric=won_deals": N_("There is no plan of won deals. Write it under «plan» in client.yml."),
    "plans.metric=new_deals": N_("There is no plan of new deals. Write it under «plan» in client.yml."),
    "deals.amount": N_("Deals have no amount in this export. Add the column with the amount to the export."),
    "deals.closed_at": N_("Deals have no closing date in this export. Add the column with the closing date."),
    "deals.created_at": N_(
        "Deals have no creation date in this export. Add the column with the creation date."
    ),
    "deals.status": N_(
        "It cannot be told which deals are won. Write the stages and their kinds in client.yml."
    ),
    "payments": N_(
        "The payments are not in this export. Give a file of instalments: deal, due day and amount, paid day"
        " and amount."
    ),
    "costs": N_("Marketing costs are not known. Give a file of them: day or month, channel, amount."),
    "managers.hired_on": N_("Nobody's hiring day is known. Write «hired_on» under «managers» in client.yml."),
    "deals.lost_reason": N_(
        "Deals have no reason for the loss in this export. Add that column, or make reps fill it."
    ),
    "deals.manager_id": N_("Deals have no responsible person in this export. Add that column."),
    "deals.expected_close_on": N_(
        "Open deals have no expected closing date in this export, so months cannot be told apart."
    ),
    "deals.next_task_at": N_("The list of tasks is not in this export."),
    "activities.kind=call": N_(
        "Calls are not in this export: either they were left out, or the CRM does not record them."
    ),
    "activities.kind=email": N_(
        "Letters are not in this export: either they were left out, or the CRM does not record them."
    ),
    "activities.kind=messenger": N_(
        "Messages are not in this export: either they were left out, or the CRM does not record them."
    ),
    "activities.kind=meeting": N_(
        "Meetings are not in this export: either they were left out, or the CRM does not record them."
    ),
    "deals.stage=closed": N_(
        "In this export closed deals stand in the stage where they ended, and in none for closed deals."
    ),
    "stage_changes.manager_id": N_(
        "The history of stages does not say whose a deal was then: its present owner is taken."
    ),
    "managers.left_on": N_(
        "Nobody's last day is known. Write «left_on», the day after it, under «managers» in client.yml for"
        " everybody who left; if nobody did, write H21 under «skip» of «audit»."
    ),
    "managers.team": N_("Nobody's team is known. Write the teams under «managers» in client.yml."),
    "managers.role": N_("Nobody's role is known. Write the roles under «managers» in client.yml."),
    "stages.norm_days": N_("No stage has a norm. Write «norm_days» for the stages in client.yml."),
    "stages.required_fields": N_("No stage requires fields. Write «required» for the stages in client.yml."),
    "stages.default_probability": N_(
        "No stage has a chance of winning. Write «probability» for the stages in client.yml."
    ),
}

#: Why cases are left out of a figure.
LEFT_OUT = {
    "no_closing_date": N_("closed without a closing date"),
    "no_creation_date": N_("no creation date"),
    "technical_loss": N_("technical loss: named so in the settings"),
    "no_amount": N_("no amount, or no rate for its currency"),
    "no_answer_known": N_("neither whether somebody answered nor how long it took is known"),
    "no_counterpart": N_("neither a contact nor a company nor a deal"),
    "too_young": N_("the time to answer is not over yet"),
    "no_stage_entry": N_("it is not known when it entered its stage"),
    "no_required_column": N_("none of the required fields is in the export"),
    "younger_than_horizon": N_("younger than the horizon of the cohort"),
    "closed_before_created": N_("closed before it was created"),
    "no_status": N_("neither open nor won nor lost can be told"),
    "no_due_date": N_("no due time"),
    "no_manager": N_("nobody responsible"),
    "no_plan": N_("closed on a day without a plan"),
    "no_expected_date": N_("no expected closing date"),
    "no_probability": N_("no chance of winning known"),
    "no_margin": N_("no margin"),
    "no_discount": N_("no discount given, or no amount"),
    "no_client": N_("neither a company nor a contact"),
    "no_duration": N_("no duration"),
    "no_direction": N_("neither incoming nor outgoing"),
    "no_norm": N_("no norm for the stage"),
    "no_hiring_date": N_("no hiring date"),
    "no_stage": N_("the stage is not known, or has no place in the order of stages"),
    "no_deal": N_("belongs to no deal of the export"),
    "no_amount_due": N_("no amount due"),
    "no_cost": N_("the costs of this channel on that day are not known"),
    "not_recorded": N_("actions of that time, or of the kind that would tell, are not in the export"),
    "hired_before_records": N_("hired before the first record of deals"),
    "one_kind": N_("of a time of which only won deals are in the export"),
    "no_history": N_("no history of its stages"),
    "other_pipeline": N_("in another pipeline, or in none"),
    "self_loop": N_("a change from a stage to itself: an artefact, collapsed"),
    "still_there": N_("still in the stage: how the visit ends is not known yet"),
    "no_product": N_("no product"),
    "unlisted_manager": N_("the rep is in no list of reps"),
    "no_proposal_stage": N_("a pipeline without a proposal stage"),
    "no_phone_or_email": N_("neither a telephone that can be dialled nor an e-mail"),
    "no_tax_number_or_city": N_("neither a valid tax number nor a name with its city"),
}

#: Why rows of a file are not among the kept ones.
SET_ASIDE = {
    "fields": N_("the number of fields is not that of the heading"),
    "repeated_heading": N_("the heading again"),
    "total": N_("a total or a closing line, not a record"),
    "formula_error": N_("a formula's error stands in place of the record"),
    "no_id": N_("no identifier"),
    "empty": N_("nothing but separators"),
    "cut": N_("the file ends inside this row"),
    "same_id": N_("an identifier that stands in a later row too"),
    "same_row": N_("the same row again"),
    "key_twice": N_("a further row to be joined to the same record; the first one was"),
    "no_partner": N_("no record that this row could be joined to"),
    "title": N_("a title above the headings"),
    "group_row": N_("the name of a group, not a record"),
    "deleted": N_("deleted in the CRM"),
    "other_field": N_("the history of another field"),
    "no_stage_change": N_("the stage stayed what it was"),
    "older_version": N_("an older version of a record that stands elsewhere"),
    "taken_over": N_("no record of its own; what it says was taken over into the rows that it is about"),
    "same_action": N_("the same call or message as in another record"),
    "other_kind": N_("a record of a kind that no table takes"),
    "no_stage": N_("the stage entered is not told"),
    "no_moment": N_("the moment is not told, or cannot be read"),
    "product_row": N_("a further product of the same deal; its amount was added to the first row"),
}

#: What the canonical tables are called.
TABLE_NAMES = {
    "deals": N_("deals"),
    "stage_changes": N_("history of stages"),
    "tasks": N_("tasks"),
    "activities": N_("calls, letters, meetings"),
    "companies": N_("companies"),
    "contacts": N_("contact persons"),
    "managers": N_("reps"),
    "stages": N_("stages"),
    "plans": N_("plan"),
    "payments": N_("payments"),
    "products": N_("products"),
    "costs": N_("marketing costs"),
}


def missing(crm: Snapshot, code: str | None) -> list[Message]:
    """Return sentences for what ``evaluate`` gives as ``missing``, each once."""
    said = [_of_need(crm, part) for part in (code or "").split(", ") if part]
    return list({str(message): message for message in said}.values())


def _of_need(crm: Snapshot, need: str) -> Message:
    """Return the sentence for a state, or for a column of which the export has none of the alternatives."""
    if need in STATES:
        return STATES[need]
    if need.endswith("=time"):
        name = need.removesuffix("=time")
        if name not in crm.supplied:
            return _of_need(crm, name)
        told = N_("This export tells only the day, not the time of day: {meaning} ({column}).")
        return Message(told.text, {"meaning": _meaning(name), "column": name})
    names = alternatives(need)
    for name in names:
        if name in crm.supplied:  # there it is, but not in the rows that the figure is made of
            return N_(
                "Not filled for any of these: {meaning} ({column}).", meaning=_meaning(name), column=name
            )
    for name in names:
        table = name.split(".")[0]
        if table in COLUMNS and not any(given.startswith(f"{table}.") for given in crm.supplied):
            return COLUMNS[table]
    for name in names:
        if name in COLUMNS:
            return COLUMNS[name]
    return N_(
        "Not in this export, or never filled: {meaning} ({column}).",
        meaning=_meaning(names[0]),
        column=names[0],
    )


def _meaning(name: str) -> Message:
    """Return what a column (``table.column``) is; a custom field is what it is called."""
    table, short = name.split(".", 1)
    known = column(table, short)
    return Message(known.meaning) if known else Message("{name}", {"name": short})
