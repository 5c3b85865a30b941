"""The check of what is written about actions: a title and a description (METHOD 5.1: 4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crmkit.actions import blank_words
from crmkit.audit.checks import Examined, check
from crmkit.errors import N_
from crmkit.facts import within
from crmkit.periods import Period
from crmkit.schema import Snapshot

#: The tables of actions, and when a row of each was done.
ACTIONS = {"tasks": "completed_at", "activities": "at"}


@check(
    "H04", title="Actions without a title or a description", about="done tasks and communications",
    severity="minor", needs={
        "tasks.completed_at+activities.at", "tasks.title+activities.title",
        "tasks.text+tasks.result+activities.text",
    },
    says=[
        N_("done on {since}, without a title"), N_("done on {since}, without a description"),
        N_("done on {since}, without a title and a description"),
    ],
)  # fmt: skip
def actions_without_words(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Tasks done and communications that lack a title or a description: nobody knows what was agreed.

    What came of a task counts as its description. What is not done yet is not looked at, nor is a list that
    is exported without titles or without descriptions.

    Evidence: the task, letter, call or meeting, its deal, when it was done, and which of the two is missing.
    Why: who takes over the deal, or calls back in a month, does not know what the client was promised.
    Fix: write down what was agreed, in a line or two, while it is fresh; make the result of a task mandatory.
    """
    blank = {table: blank_words(crm, table) for table in ACTIONS}
    untold = [table for table, moment in ACTIONS.items() if f"{table}.{moment}" in crm.supplied]
    lacks = [f"{table}.{name}" for table in untold if blank[table] is None for name in ("title", "text")]
    lacking = tuple(crm.lacks(lacks))
    return [
        Examined(
            table, within(done := crm.tables[table][ACTIONS[table]], period), words[0] | words[1], done,
            kind=words[0] + 2 * words[1].astype(np.int8) - 1, lacking=lacking,
        )
        for table, words in blank.items()
        if words is not None
    ]  # fmt: skip
