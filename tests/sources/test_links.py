"""Links to cards: of the export, else of the settings, else of the CRM's account; no name leads anywhere."""

from __future__ import annotations

import pytest

DEALS = "id,url,made\n17,,2026-01-01\n18,https://own.example/18,2026-01-01\n"
FILES = (
    "files:\n"
    "  - {path: deals.csv, table: deals, columns: {id: deal_id, url: url, made: created_at}}\n"
    "  - {path: firms.csv, table: companies, columns: {N: company_id, Name: name}}\n"
    "  - {path: people.csv, table: contacts, columns: {Name: name}}\n"
)
OTHERS = {"firms.csv": "N,Name\n5,Five\n101,101\nAcme,Acme\n", "people.csv": "Name\n12\nAnn\n"}


def urls(frame):
    return [None if url != url else url for url in frame["url"].astype("object")]


@pytest.mark.parametrize(
    ("crm", "deal", "company"),
    [
        ("amocrm", "/leads/detail/17", "/companies/detail/5"),
        ("bitrix24", "/crm/deal/details/17/", "/crm/company/details/5/"),
        ("pipedrive", "/deal/17", "/organization/5"),
    ],
)
def test_cards_lie_where_the_crm_keeps_them(make, crm, deal, company):
    settings = f"crm: {crm}\naccount: https://firm.example\n{FILES}"
    loaded = make(settings, {"deals.csv": DEALS, **OTHERS})
    assert urls(loaded.deals) == ["https://firm.example" + deal, "https://own.example/18"]
    # A company without a number, or whose name is one, and people without numbers have no link.
    found = dict(zip(loaded.companies["company_id"], urls(loaded.companies), strict=True))
    assert found == {"5": "https://firm.example" + company, "101": None, "Acme": None}
    assert urls(loaded.contacts) == [None, None]


@pytest.mark.parametrize("crm", ["hubspot", "plain", "1c"])
def test_where_the_account_does_not_tell_there_is_no_link(make, crm):
    loaded = make(f"crm: {crm}\naccount: https://firm.example\n{FILES}", {"deals.csv": DEALS, **OTHERS})
    assert urls(loaded.deals) == [None, "https://own.example/18"]


def test_without_an_account_there_is_no_link(make):
    assert urls(make(f"crm: amocrm\n{FILES}", {"deals.csv": DEALS, **OTHERS}).deals)[0] is None


def test_salesforce_numbers_are_of_fifteen_or_eighteen_signs(make):
    deals = "id,made\n0061r00000AbCdE,2026-01-01\n0061r00000AbCdEAAX,2026-01-01\n17,2026-01-01\n"
    files = "files: [{path: deals.csv, table: deals, columns: {id: deal_id, made: created_at}}]\n"
    loaded = make(f"crm: salesforce\naccount: https://firm.my.salesforce.com\n{files}", {"deals.csv": deals})
    assert urls(loaded.deals) == [
        "https://firm.my.salesforce.com/0061r00000AbCdEAAV",  # fifteen signs are made eighteen
        "https://firm.my.salesforce.com/0061r00000AbCdEAAX",
        None,
    ]


HOSTILE = ["../admin", "1?x=<b>", '1"onclick=x', "1 2", "javascript:x", "٣", "сделка#1", "=1+1"]


def _of(make, settings):
    rows = "".join('"' + one.replace('"', '""') + '",2026-01-01\n' for one in HOSTILE)
    files = "files: [{path: deals.csv, table: deals, columns: {id: deal_id, made: created_at}}]\n"
    deals = make(settings + files, {"deals.csv": "id,made\n" + rows}).deals
    return dict(zip(deals["deal_id"], urls(deals), strict=True))


def test_a_hostile_number_makes_no_link_in_an_account(make):
    found = _of(make, "crm: amocrm\naccount: https://firm.example\n")
    assert set(found) == set(HOSTILE) and not any(found.values())


def test_a_hostile_number_stays_one_part_of_an_address_of_the_settings(make):
    found = _of(make, "links: {deal: 'https://firm.example/d/{id}?view=1'}\n")
    assert found["../admin"] == "https://firm.example/d/..%2Fadmin?view=1"
    assert found['1"onclick=x'] == "https://firm.example/d/1%22onclick%3Dx?view=1"
    assert found["1?x=<b>"] == "https://firm.example/d/1%3Fx%3D%3Cb%3E?view=1"
    assert found["сделка#1"] == "https://firm.example/d/%D1%81%D0%B4%D0%B5%D0%BB%D0%BA%D0%B0%231?view=1"
