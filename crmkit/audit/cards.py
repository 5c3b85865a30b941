"""Checks of the cards of companies and contact persons (METHOD 5.1: 6, 7, 10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crmkit.audit.checks import Examined, check
from crmkit.audit.seeing import unfilled
from crmkit.errors import N_
from crmkit.periods import Period
from crmkit.schema import Snapshot


@check(
    "H06", title="Incomplete company cards", about="company cards", severity="minor",
    needs={"companies.company_id"}, says=[N_("not filled in the company's card: {names}")], at_export=True,
)  # fmt: skip
def companies_incomplete(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Company cards that lack one of the fields which «required_cards» in client.yml names.

    Evidence: the company, the empty fields, and when the card was created.
    Why: such a card shows neither who the client is nor whether it stands in the CRM twice; no contract or
    invoice can be made from it.
    Fix: fill in what is missing, from the contract or from the tax register; let the CRM demand it.
    """
    return [_incomplete(crm, "companies")]


@check(
    "H07", title="Incomplete contact cards", about="contact cards", severity="minor",
    needs={"contacts.contact_id"}, says=[N_("not filled in the contact's card: {names}")], at_export=True,
)  # fmt: skip
def contacts_incomplete(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Contact cards that lack one of the fields which «required_cards» in client.yml names.

    Of alternatives, such as a telephone or an e-mail address, one is enough.

    Evidence: the contact person, the empty fields, and when the card was created.
    Why: a person who cannot be called or written to is lost for the company as soon as the rep is away.
    Fix: ask for what is missing at the next conversation and fill it in at once.
    """
    return [_incomplete(crm, "contacts")]


@check(
    "H10", title="Companies without a qualification", about="company cards", severity="minor",
    needs={"companies.company_id", "companies.qualification"}, at_export=True,
    says=[N_("nobody has said how promising this client is")],
)  # fmt: skip
def companies_unqualified(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Company cards without a qualification: nobody has said how promising the client is.

    Evidence: the company, and when its card was created.
    Why: reps spend as much time on a client who will never buy as on the best one.
    Fix: agree on three or four classes of clients and on what each needs; let the rep choose one at the
    first conversation.
    """
    rows = crm.tables["companies"]
    everyone = np.ones(len(rows), dtype=bool)
    return [Examined("companies", everyone, rows["qualification"].isna().to_numpy(), rows["created_at"])]


def _incomplete(crm: Snapshot, table: str) -> Examined:
    """Return which cards lack a field that every card of the table needs."""
    rows = crm.tables[table]
    everyone = np.ones(len(rows), dtype=bool)
    wanted = dict.fromkeys(crm.settings.required_cards.get(table, ()), everyone)
    return unfilled(crm, table, wanted, since=rows["created_at"])
