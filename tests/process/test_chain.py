"""The funnel as a chain: worked out by hand, against deals played through it, and what must always hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crmkit.periods import Period
from crmkit.process.chain import (
    chain_of,
    chances_of,
    fundamental,
    lone_gains,
    winning,
    with_conversions,
)
from crmkit.process.steps import stages_as_places
from crmkit.stages import ADVANCED, LOST, MOVED_BACK, OTHER_PIPELINE

ALL = Period(None, None, "all")
STAGES = [
    {"name": "A"}, {"name": "B"}, {"name": "C"},
    {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
]  # fmt: skip


def deals_along(paths: list[str], days: list[list[float]] | None = None, **more: object) -> dict:
    """Return deals and stage changes for paths such as «ABW»; each stay lasts a day unless ``days`` says."""
    names = {"W": "Won", "L": "Lost"}
    deals, moves = [], []
    for number, path in enumerate(paths, 1):
        at = datetime(2026, 1, 1, 10)  # noqa: DTZ001
        deals.append(
            {"deal_id": str(number), "created_at": str(at), "stage": names.get(path[-1], path[-1])} | more
        )
        for place, sign in enumerate(path):
            stage = names.get(sign, sign)
            moves.append({"deal_id": str(number), "changed_at": str(at), "to_stage": stage})
            if sign in names:
                deals[-1]["closed_at"] = str(at)
            at += timedelta(days=days[number - 1][place] if days and place < len(days[number - 1]) else 1)
    return {"deals": deals, "stage_changes": moves, "stages": STAGES}


#: 8 deals; two of them come back from B to A once.
PATHS = ["ABCW", "ABCW", "ABCW", "ABABCW", "ABABCL", "ABL", "AL", "AL"]


def by_hand(snapshot):
    return chain_of(crm := snapshot(**deals_along(PATHS)), ALL, stages_as_places(crm))


def test_a_chain_of_three_states_by_hand(snapshot):
    chain = by_hand(snapshot)
    # A: 10 visits, 8 to B, 2 lost. B: 8 visits, 5 to C, 2 back to A, 1 lost. C: 5 visits, 4 won, 1 lost.
    assert chain.counts.tolist() == [[0, 8, 0, 0, 2], [2, 0, 5, 0, 1], [0, 0, 0, 4, 1]]
    # c = 4/5; a = 4/5·b; b = 1/4·a + 5/8·c = 1/5·b + 1/2, so b = 5/8, a = 1/2.
    assert chain.table["p_win"].tolist() == pytest.approx([1 / 2, 5 / 8, 4 / 5])
    # Every stay lasts a day: from C 1; b = 1 + a/4 + 5/8, a = 1 + 4/5·b:
    # b = 1 + 1/4 + b/5 + 5/8 = 75/32; a = 23/8.
    assert chain.table["remaining_days"].tolist() == pytest.approx([23 / 8, 75 / 32, 1])
    assert chain.table["conversion"].tolist() == pytest.approx([0.8, 0.625, 0.8])
    assert (chain.table["state"] == "").all() and (chain.table["p_unknown"] == 0).all()
    # If 3/4 of the visits to B went on: lost and back shrink from 3/8 to 1/4 in proportion, back to 1/6:
    # b = 1/6·4/5·b + 3/4·4/5 = 2/15·b + 3/5, so b = 9/13, a = 36/65.
    assert chain.p_win([np.nan, 0.75, np.nan]).tolist() == pytest.approx([36 / 65, 9 / 13, 4 / 5])
    changed = with_conversions(chain.chances, chain.ways, np.array([np.nan, 0.75, np.nan]))
    gains = lone_gains(chain.chances, fundamental(chain.chances), changed)
    assert gains.tolist() == pytest.approx([0, float(Fraction(9, 13) - Fraction(5, 8)), 0], abs=1e-7)


def test_visits_going_on_are_no_moves_but_count_for_the_times(snapshot):
    # One deal stood in A for a day and was lost, one has stood there for 9 days: of the moves all are lost;
    # the curve falls to 1/2 after a day and stays there until the longest visit, 9 days: 1 + 8/2 = 5 days.
    given_ = deals_along(["AL", "A"])
    crm = snapshot(**given_, as_of="2026-01-10 10:00")
    table = chain_of(crm, ALL, stages_as_places(crm)).table
    assert table[["visits", "resolved", "p_win"]].iloc[0].tolist() == [2, 1, 0]
    assert table[["mean_days", "horizon_days", "open_at_horizon"]].iloc[0].tolist() == pytest.approx(
        [5, 9, 0.5]
    )
    assert table["is_at_least"].iloc[0]


def test_a_deal_closed_without_a_change_of_stage_ends(snapshot):
    given_ = deals_along(["AB", "AB", "AL"])
    for deal, status in zip(given_["deals"][:2], ("won", "lost"), strict=True):
        deal |= {"status_": status, "closed_at": "2026-01-05 10:00"}
    given_["deals"][0]["stage"], given_["deals"][1]["stage"] = "Won", "Lost"
    crm = snapshot(**given_)
    chain = chain_of(crm, ALL, stages_as_places(crm))
    assert chain.counts[1].tolist() == [0, 0, 1, 1]
    assert chain.table["p_win"].tolist() == pytest.approx([1 / 3, 1 / 2])


def test_places_without_an_end_are_said(snapshot):
    # From A half goes to C, where all still stand: the outcome of half of the deals is not known.
    crm = snapshot(**deals_along(["AC", "AW", "BAW", "BL"]))
    table = chain_of(crm, ALL, stages_as_places(crm)).table
    assert table["state"].tolist() == ["leads_to_unknown", "leads_to_unknown", "no_resolved_visits"]
    assert table["p_unknown"].tolist() == pytest.approx([1 / 3, 1 / 6, 1])
    assert table["p_win"].isna().all() and table["remaining_days"].isna().all()
    # B and C only lead to each other.
    crm = snapshot(**deals_along(["BCBCB", "AW"]))
    table = chain_of(crm, ALL, stages_as_places(crm)).table
    assert table["state"].tolist() == ["", "no_way_out", "no_way_out"]
    assert table["p_win"].iloc[0] == pytest.approx(1)


def test_technical_losses_and_visits_outside_the_period_are_left_out(snapshot):
    given_ = deals_along(["ABW", "AL", "AL"])
    given_["deals"][2]["lost_reason"] = "Duplicate"
    crm = snapshot(**given_, technical_losses=["Duplicate"])
    places = stages_as_places(crm)
    assert chain_of(crm, ALL, places).counts.tolist() == [[0, 1, 0, 1], [0, 0, 1, 0]]
    # the second of January: only the visit to B was entered then
    second = chain_of(crm, Period.parse("2026-01-02", "UTC"), places)
    assert second.table["stage"].tolist() == ["B"] and second.counts.tolist() == [[0, 1, 0]]


def test_without_a_history_there_is_no_chain(snapshot):
    crm = snapshot([{"created_at": "2026-01-01", "status": "won", "closed_at": "2026-01-09"}])
    chain = chain_of(crm, ALL, stages_as_places(crm))
    assert chain.table.empty and chain.counts.shape == (0, 2)


def test_deals_played_through_a_known_chain_agree(snapshot):
    # A → B .7, lost .3; B → C .5, A .2, lost .3; C → won .6, B .1, lost .3; days at A 2, B 5, C 1 on average.
    go = {"A": ("BL", (0.7, 0.3), 2), "B": ("CAL", (0.5, 0.2, 0.3), 5), "C": ("WBL", (0.6, 0.1, 0.3), 1)}
    draw, paths, stays = np.random.default_rng(11), [], []
    for _ in range(1500):
        path, days = "A", []
        while path[-1] in go:
            following, chances, mean = go[path[-1]]
            days.append(float(draw.exponential(mean)))
            path += following[draw.choice(len(chances), p=chances)]
        paths.append(path)
        stays.append(days)
    crm = snapshot(**deals_along(paths, stays), as_of="2027-12-31")
    table = chain_of(crm, ALL, stages_as_places(crm)).table
    q = np.array([[0, 0.7, 0], [0.2, 0, 0.5], [0, 0.1, 0]])
    visited = np.linalg.inv(np.eye(3) - q)
    assert table["p_win"].tolist() == pytest.approx(visited @ [0, 0, 0.6], abs=0.04)
    assert table["remaining_days"].tolist() == pytest.approx(visited @ [2, 5, 1], rel=0.08)
    # what came of the same deals, counted: the share won, and the days from the first entry to the end
    assert table["p_win"].iloc[0] == pytest.approx(np.mean([path[-1] == "W" for path in paths]), abs=1e-6)
    assert table["remaining_days"].iloc[0] == pytest.approx(np.mean([sum(days) for days in stays]), rel=1e-4)


COUNTS = arrays(np.int64, (4, 6), elements=st.integers(0, 40))
FORWARD = np.where(np.arange(6)[None, :] > np.arange(4)[:, None], ADVANCED, MOVED_BACK).astype(np.int8)
FORWARD[:, 5] = LOST


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, 3), st.floats(0, 1))
def test_rows_add_up_and_one_row_at_a_time_is_the_whole_chain_anew(counts, place, conversion):
    counts[:, 5] += 1  # from everywhere some are lost
    chances, target = chances_of(counts), np.full(4, np.nan)
    assert chances.sum(axis=1) == pytest.approx(np.ones(4))
    target[place] = conversion
    changed = with_conversions(chances, FORWARD, target)
    assert changed.sum(axis=1) == pytest.approx(np.ones(4)) and (changed >= 0).all()
    before, after = (winning(one, fundamental(one)) for one in (chances, changed))
    assert ((before >= -1e-9) & (before <= 1 + 1e-9)).all()
    gain = lone_gains(chances, fundamental(chances), changed)
    assert gain[place] == pytest.approx(after[place] - before[place], abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, 3), st.floats(0, 1))
def test_a_higher_conversion_never_costs_where_later_places_are_better(counts, place, lift):
    counts[:, 5] += 1
    counts[:, :4] *= np.eye(4, k=1, dtype=np.int64)  # only to the next place, won or lost
    chances, target = chances_of(counts), np.full(4, np.nan)
    now = counts[place][FORWARD[place] == ADVANCED].sum() / counts[place].sum()
    target[place] = now + lift * (1 - now)
    changed = with_conversions(chances, FORWARD, target)
    before, after = (winning(one, fundamental(one)) for one in (chances, changed))
    assert (after >= before - 1e-9).all()


def test_other_pipelines_keep_their_share():
    # .2 on, .5 lost, .3 elsewhere; .6 on leaves .1 for the lost, and no more than .7 can go on.
    chances = np.array([[0.0, 0.3, 0.2, 0.5], [0.0, 0.0, 0.0, 1.0]])
    ways = np.array([[MOVED_BACK, OTHER_PIPELINE, ADVANCED, LOST]] * 2, dtype=np.int8)
    for asked, row in ((0.6, [0, 0.3, 0.6, 0.1]), (0.9, [0, 0.3, 0.7, 0]), (0.1, [0, 0.3, 0.1, 0.6])):
        changed = with_conversions(chances, ways, np.array([asked, 0.5]))
        assert changed[0].tolist() == pytest.approx(row)
        assert changed[1].tolist() == [0, 0, 0, 1]  # nobody has ever gone on: it is not known where to


def test_where_nobody_was_lost_a_lower_conversion_loses(snapshot):
    chances = np.array([[0.0, 1.0, 0.0]])
    ways = np.array([[MOVED_BACK, ADVANCED, LOST]], dtype=np.int8)
    assert with_conversions(chances, ways, np.array([0.4])).tolist() == [[0, 0.4, pytest.approx(0.6)]]
