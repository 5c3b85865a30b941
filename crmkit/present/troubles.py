"""Sentences for the problems of an export: what is wrong, how figures treat it, and what to do about it."""

from __future__ import annotations

from crmkit.errors import N_, Message

#: How heavy a problem is.
WEIGHTS = {
    "blocks": N_("blocks figures"),
    "distorts": N_("distorts figures"),
    "cosmetic": N_("hardly matters"),
}

#: What the load report notes.
NOTES = {
    "unreadable": N_("cells that cannot be read; they count as empty"),
    "null_word": N_("words such as NULL or nan that a database writes for nothing; they count as empty"),
    "sentinel": N_("dates that mean «never», such as 9999-12-31; they count as empty"),
    "percent": N_("written as percentages"),
    "parentheses": N_("numbers in parentheses; they count as negative"),
    "no_share": N_("shares below 0 or above 100 %; they count as empty"),
    "ambiguous_dst": N_("times in the hour that the clock shows twice in autumn; the first one was taken"),
    "nonexistent_dst": N_("times in the hour that the clock skips in spring; moved forward"),
    "merged_cells": N_(
        "cells that take their value from a merged cell above: it counts for each row it spans"
    ),
    "damaged_numbers": N_("long numbers that a spreadsheet has rounded: identifiers may be wrong"),
    "join_key_twice": N_("keys that stand twice in the joined file; the first was taken"),
    "join_column_taken": N_("columns of the joined file whose names were taken already; not used"),
    "unmatched_join": N_("rows that find no partner in the joined file; they are kept"),
    "unmatched_product": N_("products that the product list does not know; the deals are kept"),
    "unmatched_company": N_("companies that the company list does not know; the deals are kept"),
    "unknown_stage": N_("stages that client.yml does not name"),
    "stage_spelling": N_(
        "stages written in several ways: capital letters, spaces and the dots on «e» aside they are one, and"
        " count as one"
    ),
    "unknown_status": N_("words in the status column that say neither open nor won nor lost"),
    "unknown_manager": N_("reps that neither client.yml nor the list of reps names"),
    "manager_without_deals": N_("reps in the list who own nothing in the data"),
    "unknown_deal": N_("rows of deals that are not in the export"),
    "status_contradicts_stage": N_("the status says otherwise than the stage; the status was taken"),
    "no_status": N_("deals of which neither open nor won nor lost can be told; they are in no such figure"),
    "closed_without_date": N_("closed deals without a closing date; they are in no figure of a period"),
    "open_with_closing_date": N_("open deals with a closing date; it was taken for the expected one"),
    "no_creation_date": N_("deals without a creation date; kept, but in no figure of a period"),
    "closed_before_created": N_("deals closed before they were created"),
    "reason_without_loss": N_("a reason for the loss on deals that are not lost; not counted"),
    "negative_amount": N_("negative amounts"),
    "currency_assumed": N_("currency names that are not known; taken for the client's currency"),
    "after_as_of": N_("later than the day that the report describes; not seen"),
    "calls_only": N_("of all communications, only calls; nothing is said of letters, messages and meetings"),
    "no_meetings": N_("communications without meetings, which this CRM keeps as tasks"),
    "deals_from_history": N_("deals made from the history of stages, since there is no list of deals"),
    "cards_of_deals": N_(
        "cards made of what the deals say of their contacts and companies, since there is no list of these"
    ),
    "names_of_several": N_(
        "names that stand for several people or companies: telephones, e-mails or tax numbers tell them apart"
    ),
    "last_entry_only": N_(
        "stage changes out of columns with one date for each stage: of several visits, only the last is known"
    ),
    "between_exports": N_(
        "stage changes known only to lie between two exports; the day of the later one was taken"
    ),
    "unknown_direction": N_("words that say neither incoming nor outgoing; they count as empty"),
    "call_assumed": N_("actions without a kind that have a length or an answer; taken for calls"),
    "completion_approximated": N_(
        "tasks done at a time that the CRM does not tell; their last change was taken for it"
    ),
    "unknown_answer": N_("records in the folder of answers that are of no known kind; not read"),
    "no_rate": N_("amounts in a currency without a rate in client.yml; left out of money"),
}

#: What else may be wrong.
_WHAT = {
    "scientific_numbers": N_(
        "numbers such as 1.23457E+18: a spreadsheet has shortened them, and the digits are lost"
    ),
    "ids_collapsed": N_(
        "different records with one and the same rounded identifier; only the last of each is kept, the"
        " others are in no figure"
    ),
    "lost_zeros": N_(
        "numbers one digit shorter than the others, none of which begins with a zero: a spreadsheet has taken"
        " the leading zero away, or a digit was not typed"
    ),
    "same_id": N_("rows whose identifier stands in a later row too; the later one was taken"),
    "after_export": N_("dates later than the day of export; these events are not seen by any figure"),
    "lonely_end": N_(
        "dates long after the day on which nearly all records end; if they are mistyped, the report describes"
        " the wrong day"
    ),
    "lonely_start": N_(
        "dates more than a year before all others; if they are mistyped, the record seems to begin too early"
    ),
    "completed_before_created": N_("tasks done before they were set; they count as done on that day"),
    "due_before_created": N_("tasks due before they were set; they count as late from the first day"),
    "changed_before_created": N_(
        "deals that moved before they were created; times in stages and first answers are wrong there"
    ),
    "mass_edit": N_(
        "many rows of one rep within a minute or a day, an import or an edit in a mass: the dates tell when"
        " that was done, not when the work was"
    ),
    "month_end": N_(
        "deals closed in the last three days of a month, far more than such days make up: cards are closed"
        " for the report, not when it happens"
    ),
    "begins_without_closings": N_(
        "deals created before the first closing: those closed earlier seem not to have been exported, so the"
        " first months show too little revenue and wrong win rates and cycles"
    ),
    "began_late": N_("deals created before this table begins; figures of that time are not told"),
    "silent_weeks": N_(
        "weeks without a single row amid a busy record: part of the export is missing, or nobody kept the CRM"
    ),
    "lost_link": N_(
        "rows that name what the other list does not have; they are kept, but missing from the figures by"
        " that list"
    ),
    "seldom_filled": N_(
        "the field is empty (or zero) where it is needed; figures by it leave these deals out"
    ),
    "began_filling": N_(
        "the field was hardly ever filled before this month; figures by it mean nothing there"
    ),
    "stopped_filling": N_("the field is hardly ever filled since this month; figures by it end there"),
}

