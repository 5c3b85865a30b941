"""Typed frames of any CRM into the canonical tables: status, stages, reps, money, positions, order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.schema import TABLES, typed_nulls
from crmkit.settings import Client
from crmkit.sources.carded import with_cards_of_deals
from crmkit.sources.cards import fill_from_companies, with_numbers_of_cards
from crmkit.sources.history import deals_of
from crmkit.sources.identity import KEYS
from crmkit.sources.known import SOURCES
from crmkit.sources.ledger import Ledger, with_nearest
from crmkit.sources.links import with_links
from crmkit.sources.mapping import Source
from crmkit.sources.reps import conform_managers
from crmkit.sources.spelling import in_one_spelling
from crmkit.sources.stages import (
    conform_stages,
    listed_stages,
    note_unknown,
    places_of_ties,
    set_status,
    with_closings,
    with_lost_stages,
)
from crmkit.sources.talks import in_our_words, kind_in_our_words

#: Names under which currencies stand in exports, small letters.
CURRENCIES = {
    "₽": "RUB", "руб": "RUB", "руб.": "RUB", "рубль": "RUB", "российский рубль": "RUB", "rur": "RUB",
    "$": "USD", "доллар сша": "USD", "us dollar": "USD", "€": "EUR", "евро": "EUR", "euro": "EUR",
    "₸": "KZT", "тенге": "KZT", "белорусский рубль": "BYN", "гривна": "UAH", "£": "GBP",
}  # fmt: skip


def conform(
    frames: dict[str, pd.DataFrame], whole_days: set[str], client: Client, ledger: Ledger
) -> dict[str, pd.DataFrame]:
    """Return all canonical tables of METHOD 2: complete columns, codes instead of names, sorted, linked.

    Child tables get ``deal_ix``, the position of their deal in ``deals`` (−1 where it is not in the export).
    ``frames`` is emptied, so that a million deals stand in memory once.
    """
    source = SOURCES[client.crm]
    tables = {name: _complete(name, frames.pop(name, None), client.time_zone) for name in TABLES}
    listed = listed_stages(tables["stages"], client)
    tables = in_one_spelling(tables, listed["stage"], ledger)
    tables["stage_changes"]["@place"] = places_of_ties(tables["stage_changes"]["to_stage"], listed, source)
    without_list = not len(tables["deals"])
    if without_list:
        tables["deals"] = deals_of(tables["stage_changes"], tables["deals"], ledger)
        if "stage_changes.changed_at" in whole_days:
            whole_days |= {"deals.created_at", "deals.closed_at"}
    tables["activities"] = in_our_words(tables["activities"], ledger)
    tables["tasks"] = tables["tasks"].assign(kind=kind_in_our_words(tables["tasks"]["kind"]))
    tables["stages"] = conform_stages(tables["stages"], tables["deals"], client, source, ledger)
    if len(listed):
        note_unknown(tables["stage_changes"]["to_stage"], "stage_changes", listed, ledger)
    tables["deals"] = with_closings(tables["deals"], whole_days)
    apart = source.status_apart
    tables["deals"] = set_status(tables["deals"], tables["stages"], client, ledger, status_apart=apart)
    if without_list:  # the last change of a deal that is closed is its closing
        deals = tables["deals"]
        deals["closed_at"] = deals["stage_entered_at"].where(deals["status"].isin(["won", "lost"]))
    tables["deals"] = _settle_dates(tables["deals"], whole_days, source, ledger)
    tables["deals"] = _in_currency(tables["deals"], client, ledger)
    tables = {name: with_links(name, frame, client) for name, frame in tables.items()}
    tables = conform_managers(tables, client, ledger)
    tables = with_cards_of_deals(tables, client, ledger)  # after the links: these cards have no address
    tables = fill_from_companies(with_numbers_of_cards(tables), ledger)
    _compare_products(tables, ledger)
    tables["deals"] = _by(tables["deals"], ["deal_id"])
    for name, frame in tables.items():
        if name not in ("deals", "stages"):
            tables[name] = _in_order(name, frame, tables["deals"]["deal_id"], ledger)
    changes = tables["stage_changes"]
    tables["deals"] = with_lost_stages(tables["deals"], changes, tables["stages"])
    tables["stage_changes"] = changes.drop(columns="@place")
    return {name: _coded(name, frame) for name, frame in tables.items()}


def supplied(tables: dict[str, pd.DataFrame]) -> frozenset[str]:
    """Return the columns with at least one value, as ``table.column``."""
    return frozenset(
        f"{table}.{name}"
        for table, frame in tables.items()
        for name in frame.columns
        if frame[name].notna().any()
    )


def _complete(table: str, frame: pd.DataFrame | None, zone: str) -> pd.DataFrame:
    length = 0 if frame is None else len(frame)
    given = {} if frame is None else dict(frame.items())
    columns = {}
    for item in TABLES[table]:
        values = given.pop(item.name, None)
        kind = "text" if item.kind == "category" else item.kind  # names become codes at the very end
        columns[item.name] = typed_nulls(kind, length, zone) if values is None else values
    origin = {
        "file": given.pop("file", pd.Series([""] * length, dtype="str")),
        "line": given.pop("line", pd.Series([0] * length, dtype="int32")),
    }
    return pd.DataFrame({**columns, **given, **origin}, index=pd.RangeIndex(length))


def _settle_dates(deals: pd.DataFrame, whole_days: set[str], source: Source, ledger: Ledger) -> pd.DataFrame:
    """Keep closing dates on closed deals only; count what contradicts itself."""
    closed = deals["status"].isin(["won", "lost"])
    is_open = deals["status"] == "open"
    dated = deals["closed_at"].notna()
    ledger.note_rows("closed_without_date", "deals", "closed_at", deals, closed & ~dated)
    same_day = deals["closed_at"].dt.tz_localize(None).dt.normalize() == deals["expected_close_on"]
    if not source.plans_closing:
        ledger.note_rows("open_with_closing_date", "deals", "closed_at", deals, is_open & dated & ~same_day)
    ledger.note_rows("no_creation_date", "deals", "created_at", deals, deals["created_at"].isna())
    created, ended = deals["created_at"], deals["closed_at"]
    if {"deals.created_at", "deals.closed_at"} & whole_days:
        created, ended = (moments.dt.tz_localize(None).dt.normalize() for moments in (created, ended))
    ledger.note_rows("closed_before_created", "deals", "closed_at", deals, closed & (ended < created))
    ledger.note_rows(
        "reason_without_loss",
        "deals",
        "lost_reason",
        deals,
        (deals["status"] != "lost") & deals["lost_reason"].notna(),
    )
    ledger.note_rows("negative_amount", "deals", "amount", deals, deals["amount"] < 0)
    return deals.assign(
        closed_at=deals["closed_at"].where(~is_open),
        expected_close_on=deals["expected_close_on"].where(
            deals["expected_close_on"].notna() | ~is_open,
            deals["closed_at"].dt.tz_localize(None).dt.normalize(),
        ),
    )


def _in_currency(deals: pd.DataFrame, client: Client, ledger: Ledger) -> pd.DataFrame:
    """Convert money by the client's rates; without a rate it is left out of money figures, and counted."""
    if deals["currency"].isna().all():
        return deals
    named = deals["currency"].str.strip()
    code = named.str.casefold().map(CURRENCIES)
    code = code.where(code.notna(), named.str.upper())
    unknown = code[~code.str.fullmatch(r"[A-Z]{3}", na=True)]
    if len(unknown) and len(code.dropna().unique()) == 1:
        ledger.note("currency_assumed", "deals", "currency", count=len(unknown), samples=named.unique())
        code = code.where(code.isna(), client.currency)
    rate = code.map({**client.rates, client.currency: 1.0}).where(code.notna(), 1.0)
    without = rate.isna() & deals["amount"].notna()
    for name, rows in deals[without].groupby(code[without], dropna=False):
        ledger.note(
            "no_rate", "deals", "amount", count=len(rows), samples=[f"{name} {rows['amount'].sum():.2f}"]
        )
    changed = {name: (deals[name] * rate).round(2) for name in ("amount", "margin", "discount")}
    return deals.assign(currency=code, **changed)


