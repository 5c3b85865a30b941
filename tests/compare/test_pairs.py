"""Two reps within like deals: a ratio over one and the same mix."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

from crmkit.compare.pairs import judged_pair, like_for_like
from crmkit.limits import Limits


def _cases(rows: list[tuple[bool, int, int, int]]) -> dict[str, np.ndarray]:
    """Return cases of (whose, cell, won, of)."""
    value, is_first, cell = [], [], []
    for mine, place, won, of in rows:
        value += [1.0] * won + [0.0] * (of - won)
        is_first += [mine] * of
        cell += [place] * of
    return {"value": np.array(value), "is_first": np.array(is_first), "cell": np.array(cell)}


def _told(cases: dict[str, np.ndarray], cluster: np.ndarray | None = None):
    each = np.arange(len(cases["value"])) if cluster is None else cluster
    return like_for_like(cases["value"], cases["is_first"], cell=cases["cell"], cluster=each)


def test_equal_reps_with_opposite_mix_are_equal() -> None:
    # Warm deals: both win a half; cold ones: both win a tenth. One has 80 warm and 20 cold, the other the
    # reverse: raw 42 % against 18 %, more than twice. Mantel–Haenszel: (40·20 + 2·80) / (10·80 + 8·20) = 1.
    mix = [(True, 0, 40, 80), (True, 1, 2, 20), (False, 0, 10, 20), (False, 1, 8, 80)]
    told = _told(_cases(mix))
    assert told.value == pytest.approx(1)
    assert told.low < 1 < told.high < 2
    assert told.first == pytest.approx(told.second)
    assert (told.n, told.counts, told.alike) == (100, (100, 100), (100, 100))


def test_one_cell_is_the_ratio_of_two_shares() -> None:
    # 40 of 100 by 20 of 100; the variance of the logarithm is (1/40 − 1/100) + (1/20 − 1/100) = .055, times
    # (100/99)² as each client is one of a hundred; t of 99 degrees is 1.98422: e^±.47005 around 2
    told = _told(_cases([(True, 0, 40, 100), (False, 0, 20, 100)]))
    half = 1.984217 * 0.055**0.5 * 100 / 99
    assert (told.value, told.first, told.second) == pytest.approx((2, 0.4, 0.2))
    assert np.log([told.low, told.high]) == pytest.approx([np.log(2) - half, np.log(2) + half], abs=1e-5)


def test_cells_of_one_of_them_say_nothing() -> None:
    shared = [(True, 0, 20, 50), (False, 0, 10, 50)]
    alone = [(True, 1, 30, 30), (False, 2, 0, 40)]
    told, like = _told(_cases(shared + alone)), _told(_cases(shared))
    assert told.value == like.value == pytest.approx(2)
    # nothing but the number of clients that the variance is corrected for: those of the cells used
    assert (told.low, told.high) == pytest.approx((like.low, like.high))
    assert (told.n, told.counts, told.alike) == (50, (80, 90), (50, 50))


def test_deals_of_one_client_are_not_many() -> None:
    cases = _cases([(True, 0, 40, 80), (False, 0, 20, 80)])
    alone = _told(cases)
    # each ten deals are of one client, and end alike
    together = _told(cases, np.arange(160) // 10)
    assert together.value == alone.value
    assert together.high / together.low > 3 * alone.high / alone.low
    # a single client on a side: there is no telling
    one = np.where(cases["is_first"], 0, np.arange(160))
    assert _told(cases, one).high == np.inf


def test_nothing_by_nothing_is_no_ratio() -> None:
    told = _told(_cases([(True, 0, 5, 50), (False, 0, 0, 50)]))
    assert np.isnan([told.value, told.low, told.high]).all()
    assert (told.first, told.second, told.n) == (0.1, 0, 50)
    apart = _told(_cases([(True, 0, 5, 50), (False, 1, 5, 50)]))
    assert np.isnan([apart.value, apart.first, apart.second]).all() and apart.n == 0


def test_a_true_ratio_is_covered_with_opposite_mix() -> None:
    # 60 deals each over 8 kinds, 12 to 38 %, mostly of different kinds; the one is truly twice as good
    draw, covered, runs = np.random.default_rng(3), 0, 400
    chances = np.arange(1, 9) / 36
    for _ in range(runs):
        cell = np.concatenate([draw.choice(8, 60, p=chances), draw.choice(8, 60, p=chances[::-1])])
        is_first = np.arange(120) < 60
        won = draw.random(120) < np.linspace(0.125, 0.375, 8)[cell] * np.where(is_first, 2, 1)
        told = like_for_like(won.astype(float), is_first, cell=cell, cluster=np.arange(120))
        covered += told.low <= 2 <= told.high
    assert 0.93 < covered / runs < 0.985


def test_money_of_two_reps_never_holds() -> None:
    # 200 of 300 by 100 of 300, a hundred each: twice as much beyond any chance, were it not money
    won = np.repeat([1, 0, 1, 0], [200, 100, 100, 200])
    cases = pd.DataFrame({"rep": np.repeat([0, 1], 300), "cluster": np.arange(600), "value": won * 1.0})
    share = judged_pair(cases, (), (0, 1), limits=Limits())
    assert (share.verdict.label, share.verdict.direction) == ("holds", "above")
    money = judged_pair(cases.assign(value=won * 100.0), (), (0, 1), limits=Limits(), kind="money")
    assert money.like.low > 1
    assert (money.verdict.label, money.verdict.direction) == ("may_be_chance", "none")
    assert money.verdict.reason == "approximate_interval"


def test_a_rep_of_one_big_client_is_not_told_from_that_client() -> None:
    # Both win half of the 300 deals with small clients. The first has 2 100 deals of one client, who buys 7
    # times of 10, the second 2 100 of another, who buys 3 times: these are two clients, not 4 200 cases.
    big, small = [1] * 7 + [0] * 3, [0, 1]
    first = np.array(big * 210 + small * 150)
    second = np.array((1 - np.array(big)).tolist() * 210 + small * 150)
    clusters = [np.where(np.arange(2400) < 2100, 0, np.arange(2400)) + 2400 * one for one in (0, 1)]
    cases = pd.DataFrame(
        {
            "rep": np.repeat([0, 1], 2400),
            "cluster": np.concatenate(clusters),
            "value": np.concatenate([first, second]) * 1.0,
        }
    )
    told = judged_pair(cases, (), (0, 1), limits=Limits())
    # worth 2400² / (2100² + 300) = 1.3 clients
    assert told.like.clients == pytest.approx(2400**2 / (2100**2 + 300))
    assert (told.verdict.label, told.verdict.reason) == ("too_little_data", "few_clients")
    apart = cases.assign(cluster=np.arange(4800))
    assert judged_pair(apart, (), (0, 1), limits=Limits()).verdict.label == "holds"


def test_the_chance_to_achieve_nothing_of_like_cases_is_told() -> None:
    # Two cells: 4 won of 30 beside 60 of the other, 3 of 20 beside 20: (1/3)⁴ × (1/2)³.
    rows = [(True, 0, 4, 30), (True, 1, 3, 20), (False, 0, 0, 60), (False, 1, 0, 20)]
    cases = _cases(rows)
    told = _told(cases)
    # clients are worth somewhat fewer than cases: the cells weigh 2/3 and 1/3 of the one's, 1/2 of both
    first = (30 * 2 / 3 + 20 / 2) ** 2 / (30 * 4 / 9 + 20 / 4) / 50
    second = (60 / 3 + 20 / 2) ** 2 / (60 / 9 + 20 / 4) / 80
    odds = second / first
    assert told.nothing == pytest.approx((1 + 2 * odds) ** -4 * (1 + odds) ** -3)
    other = like_for_like(cases["value"], ~cases["is_first"], cell=cases["cell"], cluster=np.arange(130))
    assert other.nothing == pytest.approx(told.nothing)
    # Six successes of 50, beside 50: (1/2)⁶. Of two clients with three each they count for two; and the 50
    # cases for 50² / (2 × 3² + 44) = 40.3 clients.
    cases = _cases([(True, 0, 6, 50), (False, 0, 0, 50)])
    assert _told(cases).nothing == pytest.approx(1 / 64)
    together = np.where(np.arange(100) < 6, np.arange(100) // 3, np.arange(100))
    assert _told(cases, together).nothing == pytest.approx((1 + 50 / (50**2 / 62)) ** -2)
    assert np.isnan(_told(_cases([(True, 0, 4, 30), (False, 0, 3, 30)])).nothing)


def test_a_large_client_is_set_against_the_other_deals_of_the_rep() -> None:
    # Both won 60 of 120. Of one client the first won 30 of 40 deals, and so 30 of 80 of the others. Pulls are
    # (value − .5) / 60: the client's 10 / 60, by 1 − 40/120; of each other deal .5 / 60, by 1 − 1/120.
    cases = _cases([(True, 0, 60, 120), (False, 0, 60, 120)])
    big = np.where((np.arange(120) < 30) | (np.arange(120) >= 110), 1000, np.arange(120))
    told = _told(cases, np.concatenate([big, 2000 + np.arange(120)]))
    variance = (10 / 60 / (1 - 1 / 3)) ** 2 + 200 * (0.5 / 60 / (1 - 1 / 120)) ** 2
    worth = 120**2 / (40**2 + 80)
    assert told.clients == pytest.approx(worth)
    assert np.log(told.high) == pytest.approx(float(stdtrit(worth - 1, 0.975)) * variance**0.5)
