"""Pareto on items worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import RequestError
from crmkit.measures.pareto import core_of, pareto, ranked


def figures(values: dict[str | None, float | None], unit: str = "money") -> pd.DataFrame:
    """Return what ``evaluate`` gives, of one measure by company."""
    frame = pd.DataFrame({"company": list(values), "value": list(values.values())})
    missing = frame["value"].isna().map({True: "deals.amount", False: ""})
    return frame.assign(unit=unit, n=1, missing=missing)


def told(items: pd.DataFrame) -> list[tuple[Any, ...]]:
    rows = items[["company", "value", "share", "cumulative", "is_core"]].astype("object")
    return list(rows.where(rows.notna(), None).itertuples(index=False, name=None))


def test_the_smallest_set_that_reaches_four_fifths():
    items = ranked(figures({"a": 10, "b": 50, "c": 10, "d": 30}), "company")
    # 50 + 30 = 80 of 100: exactly at the threshold, which is reached
    assert told(items) == [
        ("b", 50, 0.5, 0.5, True),
        ("d", 30, 0.3, 0.8, True),
        ("a", 10, 0.1, 0.9, False),
        ("c", 10, 0.1, 1.0, False),
    ]
    core = core_of(items)
    assert (core.items, core.core, core.given, core.total) == (4, 2, 0.8, 100)
    assert (core.top, core.top_given) == (1, 0.5)  # a fifth of 4 items is 0.8: one


def test_a_kopeck_short_of_the_threshold_is_short():
    # 79.99 of 100 is not 80 %; the third item is needed
    assert core_of(ranked(figures({"a": 50, "b": 29.99, "c": 10.01, "d": 10}), "company")).core == 3
    # 0.1 ten times: added up as floats, eight of them are 0.7999…; in whole kopecks they are 0.80 of 1.00
    tenths = ranked(figures({f"{number}": 0.1 for number in range(10)}), "company")
    assert core_of(tenths).core == 8
    assert tenths["cumulative"].tolist() == [number / 10 for number in range(1, 11)]


def test_equal_items_stand_by_label_and_what_has_no_label_is_an_item_too():
    items = ranked(figures({None: 5, "b": 5, "a": 5, "c": 90}), "company")
    assert items["company"].astype("object").where(items["company"].notna(), None).tolist() == [
        "c", "a", "b", None,
    ]  # fmt: skip
    assert items["is_core"].tolist() == [True, False, False, False]  # 90 of 105 is 85.7 %


def test_items_of_nothing_or_less_have_no_share():
    items = ranked(figures({"a": -20, "b": 0, "c": 75, "d": 25, "e": None}), "company")
    assert told(items) == [
        ("c", 75, 0.75, 0.75, True),
        ("d", 25, 0.25, 1.0, True),
        ("b", 0, None, None, False),
        ("a", -20, None, None, False),
        ("e", None, None, None, False),
    ]
    core = core_of(items)
    assert (core.items, core.idle, core.negative, core.unknown) == (2, 1, 1, 1)
    assert (core.core, core.given, core.total) == (2, 1.0, 100)


def test_nothing_at_all():
    core = core_of(ranked(figures({"a": 0, "b": 0}, "count"), "company"))
    assert (core.items, core.core, core.given, core.top, core.top_given, core.idle) == (0, 0, 0.0, 0, 0.0, 2)


def test_another_threshold():
    items = ranked(figures({"a": 50, "b": 30, "c": 20}), "company", 0.5)
    assert items["is_core"].tolist() == [True, False, False]
    assert core_of(items, 0.5).threshold == 0.5


def test_shares_of_many_items_add_up():
    values = dict(enumerate(np.random.default_rng(1).integers(1, 10**9, 1000) / 100))
    items = ranked(figures({str(key): value for key, value in values.items()}), "company")
    assert items["cumulative"].iloc[-1] == 1
    assert items["share"].sum() == pytest.approx(1, abs=1e-12)
    inside = items.loc[items["is_core"], "value"]
    assert inside.sum() >= 0.8 * items["value"].sum() > inside.iloc[:-1].sum()


DEALS = [
    {"created_at": "2026-01-05", "closed_at": "2026-02-05", "status": "won"}
    | {"manager_id": who, "company_id": company, "amount": amount}
    for who, company, amount in (
        ("Ann", "A", 700.1),
        ("Ann", "B", 100.2),
        ("Bob", "A", 150),
        ("Bob", "", 49.7),
    )
]


def test_a_measure_of_a_client(snapshot):
    crm = snapshot([*DEALS, {"created_at": "2026-01-05", "status": "open", "amount": 99}])
    items = pareto("revenue", crm, "company")
    # A 850.10, B 100.20, not set 49.70: 1000.00 in all; 850.10 alone is 85 %
    assert items["value"].tolist() == [850.1, 100.2, 49.7]
    assert items["share"].tolist() == [0.8501, 0.1002, 0.0497]
    assert items["n"].tolist() == [2, 1, 1]
    assert core_of(items).core == 1
    reps = pareto("won_deals", crm, "manager")
    assert reps["value"].tolist() == [2, 2] and reps["manager"].tolist() == ["Ann", "Bob"]
    lower = snapshot(DEALS, limits={"pareto_share": 0.95})
    assert core_of(pareto("revenue", lower, "company")).core == 2


def test_what_does_not_add_up_has_no_pareto(snapshot):
    with pytest.raises(RequestError, match="do not add up to a whole") as refused:
        pareto("win_rate", snapshot(DEALS), "company")
    assert "revenue" in str(refused.value.remedy)
    with pytest.raises(RequestError, match="there is no such slice"):
        pareto("revenue", snapshot(DEALS), "compny")
