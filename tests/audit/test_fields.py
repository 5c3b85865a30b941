"""Fields that stages require: which open deals lack them, and which cannot be blamed."""

from __future__ import annotations

import numpy as np

from crmkit.audit import ALL
from crmkit.audit.seeing import listed
from crmkit.measures.catalog import find

STAGES = [
    {"name": "New", "required": ["source"]},
    {"name": "Visit", "required": ["Measured by"], "optional": True},
    {"name": "Offer", "required": ["amount", "Budget holder"]},
    {"name": "Talk", "required": ["source", "Fax"]},
    {"name": "Won", "kind": "won", "required": ["margin"]},
    {"name": "Lost", "kind": "lost"},
]
NEW = {"created_at": "2026-01-02 10:00", "stage": "New", "source": "Web", "Budget holder": "Eve"}
DEALS = [
    NEW | {"source": ""},
    NEW | {"Measured by": "Kim"},
    NEW | {"stage": "Offer", "source": " ", "amount": 100, "Budget holder": ""},
    NEW | {"stage": "Offer", "amount": 0},
    NEW | {"stage": "Offer", "amount": ""},
    NEW | {"stage": "Talk", "source": "", "amount": ""},
    NEW | {"stage": "Talk", "amount": 5},
    NEW,  # no amount yet: no stage so far requires it
    NEW | {"stage": "Won", "closed_at": "2026-02-02 10:00", "source": "", "amount": ""},
    NEW | {"stage": "Lost", "closed_at": "2026-02-02 10:00", "source": "", "amount": ""},
    NEW | {"stage": "Strange", "source": ""},  # in no list: nobody knows what it requires
    NEW | {"stage": "Visit", "Measured by": ""},
]


def test_fields_that_earlier_stages_require(snapshot, found):
    seen = found(snapshot(DEALS, stages=STAGES), "H02")
    # Behind «New» and «Offer» stand 3 to 7 and 12; «Visit» may be left out, and «Fax» is no earlier stage's.
    assert (seen.state, seen.checked, seen.lacking) == ("failed", 6, "")
    assert seen.names == {"3": "source", "6": "source · amount"}
    assert seen.unknown == {"no_stage": 1}


def test_fields_that_the_stage_requires(snapshot, found):
    crm = snapshot(DEALS, stages=STAGES)
    seen = found(crm, "H03")
    assert (seen.state, seen.checked, seen.lacking) == ("failed", 9, "deals.Fax")
    assert seen.names == {
        "1": "source", "3": "Budget holder", "4": "amount", "5": "amount", "6": "source", "12": "Measured by",
    }  # fmt: skip
    assert seen.unknown == {"no_stage": 1}
    # The measure of the same fields sees the same deals.
    cases = find("required_fields_filled").cases(crm, ALL)
    short = cases[cases["value"] < cases["weight"]]["deal_ix"]
    assert set(crm.deals["deal_id"].iloc[short]) == set(seen.names)


def test_no_amount_in_or_behind_a_stage_that_needs_one(snapshot, found):
    seen = found(snapshot(DEALS, stages=STAGES), "H18")
    # Checked: 3 to 7. Zero is told apart from nothing.
    assert (seen.checked, seen.kinds) == (5, {"4": 1, "5": 0, "6": 0})
    assert seen.unknown == {"no_stage": 1}
    nobody = [{"name": "New", "required": ["source"]}, *STAGES[4:]]
    seen = found(snapshot([DEALS[0], NEW | {"amount": 1}], stages=nobody), "H18")
    assert (seen.state, seen.reason, seen.unknown) == ("not_applicable", "nothing_to_check", {})


def test_a_deal_that_stands_among_the_lost_and_is_open_has_passed_no_stage(snapshot, found):
    # Lost, the CRM says, on a day that is yet to come.
    odd = NEW | {"stage": "Lost", "closed_at": "2026-09-01 10:00", "source": "", "amount": ""}
    for check, checked in (("H02", 6), ("H18", 5)):
        seen = found(snapshot([*DEALS, odd], stages=STAGES, exported_on="2026-03-31"), check)
        assert (seen.checked, seen.unknown) == (checked, {"no_stage": 2})


def test_without_any_required_field_people_are_asked(snapshot, found):
    for check in ("H02", "H03", "H18"):
        seen = found(snapshot([NEW | {"amount": 1}]), check)
        assert (seen.state, seen.missing) == ("ask", "stages.required_fields")


def test_fields_that_the_export_lacks_are_told_and_nobodys_fault(snapshot, found):
    stages = [{"name": "New", "required": ["Fax", "margin"]}, {"name": "Talk", "required": ["Fax", "amount"]}]
    seen = found(snapshot([NEW, NEW], stages=[*stages, *STAGES[4:]]), "H03")
    assert (seen.state, seen.reason, seen.missing) == (
        "not_applicable",
        "not_in_export",
        "deals.Fax, deals.margin",
    )
    assert (seen.checked, seen.unknown, seen.kinds) == (0, {"no_required_column": 2}, {})
    deals = [NEW, NEW | {"stage": "Talk", "amount": 3}, NEW | {"stage": "Talk", "amount": ""}]
    seen = found(snapshot(deals, stages=[*stages, *STAGES[4:]]), "H03")
    assert (seen.checked, seen.unknown, seen.names) == (2, {"no_required_column": 1}, {"3": "amount"})


