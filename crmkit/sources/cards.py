"""Cards of companies and people that other rows name: by their numbers, whatever the file says."""

from __future__ import annotations

import pandas as pd

from crmkit.sources.distinct import by_distinct
from crmkit.sources.ledger import Ledger, with_nearest


def with_numbers_of_cards(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give rows the number of the company and the contact that they name, unless two cards have the name."""
    named = dict(tables)
    for cards, key in (("companies", "company_id"), ("contacts", "contact_id")):
        known, names = tables[cards][key], tables[cards]["name"]
        numbered_apart = names.notna() & (known != names)
        if not numbered_apart.any():
            continue
        alike = tables[cards][names.isin(names[numbered_apart])]
        numbers = alike.drop_duplicates("name", keep=False).set_index("name")[key]
        numbers = numbers[numbers != numbers.index]

        def numbered(cells: pd.Series, known: pd.Series = known, numbers: pd.Series = numbers) -> pd.Series:
            found = cells.map(numbers).astype("str")
            return cells.where(cells.isin(known) | found.isna(), found)

        for table, frame in named.items():
            if table != cards and key in frame and len(numbers):
                named[table] = frame.assign(**{key: by_distinct(frame[key], numbered)})
    return named


def fill_from_companies(tables: dict[str, pd.DataFrame], ledger: Ledger) -> dict[str, pd.DataFrame]:
    """Give deals the segment of their company, and tell which companies of deals the list does not know."""
    deals, companies = tables["deals"], tables["companies"]
    if companies.empty or deals["company_id"].isna().all():
        return tables
    named = deals["company_id"].astype("str")
    lost = named[named.notna() & ~named.isin(companies["company_id"])]
    names = with_nearest(lost.value_counts(), companies["name"].dropna())
    ledger.note("unmatched_company", "deals", "company_id", count=len(lost), samples=names)
    if deals["segment"].isna().all():
        segment = companies.set_index("company_id")["segment"]
        deals = deals.assign(segment=named.map(segment).astype("str"))
    return {**tables, "deals": deals}
