"""Cards of people and companies out of rows of deals that repeat them, where there is no list of such cards.

An export of deals tells no numbers of these cards: the name is the card, and where one name has several
telephones, addresses or tax numbers, each stands for a person or a company of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import micros
from crmkit.settings import Client
from crmkit.sources.casting import OpenedFile
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import normal, plain_heading
from crmkit.sources.namesakes import TELLING, firsts, told_apart

#: The note of the load report about cards that were made, and what a Snapshot says of their table.
CARDED = "cards_of_deals"
_KEYS = {"companies": "company_id", "contacts": "contact_id"}
Ints = npt.NDArray[np.int64]


def with_columns_of_cards(frame: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Lay beside the deals of a file what it tells of their contacts and companies: «@contacts.phone» …

    Of several telephones and addresses all are kept, of anything else the first filled cell.
    """
    if file.entry.table != "deals":
        return frame
    added: dict[str, pd.Series] = {}
    for table, sets in file.source.within.items():
        for told in sets:
            wanted = {normal(heading): name for heading, name in told.items()}
            found: dict[str, list[pd.Series]] = {}
            for heading in file.raw.headings:
                if name := wanted.get(plain_heading(heading)):
                    found.setdefault(name, []).append(file.raw.frame[heading])
            if found.keys() - {"company_id"}:
                added |= {f"@{table}.{name}": _together(name, some) for name, some in found.items()}
                break
    return frame.assign(**added)


def _together(name: str, columns: Sequence[pd.Series]) -> pd.Series:
    filled = [one.str.removeprefix("'") for one in columns if one.notna().any()] or [columns[0]]
    whole = filled[0]
    for other in filled[1:]:
        several = whole.where(whole.notna(), other)
        if name in TELLING["contacts"]:
            both = whole + ", " + other
            several = both.where(both.notna(), several)
        whole = several
    return whole


def with_cards_of_deals(
    tables: dict[str, pd.DataFrame], client: Client, ledger: Ledger
) -> dict[str, pd.DataFrame]:
    """Return the tables with contacts and companies made of what :func:`with_columns_of_cards` laid by.

    None are made where the client has a list of them, nor where deals tell of them but the name. Each deal
    names its card; a name keeps being the identifier unless it stands for several.
    """
    deals = tables["deals"]
    told = [name for name in deals if name.startswith(("@contacts.", "@companies."))]
    tables = {**tables, "deals": deals.drop(columns=told)} if told else dict(tables)
    for table, key in _KEYS.items():
        start = f"@{table}."
        fields = {name.removeprefix(start): deals[name] for name in told if name.startswith(start)}
        filled = [name for name, cells in fields.items() if cells.notna().any()]
        if len(tables[table]) or not {*filled} - {"company_id"}:
            continue
        rows = pd.DataFrame({"name": tables["deals"][key], **{name: fields[name] for name in filled}})
        if rows["name"].isna().all():
            continue
        changed = deals["updated_at"].where(deals["updated_at"].notna(), deals["created_at"])
        card, cards = _cards(table, rows, micros(changed), country=client.country)
        if table == "contacts":
            cards["company_id"] = _firms(card, cards, deals["company_id"])
        _tell(table, cards, ledger)
        first = firsts(card, len(cards))
        origin = {name: deals[name].take(first).to_numpy() for name in ("file", "line")}
        made = tables[table].reindex(range(len(cards))).assign(
            **{str(name): cells for name, cells in cards.items() if name != "id"}, **origin
        )  # fmt: skip
        tables[table] = made.assign(**{key: cards["id"]}).astype({"file": "str"})
        if not cards["id"].equals(cards["name"]):
            ids = pd.Series(cards["id"].array.take(card, allow_fill=True), index=deals.index)
            tables["deals"] = tables["deals"].assign(**{key: ids})
    return tables


def _tell(table: str, cards: pd.DataFrame, ledger: Ledger) -> None:
    ledger.note(CARDED, table, _KEYS[table], count=len(cards))
    namesakes = cards["name"][cards["id"] != cards["name"]]
    names = cards["name"][cards["name"].isin(namesakes)].value_counts()
    samples = [f"{name} ({count})" for name, count in sorted(names.items())]
    ledger.note("names_of_several", table, "name", count=len(names), samples=samples)


def _cards(
    table: str, rows: pd.DataFrame, changed: Ints, *, country: str | None
) -> tuple[Ints, pd.DataFrame]:
    """Return for each row the place of its card, −1 without a name, and the cards.

    Parameters
    ----------
    rows: ``name`` and the fields of the card, by deal. changed: when the deal was changed last.

    Returns
    -------
    the cards have ``id``, ``name`` and the fields.
    """
    codes, names = pd.factorize(rows["name"])
    first = firsts(codes, len(names))
    differs = np.zeros(len(rows), dtype=bool)
    for field in rows.columns[1:]:
        cells = rows[field].array
        as_first = cells.take(first[codes])
        same = np.asarray(as_first == cells) | np.asarray(as_first.isna() & cells.isna())
        differs |= ~same & (codes >= 0)
    doubtful = np.zeros(len(names) + 1, dtype=bool)
    doubtful[codes[differs]] = True
    plain = np.flatnonzero(~doubtful[:-1])
    cards = rows.take(first[plain]).reset_index(drop=True)
    cards.insert(0, "id", cards["name"])
    if not doubtful.any():
        return codes, cards
    place = np.full(len(names) + 1, -1)
    place[plain] = np.arange(len(plain))
    card = place[codes]
    some = np.flatnonzero(doubtful[codes])
    which, apart = told_apart(table, rows.take(some), changed[some], country=country)
    card[some] = len(plain) + which
    clash = apart["id"].isin(names) & (apart["id"] != apart["name"])
    apart["id"] = apart["id"].mask(clash, apart["id"] + " " + apart["sign"])
    return card, pd.concat([cards, apart.drop(columns="sign")], ignore_index=True)


def _firms(card: Ints, cards: pd.DataFrame, companies: pd.Series) -> pd.Series:
    """Return the company of each contact: its own, else that of all deals with it, if they name but one."""
    own = cards["company_id"] if "company_id" in cards else pd.Series(None, cards.index, dtype="str")
    codes, names = pd.factorize(companies)
    told = np.flatnonzero((card >= 0) & (codes >= 0))
    least, most = np.full(len(cards), len(names)), np.full(len(cards), -1)
    np.minimum.at(least, card[told], codes[told])
    np.maximum.at(most, card[told], codes[told])
    agreed = pd.Series(names.array.take(np.where(least == most, most, -1), allow_fill=True), cards.index)
    return own.where(own.notna(), agreed)
