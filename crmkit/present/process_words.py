"""What the workbook of a description is called in a language: sheets, headings, their meaning, an example."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crmkit.errors import N_, Message
from crmkit.present.field_words import CARD_FIELDS
from crmkit.present.words import LANGUAGES, Words, sentences
from crmkit.process.layout import BookWords
from crmkit.process.store import Processes, read_processes

#: Heading, what to write, an example.
Told = tuple[Message, Message, Message]

SHEETS: Mapping[str, Message] = {
    "steps": N_("Process steps"),
    "sub_processes": N_("Sub-processes"),
    "stages": N_("Process stages"),
    "roles": N_("Roles"),
    "crm_stages": N_("CRM stages"),
    "help": N_("How to fill in"),
}
HEAD: Mapping[str, Message] = {
    "name": N_("Process"),
    "version": N_("Version"),
    "dated": N_("In force from"),
}
VALUES: Mapping[str, Mapping[str, Message]] = {
    "results": {
        "document": N_("document"), "data": N_("data"), "money": N_("money"), "product": N_("product"),
        "order": N_("order"), "contact": N_("contact"),
    },
    "kinds": {"core": N_("core"), "supporting": N_("supporting"), "managing": N_("managing")},
    "units": {
        "working_days": N_("working days"), "working_hours": N_("working hours"),
        "days": N_("calendar days"),
    },
    "versions": {"as_is": N_("as is"), "to_be": N_("to be")},
    "answers": {"yes": N_("yes"), "no": N_("no")},
    "fields": CARD_FIELDS,
}  # fmt: skip
FIELDS: Mapping[str, Mapping[str, Told]] = sentences("process")


@cache
def book_words(language: str) -> BookWords:
    """Return what the workbook is called in a language."""
    say = Words(language).message
    columns = {
        sheet: {field: say(told[0]) for field, told in fields.items()} for sheet, fields in FIELDS.items()
    }
    return BookWords(
        language,
        {sheet: say(title) for sheet, title in SHEETS.items()},
        columns | {"head": {field: say(word) for field, word in HEAD.items()}},
        {group: {code: say(word) for code, word in words.items()} for group, words in VALUES.items()},
    )


def all_book_words() -> tuple[BookWords, ...]:
    """Return the words of every language: a workbook may be filled in in any of them."""
    return tuple(map(book_words, LANGUAGES))


def described(folder: Path) -> Processes:
    """Read the descriptions in a client's folder, workbooks with headings in any language.

    Raises
    ------
    Refusals or CrmkitError: what is wrong, all of it.
    """
    return read_processes(folder, all_book_words())
