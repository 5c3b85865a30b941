"""Cards of people and companies out of rows of deals that repeat them, where there is no list of such cards.

An export of deals tells no numbers of these cards: the name is the card, and where one name has several
telephones, addresses or tax numbers, each stands for a person or a company of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

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
    filled = [_unquoted(one) for one in columns if one.notna().any()] or [columns[0]]
    whole = filled[0]
    for other in filled[1:]:
        several = whole.where(whole.notna(), other)
        if name in TELLING["contacts"]:
            both = whole + ", " + other
            several = both.where(both.notna(), several)
        whole = several
    return whole


def _unquoted(cells: pd.Series) -> pd.Series:
    return cells.str.removeprefix("'") if cells.str.startswith("'").any() else cells


def with_cards_of_deals(
    tables: dict[str, pd.DataFrame], client: Client, ledger: Ledger
) -> dict[str, pd.DataFrame]:
    """Return the tables with contacts and companies made of what :func:`with_columns_of_cards` laid by.

    None are made where the client has a list of them, nor where deals tell of them but the name. Each deal
    names its card; a name keeps being the identifier unless it stands for several.
    """
    deals = tables["deals"]
    told = [name for name in deals if name.startswith(("@contacts.", "@companies."))]
    if not told:
        return tables
    coded = {key: pd.Categorical(deals[key]) for key in _KEYS.values()}
    tables = {**tables, "deals": deals.drop(columns=told).assign(**coded)}
    for table, key in _KEYS.items():
        start = f"@{table}."
        fields = {name.removeprefix(start): deals[name] for name in told if name.startswith(start)}
        filled = [name for name, cells in fields.items() if cells.notna().any()]
        if len(tables[table]) or not {*filled} - {"company_id"} or not len(coded[key].categories):
            continue
        rows = pd.DataFrame({name: fields[name] for name in filled})
        changed = deals["updated_at"].where(deals["updated_at"].notna(), deals["created_at"])
        card, cards = _cards(table, coded[key], rows, micros(changed), country=client.country)
        first = firsts(card, len(cards))
        if table == "contacts":
            cards["company_id"] = _firms(card, cards.get("company_id"), coded["company_id"], first)
        _tell(table, cards, ledger)
        origin = {name: deals[name].array.take(first) for name in ("file", "line")}
        made = tables[table].reindex(range(len(cards))).assign(
            **{str(name): cells for name, cells in cards.items() if name != "id"}, **origin
        )  # fmt: skip
        tables[table] = made.assign(**{key: cards["id"]})
        if not cards["id"].equals(cards["name"]):
            tables["deals"] = tables["deals"].assign(**{key: _ids(card, cards["id"])})
    return tables


def _ids(card: Ints, ids: pd.Series) -> pd.Categorical:
    """Return the identifier of the card of each deal; every card is the one of a deal."""
    if ids.is_unique:
        return pd.Categorical.from_codes(card, pd.Index(ids))
    return pd.Categorical(ids.array.take(card, allow_fill=True))


def _tell(table: str, cards: pd.DataFrame, ledger: Ledger) -> None:
    ledger.note(CARDED, table, _KEYS[table], count=len(cards))
    namesakes = cards["name"][cards["id"] != cards["name"]]
    names = cards["name"][cards["name"].isin(namesakes)].value_counts()
    samples = [f"{name} ({count})" for name, count in sorted(names.items())]
    ledger.note("names_of_several", table, "name", count=len(names), samples=samples)


def _cards(
    table: str, named: pd.Categorical, rows: pd.DataFrame, changed: Ints, *, country: str | None
) -> tuple[Ints, pd.DataFrame]:
    """Return for each row the place of its card, −1 without a name, and the cards in order of their ``id``.

    Parameters
    ----------
    named: the name of each deal; rows: the fields of its card; changed: when the deal was changed last.

    Returns
    -------
    the cards have ``id``, ``name`` and the fields.
    """
    codes, names = named.codes.astype(np.int64), pd.Series(named.categories.array, dtype="str")
    first = firsts(codes, len(names))
    again = np.flatnonzero((codes >= 0) & (first[codes] != np.arange(len(codes))))
    differs = np.zeros(len(again), dtype=bool)
    for field in rows.columns:
        cells, as_first = rows[field].array.take(again), rows[field].array.take(first[codes[again]])
        same = np.asarray(as_first == cells) | np.asarray(as_first.isna() & cells.isna())
        differs |= ~same
    doubtful = np.zeros(len(names) + 1, dtype=bool)
    doubtful[codes[again[differs]]] = True
    plain = np.flatnonzero(~doubtful[:-1])
    cards = rows.take(first[plain]).reset_index(drop=True)
    own = names.take(plain).reset_index(drop=True)
    cards.insert(0, "name", own)
    cards.insert(0, "id", own)
    if not doubtful.any():
        return codes, cards
    place = np.full(len(names) + 1, -1)
    place[plain] = np.arange(len(plain))
    card = place[codes]
    some = np.flatnonzero(doubtful[codes])
    doubted = rows.take(some)
    doubted.insert(0, "name", names.array.take(codes[some]))
    which, apart = told_apart(table, doubted, changed[some], country=country)
    card[some] = len(plain) + which
    clash = apart["id"].isin(names) & (apart["id"] != apart["name"])
    apart["id"] = apart["id"].mask(clash, apart["id"] + " " + apart["sign"])
    cards = pd.concat([cards, apart.drop(columns="sign")], ignore_index=True)
    order = cards["id"].argsort(kind="stable").to_numpy()
    rank = np.full(len(cards) + 1, -1)
    rank[order] = np.arange(len(cards))
    return rank[card], cards.take(order).reset_index(drop=True)


def _firms(card: Ints, own: pd.Series | None, companies: pd.Categorical, first: Ints) -> pd.Categorical:
    """Return the company of each contact: its own, else that of all deals with it, if they name but one.

    Parameters
    ----------
    companies: those of the deals; first: the first deal of each contact.
    """
    codes, names = companies.codes.astype(np.int64), companies.categories
    told = np.flatnonzero((card >= 0) & (codes >= 0))
    firm = np.full(len(first), -1)
    firm[card[told][::-1]] = codes[told][::-1]
    firm[card[told][codes[told] != firm[card[told]]]] = -1
    if own is not None:
        near = codes[first]
        is_near = np.asarray(own.array == names.array.take(near, allow_fill=True)).astype(bool)
        firm = np.where(own.isna(), firm, near)
        other = np.flatnonzero(own.notna() & ~is_near)
        places = pc.index_in(pa.array(own.take(other)), value_set=pa.array(names))
        firm[other] = np.asarray(pc.fill_null(places, -1))
        if (firm[other] < 0).any():  # a company of which no deal is
            agreed = pd.Series(names.array.take(firm, allow_fill=True), own.index)
            return pd.Categorical(own.where(own.notna(), agreed))
    return pd.Categorical.from_codes(firm, names).remove_unused_categories()
