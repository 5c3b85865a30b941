"""Joins that lose rows, told with the nearest name; joins that lose none."""

from __future__ import annotations

from tests.intake.conftest import found

DEAL = {"stage": "New", "created_at": "2026-01-10 10:00"}


def test_names_that_differ_by_a_space_are_counted(examine):
    deals = [DEAL | {"product": name} for name in ("GTXPro", "GTXPro", "GTX Pro", "Ink", "")]
    quality = examine(deals, products=[{"product": "GTX Pro"}, {"product": "Paper"}])
    row = quality.joins.iloc[0].to_dict()
    assert row == {
        "table": "deals", "column": "product", "to": "products", "rows": 5, "filled": 4, "matched": 1,
        "unmatched": 3, "distinct": 2, "samples": "GTXPro (2) ≈ GTX Pro · Ink (1)",
    }  # fmt: skip
    assert found(quality, "lost_link") == [
        ("blocks", "deals.product", 3, 4, "GTXPro (2) ≈ GTX Pro · Ink (1)")
    ]


def test_rows_of_deals_that_are_not_here(examine):
    tasks = [
        {"task_id": str(n), "deal_id": deal, "created_at": "2026-01-11"} for n, deal in enumerate("1199")
    ]
    tasks.append({"task_id": "5", "deal_id": "", "created_at": "2026-01-11"})  # of no deal, and none is lost
    quality = examine([DEAL] * 3, tasks=tasks)
    rows = quality.joins[quality.joins["table"] == "tasks"]
    assert rows[["to", "rows", "filled", "matched", "unmatched", "samples"]].to_numpy().tolist() == [
        ["deals", 5, 4, 2, 2, "9 (2)"]
    ]


def test_companies_named_by_name_find_their_number(examine):
    deals = [DEAL | {"company_id": name} for name in ("Firm A", "7", "Firm B")]
    quality = examine(deals, companies=[{"company_id": "7", "name": "Firm A"}])
    assert found(quality, "lost_link") == [("distorts", "deals.company_id", 1, 3, "Firm B (1)")]


def test_without_the_other_list_nothing_is_lost(examine):
    quality = examine([DEAL | {"company_id": "Firm A", "product": "Ink", "manager_id": "Ann"}] * 3)
    assert quality.joins.empty