_SPREADSHEET = N_(
    "Export again and do not open the file in a spreadsheet on the way. To look at a CSV in Excel: Data, From"
    " Text/CSV, column type Text; or export XLSX at once."
)
_CORRECT = N_("Look the samples up in the CRM, correct them there, and export again.")
_WHOLE = N_("Export again without any filter of period, pipeline or owner, and compare the number of rows.")
_FIELD = N_("Ask since when and by whom the field is to be filled; make it required from a stage on.")
_SETTINGS = N_("Say what they mean in client.yml, and run again.")
_ASK_WHEN = N_(
    "Ask what happened on these days; compare periods without them, or by the date of the contract."
)

#: What to do about it.
REMEDIES = {
    "damaged_numbers": _SPREADSHEET,
    "scientific_numbers": _SPREADSHEET,
    "ids_collapsed": _SPREADSHEET,
    "lost_zeros": _SPREADSHEET,
    "same_id": N_("Check that the files are not two exports of different days; if they are, that is right."),
    "after_export": N_(
        "Correct the dates in the CRM; if the day of export is wrong, write exported_on in client.yml."
    ),
    "lonely_end": N_("Correct the dates in the CRM, or write exported_on or as_of in client.yml."),
    "lonely_start": _CORRECT,
    "closed_before_created": N_(
        "Cards were made after the deal: agree that a card is made with the first contact."
    ),
    "completed_before_created": N_(
        "Tasks are set when they are done already: agree that they are set before."
    ),
    "due_before_created": _CORRECT,
    "changed_before_created": _CORRECT,
    "closed_without_date": N_("Add the column with the closing date to the export, or fill it in the CRM."),
    "open_with_closing_date": N_("Check whether these deals are closed; if not, take the date out."),
    "no_creation_date": N_("Export the column with the creation date; every CRM keeps it by itself."),
    "mass_edit": _ASK_WHEN,
    "month_end": N_(
        "Agree that a deal is closed on the day of payment; read months together, not one by one."
    ),
    "begins_without_closings": _WHOLE,
    "began_late": N_("Export the table from the same day on as the deals, or compare only later periods."),
    "silent_weeks": _WHOLE,
    "lost_link": N_(
        "Correct the spelling on one side, or export both lists on the same day and without filters; if"
        " nothing matches, one side has numbers and the other names."
    ),
    "unmatched_join": N_("Check that both files write the key in the same way."),
    "join_key_twice": N_("Keep one row for each key in the joined file."),
    "seldom_filled": _FIELD,
    "began_filling": N_("Compare by this field only from that month on."),
    "stopped_filling": N_("Ask why the field is no longer filled, and whether another one took its place."),
    "unreadable": N_(
        "Correct these cells in the CRM, or say how the column is written (dates, decimal) in client.yml."
    ),
    "unknown_stage": _SETTINGS,
    "unknown_status": _SETTINGS,
    "no_status": _SETTINGS,
    "status_contradicts_stage": _CORRECT,
    "currency_assumed": _SETTINGS,
    "no_rate": N_("Write the rate under rates in client.yml."),
    "negative_amount": N_("Ask whether these are refunds; correct the amounts that are slips."),
    "no_share": _CORRECT,
    "reason_without_loss": _CORRECT,
}

#: What dates made in a mass distort.
BY_DATE = {
    "deals.created_at": N_("new deals by period, cycles, cohorts"),
    "deals.closed_at": N_("revenue and wins by period, cycles"),
    "deals.updated_at": N_("idle deals"),
    "stage_changes.changed_at": N_("time in stages, moves by period"),
    "tasks.created_at": N_("tasks by period"),
    "tasks.completed_at": N_("tasks on time, actions per day"),
}

#: What was looked for in a group where nothing was found.
LOOKED_FOR = {
    "identifiers": N_(
        "Looked for: rounded numbers, numbers in scientific notation, lost leading zeros, records that share"
        " an identifier. Nothing was found."
    ),
    "dates": N_(
        "Looked for: dates after the export or long before the record, ends before beginnings, closed deals"
        " without a date, deals without a beginning. Nothing was found."
    ),
    "masses": N_(
        "Looked for: many rows of one rep within a minute or a day, closings crowded at the end of months."
        " Nothing was found."
    ),
    "joins": N_("Every name and number found its partner in the other lists."),
    "reading": N_("Nothing odd was found in the data."),
    "filling": N_("No field that figures need is left empty, and no filling began late or stopped."),
    "reach": N_("The record begins and ends as it should, without silent weeks."),
}


def what_is_wrong(code: str) -> Message:
    """Return what a problem is; a code without words stands for itself."""
    return _WHAT.get(code) or NOTES.get(code) or Message("{code}", {"code": code})


def remedy(code: str) -> Message:
    """Return what to do about a problem."""
    return REMEDIES.get(code, _CORRECT)
