"""The verdicts against departments and weeks of known truth: a short version of ``benchmarks/verdicts``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SEED = 6


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The simulated departments and the ways of judging them."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import departments
    import judges
    import weeks

    yield SimpleNamespace(**(vars(departments) | vars(judges) | vars(weeks)))


def at_most(share: float, cases: int) -> float:
    """Return how many of the cases are within a share and two Monte-Carlo errors."""
    return cases * share + 2 * np.sqrt(cases * share * (1 - share))


def test_equal_reps_are_hardly_ever_called_anything(bench: Any) -> None:
    small = [replace(one, reps=(4, 8), deals=(30, 150)) for one in bench.DESIGNS]
    drawn = [one for design in small for one in bench.departments(design, 4, seed=SEED)]
    assert sum(bool(bench.kit(one).any()) for one in drawn) <= at_most(0.05, len(drawn))
    assert sum(bool(bench.league(one).any()) for one in drawn) > len(drawn) / 2  # what others show


def test_opposite_leads_do_not_rank_equal_reps(bench: Any) -> None:
    drawn = [bench.opposite(2, 200, rng=np.random.default_rng([SEED, number])) for number in range(30)]
    assert sum(bool((bench.league(one) == [1, -1]).all()) for one in drawn) >= 28
    assert sum(bool(bench.kit(one).any()) for one in drawn) <= at_most(0.05, len(drawn))


def test_who_is_truly_better_is_found(bench: Any) -> None:
    better = np.r_[0.15, np.zeros(7)]
    drawn = [
        bench.department(bench.JUDGED, rng=np.random.default_rng([SEED, number]), skills=better)
        for number in range(20)
    ]
    assert sum(int(bench.kit(one)[0]) for one in drawn) >= 18  # of 20; never called below


def test_like_for_like_intervals_hold_the_truth(bench: Any) -> None:
    kind = replace(bench.JUDGED, skills=0.03)
    held = []
    for one in bench.departments(kind, 20, seed=SEED):
        rows = bench.judged_rows(one)
        truth = (rows["expected"] + one.gaps[rows["rep"]]) * rows["whole"] / rows["expected"]
        held += ((rows["adjusted_low"] <= truth) & (truth <= rows["adjusted_high"])).tolist()
    assert len(held) == 160
    assert np.mean(held) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / 160)


def test_a_rep_whose_deals_nobody_else_has_is_not_judged(bench: Any) -> None:
    one = bench.opposite(4, 100, rng=np.random.default_rng(SEED))
    cases = one.cases.assign(source=one.cases["source"].where(one.cases["rep"] > 0, 2))
    rows = bench.judged_rows(replace(one, cases=cases)).set_index("rep")
    assert rows.loc[0, ["label", "reason"]].tolist() == ["cannot_be_computed", "no_like_deals"]
    like = ["adjusted", "adjusted_low", "adjusted_high", "shrunk", "rank_low", "rank_high"]
    assert rows.loc[0, like].isna().all() and rows.loc[1:, like].notna().all(axis=None)
    assert rows.loc[0, ["value", "low", "high"]].notna().all()


def test_a_change_without_effect_hardly_ever_holds(bench: Any) -> None:
    kinds = [bench.Kind(figure, 0.5, season) for figure in bench.KINDS for season in bench.SEASONS]
    drawn = [one for kind in kinds for one in bench.series(kind, 12, seed=SEED)]
    assert sum(bool(bench.kit_weeks(one)) for one in drawn) <= at_most(0.05, len(drawn))
    assert sum(bool(bench.month_by_month(one)) for one in drawn) > len(drawn) / 3  # what others show


def test_the_interval_of_a_change_holds_its_true_effect(bench: Any) -> None:
    kinds = [bench.Kind(figure, 0.25, "wave", effect=0.15) for figure in bench.KINDS]
    told = [bench.judged_weeks(one) for kind in kinds for one in bench.series(kind, 40, seed=SEED)]
    held = [one.relative_low <= 0.15 <= one.relative_high for one in told]
    assert np.mean(held) >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / len(held))
    assert not any(one.direction == "below" for one in told)