def test_a_field_of_the_clients_own_that_nobody_fills_is_missing_in_all(snapshot, found):
    stages = [{"name": "New", "required": ["budget HOLDER"]}, *STAGES[4:]]
    seen = found(snapshot([NEW | {"Budget holder": ""}, NEW | {"Budget holder": " "}], stages=stages), "H03")
    assert seen.names == {"1": "budget HOLDER", "2": "budget HOLDER"}


def test_of_alternatives_one_is_enough(snapshot, found):
    stages = [{"name": "New", "required": ["Desk|Mobile"]}, *STAGES[4:]]
    deals = [NEW | {"Desk": "1", "Mobile": ""}, NEW | {"Desk": "", "Mobile": "2"}, NEW | {"Desk": ""}]
    assert found(snapshot(deals, stages=stages), "H03").names == {"3": "Desk|Mobile"}


def test_a_stage_is_read_in_the_pipeline_of_its_deal(snapshot, found):
    shops = [{"name": "Ask", "required": ["source"]}, {"name": "Same", "required": ["amount"]}]
    farms = [{"name": "Same"}, {"name": "Sow", "required": ["source"]}]
    pipelines = [{"name": "Shops", "stages": shops}, {"name": "Farms", "stages": farms}]
    bare = {"created_at": "2026-01-02 10:00", "stage": "Same", "source": "", "amount": ""}
    deals = [
        bare | {"pipeline": "Shops"},
        bare | {"pipeline": "Farms"},
        bare,  # which of the two stages is meant?
        bare | {"pipeline": "Farms", "stage": "Sow", "amount": 1},
        bare | {"pipeline": "Shops", "stage": "Ask", "source": "Web"},
    ]
    crm = snapshot(deals, pipelines=pipelines)
    assert found(crm, "H02").names == {"1": "source"}
    assert found(crm, "H03").names == {"1": "amount", "4": "source"}
    assert found(crm, "H18").kinds == {"1": 0}
    assert [found(crm, check).unknown for check in ("H02", "H03", "H18")] == [{"no_stage": 1}] * 3


def test_an_amount_without_a_rate_is_not_missing(snapshot, found):
    stages = [{"name": "New", "required": ["amount"]}, *STAGES[4:]]
    deals = [
        NEW | {"amount": 100, "currency": "RUB"},
        NEW | {"amount": 50, "currency": "EUR"},  # no rate: the kit itself leaves it out
        NEW | {"amount": "", "currency": "EUR"},  # not to be told from the one before
        NEW | {"amount": 10, "currency": "USD"},
        NEW | {"amount": "", "currency": "USD"},  # dollars have a rate: it is truly missing
        NEW | {"amount": "", "currency": "RUB"},
        NEW | {"amount": "", "currency": ""},
    ]
    crm = snapshot(deals, stages=stages, rates={"USD": 90})
    for check in ("H03", "H18"):
        seen = found(crm, check)
        assert (set(seen.kinds), seen.checked, seen.unknown) == ({"5", "6", "7"}, 5, {"no_amount": 2})
    stages = [{"name": "New", "required": ["amount", "source"]}, *STAGES[4:]]
    deals[1] |= {"source": ""}
    seen = found(snapshot(deals, stages=stages, rates={"USD": 90}), "H03")
    assert (seen.names["2"], seen.checked, seen.unknown) == ("source", 6, {"no_amount": 1})


def test_a_field_is_due_since_the_stage_was_entered(snapshot, found):
    changes = [
        {"deal_id": "1", "changed_at": "2026-01-02 10:00", "to_stage": "New"},
        {"deal_id": "1", "changed_at": "2026-01-20 10:00", "to_stage": "Offer"},
    ]
    deals = [NEW | {"stage": "Offer", "source": "", "amount": ""}, NEW | {"amount": 1}]
    crm = snapshot(deals, stages=STAGES, stage_changes=changes)
    for check in ("H02", "H03", "H18"):
        assert found(crm, check).days == {"1": "2026-01-20"}


def test_what_was_filled_on_an_earlier_day_is_not_known(snapshot, found):
    deals = [*DEALS, NEW | {"created_at": "2026-03-20 10:00"}]
    for check in ("H02", "H03", "H18"):
        seen = found(snapshot(deals, stages=STAGES, as_of="2026-02-28"), check)
        assert (seen.state, seen.reason) == ("not_applicable", "known_at_export_only")


def test_lists_of_names():
    masks = {
        name: np.array(rows, dtype=bool)
        for name, rows in (("a", [1, 0, 1]), ("b", [0, 0, 1]), ("c", [1, 0, 1]))
    }
    assert listed(masks, 3).tolist() == ["a · c", "", "a · b · c"]
    assert listed({}, 2).tolist() == ["", ""]
