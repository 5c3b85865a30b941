"""Champions: crowned where it is more than chance, by nobody's luck, beside others with like deals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit.compare.champions import champions, crowned
from crmkit.limits import Limits
from crmkit.measures import ALL

LIMITS = Limits()


def visits(counts, *, stage=0, cell=0, clients=None):
    """Return visits of ``rep: (advanced, n)`` to a stage, each of a client of its own unless told."""
    rows = [
        {"stage": stage, "role": 0, "rep": rep, "cell": cell, "value": float(one < won),
         "deal": rep * 1000 + one}
        for rep, (won, n) in counts.items()
        for one in range(n)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(client=frame["deal"] if clients is None else frame["deal"] % clients)


def verdict(rows, rep):
    row = rows[rows["rep"] == rep].iloc[0]
    return row["label"], row["direction"], row["reason"]


def test_who_is_far_ahead_is_a_champion_and_who_is_a_little_ahead_is_not():
    # 90 of 100 beside three times 60 of 100; the other of 66 is within chance.
    rows, _ = crowned(visits({0: (90, 100), 1: (60, 100), 2: (60, 100), 3: (66, 100)}), limits=LIMITS)
    assert verdict(rows, 0) == ("holds", "above", "")
    assert verdict(rows, 3) == ("may_be_chance", "none", "within_chance")
    best = rows.iloc[0]
    # Against all others: 186 of 300 is .62; like cells only: .9 − .62.
    assert best["gap"] == pytest.approx(0.28)
    assert best["gap_low"] > 0 and best["gap_high"] < 0.5
    # All convert 276 of 400: .69 and the gap.
    assert best["adjusted"] == pytest.approx(0.97)


def test_who_only_had_the_easy_deals_is_no_champion():
    # Easy deals convert at 90 %, hard ones at 30 %, whoever has them; the first has the easy ones.
    easy = visits({0: (90, 100), 1: (18, 20), 2: (18, 20)}, cell=0)
    hard = visits({0: (6, 20), 1: (30, 100), 2: (30, 100)}, cell=1)
    rows, _ = crowned(
        pd.concat([easy, hard.assign(deal=hard["deal"] + 500, client=hard["client"] + 500)]), limits=LIMITS
    )
    assert rows.iloc[0]["value"] == pytest.approx(96 / 120)
    assert rows.iloc[0]["gap"] == pytest.approx(0, abs=1e-12)
    assert set(rows["label"]) == {"may_be_chance"}


def test_few_visits_few_clients_and_no_likes_get_no_comparing_word():
    rows, _ = crowned(visits({0: (9, 9), 1: (29, 29), 2: (50, 100), 3: (50, 100)}), limits=LIMITS)
    assert [verdict(rows, rep)[2] for rep in (0, 1)] == ["few_cases", "some_cases"]
    rows, _ = crowned(visits({0: (90, 100), 1: (50, 100)}, clients=5), limits=LIMITS)
    assert verdict(rows, 0) == ("too_little_data", "none", "few_clients")
    alone = pd.concat([visits({0: (90, 100)}, cell=1), visits({1: (50, 100), 2: (50, 100)}, cell=0)])
    rows, _ = crowned(alone, limits=LIMITS)
    assert verdict(rows, 0) == ("cannot_be_computed", "none", "no_like_deals")
    # Twenty more visits of the first have their like: too few to compare, whatever the other hundred are.
    rows, _ = crowned(pd.concat([alone, visits({0: (20, 20)}, cell=0)]), limits=LIMITS)
    assert verdict(rows, 0) == ("too_little_data", "none", "few_alike")
    rows, _ = crowned(visits({0: (90, 100)}), limits=LIMITS)
    assert verdict(rows, 0) == ("cannot_be_computed", "none", "no_colleagues")


def test_everybody_who_always_converts_is_no_champion():
    # All advance: there is no gap, and no division by a spread of nothing.
    rows, _ = crowned(visits({0: (50, 50), 1: (80, 80)}), limits=LIMITS)
    assert set(rows["label"]) == {"may_be_chance"}
    # 50 of 50 are as sure as Wilson has it, 50 ÷ (50 + 1.96²) = .929 or more, and not wholly sure.
    assert rows.iloc[0][["adjusted_low", "adjusted_high"]].tolist() == pytest.approx([0.9287, 1], abs=1e-4)
    assert crowned(visits({0: (1, 1)}).head(0), limits=LIMITS)[0].empty


def test_equal_reps_are_crowned_in_at_most_one_department_of_twenty():
    # Eight equal reps of unlike size and mix, five stages one after the other, clients' deals go alike.
    rng = np.random.default_rng(11)
    crowned_by_chance = sum(
        ((rows["label"] == "holds") & (rows["direction"] == "above")).any()
        for rows in (crowned(_department(rng), limits=LIMITS)[0] for _ in range(60))
    )
    assert crowned_by_chance / 60 <= 0.05


def _department(rng):
    """Return the visits of 8 equal reps with 30 to 300 deals each; by 1,000 such ones 1 has a champion."""
    sizes = np.exp(rng.uniform(np.log(30), np.log(300), size=8)).astype(int)
    rep = np.repeat(np.arange(8), sizes)
    cell = np.concatenate([rng.choice(6, p=rng.dirichlet(np.full(6, 2.0)), size=n) for n in sizes])
    client = np.concatenate([rng.integers(max(n // 3, 1), size=n) + 1000 * at for at, n in enumerate(sizes)])
    ease, going, told = rng.normal(0, 0.8, 6), np.arange(len(rep)), []
    for stage in range(5):
        chance = 1 / (1 + np.exp(-rng.normal(1, 1) - ease[cell]))
        luck = np.where(rng.random(len(rep)) < 0.5, rng.random(8000)[client], rng.random(len(rep)))
        value = (luck < chance)[going].astype(float)
        columns = {"rep": rep, "cell": cell, "client": client, "deal": np.arange(len(rep))}
        told.append(pd.DataFrame({name: codes[going] for name, codes in columns.items()} | {"value": value}))
        told[-1] = told[-1].assign(stage=stage, role=0)
        going = going[value > 0]
    return pd.concat(told, ignore_index=True)


def department(snapshot, **more):
    """Forty deals a rep enter the stage New: 38 of a reach Offer and are won, 16 each of b and c."""
    deals, changes = [], []
    for rep, good in (("a", 38), ("b", 16), ("c", 16)):
        for number in range(40):
            deal, won = f"{rep}{number}", number < good
            state = "won" if won else "lost"
            deals.append(
                {"deal_id": deal, "manager_id": rep, "status": state, "source": "site",
                 "created_at": "2026-01-05", "closed_at": "2026-02-10"}
            )  # fmt: skip
            steps = ["New", "Offer", "Won"] if won else ["New", "Lost"]
            for day, stage in zip(("2026-01-05", "2026-01-15", "2026-02-10"), steps, strict=False):
                changes.append({"deal_id": deal, "changed_at": day, "to_stage": stage, "manager_id": rep})
    return snapshot(deals, stage_changes=changes, as_of="2026-03-01", **more)


def test_the_champion_of_a_stage_comes_from_the_history(snapshot):
    found = champions(department(snapshot), ALL)
    best = found.champions
    assert best[["stage", "manager_id"]].values.tolist() == [["New", "a"]]
    assert (best.iloc[0]["value"], best.iloc[0]["n"]) == (38 / 40, 40)
    # At Offer everybody's deals are won: no gap. Two of the three have too few visits there to compare.
    offer = found.rows[found.rows["stage"] == "Offer"].set_index("manager_id")
    assert offer["label"].to_dict() == {"a": "may_be_chance", "b": "too_little_data", "c": "too_little_data"}
    assert found.missing == "" and found.left_out == {}


def test_who_leaves_lost_deals_open_is_no_champion(snapshot):
    # b and c lose 30 of 40 within 5 days; a wins 38, and leaves 62 more lying in New for three months.
    deals, changes = [], []
    for rep, good, number in (("a", 38, 100), ("b", 10, 40), ("c", 10, 40)):
        for one in range(number):
            deal, won, lies = f"{rep}{one}", one < good, rep == "a" and one >= good
            deals.append({"deal_id": deal, "manager_id": rep, "created_at": "2026-01-05", "stage": "New"})
            changes.append({"deal_id": deal, "changed_at": "2026-01-05", "to_stage": "New"})
            if not lies:
                end = "Won" if won else "Lost"
                deals[-1] |= {"stage": end, "closed_at": "2026-01-10"}
                changes.append({"deal_id": deal, "changed_at": "2026-01-10", "to_stage": end})
    found = champions(snapshot(deals, stage_changes=changes, as_of="2026-04-10"), ALL)
    row = found.rows[found.rows["manager_id"] == "a"].iloc[0]
    # Of what ended, a converted 38 of 38; with what lies, 38 of 100 beside 20 of 80.
    assert (row["value"], row["n"]) == (1.0, 38)
    assert (row["label"], row["reason"]) == ("may_be_chance", "left_open")
    assert found.champions.empty and found.left_out == {"still_there": 62}


def test_a_new_hire_is_not_judged(snapshot):
    managers = [{"id": "a", "name": "a", "hired_on": "2026-01-01"}]
    found = champions(department(snapshot, managers=managers), ALL)
    assert found.champions.empty
    row = found.rows[(found.rows["manager_id"] == "a") & (found.rows["stage"] == "New")].iloc[0]
    assert (row["label"], row["reason"], row["is_new"]) == ("may_be_chance", "new_hire", True)


def test_without_a_history_of_stages_it_is_said_what_is_missing(snapshot):
    found = champions(snapshot([{"manager_id": "a", "status": "open", "created_at": "2026-01-01"}]), ALL)
    assert found.rows.empty and "stage_changes.to_stage" in found.missing