def _compare_products(tables: dict[str, pd.DataFrame], ledger: Ledger) -> None:
    """Report products of deals that the product list does not know, with the nearest name."""
    listed, sold = tables["products"]["product"].dropna(), tables["deals"]["product"].dropna()
    if listed.empty or sold.empty:
        return
    lost = sold[~sold.isin(listed)]
    ledger.note(
        "unmatched_product",
        "deals",
        "product",
        count=len(lost),
        samples=with_nearest(lost.value_counts(), listed),
    )


def _in_order(table: str, frame: pd.DataFrame, deal_ids: pd.Series, ledger: Ledger) -> pd.DataFrame:
    """Sort a table, so that the order of rows in a file does not matter, and add the positions of its deals.

    Rows of deals are sorted by deal, time and identifier: the order in which events are counted.
    """
    order = [item.name for item in TABLES[table] if item.required]
    if "deal_id" in frame:
        position = _places(frame["deal_id"], deal_ids)
        orphan = (position < 0) & frame["deal_id"].notna().to_numpy()
        ledger.note_rows("unknown_deal", table, "deal_id", frame, orphan)
        frame = frame.assign(deal_ix=position)
        time = next(name for name in ("changed_at", "at", "created_at", "due_on") if name in frame)
        order = ["deal_ix", time, *(name for name in ("@order", KEYS.get(table, "")) if name in frame)]
    elif "manager_id" in frame:
        order.append("manager_id")
    frame = _by(frame, list(dict.fromkeys([*order, "file", "line"])))
    return frame.drop(columns="@order", errors="ignore")


def _by(frame: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Return the rows in order; nothing is moved where the first column of text tells that they are."""
    first = frame[order[0]]
    if isinstance(first.dtype, pd.StringDtype) and len(first):
        cells = pa.array(first)
        ascends = pc.all(pc.less(cells.slice(0, len(cells) - 1), cells.slice(1)), skip_nulls=False)
        if ascends.as_py():
            return frame.reset_index(drop=True)
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _places(wanted: pd.Series, ids: pd.Series) -> np.ndarray:
    """Return the position of each identifier in ``ids``, −1 where it is missing or not among them."""
    if wanted.empty:
        return np.zeros(0, dtype=np.int64)
    found = pc.index_in(pa.array(wanted), value_set=pa.array(ids), skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1), dtype=np.int64)


def _coded(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn names into integer codes over sorted categories."""
    for item in TABLES[table]:
        if item.kind == "category":
            frame[item.name] = frame[item.name].astype("category")
    frame["file"] = frame["file"].astype("category")
    return frame
