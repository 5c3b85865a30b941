"""Cells as a table of effects, against the same table written out in ones and zeros."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit.statistics.designs import Design

CELLS, KINDS = 600, 6


def whole(sizes):
    """Return numbers of which each from 0 on is there."""
    return np.resize(np.random.default_rng(6).permutation(CELLS) % sizes, CELLS)


@pytest.mark.parametrize("kinds", [KINDS, CELLS, None])
def test_sums_by_effect_kind_and_pair_are_those_of_the_table_written_out(kinds):
    # Two attributes that tell the kind (2 × 3), two that differ within it; few kinds, many, each its own.
    inner = np.arange(CELLS) % KINDS
    codes = [inner // 3, inner % 3, whole(5), whole(4)[::-1]]
    of_kind = None if kinds is None else np.arange(CELLS) % kinds
    design = Design(codes, CELLS, None, of_kind)
    table = np.column_stack([np.ones(CELLS), *(np.eye(own.max() + 1)[own] for own in codes)])
    by_kind = np.eye(kinds or CELLS)[np.arange(CELLS) % (kinds or CELLS)]
    weights = np.random.default_rng(7).random(CELLS)
    assert design.is_coarse == (kinds == KINDS)
    assert design.sums(weights) == pytest.approx(table.T @ weights)
    assert design.places(np.arange(15.0)) == pytest.approx(table @ np.arange(15.0))
    assert design.met(weights) == pytest.approx(by_kind.T @ (table * weights[:, None]))
    assert design.crossed(weights) == pytest.approx(table.T @ (table * weights[:, None]))
    some = np.array([5, 17, 300, 17])
    assert design.of(some).sums(weights[some]) == pytest.approx(table[some].T @ weights[some])
    assert design.of(some).places(np.arange(15.0)) == pytest.approx(table[some] @ np.arange(15.0))
