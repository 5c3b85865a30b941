"""Fields of cards, and roles of the list of reps, as a person calls them."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.errors import N_, Message
from crmkit.present.words import Words

#: The kit's names of fields -> what they are called.
CARD_FIELDS: dict[str, Message] = {
    "title": N_("Deal title"),
    "amount": N_("Amount"),
    "margin": N_("Margin"),
    "manager_id": N_("Rep"),
    "company_id": N_("Company"),
    "contact_id": N_("Contact person"),
    "source": N_("Source"),
    "product": N_("Product"),
    "segment": N_("Segment"),
    "expected_close_on": N_("Expected closing date"),
    "closed_at": N_("Closing date"),
    "probability": N_("Probability"),
    "discount": N_("Discount"),
    "lost_reason": N_("Reason of the loss"),
    "next_task_at": N_("Next task"),
}

#: The same of the cards of companies and contact persons.
CLIENT_FIELDS: dict[str, Message] = {
    "name": N_("Name on the card"),
    "city": N_("City"),
    "tax_id": N_("Tax number"),
    "qualification": N_("Qualification"),
    "position": N_("Position"),
    "phone": N_("Telephone"),
    "email": N_("E-mail"),
    "is_decision_maker": N_("Decision maker"),
}

#: The kit's names of roles -> what they are called.
ROLES: Mapping[str, Message] = {
    "hunter": N_("Hunter"), "closer": N_("Closer"), "farmer": N_("Farmer"), "kam": N_("KAM"),
    "head": N_("Head of sales"),
}  # fmt: skip


def role_text(words: Words, name: str) -> str:
    """Return what a role of the list of reps is called; one of the client's own as it is written."""
    return words.message(ROLES[name.casefold()]) if name.casefold() in ROLES else name


def field_text(words: Words, name: str) -> str:
    """Return what a required field is called; one of the client's own is called as it is written.

    Alternatives by ``|`` are told one behind the other.
    """
    known = [(CARD_FIELDS | CLIENT_FIELDS).get(one.strip()) for one in name.split("|")]
    told = [
        words.message(message) if message else one.strip()
        for one, message in zip(name.split("|"), known, strict=True)
    ]
    return " / ".join(told)
