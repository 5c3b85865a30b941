"""What the others would have made of a rep's cases: their cell rates, and never the rep's own cases."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.compare.expecting import Field
from crmkit.compare.mix import cells_of


def field(rows, *, is_share=True):
    """Return cases of (rep, attributes, good, n)."""
    rep = np.concatenate([np.full(n, who) for who, _, _, n in rows])
    codes = np.concatenate([np.tile(kind, (n, 1)) for _, kind, _, n in rows]).astype(np.int64)
    value = np.concatenate([np.arange(n) < good for _, _, good, n in rows]).astype(np.float64)
    attributes = [one for one in codes.T if one.min() < one.max()]
    return Field(rep, cells_of(attributes, len(rep)), value, attributes, is_share)


def expected(one, reference=None, enough=5):
    many = one.rep.max() + 1
    chosen = np.ones(many, dtype=bool) if reference is None else np.asarray(reference)
    return dict(one.expectations(chosen, enough))


WARM, COLD = (0,), (1,)


def test_it_is_what_the_others_make_of_such_cases():
    # The others win 600 of 1,200 warm deals and 120 of 1,200 cold ones; of 90 warm and 10 cold deals of the
    # first they would win .9 · .5 + .1 · .1 = 46 %, of the second's 14 %.
    one = field(
        [(0, WARM, 80, 90), (0, COLD, 0, 10), (1, WARM, 5, 10), (1, COLD, 9, 90),
         (2, WARM, 595, 1190), (2, COLD, 111, 1110)]
    )  # fmt: skip
    found = expected(one)
    assert found[0].mean == pytest.approx(0.46, abs=1e-3)
    # Of the second's 10 warm and 90 cold deals the others win 675 of 1,280 and 111 of 1,120.
    assert found[1].mean == pytest.approx(0.1 * 675 / 1280 + 0.9 * 111 / 1120, abs=1e-3)
    assert found[0].matched == found[1].matched == found[2].matched == 1
    # Were the first as expected, 90 · .25 + 10 · .09 would be the variance of its wins.
    assert found[0].noise == pytest.approx((90 * 0.25 + 10 * 0.09) / 100**2, rel=1e-2)
    # The others' rates err by .25 ÷ 1,200 and .09 ÷ 1,200, in the squares of the mix.
    assert found[0].error == pytest.approx(0.81 * 0.25 / 1200 + 0.01 * 0.09 / 1200, rel=2e-2)
    # One attribute: its effects alone say the same.
    assert found[0].simple == pytest.approx(found[0].mean)


def test_the_own_cases_play_no_part():
    rest = [(1, WARM, 30, 60), (1, COLD, 5, 50), (2, WARM, 20, 50), (2, COLD, 9, 60)]
    told = [expected(field([(0, WARM, won, 40), (0, COLD, won // 2, 20), *rest]))[0] for won in (0, 20, 40)]
    for other in told[1:]:
        assert other.mean == pytest.approx(told[0].mean, abs=1e-6)
        assert other.error == pytest.approx(told[0].error, rel=1e-4)


def test_who_is_not_compared_with_plays_no_part_either():
    rows = [(0, WARM, 20, 40), (1, WARM, 30, 60), (1, COLD, 5, 50), (0, COLD, 4, 40)]
    star = [(2, WARM, 100, 100), (2, COLD, 90, 100)]
    alone = expected(field(rows))
    beside = expected(field([*rows, *star]), [True, True, False])
    assert beside[0].mean == pytest.approx(alone[0].mean, abs=1e-4)
    # The star itself is set against those two: warm 50 of 100, cold 9 of 90.
    assert beside[2].mean == pytest.approx((0.5 + 0.1) / 2, abs=0.01)


def test_nothing_is_expected_without_others():
    assert expected(field([(0, WARM, 20, 40), (0, COLD, 4, 40)])) == {}
    # One single case of another tells nothing either.
    found = expected(field([(0, WARM, 20, 40), (1, WARM, 1, 1), (1, COLD, 0, 0)]))
    assert list(found) == [1]


def test_cases_of_kinds_that_the_others_hardly_have_are_not_matched():
    # 30 of 40 are of a kind of which the others have four; ten are of a common one.
    rows = [(0, WARM, 10, 30), (0, COLD, 1, 10), (1, WARM, 2, 4), (1, COLD, 10, 96)]
    found = expected(field(rows))
    assert found[0].matched == pytest.approx(0.25)
    assert expected(field(rows), enough=4)[0].matched == 1
    # What is expected of them is as unsure as a share of four cases: .75² · .25 ÷ 4.
    assert found[0].error == pytest.approx(0.75**2 * 0.25 / 4, rel=0.2)


def test_cells_that_no_formula_explains_speak_for_themselves():
    # Source × product with rates .1 .5 / .5 .1: the main effects say the same of all, the middle of the log
    # odds −2.2 and 0, which is .25. Of a rep with deals of one cell only, the others' rate there is expected.
    rates, rows = {(0, 0): 0.1, (0, 1): 0.5, (1, 0): 0.5, (1, 1): 0.1}, []
    for who in range(4):
        rows += [(who, kind, int(400 * rate), 400) for kind, rate in rates.items()]
    rows.append((4, (0, 1), 15, 30))
    found = expected(field(rows))[4]
    assert found.mean == pytest.approx(0.5, abs=0.02)
    assert found.simple == pytest.approx(0.25, abs=0.02)


def test_means_are_expected_as_means():
    # Three reps of two kinds of days: 10 and 2 actions on average, ± 1.
    draw = np.random.default_rng(0)
    rep, kind = np.repeat(np.arange(3), 200), np.tile([0, 1], 300)
    value = np.where(kind == 0, 10.0, 2.0) + draw.normal(0, 1, 600)
    one = Field(rep, cells_of([kind], 600), value, [kind], False)
    others = rep > 0
    found = expected(one)[0]
    rates = [value[others & (kind == at)].mean() for at in (0, 1)]
    assert found.mean == pytest.approx(np.mean(rates), abs=0.05)
    assert found.noise == pytest.approx(1 / 200, rel=0.1) and found.error == pytest.approx(1 / 400, rel=0.1)


def test_figures_that_are_all_the_same_do_no_harm():
    for is_share in (True, False):
        for good in (0, 30):
            one = field([(0, WARM, good, 30), (1, WARM, good, 30), (1, COLD, good, 30)], is_share=is_share)
            found = expected(one)
            assert np.isfinite([found[0].mean, found[0].error, found[0].noise]).all()
            assert found[0].mean == pytest.approx(good / 30, abs=0.05)
