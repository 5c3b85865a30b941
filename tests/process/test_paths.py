"""Paths of deals: numbered exactly, counted, and held against the order of the stages."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from crmkit.process.flows import path_shares, variants
from crmkit.process.paths import variants_of
from crmkit.stagelog import StageLog
from crmkit.stages import order_of

#: New, Talk, Offer, won, lost; then a stage that no list knows.
NEW, TALK, OFFER, WON, LOST, STRAY = range(6)
TABLE = pd.DataFrame(
    {
        "pipeline": ["Sales"] * 5 + [None],
        "stage": ["New", "Talk", "Offer", "Won", "Lost", "Stray"],
        "position": [1.0, 2.0, 3.0, 4.0, 5.0, np.nan],
        "kind": ["open"] * 3 + ["won", "lost", None],
    }
)


def log_of(paths, table=TABLE):
    """Return the log of deals that took these paths, one hour a stage."""
    deal = np.repeat(np.arange(len(paths), dtype=np.int32), [len(path) for path in paths])
    stage = np.array([code for path in paths for code in path], dtype=np.int16)
    at = np.arange(len(stage)) * 3_600_000_000
    none = np.zeros(len(paths), dtype=bool)
    order = order_of(table)
    return StageLog(deal, at, stage, np.full(len(stage), -1), order, pd.DataFrame(), none, 0)


def flat(count):
    return pd.DataFrame(
        {
            "pipeline": "P",
            "stage": [f"S{number}" for number in range(count)],
            "position": np.arange(1.0, count + 1),
            "kind": "open",
        }
    )


def test_variants_worked_out_by_hand():
    won = (NEW, TALK, OFFER, WON)
    found = variants_of(log_of([won, (NEW, TALK), won, (NEW,), (NEW, LOST), won]))
    # most frequent first, then the shorter, then by the order of the stages
    assert found.table["path"].tolist() == [won, (NEW,), (NEW, TALK), (NEW, LOST)]
    assert found.table["n"].tolist() == [3, 1, 1, 1]
    assert found.table["share"].tolist() == [0.5, 1 / 6, 1 / 6, 1 / 6]
    assert found.number.tolist() == [0, 2, 0, 1, 3, 0]
    assert found.deal[found.first].tolist() == [0, 3, 1, 4]


@pytest.mark.parametrize(("stages", "longest"), [(1, 200), (2, 90), (6, 120), (12, 40), (300, 30)])
def test_equal_numbers_are_equal_paths(stages, longest):
    rng = np.random.default_rng(stages)
    known = [tuple(rng.integers(0, stages, length).tolist()) for length in rng.integers(1, longest, 60)]
    known += [(*path, 0) for path in known] + [path[:-1] for path in known if len(path) > 1]
    paths = [known[place] for place in rng.integers(0, len(known), 900)]
    found = variants_of(log_of(paths, flat(stages)))
    assert dict(zip(found.table["path"], found.table["n"], strict=True)) == Counter(paths)
    assert [found.table["path"][number] for number in found.number] == paths
    assert [paths[place] for place in found.first] == found.table["path"].tolist()


def test_paths_that_a_sum_or_a_short_hash_would_mix_up():
    # the same stages in other orders, and beginnings of one another just where one integer is full
    long = tuple([1, 0] * 40)
    paths = [long, long[:-1], long[::-1], (*long[:31], 2, *long[32:]), (0, 1), (1, 0), (0,), (0, 0)]
    assert sorted(variants(log_of(paths, flat(3)))["path"]) == sorted(paths)


def test_no_deals_no_paths():
    assert variants(log_of([])).empty
    told = path_shares(log_of([]))
    assert told["n"].tolist() == [0] * 6 and told["value"].isna().all()


def shares(paths, **closed):
    told = path_shares(log_of(paths), **closed).set_index("share")
    return {name: (row["k"], row["n"]) for name, row in told.iterrows()}


PATHS = [
    (NEW, TALK, OFFER, WON),  # the happy path
    (NEW, TALK, NEW, TALK, LOST),  # back and again
    (NEW, OFFER),  # passed over Talk
    (NEW,),  # on its way
    (OFFER, WON),  # a late start
    (NEW, WON),  # passed over two
    (NEW, TALK, LOST),  # in order, but lost
]


def test_shares_worked_out_by_hand():
    assert shares(PATHS) == {
        "most_frequent": (1, 7), "happy": (2, 7), "happy_ended": (1, 5), "in_order": (6, 7),
        "rework": (1, 7), "skipped": (2, 7),
    }  # fmt: skip
    told = path_shares(log_of(PATHS))
    assert told["value"].tolist()[:2] == [1 / 7, 2 / 7]
    assert ((told["low"] < told["value"]) & (told["value"] < told["high"])).all()


def test_a_stage_without_a_place_leaves_the_deal_out_of_what_needs_one():
    found = shares([*PATHS, (NEW, STRAY, NEW)])
    assert found["rework"] == (2, 8) and found["most_frequent"] == (1, 8)
    assert found["happy"] == (2, 7) and found["in_order"] == (6, 7) and found["skipped"] == (2, 7)


def test_a_deal_closed_without_a_change_of_stage():
    paths = [(NEW, TALK), (NEW, TALK, OFFER), (NEW,), (NEW, TALK)]
    won, lost = np.array([False, True, True, False]), np.array([True, False, False, False])
    found = shares(paths, won=won, lost=lost)
    # the first is lost; the second went through all and is won; the third is won past two; the last goes on
    assert found["happy"] == (2, 4) and found["happy_ended"] == (1, 3)
    assert found["skipped"] == (1, 4)


def plainly(path, order):
    """Say of one path what the shares count, stage by stage, without a thought of speed."""
    where, ranks, sizes = order.pipelines, order.ranks, order.sizes
    if any(where[code] < 0 for code in path):
        return None
    is_open = [order.kinds[code] == 0 for code in path]
    own = where[path[0]]
    way = [code for code in order.open_stages[own] if code >= 0]
    won = [code for code in range(len(order.kinds)) if order.kinds[code] == 1 and where[code] == own]
    whole = list(path[:-1]) == way and path[-1] in won
    rank = [ranks[code] if order.kinds[code] == 0 else 0 for code in path]
    forward, skipped, reach = True, False, rank[0]
    for place, (before, here) in enumerate(pairwise(path)):
        was_open, now_open, inside = is_open[place], is_open[place + 1], where[before] == where[here]
        forward &= was_open and inside and (not now_open or ranks[here] > ranks[before])
        reach = reach if inside else rank[place + 1]
        target = ranks[here] if now_open else sizes[where[here]] if order.kinds[here] == 1 else -1
        skipped |= was_open and inside and target > reach + 1
        reach = max(reach, rank[place + 1])
    return {"whole": whole, "prefix": list(path) == way[: len(path)], "in_order": forward, "skipped": skipped}


@pytest.mark.parametrize("seed", range(4))
def test_shares_told_path_by_path(seed):
    rng = np.random.default_rng(seed)
    table = pd.concat([TABLE.iloc[:5], TABLE.iloc[[0, 1, 3, 4]].assign(pipeline="Other"), TABLE.iloc[5:]])
    table = table.reset_index(drop=True)
    order = order_of(table)
    paths = [tuple(rng.integers(0, 10 if seed else 5, size).tolist()) for size in rng.integers(1, 7, 800)]
    paths += [(0, 1, 2, 3), (0, 1), (5, 6, 7), (5,), (0, 2), (5, 7)] * 20
    told = path_shares(log_of(paths, table)).set_index("share")
    facts = [(path, plainly(path, order)) for path in paths]
    placed = [(path, one) for path, one in facts if one is not None]
    ended = [one for path, one in placed if order.kinds[path[-1]] != 0]
    expected = {
        "happy": (sum(one["whole"] or one["prefix"] for _, one in placed), len(placed)),
        "happy_ended": (sum(one["whole"] for one in ended), len(ended)),
        "in_order": (sum(one["in_order"] for _, one in placed), len(placed)),
        "rework": (sum(len(set(path)) < len(path) for path in paths), len(paths)),
        "skipped": (sum(one["skipped"] for _, one in placed), len(placed)),
    }
    assert {name: tuple(told.loc[name, ["k", "n"]].astype(int)) for name in expected} == expected


def test_reopened_deals_are_not_in_order():
    assert shares([(NEW, TALK, LOST, OFFER, WON)])["in_order"] == (0, 1)
    assert shares([(NEW, TALK, OFFER, WON, NEW)])["happy"] == (0, 1)


def test_an_optional_stage_left_out_is_no_skip():
    # one passed over Talk, which is optional; one over Talk and Offer, which is not
    table = TABLE.assign(is_optional=[False, True, False, False, False, None])
    loose = path_shares(log_of([(NEW, OFFER), (NEW, WON)], table)).set_index("share")
    strict = path_shares(log_of([(NEW, OFFER), (NEW, WON)])).set_index("share")
    assert (loose.loc["skipped", "k"], strict.loc["skipped", "k"]) == (1, 2)
