"""A second file adds columns: both ways of naming the key, no row lost, what finds no partner told."""

from __future__ import annotations

import pandas as pd
import pytest

from crmkit import evaluate
from crmkit.errors import SourceError

DEALS = (
    "files:\n"
    "  - {path: deals.csv, table: deals, columns: {id: deal_id, Client: company_id, made: created_at}}\n"
)
ROWS = "id,Client,made,Town\n1,Acme,2026-01-10,\n2,acme ltd,2026-01-11,\n3,Beta,2026-01-12,\n4,,2026-01-13,\n"


def test_join_by_a_heading_that_both_files_have(make):
    settings = DEALS + (
        "  - path: more.csv\n    table: deals\n"
        "    join: {on: Client}\n    columns: {Won on: closed_at, Sum: amount}\n"
    )
    loaded = make(settings, {
        "deals.csv": ROWS,
        "more.csv": "Client,Won on,Sum,Tier\n"
        "Acme,2026-02-01,10,A\nAcme LTD,2026-02-02,20,B\nBeta,,30,\nBeta,,99,C\n",
    })  # fmt: skip
    assert loaded.deals["deal_id"].tolist() == ["1", "2", "3", "4"]
    assert loaded.deals["amount"].fillna(-1).tolist() == [10, -1, 30, -1]  # of two rows for Beta the first
    assert loaded.deals["Tier"].dropna().to_dict() == {0: "A"}
    assert loaded.notes["unmatched_join", "company_id"] == (1, "acme ltd (1) ≈ Acme LTD")
    assert loaded.notes["join_key_twice", "company_id"][0] == 1
    # the joined dates have no time of day either
    assert loaded.crm.whole_days == {"deals.created_at", "deals.closed_at"}
    files = loaded.report.files.set_index("path")
    assert files["rows_kept"].to_dict() == {"deals.csv": 4, "more.csv": 2}
    # what was joined to nothing is not silently gone
    assert sorted(loaded.aside) == [(3, "no_partner"), (5, "key_twice")]


@pytest.mark.parametrize("on", ["{on: {Account: Client}}", "{on: {' account ': company_id}}"])
def test_join_by_different_headings(make, on):
    settings = DEALS + f"  - {{path: more.csv, table: deals, join: {on}, columns: {{Sum: amount}}}}\n"
    loaded = make(settings, {"deals.csv": ROWS, "more.csv": "Account,Sum,Town\nBeta,5,Omsk\n,7,Tver\n"})
    # the empty key is nobody's: the deal without a client gets nothing
    assert loaded.deals["amount"].fillna(-1).tolist() == [-1, -1, 5, -1]
    assert loaded.notes["join_column_taken", ""] == (1, "Town")
    assert "Account" not in loaded.deals


def test_join_by_the_identifier_of_a_known_crm(make, fixtures):
    name = "amocrm_export_leads_2026-03-31.csv"
    settings = (
        f"crm: amocrm\nfiles:\n  - {{path: {name}, table: deals}}\n"
        "  - {path: more.csv, table: deals, join: {on: ID}, columns: {Маржа: margin}}\n"
    )
    loaded = make(settings, {name: fixtures / name, "more.csv": "ID;Маржа\n29400001;1 000,50\n29400007;7\n"})
    assert loaded.deals.set_index("deal_id")["margin"].dropna().to_dict() == {
        "29400001": 1000.5,
        "29400007": 7,
    }
    assert loaded.notes["unmatched_join", "deal_id"][0] == 5


def test_join_on_what_is_not_there(make):
    settings = DEALS + "  - {path: more.csv, table: deals, join: {on: Account}}\n"
    with pytest.raises(SourceError, match="finds no such column on both sides"):
        make(settings, {"deals.csv": ROWS, "more.csv": "Account,Sum\nBeta,5\n"})


