"""The model of cells against brute force: the peak of its likelihood, its errors, a spread that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from crmkit.statistics.designs import WIDE, Design
from crmkit.statistics.mixed import Spread, fit, spread_of

#: Two sources × three products, and one source more with one product only.
SOURCE, PRODUCT = np.array([0, 0, 0, 1, 1, 1, 2]), np.array([0, 1, 2, 0, 1, 2, 0])
COUNTS = np.array([40.0, 12, 3, 25, 60, 1, 9])
WON = np.array([10.0, 9, 0, 5, 30, 1, 9])


def crossed(design: Design) -> np.ndarray:
    """Return the table of which effects, and which deviation, each cell has."""
    columns = [np.ones(design.size)]
    for own in design.codes:
        columns += [(own == one).astype(float) for one in range(own.max() + 1)]
    return np.column_stack([*columns, np.eye(design.many)[design.kind], np.eye(design.size)])


def peak(
    design: Design, counts: np.ndarray, sums: np.ndarray, spread: Spread
) -> tuple[np.ndarray, np.ndarray]:
    """Return the most likely effects and deviations, and the curvature there, by a general search."""
    table, noise = crossed(design), design.noise
    wide = WIDE * (noise or 1.0)
    drawn = np.r_[
        1e-9, np.full(design.width - 1, 1 / wide), np.full(design.many, 1 / (spread.kinds or 1e-12)),
        np.full(design.size, 1 / (spread.cells or 1e-12)),
    ]  # fmt: skip

    def depth(theta: np.ndarray) -> float:
        eta = table @ theta
        if noise is None:
            fits = sums @ eta - counts @ np.logaddexp(0, eta)
        else:
            fits = (sums @ eta - counts @ eta**2 / 2) / noise
        return float(drawn @ theta**2 / 2 - fits)

    def slope(theta: np.ndarray) -> np.ndarray:
        eta = table @ theta
        means = eta if noise is not None else 1 / (1 + np.exp(-eta))
        return drawn * theta - table.T @ ((sums - counts * means) / (noise or 1.0))

    theta = minimize(depth, np.zeros(table.shape[1]), jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    eta = table @ theta
    means = eta if noise is not None else 1 / (1 + np.exp(-eta))
    weights = counts / noise if noise is not None else counts * means * (1 - means)
    return means, table.T @ (weights[:, None] * table) + np.diag(drawn)


@pytest.mark.parametrize("noise", [None, 2.5])
@pytest.mark.parametrize("spread", [Spread(0, 0.05), Spread(0, 0.6), Spread(0.4, 0), Spread(0.4, 0.1)])
def test_the_fit_is_the_peak_and_its_error_the_curvature_there(noise, spread):
    design = Design([SOURCE, PRODUCT], 7, noise, np.array([0, 1, 1, 2, 0, 3, 3]))
    found = fit(design, COUNTS, WON, spread=spread)
    means, curvature = peak(design, COUNTS, WON, spread)
    assert found.means == pytest.approx(means, abs=1e-4)
    # A rep with 3 cases of cell 1, 5 of cell 2 and 2 of cell 6: the mean expected, and its variance by the
    # inverse of the whole curvature, effects and deviations together.
    cells, own = np.array([1, 2, 6]), np.array([3.0, 5, 2])
    mean, error = found.expected(cells, own)
    slopes = means * (1 - means) if noise is None else np.ones(7)
    pull = (own * slopes[cells]) @ crossed(design)[cells] / 10
    assert mean == pytest.approx(own @ means[cells] / 10, abs=1e-4)
    assert error == pytest.approx(pull @ np.linalg.solve(curvature, pull), rel=1e-3)


def test_cells_of_one_kind_share_what_they_deviate_by():
    # Each cell in two halves, as of two months: together they say what the whole cell says.
    whole = fit(Design([SOURCE, PRODUCT], 7), COUNTS, WON, spread=Spread(cells=0.4))
    twice = np.repeat(np.arange(7), 2)
    halves = fit(
        Design([SOURCE[twice], PRODUCT[twice]], 14, kinds=twice),
        COUNTS[twice] / 2,
        WON[twice] / 2,
        spread=Spread(kinds=0.4),
    )
    assert halves.means == pytest.approx(whole.means[twice], abs=1e-6)
    mine = halves.expected(np.array([2, 3, 9]), np.array([1.0, 2, 4]))
    assert mine == pytest.approx(whole.expected(np.array([1, 4]), np.array([3.0, 4])), abs=1e-6)


def test_large_cells_speak_for_themselves():
    # 300 of 1,000, 100 of 1,000, 900 of 1,000; single effects are drawn to nothing with the worth of a case
    # or so, which moves none of them by a tenth of a point.
    found = fit(
        Design([np.arange(3)], 3), np.full(3, 1000.0), np.array([300.0, 100, 900]), spread=Spread(cells=0.0)
    )
    assert found.means == pytest.approx([0.3, 0.1, 0.9], abs=1e-3)
    mean, error = found.expected(np.array([0, 1]), np.array([1.0, 1]))
    assert mean == pytest.approx(0.2, abs=1e-3)
    # The two rates are independent: (.3·.7 + .1·.9) / 1,000 / 4.
    assert error == pytest.approx((0.21 + 0.09) / 4000, rel=0.02)


def test_without_attributes_all_cases_are_alike():
    found = fit(Design([], 1), np.array([80.0]), np.array([20.0]), spread=Spread(cells=0.0))
    assert found.means == pytest.approx([0.25])
    # The variance of a share of 20 of 80: .25 · .75 / 80.
    assert found.expected(np.array([0]), np.array([7.0])) == pytest.approx((0.25, 0.25 * 0.75 / 80))


def test_cells_in_which_all_or_none_are_won_do_not_run_away():
    # Newton's steps would: the peak is where a general search finds it.
    counts, won = np.array([1.0, 200, 2, 90, 1, 1, 1]), np.array([1.0, 0, 2, 90, 0, 1, 0])
    design = Design([SOURCE, PRODUCT], 7)
    means = peak(design, counts, won, Spread(cells=0.4))[0]
    assert fit(design, counts, won, spread=Spread(cells=0.4)).means == pytest.approx(means, abs=2e-3)
    # Nothing but wins, or nothing but losses: no overflow, and nearly 1 or 0.
    for all_of, told in ((1.0, 1.0), (0.0, 0.0)):
        found = fit(design, COUNTS, COUNTS * all_of, spread=Spread(cells=0.4))
        assert found.means == pytest.approx(np.full(7, told), abs=0.01)
        assert np.isfinite(found.expected(np.arange(7), COUNTS)).all()


def test_a_start_saves_steps_and_changes_nothing():
    design = Design([SOURCE, PRODUCT], 7)
    far = fit(design, COUNTS[::-1], WON[::-1] * 0.5, spread=Spread(cells=0.3))
    one, other = (fit(design, COUNTS, WON, spread=Spread(cells=0.3), start=start) for start in (None, far))
    assert one.means == pytest.approx(other.means, abs=1e-6)


def test_an_unseen_value_is_expected_of_with_a_wide_error():
    # Product 2 has no case: its effect may be anything within a spread of 4 on the scale of log odds.
    counts = np.where(PRODUCT == 2, 0.0, COUNTS)
    found = fit(
        Design([SOURCE, PRODUCT], 7), counts, np.where(PRODUCT == 2, 0.0, WON), spread=Spread(cells=0.3)
    )
    seen, unseen = (found.expected(np.array([cell]), np.array([1.0]))[1] for cell in (0, 2))
    slope = found.means[2] * (1 - found.means[2])
    assert unseen > 4 * slope**2 > 20 * seen


@pytest.mark.parametrize("noise", [None, 1.0])
@pytest.mark.parametrize("sd", [0.0, 0.7])
def test_a_known_spread_of_cells_is_found_again(noise, sd):
    # 8 × 8 cells, 5 reps who differ, 12 cases of each in each cell; sd² of the cells' deviations is .49 or 0.
    told = []
    for seed in range(6):
        draw = np.random.default_rng(seed)
        first, second = (one.ravel() for one in np.indices((8, 8)))
        place = draw.normal(0, 0.5, 8)[first] + draw.normal(0, 0.5, 8)[second] + draw.normal(0, sd, 64)
        cell, rep = np.repeat(np.arange(64), 5), np.tile(np.arange(5), 64)
        eta = place[cell] + draw.normal(0, 0.5, 5)[rep] - 0.5
        counts = np.full(320, 12.0)
        if noise is None:
            sums = draw.binomial(12, 1 / (1 + np.exp(-eta))).astype(float)
        else:
            sums = 12 * eta + draw.normal(0, (12 * noise) ** 0.5, 320)
        told.append(spread_of(Design([first, second], 64, noise), cell, rep, counts=counts, sums=sums))
    assert np.mean([one.cells for one in told]) == pytest.approx(sd**2, abs=0.03 if sd == 0 else 0.1)
    assert {one.kinds for one in told} == {0.0}


@pytest.mark.parametrize(("of_kinds", "of_cells"), [(0.7, 0.0), (0.0, 0.7), (0.5, 0.4)])
def test_what_kinds_deviate_by_is_told_from_what_cells_do(of_kinds, of_cells):
    # 36 kinds in six months each, 3 reps who differ, 20 cases of each in each cell.
    told = []
    for seed in range(6):
        draw = np.random.default_rng(seed)
        first, second, month = (one.ravel() for one in np.indices((6, 6, 6)))
        kind = 6 * first + second
        place = draw.normal(0, 0.5, 6)[first] + draw.normal(0, 0.5, 6)[second] + draw.normal(0, 0.3, 6)[month]
        place += draw.normal(0, of_kinds, 36)[kind] + draw.normal(0, of_cells, 216)
        cell, rep = np.repeat(np.arange(216), 3), np.tile(np.arange(3), 216)
        eta = place[cell] + draw.normal(0, 0.5, 3)[rep] - 0.5
        sums = draw.binomial(20, 1 / (1 + np.exp(-eta))).astype(float)
        design = Design([first, second, month], 216, kinds=kind)
        told.append(spread_of(design, cell, rep, counts=np.full(648, 20.0), sums=sums))
    assert np.mean([one.kinds for one in told]) == pytest.approx(of_kinds**2, abs=0.12)
    assert np.mean([one.cells for one in told]) == pytest.approx(of_cells**2, abs=0.08)


def test_some_cells_keep_the_effects_of_all():
    design = Design([SOURCE, PRODUCT], 7)
    part = design.of(np.array([6, 1]))
    effects = np.arange(7.0)  # constant 0, sources 1 2 3, products 4 5 6
    assert part.places(effects).tolist() == [3 + 4, 1 + 5]
    assert part.sums(np.array([10.0, 1.0])).tolist() == [11, 1, 0, 10, 10, 1, 0]
    # Of each pair of effects, the cells that have both.
    table = part.crossed(np.array([10.0, 1.0]))
    assert table[3, 4] == table[4, 3] == 10 and table[1, 4] == 0 and table[0, 0] == 11


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e6])
def test_money_in_any_unit_is_expected_alike(unit: float):
    # 100 deals of 1.0 and 100 of 1.2 on average, of one kind: 1.1 is expected, in roubles as in millions.
    design = Design([], 2, noise=0.25 * unit**2)
    found = fit(design, np.array([100.0, 100.0]), np.array([100.0, 120.0]) * unit, spread=Spread(cells=0.0))
    assert found.means / unit == pytest.approx([1.1, 1.1], rel=1e-6)
