"""Groups within cells of like cases beside Cochran, Mantel and Haenszel's test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from crmkit.compare.pairs import like_for_like
from crmkit.statistics.stratified import scored

FIGURES: dict[str, Any] = json.loads(Path(__file__).with_name("figures.json").read_text(encoding="utf-8"))


def berkeley() -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return value, group (0 men) and department of each applicant, and the tables."""
    tables = np.array(FIGURES["departments"]["tables"], dtype=float)
    value, group, cell = (
        np.repeat(codes, tables.ravel().astype(int))
        for codes in (np.tile([1, 0, 1, 0], 6), np.tile([0, 0, 1, 1], 6), np.repeat(np.arange(6), 4))
    )
    return value.astype(float), group, cell, tables


def test_groups_within_cells_are_mantel_and_haenszels() -> None:
    # Men are admitted more often than women overall, 45 % against 30 %; within departments hardly less.
    told = FIGURES["departments"]
    value, group, cell, tables = berkeley()
    each = np.arange(len(value))
    ours = scored(value, group, cell, cluster=each, unit=each, groups=2)
    men, women = tables[:, :2].sum(axis=1), tables[:, 2:].sum(axis=1)
    weight = men * women / (men + women)
    difference = ((tables[:, 0] / men - tables[:, 2] / women) * weight).sum() / weight.sum()
    np.testing.assert_allclose(ours.ahead / ours.weight, [difference, -difference], atol=1e-12)
    # The variance is no less than the test's; here, with each case alone, it is next to the same.
    statistic = (ours.ahead / ours.spread) ** 2
    assert (statistic <= told["statistic"] + 1e-8).all()
    np.testing.assert_allclose(statistic, told["statistic"], rtol=0.01)
    assert told["statistic"] == pytest.approx(1.5246, abs=5e-5)


def test_two_reps_within_cells_are_mantel_and_haenszels_ratio() -> None:
    value, group, cell, _ = berkeley()
    ours = like_for_like(value, group == 0, cell=cell, cluster=np.arange(len(value)))
    assert ours.value == pytest.approx(FIGURES["departments"]["ratio"], abs=1e-8)
    assert ours.low < 1 < ours.high
    # Over all departments together men seem to be admitted half as often again: 1198 of 2691, 557 of 1835.
    raw = like_for_like(value, group == 0, cell=cell * 0, cluster=np.arange(len(value)))
    assert raw.value == pytest.approx(1198 / 2691 / (557 / 1835), abs=1e-12)
    assert raw.low > 1.3
