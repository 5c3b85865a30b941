"""Cards of companies and contact persons: what is missing in them."""

from __future__ import annotations

DEALS = [
    {"created_at": "2026-01-02 10:00", "status": "open", "company_id": "F", "manager_id": "Ann"},
    {"created_at": "2026-03-02 10:00", "status": "open", "contact_id": "C4", "manager_id": "Bob"},
]
FIRM = {"name": "Firm", "city": "Bonn", "tax_id": "7701", "created_at": "2026-01-10 10:00"}
PERSON = {"name": "Eve", "phone": "+4922855", "email": "e@f.example", "company_id": "", "position": "Buyer"}


def test_incomplete_company_cards(snapshot, found):
    companies = [
        FIRM | {"company_id": "F"},
        FIRM | {"company_id": "G", "city": "", "tax_id": " "},
        FIRM | {"company_id": "H", "name": ""},
        FIRM | {"company_id": "I", "city": "", "created_at": "2026-04-02 10:00"},  # after the 31st of March
    ]
    seen = found(snapshot(DEALS, companies=companies, as_of="2026-04-10"), "H06")
    assert (seen.checked, set(seen.kinds)) == (4, {"G", "H", "I"})
    seen = found(snapshot(DEALS, companies=companies), "H06")
    assert (seen.state, seen.checked, seen.unknown) == ("failed", 3, {})
    assert seen.names == {"G": "city · tax_id", "H": "name"}
    assert seen.days["G"] == "2026-01-10"
    seen = found(snapshot(DEALS, companies=companies, as_of="2026-01-31"), "H06")
    assert (seen.state, seen.reason) == ("not_applicable", "known_at_export_only")


def test_what_a_card_needs_is_the_clients_own(snapshot, found):
    companies = [
        FIRM | {"company_id": "F", "Branch": "Steel"},
        FIRM | {"company_id": "G", "Branch": "", "city": ""},
    ]
    needs = {"companies": ["branch", "Fax"], "contacts": ["name"]}
    crm = snapshot(DEALS, companies=companies, required_cards=needs)
    seen = found(crm, "H06")
    assert (seen.names, seen.lacking, seen.unknown) == ({"G": "branch"}, "companies.Fax", {})
    crm = snapshot(DEALS, companies=companies, required_cards=needs | {"companies": ["Fax"]})
    seen = found(crm, "H06")
    assert (seen.state, seen.reason, seen.missing) == ("not_applicable", "not_in_export", "companies.Fax")
    assert (seen.checked, seen.unknown) == (0, {"no_required_column": 2})


def test_incomplete_contact_cards(snapshot, found):
    contacts = [
        PERSON | {"contact_id": "C1"},
        PERSON | {"contact_id": "C2", "phone": ""},  # an e-mail is enough
        PERSON | {"contact_id": "C3", "email": ""},  # and so is a telephone
        PERSON | {"contact_id": "C4", "phone": "", "email": " "},
        PERSON | {"contact_id": "C5", "name": "", "phone": "", "email": ""},
        PERSON | {"contact_id": "C6", "position": ""},
    ]
    seen = found(snapshot(DEALS, contacts=contacts), "H07")
    assert (seen.checked, seen.names) == (6, {"C4": "phone|email", "C5": "name · phone|email"})
    owners = dict(zip(seen.rows["id"], seen.rows["manager_id"].astype("str"), strict=True))
    assert owners["C4"] == "Bob"  # by the latest deal with the person
    needs = {"contacts": ["position"]}
    assert found(snapshot(DEALS, contacts=contacts, required_cards=needs), "H07").names == {"C6": "position"}


def test_a_way_to_reach_somebody_that_the_export_lacks_is_told(snapshot, found):
    bare = {"contact_id": "C1", "name": "Eve", "phone": "+4922855"}
    seen = found(snapshot(DEALS, contacts=[bare, bare | {"contact_id": "C2", "phone": ""}]), "H07")
    assert (seen.names, seen.checked, seen.lacking) == ({"C2": "phone|email"}, 2, "contacts.email")


def test_companies_without_a_qualification(snapshot, found):
    companies = [FIRM | {"company_id": "F", "qualification": "A"}, FIRM | {"company_id": "G"}]
    seen = found(snapshot(DEALS, companies=companies), "H10")
    assert (seen.checked, set(seen.kinds), seen.days["G"]) == (2, {"G"}, "2026-01-10")
    seen = found(snapshot(DEALS, companies=[FIRM | {"company_id": "F"}]), "H10")
    assert (seen.state, seen.missing) == ("not_applicable", "companies.qualification")


def test_without_cards_nothing_is_checked(snapshot, found):
    for check, need in (("H06", "companies.company_id"), ("H07", "contacts.contact_id")):
        seen = found(snapshot(DEALS), check)
        assert (seen.state, seen.missing) == ("not_applicable", need)
