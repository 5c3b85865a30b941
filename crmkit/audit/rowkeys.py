"""What each row of a weekly sheet carries unseen, so that it is known again wherever it was moved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from crmkit.audit.checks import KEYS, hygiene_checks
from crmkit.audit.decisions import Decision, Violation

LONGEST_NAME = 60


@dataclass(frozen=True)
class RowKey:
    """The card of a row: whose sheet it stands on, of which day, who answers for it, what is wrong with it.

    ``name`` is the beginning of what the card is called: a row whose cells were moved apart tells itself.
    """

    client: str
    as_of: date
    card: str
    card_id: str
    manager_id: str
    name: str
    wrong: tuple[Violation, ...]

    def text(self, longest: int) -> str:
        """Return the key as a cell holds it, in plain ASCII, at most ``longest`` signs.

        Violations that do not fit are left out; if even that does not do, the key is empty, and a decision
        in its row is refused when the sheet is read.
        """
        wrong = list(self.wrong)
        while True:
            card = [self.card, self.card_id, self.manager_id]
            told = {"client": self.client, "day": self.as_of.isoformat(), "name": beginning(self.name)}
            text = json.dumps({**told, "card": card, "wrong": wrong}, separators=(",", ":"))
            if len(text) <= longest:
                return text
            wrong = wrong[: len(wrong) // 2]
            if not wrong:
                return ""

    def decided(self, decision: str, until: date | None, note: str) -> Decision:
        """Return a decision on the card."""
        return Decision(
            self.as_of, self.card, self.card_id, self.manager_id, self.wrong, decision, until, note
        )  # fmt: skip


def beginning(name: str) -> str:
    """Return the beginning of a name, without spaces, as it is compared with its cell."""
    return "".join(name.split())[:LONGEST_NAME]


def read_key(text: str) -> RowKey | None:
    """Return what a key tells; ``None`` if it is none, or was changed."""
    try:
        told = json.loads(text)
        card, card_id, manager = told["card"]
        wrong = tuple((check, table, name) for check, table, name in told["wrong"])
        key = RowKey(
            told["client"], date.fromisoformat(told["day"]), card, card_id, manager, told["name"], wrong
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    said = [key.client, key.name, card, card_id, manager, *(part for one in wrong for part in one)]
    if not wrong or not all(isinstance(part, str) for part in said):
        return None
    known = {one.id for one in hygiene_checks()}
    tables = {card, *(table for _, table, _ in wrong)}
    return key if tables <= set(KEYS) and {check for check, _, _ in wrong} <= known else None
