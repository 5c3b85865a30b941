"""What may not matter does not: order of rows, names, the unit of money, which side is named first."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.compare.answers import answer
from crmkit.compare.gap import gap
from crmkit.compare.gap_sides import Side
from crmkit.compare.managers import managers
from crmkit.measures import ALL

NAMES = {"Ann": "Zoe", "Bob": "Abe", "Cid": "Mia"}
VERDICT = ["label", "direction", "reason"]
FIGURES = ["n", "value", "adjusted", "gap", "gap_low", "gap_high"]
LIMITS = ["value", "low", "high"]


def deals(seed):
    """Return 150 deals of three reps; Ann wins more, and clients buy twice."""
    draw = random.Random(seed)
    rows = []
    for number in range(150):
        rep = draw.choice(list(NAMES))
        begun = date(2025, 1, 6) + timedelta(days=draw.randrange(300))
        rows.append({
            "deal_id": str(number), "manager_id": rep, "created_at": begun,
            "closed_at": begun + timedelta(days=draw.randrange(1, 40)),
            "status": "won" if draw.random() < (0.7 if rep == "Ann" else 0.4) else "lost",
            "amount": draw.randrange(100, 5000), "source": draw.choice(["web", "call"]),
            "company_id": str(draw.randrange(75)),
        })  # fmt: skip
    return rows


def told(crm, outcome, names):
    rows = managers(crm, ALL, outcome).rows
    return rows.assign(rep=rows["manager_id"].map(names)).sort_values("rep").reset_index(drop=True)


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 9), unit=st.sampled_from([1000, 10**6]))
def test_order_names_and_the_unit_of_money_do_not_matter(snapshot, seed, unit):
    rows = deals(seed)
    other = [row | {"manager_id": NAMES[row["manager_id"]], "amount": row["amount"] * unit} for row in rows]
    random.Random(seed).shuffle(other)
    crm, again = snapshot(deals=rows), snapshot(deals=other)
    back = {name: own for own, name in NAMES.items()}
    for outcome, scale in (("win_rate", 1), ("revenue_per_lead", unit)):
        one, same = told(crm, outcome, dict(zip(NAMES, NAMES, strict=True))), told(again, outcome, back)
        pd.testing.assert_frame_equal(one[["rep", *VERDICT]], same[["rep", *VERDICT]])
        sized = one[FIGURES].astype(float) * ([1] + [scale] * 5)
        pd.testing.assert_frame_equal(sized, same[FIGURES].astype(float), rtol=1e-4)


@pytest.mark.parametrize("chain", ["sales", "stages"])
def test_the_other_way_round_signs_are_turned(snapshot, chain):
    history = [{"deal_id": str(at), "changed_at": "2025-01-05", "to_stage": "New"} for at in range(150)]
    crm = snapshot(deals=deals(1), stage_changes=history)
    sides = [Side(ALL, "manager", name) for name in ("Ann", "Bob")]
    one, other = (gap(crm, *pair, chain=chain).rows for pair in (sides, sides[::-1]))
    assert one["value"].tolist() == pytest.approx((-other["value"]).tolist())
    assert one["gap_low"].tolist() == pytest.approx((-other["gap_high"]).tolist(), nan_ok=True)
    assert one["label"].tolist() == other["label"].tolist()


def test_a_claim_of_two_reps_can_be_turned_round(snapshot):
    crm = snapshot(deals=deals(1))
    one, other = answer(crm, "Ann/Bob:x2"), answer(crm, "Bob/Ann:/2")
    assert [getattr(one, name) for name in LIMITS] == pytest.approx(
        [1 / getattr(other, name) for name in ("value", "high", "low")]
    )
    assert (one.claim, one.label) == (other.claim, other.label)
