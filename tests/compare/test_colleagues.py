"""Reps beside one another: who may be called better or worse, and who may not, on counts made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit.compare.colleagues import Colleagues, judged
from crmkit.limits import Limits

LIMITS = Limits()
EVEN = {1: (75, 300), 2: (75, 300), 3: (75, 300), 4: (75, 300)}


def deals(counts, *, kind=0, role=0, clients=None):
    """Return the deals of ``rep: (won, n)``, each of a client of its own unless told how many there are."""
    rep = np.concatenate([np.full(n, who) for who, (_, n) in counts.items()]).astype(np.int64)
    value = np.concatenate([np.arange(n) < won for won, n in counts.values()]).astype(np.float64)
    place = np.concatenate([np.arange(n) for _, n in counts.values()])
    cluster = rep * 10_000 + (place if clients is None else place % clients) + kind * 5000
    return pd.DataFrame({"rep": rep, "role": role, "value": value, "cluster": cluster, "source": kind})


def told(cases, attributes=("source",), **more):
    rows, level = judged(cases, attributes, limits=LIMITS, **more)
    return rows.set_index("rep"), level


def verdict(rows, rep):
    return tuple(rows.loc[rep, ["label", "direction", "reason"]])


def mixed(*parts):
    return pd.concat(parts, ignore_index=True)


# ---- like for like


def test_equal_reps_with_opposite_leads_are_told_equal():
    # Both win half of the warm leads and a tenth of the cold ones; one has 180 warm of 200, the other 20: raw
    # 46 % against 14 %. Like for like the difference is nothing.
    cases = mixed(
        deals({0: (90, 180), 1: (10, 20), 2: (100, 200), 3: (100, 200)}, kind=0),
        deals({0: (2, 20), 1: (18, 180), 2: (20, 200), 3: (20, 200)}, kind=1),
    )
    rows, _ = told(cases)
    assert rows["value"].tolist() == pytest.approx([0.46, 0.14, 0.3, 0.3])
    assert rows["expected"].tolist() == pytest.approx([0.46, 0.14, 0.3, 0.3], abs=2e-3)
    assert rows["gap"].tolist() == pytest.approx([0, 0, 0, 0], abs=2e-3)
    # All win 360 of 1,200: like for like everybody has .3.
    assert rows["adjusted"].tolist() == pytest.approx([0.3] * 4, abs=3e-3)
    assert rows["shrunk"].tolist() == pytest.approx([0.3] * 4, abs=3e-3)
    assert {verdict(rows, rep) for rep in range(4)} == {("may_be_chance", "none", "within_chance")}
    assert rows["rank_low"].tolist() == [1] * 4 and rows["rank_high"].tolist() == [4] * 4
    # Without the source the first two would be called names.
    raw, _ = told(cases, ())
    assert (verdict(raw, 0)[:2], verdict(raw, 1)[:2]) == (("holds", "above"), ("holds", "below"))


def test_who_is_better_is_found_on_the_right_side():
    for won, side in ((135, "above"), (24, "below")):  # 45 % or 8 % beside 25 %
        rows, level = told(mixed(deals(EVEN | {0: (won, 300)})))
        assert verdict(rows, 0) == ("holds", side, "")
        assert {rows.loc[rep, "label"] for rep in EVEN} == {"may_be_chance"}
        assert rows.loc[0, "gap"] == pytest.approx(won / 300 - 0.25, abs=1e-3)
        # One of five stands out: the limits are those of 1 − .05 · 1 ÷ 5.
        assert level == pytest.approx(0.99)
        assert (rows.loc[0, "rank_low"], rows.loc[0, "rank_high"]) == ((1, 1) if won > 75 else (5, 5))


def test_limits_exclude_zero_exactly_where_a_verdict_holds():
    draw = np.random.default_rng(3)
    for _ in range(12):
        counts = {rep: (int(draw.binomial(200, draw.choice([0.2, 0.3, 0.4]))), 200) for rep in range(6)}
        rows, _ = told(deals(counts), ())
        excludes = (rows["gap_low"] > 0) | (rows["gap_high"] < 0)
        holds = rows["label"] == "holds"
        assert excludes.tolist() == (holds | (rows["reason"] == "models_disagree")).tolist()
        assert (rows["gap_low"] > 0)[holds].tolist() == (rows["direction"] == "above")[holds].tolist()
        assert (rows.loc[~holds, "direction"] == "none").all()


def test_a_star_does_not_pull_the_others_below():
    # 1,800 of 2,000 beside 25 % of 2,000 each: measured against all, everybody else would be below.
    for others in (2, 3, 7):
        usual = {rep: (500 + rep, 2000) for rep in range(1, others + 1)}
        rows, _ = told(deals(usual | {0: (1800, 2000)}), ())
        assert verdict(rows, 0) == ("holds", "above", "")
        assert {verdict(rows, rep)[0] for rep in usual} == {"may_be_chance"}
        # Of the others each is set against the rest of them.
        assert rows.loc[1, "expected"] == pytest.approx(
            np.mean([(500 + rep) / 2000 for rep in usual if rep != 1]), abs=1e-3
        )


def test_two_reps_are_set_against_each_other():
    rows, _ = told(deals({0: (120, 300), 1: (60, 300)}), ())
    assert (verdict(rows, 0)[:2], verdict(rows, 1)[:2]) == (("holds", "above"), ("holds", "below"))
    assert rows["expected"].tolist() == pytest.approx([0.2, 0.4], abs=1e-3)


def test_the_own_cases_do_not_move_what_is_expected():
    for won in (30, 75, 200):
        rows, _ = told(deals(EVEN | {0: (won, 300)}))
        assert rows.loc[0, "expected"] == pytest.approx(0.25, abs=1e-4)


# ---- who is not judged


@pytest.mark.parametrize(
    ("n", "label", "reason"),
    [(1, "too_little_data", "few_cases"), (9, "too_little_data", "few_cases"),
     (10, "too_little_data", "some_cases"), (29, "too_little_data", "some_cases"), (30, "holds", "")],
)  # fmt: skip
def test_the_gates_stand_at_10_and_30(n, label, reason):
    rows, _ = told(deals(EVEN | {0: (n, n)}))
    assert verdict(rows, 0) == (label, "above" if label == "holds" else "none", reason)


def test_few_cases_of_the_others_are_no_measure():
    # 300 deals beside 29 of all others together: of two sides the smaller one counts.
    rows, _ = told(deals({0: (270, 300), 1: (2, 20), 2: (1, 9)}), ())
    assert verdict(rows, 0) == ("too_little_data", "none", "few_others")
    assert verdict(rows, 1) == ("too_little_data", "none", "some_cases")
    rows, _ = told(deals({0: (270, 300), 1: (2, 20), 2: (1, 10)}), ())
    assert verdict(rows, 0) == ("holds", "above", "")
    # 60 deals of the others, but of nine clients.
    cases = mixed(deals({0: (270, 300)}), deals({1: (6, 60)}, clients=9))
    assert verdict(told(cases, ())[0], 0) == ("too_little_data", "none", "few_others")


def test_few_clients_are_few_cases():
    cases = mixed(deals(EVEN), deals({0: (100, 100)}, clients=9))
    rows, _ = told(cases)
    assert verdict(rows, 0) == ("too_little_data", "none", "few_clients")
    assert rows.loc[0, "clusters"] == 9 and rows.loc[0, "n"] == 100
    # Nine deals of nine clients are few deals in the first place.
    assert verdict(told(mixed(deals(EVEN), deals({0: (9, 9)})))[0], 0)[2] == "few_cases"


def test_twelve_clients_who_always_agree_are_twelve_cases():
    # 48 deals of 12 clients, all won, where 75 % are: .75^12 is 3 %, and .75^48 would be a millionth.
    usual = dict.fromkeys(range(1, 5), (225, 300))
    alone, _ = told(deals(usual | {0: (48, 48)}), ())
    together, _ = told(mixed(deals(usual), deals({0: (48, 48)}, clients=12)), ())
    assert verdict(alone, 0)[0] == "holds" and verdict(together, 0)[0] == "may_be_chance"
    assert together.loc[0, "chance"] > 0.03 > 1e-4 > alone.loc[0, "chance"]


def test_a_few_large_clients_are_few_cases_however_many_small_ones_there_are():
    # 12 clients with ten deals each that end alike and 60 with one: (12 · 10² + 60)² ÷ (12 · 10⁴ + 60).
    large = deals({0: (80, 120)}).assign(cluster=lambda one: 90_000 + np.arange(120) // 10)
    cases = mixed(deals({0: (30, 60), 1: (225, 450)}), large)
    rows = Colleagues.of(cases, (), "share").rows(np.array([], dtype=np.int64), 5)
    assert rows.loc[0, "clusters"] == 72
    assert rows.loc[0, "free"] == pytest.approx(1260**2 / 120_060)


def test_clients_of_the_others_who_agree_make_the_expected_less_sure():
    # The first has a client for each deal; the only other has 30 clients with ten deals each that end alike,
    # 9 of them won: no more than 30 cases. 40 % beside 30 % is then within chance.
    other = deals({1: (90, 300)}).assign(cluster=lambda one: 50_000 + np.arange(300) // 10)
    apart, _ = told(deals({0: (130, 300), 1: (90, 300)}), ())
    rows, _ = told(mixed(deals({0: (130, 300)}), other), ())
    assert verdict(apart, 0) == ("holds", "above", "")
    assert verdict(rows, 0)[0] == "may_be_chance"
    assert rows["gap_high"].tolist() == pytest.approx((-rows["gap_low"]).tolist()[::-1], abs=0.05)


def test_nobody_to_compare_with():
    rows, level = told(deals({0: (10, 300)}))
    assert verdict(rows, 0) == ("cannot_be_computed", "none", "no_colleagues")
    assert rows.loc[0, ["value", "n"]].tolist() == pytest.approx([1 / 30, 300]) and level == 0.95
    assert rows.loc[0, ["expected", "adjusted", "gap", "gap_low", "gap_high"]].isna().all()
    assert rows.loc[0, ["rank_low", "rank_high"]].isna().all()


def test_deals_that_nobody_else_has_cannot_be_compared():
    # 250 of 300 deals are of a source that only this rep has: 17 % have their like.
    cases = mixed(deals(EVEN), deals({0: (240, 250)}, kind=1), deals({0: (12, 50)}, kind=0))
    rows, _ = told(cases)
    assert rows.loc[0, "matched"] == pytest.approx(50 / 300)
    assert verdict(rows, 0) == ("cannot_be_computed", "none", "no_like_deals")
    assert {rows.loc[rep, "label"] for rep in EVEN} == {"may_be_chance"}


def test_what_only_a_model_supposes_does_not_hold():
    # The first has warm leads of the new product only, which nobody else has together: the others won few of
    # warm leads of the old one, and few of cold leads of the new. Each attribute has its like, their
    # combination has none, so no like deals say that the first is better.
    parts = [
        deals({0: (150, 300)}, kind=0).assign(product=1),
        deals(dict.fromkeys(range(1, 5), (30, 150)), kind=0).assign(product=0),
        deals(dict.fromkeys(range(1, 5), (30, 150)), kind=1).assign(product=1),
        deals(dict.fromkeys(range(1, 5), (30, 150)), kind=1).assign(product=0),
    ]
    rows, _ = told(mixed(*parts), ("source", "product"))
    assert rows.loc[0, "matched"] == 1
    assert verdict(rows, 0) in {
        ("may_be_chance", "none", "models_disagree"), ("may_be_chance", "none", "within_chance")
    }  # fmt: skip


def test_a_new_rep_is_not_judged():
    cases = deals(EVEN | {0: (12, 300)})
    rows, level = told(cases.assign(is_new=cases["rep"] == 0))
    assert verdict(rows, 0) == ("may_be_chance", "none", "new_hire")
    # Nor counted among the comparisons.
    assert np.isnan(rows.loc[0, "chance"]) and rows.loc[0, "is_new"]
    assert level == told(deals(EVEN))[1]


def test_roles_never_mix():
    # Hunters win 10 %, closers 60 %: nobody differs from the own role.
    hunters = deals(dict.fromkeys(range(3), (30, 300)), role=0)
    closers = deals(dict.fromkeys(range(3, 6), (180, 300)), role=1)
    rows, _ = told(mixed(hunters, closers), ())
    assert set(rows["label"]) == {"may_be_chance"}
    assert rows["whole"].tolist() == pytest.approx([0.1] * 3 + [0.6] * 3)
    assert rows["expected"].tolist() == pytest.approx([0.1] * 3 + [0.6] * 3, abs=1e-3)
    # Places are those within the role.
    assert rows["rank_high"].tolist() == [3] * 6
    # Mixed, somebody would be told off or praised.
    assert "holds" in set(told(mixed(hunters, closers).assign(role=0), ())[0]["label"])
    # One alone in its role has nobody beside it, whatever the others do.
    rows, _ = told(mixed(hunters, deals({9: (299, 300)}, role=1)), ())
    assert verdict(rows, 9)[2] == "no_colleagues"


# ---- single deals, money


def test_nothing_holds_by_the_single_biggest_deal():
    # 18 of 40 beside 25 % is just above; 17 of 39 is not.
    counts = dict.fromkeys(range(1, 5), (750, 3000))
    assert verdict(told(deals(counts | {0: (17, 39)}), ())[0], 0)[0] == "may_be_chance"
    cases = deals(counts | {0: (18, 40)})
    rows, _ = told(cases, ())
    assert verdict(rows, 0) == ("holds", "above", "")
    assert rows.loc[0, "without_biggest"] == pytest.approx(rows.loc[0, "gap"])  # none is known to be bigger
    # The first 18 deals of the rep are won ones, the last 22 lost. The biggest one is won: not above.
    place = cases.groupby("rep").cumcount().where(cases["rep"] == 0)
    whale, _ = told(cases.assign(size=np.where(place == 0, 9e6, 100.0)), ())
    assert verdict(whale, 0) == ("may_be_chance", "none", "one_deal")
    assert whale.loc[0, "without_biggest"] == pytest.approx(17 / 39 - 0.25, abs=1e-3)
    # It is lost: without it the rep is above all the more.
    lost, _ = told(cases.assign(size=np.where(place == 39, 9e6, 100.0)), ())
    assert verdict(lost, 0) == ("holds", "above", "")
    assert lost.loc[0, "without_biggest"] == pytest.approx(18 / 39 - 0.25, abs=1e-3)
    # Deals whose worth is not known are not the biggest.
    blank, _ = told(cases.assign(size=np.where(place == 0, np.nan, np.where(place == 39, 5.0, 1.0))), ())
    assert verdict(blank, 0) == ("holds", "above", "")


def test_money_is_never_more_than_may_be_chance():
    cases = deals(EVEN | {0: (200, 300)})
    rows, _ = told(cases.assign(value=cases["value"] * 1000.0), kind="money")
    assert verdict(rows, 0) == ("may_be_chance", "none", "approximate_interval")
    assert rows.loc[0, "value"] == pytest.approx(200 * 1000 / 300)
    assert rows.loc[0, "gap"] == pytest.approx(200_000 / 300 - 250, abs=1)
    assert rows.loc[0, "gap_low"] > 0 and rows["chance"].isna().all()


def test_means_are_judged_by_weeks():
    # Six reps, 40 weeks of five days: weeks are good or bad as a whole. One does 12 actions a day, others 9.
    draw = np.random.default_rng(7)
    week = np.tile(np.repeat(np.arange(40), 5), 6)
    rep = np.repeat(np.arange(6), 200)
    wave = draw.normal(0, 2, (6, 40))[rep, week]
    value = np.where(rep == 0, 12.0, 9.0) + wave + draw.normal(0, 0.5, 1200)
    cases = pd.DataFrame({"rep": rep, "role": 0, "value": value, "cluster": week})
    rows, _ = told(cases, (), kind="mean")
    assert verdict(rows, 0) == ("holds", "above", "")
    assert rows.loc[0, "gap"] == pytest.approx(3, abs=0.8)
    # 40 weeks of ± 2: the own mean alone errs by .32; days as single cases would say .15.
    assert (rows.loc[0, "high"] - rows.loc[0, "low"]) / 2 == pytest.approx(1.96 * 2 / 40**0.5, rel=0.25)


# ---- ends


@pytest.mark.parametrize("won", [0, 300])
def test_all_won_or_none_won_is_no_difference(won):
    rows, _ = told(deals(dict.fromkeys(range(4), (won, 300))))
    assert set(rows["label"]) == {"may_be_chance"} and np.isfinite(rows["gap_low"]).all()
    assert rows["adjusted"].tolist() == pytest.approx([won / 300] * 4, abs=1e-3)


def test_figures_that_never_differ_are_no_difference():
    cases = deals(EVEN)
    for amount in (0.0, 7.0):
        rows, _ = told(cases.assign(value=amount), kind="mean")
        assert set(rows["label"]) <= {"may_be_chance"}
        assert not np.isinf(rows[["adjusted", "adjusted_low", "adjusted_high"]].to_numpy(np.float64)).any()


def test_one_case_each_says_nothing():
    for kind in ("share", "mean", "money"):
        rows, _ = told(deals({0: (1, 1), 1: (0, 1), 2: (1, 1)}), kind=kind)
        assert set(rows["label"]) <= {"too_little_data", "cannot_be_computed"}


def test_neither_the_order_of_rows_nor_the_codes_of_reps_matter():
    cases = mixed(
        deals(EVEN | {0: (120, 300)}), deals({0: (3, 50), 1: (9, 80), 2: (9, 90), 3: (1, 30)}, kind=1)
    ).assign(size=lambda one: (np.arange(len(one)) * 37) % 1009)
    one, level = told(cases)
    order = np.random.default_rng(2).permutation(len(cases))
    other, again = told(cases.iloc[order].assign(rep=lambda frame: 70 - frame["rep"]).reset_index(drop=True))
    other = other.set_axis(70 - other.index).sort_index()
    assert level == again
    texts = ["label", "direction", "reason"]
    assert other[texts].to_numpy().tolist() == one[texts].to_numpy().tolist()
    pd.testing.assert_frame_equal(
        one.drop(columns=texts), other.drop(columns=texts), check_names=False, rtol=1e-4, atol=1e-3
    )


def test_rounding_decides_nothing_where_each_client_has_one_deal():
    # Nothing is to be told of how far a client's deals agree; the order of rows moves sums by 1e-16.
    draw = np.random.default_rng(6)
    cases = pd.DataFrame({"rep": np.repeat(np.arange(6), 50), "source": draw.integers(0, 3, 300), "role": 0})
    cases = cases.assign(cluster=np.arange(300), value=(draw.random(300) < 0.3).astype(np.float64))
    first, _ = told(cases)
    for _ in range(5):
        again, _ = told(cases.iloc[draw.permutation(300)])
        assert again["chance"].to_numpy() == pytest.approx(first["chance"].to_numpy(), rel=1e-9)


def test_cases_are_not_changed():
    cases = deals(EVEN)
    before = cases.copy(deep=True)
    judged(cases, ("source",), limits=LIMITS)
    pd.testing.assert_frame_equal(cases, before)


def test_a_figure_like_for_like_is_worth_fewer_cases_than_there_are():
    # Three equal reps with 100 deals each at 30 %, alike in nothing known: what is expected of one comes from
    # 200 deals of the others, so the variance is r(1 - r)(1/100 + 1/200), that of 100 * 200 / 300 = 66.7.
    cases = pd.DataFrame(
        {"rep": np.repeat([0, 1, 2], 100), "value": np.tile([1.0] * 3 + [0.0] * 7, 30)}
    ).assign(role=0, cluster=np.arange(300))
    rows, _ = judged(cases, limits=Limits())
    assert rows["worth"].tolist() == pytest.approx([66.7] * 3, abs=0.1)
