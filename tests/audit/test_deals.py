"""Losses without a reason, deals without a client, expected days that are over, doubled deals."""

from __future__ import annotations

import pytest

from crmkit.audit import ALL
from crmkit.measures.catalog import find
from crmkit.periods import Period

OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}
LOST = OPEN | {"closed_at": "2026-03-02 10:00", "status": "lost"}
WON = LOST | {"status": "won"}
MARCH = Period.parse("2026-03", "UTC")


def test_losses_without_a_reason(snapshot, found):
    words = ["Price", "Other", "-", "", "unknown.", "Double", "1", "Прочее", "Дорого"]
    deals = [LOST | {"lost_reason": word} for word in words]
    deals += [
        LOST | {"closed_at": "2026-02-28 23:59", "lost_reason": ""},  # 10: in February
        LOST | {"closed_at": "", "lost_reason": ""},  # 11: nobody knows when
        LOST | {"stage": "Spam", "lost_reason": ""},  # 12: a technical loss by its stage
        WON | {"lost_reason": ""},
        OPEN | {"lost_reason": ""},
        LOST | {"closed_at": "", "lost_reason": "Price"},  # 15
    ]
    stages = [{"name": "New"}, {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"}]
    stages += [{"name": "Spam", "kind": "lost"}]
    crm = snapshot(deals, stages=stages, technical_losses=["Double", "spam"])
    seen = found(crm, "H05", MARCH)
    assert (seen.state, seen.checked, seen.unknown) == ("failed", 8, {"no_closing_date": 2})
    assert {one: seen.names[one] for one, kind in seen.kinds.items() if kind} == {
        "2": "Other", "5": "unknown.", "8": "Прочее",
    } | {one: seen.names[one] for one in seen.kinds if one == "3" and seen.kinds[one]}  # fmt: skip
    assert set(seen.kinds) == {"2", "3", "4", "5", "8"} and seen.kinds["4"] == 0
    assert seen.days["2"] == "2026-03-02"
    # Over all time every loss counts, the undated ones too.
    seen = found(crm, "H05")
    assert set(seen.kinds) == {"2", "3", "4", "5", "8", "10", "11"}
    assert (seen.checked, seen.unknown, seen.days["11"]) == (11, {}, "")
    # The measure of the month sees the same losses.
    cases = find("lost_with_reason").cases(crm, MARCH)
    bare = cases[(cases["value"] == 0) & (cases["left_out"] == "")]["deal_ix"]
    assert set(crm.deals["deal_id"].iloc[bare]) == {"2", "3", "4", "5", "8"}


def test_words_that_say_nothing_are_the_clients(snapshot, found):
    deals = [LOST | {"lost_reason": "Price"}, LOST | {"lost_reason": "Other"}]
    assert found(snapshot(deals, empty_reasons=["PRICE"]), "H05").names == {"1": "Price"}


def test_an_export_without_reasons_accuses_nobody(snapshot, found):
    seen = found(snapshot([LOST, LOST]), "H05")
    assert (seen.state, seen.missing) == ("not_applicable", "deals.lost_reason")
    undated = [LOST | {"closed_at": "", "lost_reason": "Price"}, OPEN]
    seen = found(snapshot(undated), "H05", MARCH)
    assert (seen.state, seen.reason, seen.missing) == ("not_applicable", "not_in_export", "deals.closed_at")
    assert found(snapshot(undated), "H05").state == "passed"


def test_deals_without_a_client(snapshot, found):
    bare = {"company_id": "", "contact_id": ""}
    deals = [
        OPEN | bare,
        OPEN | {"company_id": "F", "contact_id": ""},
        OPEN | {"company_id": "", "contact_id": "Eve"},  # a private client
        WON | bare,
        LOST | bare | {"closed_at": "2026-02-28 23:59"},
        WON | bare | {"closed_at": ""},
        LOST | {"company_id": "F", "contact_id": " "},
    ]
    seen = found(snapshot(deals), "H09")
    assert (set(seen.kinds), seen.checked, seen.unknown) == ({"1", "4", "5", "6"}, 7, {})
    seen = found(snapshot(deals), "H09", MARCH)
    assert (set(seen.kinds), seen.checked) == ({"1", "4"}, 5)  # February is over, and when 6 was won is open
    assert seen.unknown == {"no_closing_date": 1}


@pytest.mark.parametrize("name", ["company_id", "contact_id"])
def test_without_either_column_nobody_knows_whether_there_is_a_client(snapshot, found, name):
    seen = found(snapshot([OPEN | {name: "F"}, OPEN | {name: ""}]), "H09")
    other = {"company_id": "contact_id", "contact_id": "company_id"}[name]
    assert (seen.state, seen.missing) == ("not_applicable", f"deals.{other}")


def test_expected_days_that_are_over(snapshot, found):
    days = ["2026-03-30", "2026-03-31", "2026-04-01", "", "2025-03-31"]
    deals = [OPEN | {"expected_close_on": day} for day in days]
    deals += [WON | {"expected_close_on": "2026-01-01"}, LOST | {"expected_close_on": "2026-01-01"}]
    seen = found(snapshot(deals), "H19")
    assert (seen.state, seen.checked, seen.unknown) == ("failed", 4, {})
    assert seen.days == {"1": "2026-03-30", "5": "2025-03-31"}
    assert seen.rows["number"].tolist() == [1, 365]
    morning = found(snapshot(deals, as_of="2026-04-01 00:30"), "H19")
    assert set(morning.kinds) == {"1", "2", "5"}
    later = [*deals, OPEN | {"created_at": "2026-03-30 10:00"}]
    assert found(snapshot(later, as_of="2026-03-15"), "H19").reason == "known_at_export_only"


def test_the_day_is_the_clients_own(snapshot, found):
    # Half past midnight of the 1st in Vladivostok is still the 31st in Greenwich.
    deals = [OPEN | {"expected_close_on": "2026-03-31"}]
    crm = snapshot(deals, time_zone="Asia/Vladivostok", as_of="2026-04-01 00:30")
    assert found(crm, "H19").days == {"1": "2026-03-31"}


SALE = OPEN | {"company_id": "F", "product": "Desk", "pipeline": "Sales"}


def test_several_open_deals_for_the_same_sale(snapshot, found):
    deals = [
        SALE | {"created_at": "2026-01-05 10:00"},
        SALE | {"created_at": "2026-01-09 10:00"},
        SALE | {"product": "Chair"},
        SALE | {"pipeline": "Repeat"},
        SALE | {"company_id": "G"},
        SALE | {"product": ""},
        SALE | {"product": ""},
        SALE | {"company_id": "", "contact_id": "Eve"},
        SALE | {"company_id": "", "contact_id": "Eve"},
        WON | SALE | {"status": "won", "closed_at": "2026-02-02 10:00"},
        SALE | {"company_id": "H", "pipeline": ""},
        SALE | {"company_id": "H", "pipeline": "", "created_at": ""},
        SALE | {"company_id": "H"},
    ]
    seen = found(snapshot(deals), "H23")
    assert seen.names == {"1": "2", "2": "1", "11": "12", "12": "11"}
    assert (seen.checked, seen.unknown) == (8, {"no_product": 2})
    assert seen.days == {"1": "2026-01-09", "2": "2026-01-09", "11": "2026-01-02", "12": ""}
    groups = dict(zip(seen.rows["id"], seen.rows["group"], strict=True))
    assert groups["1"] == groups["2"] != groups["11"] == groups["12"]
    alone = found(snapshot([SALE, SALE | {"product": "Chair"}]), "H23")
    assert (alone.state, alone.checked) == ("passed", 2)


def test_of_many_doubles_a_few_are_named(snapshot, found):
    seen = found(snapshot([SALE] * 8), "H23")
    assert seen.names["1"] == "2 · 3 · 4 · 5 · 6" and seen.names["8"] == "1 · 2 · 3 · 4 · 5"
    assert set(seen.kinds.values()) == {1} and seen.rows["number"].tolist() == [7] * 8
    assert set(found(snapshot([SALE] * 6), "H23").kinds.values()) == {0}


def test_an_empty_list_is_no_passed_check(snapshot, found):
    for check in ("H05", "H09", "H19", "H23"):
        assert found(snapshot([WON]), check, ALL).state == "not_applicable"
