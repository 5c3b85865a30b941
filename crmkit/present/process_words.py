"""What the workbook of a description is called in a language: sheets, headings, their meaning, an example."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crmkit.errors import N_, Message
from crmkit.present.field_words import CARD_FIELDS
from crmkit.present.words import LANGUAGES, Words
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
_NORM: Told = (
    N_("Time norm"),
    N_("How long it should take at most: a number. The unit stands in the next column."),
    Message("2"),
)
_UNIT: Told = (
    N_("Unit of the norm"),
    N_("Choose from the list: working days, working hours or calendar days."),
    N_("working days"),
)
_KIND: Told = (
    N_("Kind of process"),
    N_("Core: earns money. Supporting: helps to earn it. Managing: plans and controls. Empty means core."),
    N_("core"),
)
_STAGE: Told = (
    N_("Process stage"),
    N_("The big block of the sales process that the step belongs to; all blocks stand on their own sheet."),
    N_("Lead conversion"),
)
_STEP: Told = (
    N_("Process step"),
    N_("What the step is called, in two or three words. One row a step, in the order in which they happen."),
    N_("Proposal"),
)
FIELDS: Mapping[str, Mapping[str, Told]] = {
    "steps": {
        "number": (
            N_("No."),
            N_("A number by which the sheet of sub-processes finds the step. The order of the rows counts."),
            Message("4"),
        ),
        "stage": _STAGE,
        "name": _STEP,
        "kind": _KIND,
        "inputs": (
            N_("Input"),
            N_("What must be there before the step can start: the output of the step before it. The kind may stand in square brackets."),  # noqa: E501
            N_("Minutes of the meeting with the client's criteria [document]"),
        ),
        "outputs": (
            N_("Output"),
            N_("What is there when the step is done and can be checked: a document, a filled field, money. If there are several outcomes, write behind an arrow which step follows each."),  # noqa: E501
            N_("Proposal accepted in writing [document] → Contract\nRefusal, its reason chosen in the CRM [data]"),  # noqa: E501
        ),
        "responsible": (
            N_("Responsible"),
            N_("The role that answers for the output: one role, not a person's name."),
            N_("Closer"),
        ),
        "task_setter": (N_("Who sets the task"), N_("The role that starts the step."), N_("Head of sales")),
        "result_users": (
            N_("Who uses the result"),
            N_("The roles that go on working with the output."),
            N_("Client\nLawyer"),
        ),
        "goal": (
            N_("Goal"),
            N_("What the step is for."),
            N_("The client gets an offer that answers the need and can be compared with others."),
        ),
        "tasks": (N_("Tasks"), N_("What has to be achieved."), N_("Choose the solution\nAgree on the price")),
        "actions": (
            N_("Actions"),
            N_("What exactly is done, in order, so that a new rep could do it."),
            N_("Fill in the template of the proposal\nSend it within a day\nCall the next day"),
        ),
        "key_success_factor": (
            N_("Key success factor"),
            N_("The one condition without which the step does not succeed."),
            N_("The proposal goes to the person who decides."),
        ),
        "crm_entities": (
            N_("CRM: cards"),
            N_("Which cards of the CRM are worked with."),
            N_("Deal\nContact"),
        ),
        "required_fields": (
            N_("CRM: required fields"),
            N_("Fields that must be filled in before the deal leaves the step, named as in the CRM."),
            N_("Amount\nExpected closing date"),
        ),
        "automations": (
            N_("CRM: automations"),
            N_("What the CRM does by itself."),
            N_("A task to call appears a day after the proposal was sent"),
        ),
        "kpi": (N_("KPI"), N_("By which figure the step is judged."), N_("Share of proposals accepted")),
        "target": (N_("KPI target"), N_("Which value of it is good."), N_("at least 45 %")),
        "norm": _NORM,
        "norm_unit": _UNIT,
        "cost_per_case": (
            N_("Cost per case"),
            N_("What the step costs for one deal, in the client's currency."),
            Message("1500"),
        ),
        "expected_conversion": (
            N_("Expected conversion"),
            N_("Which share of the deals that enter the step should get through it."),
            Message("60 %"),
        ),
        "variables": (N_("Other variables"), N_("What else is worth knowing."), N_("Discount\nCompetitor")),
        "problems": (
            N_("Problems"),
            N_("What goes wrong today, in the words of those who do the work."),
            N_("Proposals go out three days late"),
        ),
        "crm_stages": (
            N_("CRM stages"),
            N_("In which stages of the CRM deals stand while the step lasts. All stages with their pipelines are on the sheet of CRM stages; several are written each on a line of its own."),  # noqa: E501
            N_("Sales › Proposal sent\nSales › Proposal discussed"),
        ),
        "optional": (N_("May be skipped"), N_("Yes, if not every deal needs the step."), N_("no")),
        "replaces": (
            N_("Replaces the steps"),
            N_("In a to-be version: which earlier steps this one was renamed from or merged of."),
            N_("Preparation of the proposal\nAgreement on the proposal"),
        ),
    },
    "sub_processes": {
        "number": (N_("No. of the step"), N_("The number of the step in its table."), Message("4")),
        "step": _STEP,
        "name": (N_("Sub-process"), N_("What another department does for it."), N_("Check of the contract")),
        "department": (N_("Department"), N_("Which department does it."), N_("Legal")),
        "owner": (N_("Owner"), N_("The role that answers for it."), N_("Lawyer")),
        "norm": _NORM,
        "norm_unit": _UNIT,
        "kpi": (N_("KPI"), N_("By which figure it is judged."), N_("Share of contracts checked in time")),
    },
    "stages": {
        "name": _STAGE,
        "owner": (N_("Owner"), N_("The role that answers for it."), N_("Closer")),
        "exit": (
            N_("Condition of leaving"),
            N_("What must be so before a deal goes on to the next big block."),
            N_("The contract is signed and paid."),
        ),
        "kind": _KIND,
    },
    "roles": {
        "name": (N_("Role"), N_("A role of the process; the drop-downs take it from here."), N_("Closer")),
        "crm_role": (
            N_("Role in the list of reps"),
            N_("What the list of reps calls those who play the role; needed to check who did what."),
            N_("closer"),
        ),
    },
}  # fmt: skip


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
