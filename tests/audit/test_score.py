"""The hygiene score: its arithmetic, what may never lower it, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.audit.checks import Check, Examined, find_check
from crmkit.audit.examine import Audit, examine
from crmkit.audit.score import by_check, score_of, scores
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import wilson


def made(name: str, checked: Sequence[int], wrong: Sequence[int], severity: str = "minor") -> Check:
    """Return a check that examines the deals at ``checked`` and finds those at ``wrong``."""

    def rule(crm: Snapshot, period: Period) -> Sequence[Examined]:
        flags = np.zeros((2, len(crm.deals)), dtype=bool)
        flags[0, list(checked)] = True
        flags[1, list(wrong)] = True
        return [Examined("deals", flags[0], flags[1])]

    first = find_check("H01")
    told = {field: getattr(first, field) for field in ("title", "definition", "evidence", "why", "fix")}
    return Check(
        id=name, number=int(name[1:]), severity=severity, needs=frozenset(), about="deals", says=first.says,
        mendable=True, at_export=False, rule=rule, **told,
    )  # fmt: skip


def deals(*reps: tuple[str, int]) -> list[dict[str, str]]:
    """Return so many deals of each rep, in the order of their ids; of "" nobody's."""
    names = [rep for rep, many in reps for _ in range(many)]
    return [
        {"deal_id": f"d{place:03}", "title": "D", "created_at": "2026-03-01", "manager_id": rep}
        for place, rep in enumerate(names)
    ]


@pytest.fixture
def two(snapshot: Callable[..., Snapshot]) -> Audit:
    """Ann has the deals 0–11, Bob 12–15; both are of team North, Eve of South has none, 16 is nobody's.

    H01 (critical, 3): Ann 12 examined, 3 wrong, of them one waived; Bob 4 examined, 2 wrong; nobody 1, wrong.
    H02 (minor, 1): Ann 4 examined, none wrong. H03 is about nothing.
    """
    crm = snapshot(
        deals(("Ann", 12), ("Bob", 4), ("", 1)),
        managers=[
            {"name": "Ann", "team": "North"}, {"name": "Bob", "team": "North"},
            {"name": "Eve", "team": "South"},
        ],
    )  # fmt: skip
    rules = [
        made("H01", range(17), [0, 1, 2, 12, 13, 16], "critical"), made("H02", range(4), []),
        made("H03", [], []),
    ]  # fmt: skip
    until = pd.Timestamp("2026-05-01")
    waived = pd.DataFrame({"check": ["H01"], "id": ["d000"], "reason": ["x"], "until": [until]})
    return examine(crm, checks=rules, waivers=waived)


def told(frame: pd.DataFrame, name: str) -> dict[Any, dict[str, Any]]:
    rows = frame.astype("object").where(frame.notna(), None)
    return {row.pop(name): row for row in rows.to_dict("records")}


def test_a_reps_score_is_the_weighted_mean_of_the_clean_shares(two: Audit) -> None:
    rep = told(scores(two), "manager_id")
    # H01: 2 of 12 open (the third is waived), weight 3; H02: 0 of 4, weight 1: (3 · 10/12 + 1) / 4 = 0.875.
    assert rep["Ann"]["score"] == pytest.approx(87.5)
    assert {key: rep["Ann"][key] for key in ("n", "wrong", "waived", "checks")} == {
        "n": 16, "wrong": 3, "waived": 1, "checks": 2,
    }  # fmt: skip
    assert 0 < rep["Ann"]["low"] < 87.5 < rep["Ann"]["high"] < 100


def test_below_ten_rows_there_is_no_score_only_k_of_n(two: Audit) -> None:
    rep = told(scores(two), "manager_id")
    assert rep["Bob"] == {
        "score": None, "low": None, "high": None, "n": 4, "wrong": 2, "waived": 0, "checks": 1,
    }  # fmt: skip
    assert (rep[None]["n"], rep[None]["wrong"]) == (1, 1)
    assert list(rep) == ["Ann", "Bob", None]


def test_a_teams_populations_are_added_up_before_shares_are_taken(two: Audit) -> None:
    team = told(scores(two, "team"), "team")
    # H01: 4 of 16 open, weight 3; H02: 0 of 4, weight 1: (3 · 12/16 + 1) / 4.
    assert team["North"]["score"] == pytest.approx(81.25)
    assert list(team) == ["North", None]
    whole = scores(two, "all")
    # With nobody's deal: H01 5 of 17: (3 · 12/17 + 1) / 4.
    assert whole["score"].item() == pytest.approx(100 * (3 * 12 / 17 + 1) / 4)
    assert whole["n"].item() == 21
    assert "manager_id" not in whole


