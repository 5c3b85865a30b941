"""Sales velocity and the split of its change; qualified deals: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crmkit import Period, evaluate
from crmkit.errors import CrmkitError, RequestError
from crmkit.measures import velocity_change

STAGES = [
    {"name": "Lead"},
    {"name": "Offer"},
    {"name": "Deal"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
SALES = [{"name": "Sales", "qualified_at": "Offer", "stages": STAGES}]


def deal(created: str, closed: str = "", status: str = "open", **more: object) -> dict[str, object]:
    stage = {"open": "Lead", "won": "Won", "lost": "Lost"}[status]
    return {"created_at": created, "closed_at": closed, "stage": stage} | more


# Horizon 30 days. Created in December (of age in January, 31 December + 30 days = 30 January): 4 deals, 2 won
# in time. Created in January (31 days; of age from 31 January): 3 qualified. Won in January: 100 and 300.
DEALS = [
    deal("2025-12-05", "2025-12-20", "won", amount=50, manager_id="Ann"),
    deal("2025-12-10", "2026-01-05", "won", amount=100, manager_id="Ann"),
    deal("2025-12-11", "2026-01-30", "won", amount=300, manager_id="Ann"),  # 50 days: too late
    deal("2025-12-12", manager_id="Bob"),
    deal("2026-01-02", manager_id="Ann"),
    deal("2026-01-10", "2026-02-10", "won", amount=900, manager_id="Ann"),
    deal("2026-01-20", manager_id="Bob"),
    deal("2026-02-20", "2026-02-25", "lost", lost_reason="Double", manager_id="Bob"),
    deal("2026-02-21", manager_id="Bob"),
]
LIMITS = {"cohort_days": 30}


def test_velocity_is_deals_a_day_by_rate_by_check(snapshot, tell, by):
    crm = snapshot(DEALS, limits=LIMITS, technical_losses=["Double"])
    row = tell(crm, "sales_velocity", "2026-01")
    # 3 created in 31 days · 2 of 4 of age in January · mean of 100 and 300
    assert row["value"] == pytest.approx(3 / 31 * (2 / 4) * 200)
    assert (row["unit"], row["numerator"], row["n"], row["state"]) == ("money_per_day", None, 3, "ok")
    assert tell(crm, "win_rate:matured", "2026-01")["denominator"] == 4
    # Ann: 2 in 31 days · 2 of 3 · 200; Bob sold nothing: no average check
    told = by(crm, "sales_velocity", "manager", period="2026-01")
    assert told == {"Ann": pytest.approx(2 / 31 * (2 / 3) * 200), "Bob": None}


def test_days_are_those_that_the_record_and_as_of_leave(snapshot, tell):
    crm = snapshot(DEALS, limits=LIMITS, as_of="2026-02-10", technical_losses=["Double"])
    # February until the 10th: nothing created yet; of all, from 5 December to 10 February: 68 days
    assert tell(crm, "sales_velocity", "2026-02")["value"] == 0
    whole = tell(crm, "sales_velocity")
    # 7 created; of age until 10 February (created until 11 January): 6, of which 2 in 30 days; won 50, 100,
    # 300 and 900: the mean is 337.50
    assert whole["value"] == pytest.approx(7 / 68 * (2 / 6) * 337.5)


def test_the_textbook_multiplies_what_lies_open(snapshot, tell):
    crm = snapshot(DEALS, limits=LIMITS, technical_losses=["Double"])
    row = tell(crm, "sales_velocity:textbook", "2026-01")
    # open at the end of January: those of 12 December, 2, 10 and 20 January = 4; both closed were won; mean
    # check 200; cycles of 26 and 50 days: the mean is 38
    assert row["value"] == pytest.approx(4 * 1 * 200 / 38)
    assert (row["n"], row["state"]) == (4, "ok")
    assert tell(crm, "sales_velocity:textbook", "2025-12-01..2025-12-05")["value"] is None


def test_velocity_is_not_sliced_by_time_but_cut(snapshot):
    crm = snapshot(DEALS, limits=LIMITS)
    with pytest.raises(RequestError, match="--each"):
        evaluate("sales_velocity", crm, by=["month"])
    figures = evaluate("sales_velocity", crm, each="month")
    assert figures["n"].tolist() == [4, 3, 2, 0]


@pytest.mark.parametrize(("variant", "factors"), [("cohort", 3), ("textbook", 4)])
@pytest.mark.parametrize("slices", [(), ("manager",)])
def test_the_change_is_the_sum_of_its_factors(snapshot, variant, factors, slices):
    crm = snapshot(DEALS, limits=LIMITS, technical_losses=["Double"])
    december, january = (Period.parse(name, "UTC") for name in ("2025-12", "2026-01"))
    if variant == "cohort":  # of those created in December nobody was of age in it
        december = Period.parse("2025-12-01..2026-01-10", "UTC")
    split = velocity_change(crm, (december, january), slices, variant=variant)
    whole = split[split["factor"] == f"sales_velocity:{variant}"]
    parts = split[split["factor"] != f"sales_velocity:{variant}"]
    keys = list(slices) or [lambda row: 0]
    for name in ("log_change", "contribution"):
        sums = parts.groupby(keys, dropna=False)[name].sum(min_count=factors).to_numpy()
        np.testing.assert_allclose(sums, whole[name].to_numpy(), rtol=1e-12)
    assert len(parts) == factors * len(whole)
    change = (whole["after"] - whole["before"]).to_numpy()
    np.testing.assert_allclose(whole["contribution"].to_numpy()[:1], change[:1], rtol=1e-12)


def test_a_factor_that_doubles_alone_explains_all(snapshot):
    deals = [
        deal("2026-01-01", "2026-01-11", "won", amount=100),
        deal("2026-02-01", "2026-02-11", "won", amount=200),
    ]
    crm = snapshot(deals, limits={"cohort_days": 10})
    periods = (Period.parse("2026-01-01..2026-01-29", "UTC"), Period.parse("2026-02", "UTC"))  # 28 days each
    split = velocity_change(crm, periods).set_index("factor")
    assert split["contribution"].tolist() == pytest.approx([100 / 28, 0, 0, 100 / 28])
    assert split.loc["average_check:mean", "log_change"] == pytest.approx(np.log(2))


QUALIFIED = [
    deal("2026-01-02", stage="Lead"),  # not yet
    deal("2026-01-02", stage="Offer"),
    deal("2026-01-02", stage="Deal"),
    deal("2026-01-02", "2026-01-09", "won"),
    deal("2026-01-02", "2026-01-09", "lost", lost_at_stage="Deal"),
    deal("2026-01-02", "2026-01-09", "lost", lost_at_stage="Lead"),
    deal("2026-01-02", "2026-01-09", "lost"),  # nobody knows how far it came
    deal("2026-01-02", "2026-01-09", "lost", lost_reason="Double"),
]


def test_a_deal_is_qualified_from_its_stage_on(snapshot, tell):
    crm = snapshot(QUALIFIED, pipelines=SALES, technical_losses=["Double"])
    row = tell(crm, "qualified_deals")
    assert (row["value"], row["left"]) == (4, {"technical_loss": 1, "no_stage": 1})
    assert tell(snapshot(QUALIFIED, technical_losses=["Double"]), "qualified_deals")["value"] == 7


def test_history_tells_how_far_a_lost_deal_came(snapshot, tell):
    changes = [
        {"deal_id": "7", "changed_at": "2026-01-03", "from_stage": "Lead", "to_stage": "Offer"},
        {"deal_id": "7", "changed_at": "2026-01-09", "from_stage": "Offer", "to_stage": "Lost"},
        {"deal_id": "1", "changed_at": "2026-01-04", "from_stage": "Deal", "to_stage": "Lead"},  # went back
    ]
    crm = snapshot(QUALIFIED, pipelines=SALES, technical_losses=["Double"], stage_changes=changes)
    assert tell(crm, "qualified_deals")["value"] == 6


def test_the_stage_must_be_one_of_the_pipelines_open_stages(snapshot):
    for wrong in ("Ofer", "Won"):
        with pytest.raises(CrmkitError, match="no such open stage"):
            snapshot(QUALIFIED, pipelines=[SALES[0] | {"qualified_at": wrong}])
