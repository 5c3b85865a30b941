"""Addresses of cards: of the export, else made from the settings or from where the CRM keeps its cards."""

from __future__ import annotations

from urllib.parse import quote

import pandas as pd

from crmkit.settings import Client
from crmkit.sources.distinct import by_distinct
from crmkit.sources.known import SOURCES

_KINDS = {"deals": "deal", "companies": "company", "contacts": "contact"}
_NAMES = {"companies": "name", "contacts": "name"}
_PLAIN = r"[0-9A-Za-z_\-]+"


def with_links(table: str, frame: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Give each card that has no address one: of ``links`` in the settings, else of the client's account.

    In an account only identifiers of the CRM's own kind have a card: a name that stands in for a missing
    number leads nowhere, or to the card of somebody else.
    """
    if table not in _KINDS:
        return frame
    kind, source = _KINDS[table], SOURCES[client.crm]
    key = frame[f"{kind}_id"]
    pattern: str | None = getattr(client.links, kind)
    if pattern is None:
        if client.account is None or table not in source.cards:
            return frame
        pattern = client.account + source.cards[table]
        own = key.str.fullmatch(source.card_ids, na=False)
        if table in _NAMES:
            own &= (key != frame[_NAMES[table]]).astype(bool)
        key = key.where(own)
    before, after = pattern.split("{id}", 1)
    made = before + _quoted(key) + after
    return frame.assign(url=frame["url"].where(frame["url"].notna(), made))


def _quoted(names: pd.Series) -> pd.Series:
    """Return identifiers as they may stand in an address."""
    odd = ~names.str.fullmatch(_PLAIN, na=True)
    if not odd.any():
        return names
    fit = by_distinct(names[odd], lambda cells: cells.map(lambda one: quote(one, safe="")).astype("str"))
    return names.where(~odd, fit.reindex(names.index))