def test_the_settings_severity_weighs(snapshot: Callable[..., Snapshot]) -> None:
    crm = snapshot(deals(("Ann", 10)), audit={"severities": {"H02": "critical"}})
    audit = examine(crm, checks=[made("H01", range(10), [0], "major"), made("H02", range(10), range(10))])
    # (2 · 0.9 + 3 · 0) / 5
    assert scores(audit)["score"].item() == pytest.approx(36)


def test_what_could_not_be_examined_counts_nowhere(snapshot: Callable[..., Snapshot]) -> None:
    crm = snapshot(deals(("Ann", 10)), audit={"skip": ["H02"]})
    audit = examine(crm, checks=[made("H01", range(10), [0]), made("H02", range(10), range(10))])
    assert scores(audit)["score"].item() == pytest.approx(90)
    assert set(by_check(audit)["check"]) == {"H01"}
    nothing = examine(crm, checks=[made("H02", range(10), [])])
    assert scores(nothing).empty
    assert scores(nothing, "all")["score"].isna().item()
    assert by_check(nothing).empty


def test_each_check_has_its_rate_and_limits(two: Audit) -> None:
    rows = by_check(two)
    assert rows["check"].tolist() == ["H01", "H01", "H01", "H02"]
    assert rows["manager_id"].fillna("nobody").tolist() == ["Ann", "Bob", "nobody", "Ann"]
    ann = rows.iloc[0]
    assert (ann["checked"], ann["wrong"], ann["waived"], ann["open"]) == (12, 3, 1, 2)
    low, high = wilson(2, 12)
    assert (ann["rate"], ann["low"], ann["high"]) == pytest.approx((2 / 12, float(low), float(high)))
    assert by_check(two, "all")["checked"].tolist() == [17, 4]
    assert by_check(two, "team")["open"].tolist() == [4, 1, 0]


PART = st.integers(0, 8).flatmap(
    lambda n: st.tuples(st.just(n), st.integers(0, n)).flatmap(
        lambda pair: st.tuples(st.just(pair[0]), st.just(pair[1]), st.integers(0, pair[1]))
    )
)
PARTS = st.lists(st.tuples(st.sampled_from([1.0, 2.0, 3.0]), PART), min_size=1, max_size=5)


def value(parts: Any) -> float:
    weights = np.array([weight for weight, _ in parts])
    n, wrong, waived = np.array([part for _, part in parts], dtype=np.float64).T
    return float(score_of(n, wrong - waived, weights))


def not_lower(after: float, before: float) -> bool:
    return np.isnan(before) or np.isnan(after) or after >= before - 1e-9


@given(PARTS, st.data())
def test_a_clean_row_a_waiver_and_a_mended_row_never_lower_the_score(parts: Any, data: Any) -> None:
    place = data.draw(st.integers(0, len(parts) - 1))
    before = value(parts)
    weight, (n, wrong, waived) = parts[place]

    def with_part(*part: int) -> float:
        return value([*parts[:place], (weight, part), *parts[place + 1 :]])

    assert not_lower(with_part(n + 1, wrong, waived), before)
    assert np.isnan(before) or not np.isnan(with_part(n + 1, wrong, waived))
    if wrong > waived:
        assert not_lower(with_part(n, wrong, waived + 1), before)
        assert not_lower(with_part(n, wrong - 1, waived), before)
        # The row leaves what the check is about, and its population may become empty.
        assert not_lower(with_part(n - 1, wrong - 1, waived), before)


@given(PARTS, st.integers(2, 5))
def test_every_row_several_times_changes_nothing(parts: Any, times: int) -> None:
    more = [(weight, tuple(times * one for one in part)) for weight, part in parts]
    assert value(more) == pytest.approx(value(parts), nan_ok=True)


@pytest.mark.parametrize("wrong", [0, 1, 5, 12])
def test_of_one_check_the_interval_is_wilsons(snapshot: Callable[..., Snapshot], wrong: int) -> None:
    crm = snapshot(deals(("Ann", 12)))
    row = scores(examine(crm, checks=[made("H01", range(12), range(wrong))])).iloc[0]
    low, high = wilson(12 - wrong, 12)
    assert (row["low"], row["high"]) == pytest.approx((100 * float(low), 100 * float(high)))


def test_a_clean_rep_with_few_deals_is_no_certainty(snapshot: Callable[..., Snapshot]) -> None:
    crm = snapshot(deals(("Ann", 3)))
    rules = [made(f"H0{number}", range(3), []) for number in range(1, 6)]
    row = scores(examine(crm, checks=rules)).iloc[0]
    # 15 rows of 3 deals: nothing is known but that three deals are clean; Wilson's limit of 3 of 3 is 0.4385.
    assert row["score"] == row["high"] == 100
    assert row["low"] == pytest.approx(100 * float(wilson(3, 3)[0]))


