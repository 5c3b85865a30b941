"""What the weekly sheet is called in a language: its columns, decisions, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.audit.filled import SheetWords
from crmkit.errors import N_, Message
from crmkit.present.words import LANGUAGES, Words

HEADINGS: Mapping[str, Message] = {
    "rep": N_("Rep"),
    "stage": N_("Stage"),
    "name": N_("Card"),
    "key": N_("Key of the row"),
    "amount": N_("Amount"),
    "days_in_stage": N_("Days in stage"),
    "last_action_at": N_("Last action"),
    "next_task_at": N_("Next task"),
    "what": N_("What is wrong"),
    "decision": N_("Decision"),
    "until": N_("Until"),
    "note": N_("Note"),
}
#: What a decision is called, and what it means.
DECISIONS: Mapping[str, tuple[Message, Message]] = {
    "mend": (
        N_("put right by a day"),
        N_("The rep puts it right by the day under «Until». A later sheet says whether that was done."),
    ),
    "waive": (
        N_("waive until a day"),
        N_(
            "It is no violation until the day under «Until», for the reason under «Note»."
            " Till then it is shown as waived and lowers no score."
        ),
    ),
    "close": (N_("close the deal"), N_("There is nothing to wait for: the deal is closed with its reason.")),
    "no_violation": (
        N_("no violation"),
        N_(
            "The check is mistaken here; say why under «Note». It goes on counting until it is waived or the"
            " settings are put right."
        ),
    ),
    "other": (N_("something else"), N_("What was agreed stands under «Note».")),
}
#: What became of a decision.
BECAME: Mapping[str, Message] = {
    "mended": N_("put right: found no more"),
    "open": N_("still so"),
    "overdue": N_("still so, and the day is over"),
    "waived": N_("the waiver holds"),
    "ran_out": N_("the waiver is over, and it is still so"),
    "closed": N_("the deal was closed"),
    "gone": N_("the card is not in the export any more"),
    "past": N_("happened and cannot be put right; noted"),
    "not_judged": N_("could not be checked this time"),
}


def all_sheet_words() -> list[SheetWords]:
    """Return what columns and decisions are called in every language."""
    return [sheet_words(Words(language)) for language in LANGUAGES]


def sheet_words(words: Words) -> SheetWords:
    """Return what columns and decisions are called in a language."""
    return SheetWords(
        {key: words.message(said) for key, said in HEADINGS.items()},
        {code: words.message(said) for code, (said, _) in DECISIONS.items()},
    )
