"""Required fields, described actions and reasons of losses by hand."""

from __future__ import annotations

OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}
STAGES = [
    {"name": "New", "required": ["source", "Budget holder"]},
    {"name": "Offer", "required": ["source", "amount", "Fax", "margin"]},
    {"name": "Talk"},
    {"name": "Won", "kind": "won", "required": ["amount"]},
    {"name": "Lost", "kind": "lost"},
]


def test_required_fields_of_the_stage(snapshot, tell, by):
    deals = [
        OPEN | {"source": "Web", "Budget holder": "Eve", "manager_id": "Ann"},  # 2 of 2
        OPEN | {"source": "", "Budget holder": " ", "manager_id": "Bob"},  # 0 of 2
        OPEN | {"source": "Web", "amount": 0, "stage": "Offer", "manager_id": "Bob"},  # 1 of 2
        OPEN | {"stage": "Talk"},  # nothing is required
        OPEN | {"stage": "Won", "closed_at": "2026-02-02 10:00", "amount": 100},  # not open
    ]
    crm = snapshot(deals, stages=STAGES)
    # «Fax» and the margin are not in the export: nobody knows whether they are filled.
    row = tell(crm, "required_fields_filled")
    assert (row["numerator"], row["denominator"], row["n"], row["left"]) == (3, 6, 3, {})
    assert by(crm, "required_fields_filled", "manager") == {"Ann": 1, "Bob": 0.25}
    assert tell(snapshot(deals), "required_fields_filled")["missing"] == "stages.required_fields"
    only = [{"name": "New", "required": ["Fax"]}, *STAGES[1:]]
    row = tell(snapshot(deals[:2], stages=only), "required_fields_filled")
    assert (row["value"], row["n"], row["left"]) == (None, 0, {"no_required_column": 2})


def test_a_field_of_the_clients_own_is_found_however_it_is_written(snapshot, tell):
    stages = [{"name": "New", "required": ["budget HOLDER"]}, *STAGES[1:]]
    deals = [OPEN | {"Budget holder": "Eve"}, OPEN | {"Budget holder": ""}]
    row = tell(snapshot(deals, stages=stages), "required_fields_filled")
    assert (row["numerator"], row["denominator"]) == (1, 2)


def test_required_fields_of_cards(snapshot, tell, by):
    deals = [OPEN | {"company_id": "F", "contact_id": "C2", "manager_id": "Bob"}]
    companies = [
        {
            "company_id": "F",
            "name": "Firm",
            "city": "Bonn",
            "manager_id": "Ann",
        },  # 2 of 2: tax_id is not exported
        {"company_id": "G", "name": "Good", "city": ""},  # 1 of 2, nobody's
    ]
    contacts = [
        {"contact_id": "C1", "company_id": "F", "name": "Eve", "email": "e@f.example", "phone": ""},  # 2 of 2
        {
            "contact_id": "C2",
            "company_id": "",
            "name": "Una",
            "email": "",
            "phone": "",
        },  # 1 of 2, Bob's by the deal
    ]
    crm = snapshot(deals, companies=companies, contacts=contacts)
    row = tell(crm, "required_fields_filled:cards")
    assert (row["numerator"], row["denominator"], row["n"]) == (6, 8, 4)
    assert by(crm, "required_fields_filled:cards", "manager") == {None: 0.5, "Ann": 1, "Bob": 0.5}
    own = snapshot(
        deals,
        companies=companies,
        contacts=contacts,
        required_cards={"companies": ["city"], "contacts": ["position"]},
    )
    row = tell(own, "required_fields_filled:cards")
    assert (row["numerator"], row["denominator"], row["left"]) == (1, 2, {"no_required_column": 2})
    assert tell(snapshot(deals), "required_fields_filled:cards")["missing"].endswith(
        "companies.name|contacts.name"
    )


def test_actions_with_a_title_and_a_description(snapshot, tell, by):
    tasks = [
        {
            "deal_id": "1",
            "completed_at": "2026-03-02 10:00",
            "title": "Call",
            "text": "",
            "result": "wants 5",
            "manager_id": "Ann",
        },
        {
            "deal_id": "1",
            "completed_at": "2026-03-02 10:00",
            "title": "",
            "text": "about it",
            "manager_id": "Ann",
        },
        {"deal_id": "1", "completed_at": "", "title": "Call", "text": "about it", "manager_id": "Ann"},
    ]
    activities = [
        {
            "deal_id": "",
            "at": "2026-03-03 10:00",
            "kind": "call",
            "title": "Call",
            "text": "nothing new",
            "manager_id": "",
        },
        {
            "deal_id": "1",
            "at": "2026-03-03 10:00",
            "kind": "call",
            "title": "Call",
            "text": " ",
            "manager_id": "Bob",
        },
    ]
    crm = snapshot([OPEN], tasks=tasks, activities=activities)
    row = tell(crm, "actions_described", "2026-03")
    assert (row["numerator"], row["denominator"]) == (2, 4)
    assert by(crm, "actions_described", "manager", period="2026-03") == {None: 1, "Ann": 0.5, "Bob": 0}
    # Calls without any text column: nobody knows whether they were described.
    bare = [{name: value for name, value in row.items() if name != "text"} for row in activities]
    row = tell(snapshot([OPEN], tasks=tasks, activities=bare), "actions_described", "2026-03")
    assert (row["numerator"], row["denominator"]) == (1, 2)
    assert "tasks.text" in tell(snapshot([OPEN], activities=bare), "actions_described")["missing"]


def test_a_reason_says_something(snapshot, tell):
    lost = {"created_at": "2026-01-02 10:00", "closed_at": "2026-03-02 10:00", "status": "lost"}
    words = ["Price", "Other", "-", "...", "", "unknown.", "Double", "1", "Прочее", "Дорого"]
    deals = [lost | {"lost_reason": word} for word in words]
    deals += [
        lost | {"closed_at": "2026-02-28 23:59", "lost_reason": "Price"},
        lost | {"closed_at": "", "lost_reason": "Price"},
    ]
    crm = snapshot(deals, technical_losses=["Double"])
    row = tell(crm, "lost_with_reason", "2026-03")
    assert (row["numerator"], row["denominator"]) == (3, 9)  # price, 1 (of a list), and too dear
    assert row["left"] == {"no_closing_date": 1, "technical_loss": 1}
    own = snapshot(deals, technical_losses=["Double"], empty_reasons=["PRICE"])
    assert tell(own, "lost_with_reason", "2026-03")["numerator"] == 5  # other, unknown, 1, two Russian words
    assert tell(snapshot([lost]), "lost_with_reason")["missing"] == "deals.lost_reason"