def test_names_that_nearly_match_lose_no_row(make):
    settings = (
        "files:\n"
        "  - path: deals.csv\n    table: deals\n"
        "    columns: {id: deal_id, What: product, For: company_id, made: created_at}\n"
        "  - {path: products.csv, table: products, columns: {Product: product, Price: list_price}}\n"
        "  - {path: clients.csv, table: companies, columns: {Name: name, Kind: segment}}\n"
    )
    loaded = make(settings, {
        "deals.csv": "id,What,For,made\n1,GTXPro,Acme,2026-01-01\n2,GTX Pro,Acme,2026-01-01\n"
        "3,GTXPro,Acme Inc.,2026-01-01\n4,Ink,,2026-01-01\n",
        "products.csv": "Product,Price\nGTX Pro,10\n",
        "clients.csv": "Name,Kind\nAcme,big\nAcme inc,small\nTwin,big\nTwin,small\n",
    })  # fmt: skip
    assert len(loaded.deals) == 4
    assert loaded.notes["unmatched_product", "product"] == (3, "GTXPro (2) ≈ GTX Pro · Ink (1)")
    assert loaded.notes["unmatched_company", "company_id"] == (1, "Acme Inc. (1) ≈ Acme inc")
    assert evaluate("new_deals", loaded.crm, by=["product"])["value"].tolist() == [
        1,
        2,
        1,
    ]  # GTX Pro, GTXPro, Ink
    # deals without a segment of their own have their company's
    assert loaded.deals["segment"].astype("object").where(loaded.deals["segment"].notna(), None).tolist() == [
        "big", "big", None, None,
    ]  # fmt: skip


def test_companies_by_number_or_by_a_name_that_only_one_has(make):
    settings = (
        "files:\n"
        "  - {path: deals.csv, table: deals, columns: {id: deal_id, For: company_id, made: created_at}}\n"
        "  - {path: clients.csv, table: companies, columns: {N: company_id, Name: name, Kind: segment}}\n"
        "links: {company: 'https://crm.example/company/{id}'}\n"
    )
    loaded = make(settings, {
        "deals.csv": "id,For,made\n1,Acme,2026-01-01\n2,17,2026-01-01\n3,Twin,2026-01-01\n",
        "clients.csv": "N,Name,Kind\n17,Acme,big\n18,Twin,big\n19,Twin,small\n",
    })  # fmt: skip
    assert loaded.deals["company_id"].tolist() == ["17", "17", "Twin"]
    assert pd.isna(loaded.deals["segment"].iloc[2])
    assert loaded.notes["unmatched_company", "company_id"] == (1, "Twin (1) ≈ Twin")
    assert loaded.companies["url"].iloc[0] == "https://crm.example/company/17"


def test_people_and_their_firms_are_found_by_names_that_only_one_card_has(make):
    settings = (
        "files:\n"
        "  - {path: deals.csv, table: deals, columns: {id: deal_id, With: contact_id, made: created_at}}\n"
        "  - {path: firms.csv, table: companies, columns: {N: company_id, Name: name}}\n"
        "  - {path: people.csv, table: contacts, columns: {N: contact_id, Name: name, At: company_id}}\n"
        "  - {path: a.csv, table: activities, key: row, columns: {At: company_id, Who: contact_id, on: at}}\n"
    )
    loaded = make(settings, {
        "deals.csv": "id,With,made\n1,Ann,2026-01-01\n2,7,2026-01-01\n3,Bo,2026-01-01\n",
        "firms.csv": "N,Name\n17,Acme\n",
        "people.csv": "N,Name,At\n7,Ann,Acme\n8,Bo,17\n9,Bo,Ltd\n",
        "a.csv": "At,Who,on\nAcme,Ann,2026-01-02 10:00\nLtd,Bo,2026-01-02 11:00\n",
    })  # fmt: skip
    assert loaded.deals["contact_id"].tolist() == ["7", "7", "Bo"]  # there are two of the name Bo
    assert loaded.crm.tables["contacts"]["company_id"].tolist() == ["17", "17", "Ltd"]
    assert loaded.crm.activities["company_id"].tolist() == ["17", "Ltd"]
    assert loaded.crm.activities["contact_id"].tolist() == ["7", "Bo"]