def test_rows_of_one_deal_hang_together(snapshot: Callable[..., Snapshot]) -> None:
    crm = snapshot(deals(("Ann", 40)))
    together = [made(f"H0{number}", range(40), range(10)) for number in range(1, 5)]
    apart = [made(f"H0{one}", range(40), range(10 * one - 10, 10 * one)) for one in range(1, 5)]
    wide, narrow = (scores(examine(crm, checks=rules)).iloc[0] for rules in (together, apart))
    # The same check four times tells no more than once.
    low, high = wilson(30, 40)
    assert (wide["low"], wide["high"]) == pytest.approx((100 * float(low), 100 * float(high)), abs=1)
    assert wide["high"] - wide["low"] > 1.5 * (narrow["high"] - narrow["low"])


@pytest.mark.parametrize(("size", "least"), [(8, 0.95), (25, 0.95), (80, 0.94)])
def test_the_interval_covers_the_truth(snapshot: Callable[..., Snapshot], size: int, least: float) -> None:
    """300 reps by chance, whose deals are kept more or less well each: so many of their intervals hold.

    Five checks; the second and fourth are about every third deal only. Of few deals the intervals are wider
    than they had to be: they are never too narrow.
    """
    crm = snapshot(deals(*((f"rep{one:03}", size) for one in range(300))))
    chance = np.random.default_rng(5)
    chances, weights = np.array([0.02, 0.1, 0.3, 0.15, 0.05]), np.array([3, 2, 1, 2, 1])
    names = {3: "critical", 2: "major", 1: "minor"}
    care = chance.choice([0.2, 0.2, 2.6], len(crm.deals))  # of each deal: the mean is 1, so the chances stay
    rules = []
    for number, (p, weight) in enumerate(zip(chances, weights, strict=True), 1):
        seen = np.arange(0, len(crm.deals), 1 if number % 2 else 3)
        wrong = seen[chance.random(len(seen)) < p * care[seen]]
        rules.append(made(f"H0{number}", list(seen), list(wrong), names[int(weight)]))
    truth = 100 - 100 * (weights * chances).sum() / weights.sum()
    rows = scores(examine(crm, checks=rules))
    assert len(rows) == 300
    held = (rows["low"] <= truth) & (truth <= rows["high"])
    assert held.mean() >= least


CHECKED = st.lists(
    st.lists(st.sampled_from(["-", "clean", "wrong"]), min_size=14, max_size=14), min_size=1, max_size=5
)


def test_no_row_in_order_and_no_mended_row_lowers_a_reps_score(snapshot: Callable[..., Snapshot]) -> None:
    """Through ``examine``: 14 deals of two reps; any change of one cell to the better, and its interval."""
    crm = snapshot(deals(("Ann", 8), ("Bob", 6)), limits={"few_cases": 1})

    def told(cells: list[list[str]]) -> dict[str, float]:
        rules = [
            made(
                f"H0{number}",
                [place for place, one in enumerate(row) if one != "-"],
                [place for place, one in enumerate(row) if one == "wrong"],
                ["minor", "major", "critical"][number % 3],
            )
            for number, row in enumerate(cells, 1)
        ]
        audit = examine(crm, checks=rules)
        frame = pd.concat([scores(audit, by) for by in ("manager", "all")], ignore_index=True)
        for row in frame[frame["n"] > 0].to_dict("records"):
            assert 0 <= row["low"] <= row["score"] + 1e-9
            assert row["score"] - 1e-9 <= row["high"] <= 100
            assert row["high"] - row["low"] > 1
        names = frame["manager_id"].astype("object").where(frame["manager_id"].notna(), "all")
        return dict(zip(names, frame["score"], strict=True))

    @settings(max_examples=15, deadline=None)
    @given(CHECKED, st.data())
    def holds(cells: list[list[str]], data: Any) -> None:
        place = data.draw(st.integers(0, len(cells) - 1)), data.draw(st.integers(0, 13))
        was = cells[place[0]][place[1]]
        better = {"-": ["clean"], "clean": ["clean"], "wrong": ["clean", "-"]}[was]
        after = [list(row) for row in cells]
        after[place[0]][place[1]] = data.draw(st.sampled_from(better))
        before, now = told(cells), told(after)
        for name in before:
            assert not_lower(now.get(name, np.nan), before[name])

    holds()
