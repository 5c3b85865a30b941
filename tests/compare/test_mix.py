"""The mix of deals: which attributes are used, which tell the outcome instead, what is put together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit.compare.mix import BANDS, MOST_VALUES, POOLED, cells_of, leaks, mix_of, pooled, telling
from crmkit.measures import ALL, find


def closed(snapshot, deals, **more):
    """Return the Snapshot, its closed deals as cases, and which of them were won."""
    usual = {"created_at": "2026-01-10", "closed_at": "2026-02-10", "status": "won", "manager_id": "a"}
    crm = snapshot([usual | {"deal_id": f"{at:03}"} | deal for at, deal in enumerate(deals)], **more)
    cases = find("win_rate:closed_count").cases(crm, ALL)
    return crm, cases, (cases["value"] > 0).to_numpy()


def test_cells_are_the_combinations():
    draw = np.random.default_rng(0)
    attributes = [draw.integers(0, many, 500) for many in (3, 40, 7, 2)]
    cells = cells_of(attributes, 500)
    rows = list(zip(*(one.tolist() for one in attributes), strict=True))
    assert len(set(cells.tolist())) == len(set(rows)) == cells.max() + 1
    assert len(set(zip(rows, cells.tolist(), strict=True))) == len(set(rows))
    assert cells_of([], 3).tolist() == [0, 0, 0]
    assert cells_of([np.zeros(0, np.int64)], 0).tolist() == []


def test_small_cells_are_put_together_by_fewer_attributes():
    # Ten site-north, nine site-south; one fair-north, and nine of nobody's source: three cells.
    first = np.repeat([1, 1, 2, 0], [POOLED, POOLED - 1, 1, POOLED - 1])
    second = np.repeat([1, 2, 1, 0], [POOLED, POOLED - 1, 1, POOLED - 1])
    cells = pooled([first, second], len(first))
    # The nine of site-south are not ten without those of site-north, so all that is left is one cell.
    assert len(set(cells[:POOLED])) == 1 and len(set(cells[POOLED:])) == 1
    assert cells[0] != cells[POOLED]
    # With one more of site-south it is a cell of its own; what is left stays one cell, small as it is.
    first, second = np.append(first, 1), np.append(second, 2)
    assert len(np.unique(pooled([first, second], len(first)))) == 3
    assert pooled([], 3).tolist() == [0, 0, 0]


def test_bands_of_amount_leave_cases_enough_in_each(snapshot):
    # 600 amounts: ten bands of sixty.
    crm, cases, won = closed(
        snapshot, [{"amount": one + 1, "status": ["won", "lost"][one % 2]} for one in range(600)]
    )
    codes = mix_of(crm, cases, won).codes["amount_band"]
    assert np.bincount(codes).tolist() == [0] + [60] * 10


def test_with_many_deals_a_month_those_of_one_month_are_alike(snapshot):
    # 400 deals of two months of one quarter, and one deal less.
    deals = [
        {"closed_at": f"2026-0{1 + one % 2}-10", "status": ["won", "lost"][one // 2 % 2]}
        for one in range(400)
    ]
    assert mix_of(*closed(snapshot, deals)).codes["month"].tolist() == [1, 2] * 200
    assert mix_of(*closed(snapshot, deals[1:])).left_out["quarter"] == "one_value"


def test_what_is_known_before_makes_deals_alike(snapshot):
    deals = [
        {"source": ["site", "fair"][one % 2], "status": ["won", "lost", "lost"][one % 3],
         "amount": 100 * (one + 1), "closed_at": ["2026-02-10", "2025-12-20"][one // 6],
         "created_at": "2025-10-01", "product": "same"}
        for one in range(12)
    ]  # fmt: skip
    crm, cases, won = closed(snapshot, deals)
    mix = mix_of(crm, cases, won)
    assert list(mix.codes) == ["source", "amount_band", "quarter"]
    assert mix.left_out == {"segment": "not_in_export", "product": "one_value"}
    # Sources by name: fair 1, site 2.
    assert mix.codes["source"].tolist() == [2, 1] * 6
    # Quarters of 100 … 1200: three deals in each band.
    assert mix.codes["amount_band"].tolist() == np.repeat([1, 2, 3, 4], 3).tolist()
    assert mix.codes["quarter"].tolist() == [2] * 6 + [1] * 6


def test_amounts_that_only_won_deals_have_would_explain_the_win(snapshot):
    deals = [{"status": "won", "amount": 100 * one} for one in range(1, 6)] + [{"status": "lost"}] * 15
    crm, cases, won = closed(snapshot, deals)
    assert mix_of(crm, cases, won).left_out["amount_band"] == "known_after_the_outcome"
    # A zero is no amount either.
    zero = [*deals[:5], *[{"status": "lost", "amount": 0}] * 15]
    assert mix_of(*closed(snapshot, zero)).left_out["amount_band"] == "known_after_the_outcome"


def test_what_only_won_deals_have_is_found_behind_visits_too(snapshot):
    # 100 deals go through three stages and 5 are won: of the visits that went on, few are won deals', so few
    # have the segment (15 of 205 beside none of 95). The deals behind them show it.
    stages = [{"name": name} for name in ("A", "B", "C")]
    stages += [{"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"}]
    deals, changes = [], []
    for one in range(100):
        is_won = one < 5
        end = "Won" if is_won else "Lost"
        deals.append(
            {"deal_id": f"{one:03}", "stage": end, "manager_id": "a", "created_at": "2026-01-01",
             "closed_at": "2026-02-10", "segment": "large" if is_won else ""}
        )  # fmt: skip
        for day, stage in zip(("01-01", "01-10", "01-20", "02-10"), ("A", "B", "C", end), strict=True):
            changes.append({"deal_id": f"{one:03}", "changed_at": f"2026-{day}", "to_stage": stage})
    crm = snapshot(deals, stage_changes=changes, stages=stages)
    cases = find("stage_conversion:excluded").cases(crm, ALL)
    well, filled = (cases["value"] > 0).to_numpy(), cases["deal_ix"].to_numpy() < 5
    assert (int(well.sum()), int((filled & well).sum()), len(cases)) == (205, 15, 300)
    assert not leaks(filled, well)
    assert telling(crm, cases, filled, outcome=well)
    assert mix_of(crm, cases, well).left_out["segment"] == "known_after_the_outcome"


@pytest.mark.parametrize(("won", "lost", "told"), [(1.0, 0.0, True), (0.0, 1.0, True), (0.8, 0.75, False)])
def test_a_leak_is_a_difference_in_what_is_filled_in(won, lost, told):
    outcome = np.arange(200) < 100
    filled = (np.arange(200) % 100) < np.where(outcome, won, lost) * 100
    assert leaks(filled, outcome) is told
    assert not leaks(filled, None)
    assert not leaks(filled, np.ones(200, dtype=bool)) and not leaks(filled, np.zeros(200, dtype=bool))
    assert not leaks(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool))


def test_of_300_products_the_rarest_are_one(snapshot):
    # Product 0 has 20 deals, products 1 to 12 have two each, 13 to 299 one each.
    names = ["p0"] * 20 + [f"p{one}" for one in range(1, 13)] * 2 + [f"p{one}" for one in range(13, 300)]
    deals = [{"product": name, "status": ["won", "lost"][one % 2]} for one, name in enumerate(names)]
    crm, cases, won = closed(snapshot, deals)
    codes = mix_of(crm, cases, won).codes["product"]
    counts = np.bincount(codes)
    assert len(counts) == MOST_VALUES + 2 and counts[0] == 0
    assert counts[-1] == 287 + 2  # the rest, and one of the twelve products of two deals
    assert sorted(counts[1:-1]) == [2] * 11 + [20]


def test_stages_are_never_put_together(snapshot):
    crm, cases, won = closed(snapshot, [{"status": ["won", "lost"][one % 2]} for one in range(40)])
    cases = cases.assign(stage=[f"s{one % 20}" for one in range(40)])
    assert len(np.unique(mix_of(crm, cases, won, also=("stage",)).codes["stage"])) == 20 > MOST_VALUES


def test_equal_amounts_are_in_one_band(snapshot):
    amounts = [100] * 30 + [500] * 5 + [""] * 5
    deals = [{"amount": one, "status": ["won", "lost"][at % 2]} for at, one in enumerate(amounts)]
    crm, cases, won = closed(snapshot, deals)
    codes = mix_of(crm, cases, won).codes["amount_band"]
    assert [len(set(codes[part].tolist())) for part in (slice(30), slice(30, 35), slice(35, 40))] == [1, 1, 1]
    assert codes[0] < codes[30] <= BANDS[1] and codes[35] == 0


def test_where_deals_have_no_part_only_the_time_counts(snapshot):
    crm, cases, _ = closed(snapshot, [{"source": "site"}, {"source": "fair", "closed_at": "2025-12-01"}])
    mix = mix_of(crm, cases, also=None)
    assert list(mix.codes) == ["quarter"] and mix.left_out == {}
    empty = mix_of(crm, cases.head(0))
    assert empty.codes == {} and set(empty.left_out.values()) <= {"one_value", "not_in_export"}


def test_the_order_of_rows_changes_nothing(snapshot):
    deals = [
        {"source": ["site", "fair", "call"][one % 3], "status": ["won", "lost"][one % 2], "amount": one + 1}
        for one in range(30)
    ]
    crm, cases, won = closed(snapshot, deals)
    order = np.random.default_rng(1).permutation(30)
    one = mix_of(crm, cases, won)
    other = mix_of(crm, cases.iloc[order].reset_index(drop=True), won[order])
    pd.testing.assert_frame_equal(
        pd.DataFrame(one.codes).iloc[order].reset_index(drop=True), pd.DataFrame(other.codes)
    )
