"""What the open deals promise: weighted forecast, pipeline, and both against the plan (METHOD 3.3, 7.2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import is_status, midnights, stage_probability
from crmkit.measures.cases import deal_cases, within
from crmkit.measures.catalog import Floats, Told, compound, measure
from crmkit.measures.plan import ATTAINMENT
from crmkit.measures.qualified import qualified
from crmkit.measures.sales import amounts
from crmkit.periods import Period
from crmkit.schema import Snapshot

Mask = npt.NDArray[np.bool_]


def _expected(crm: Snapshot, period: Period) -> tuple[Mask, dict[str, Mask]]:
    """Return the open deals expected to close in the period (of «all»: every one), and the undated ones.

    In a period that is over, undated deals cannot close any more.
    """
    expected, is_open = crm.deals["expected_close_on"], is_status(crm, "open")
    if period.end is None:
        return is_open, {}
    inside = is_open & within(midnights(crm, expected), period)
    undated = is_open & expected.isna().to_numpy()
    return inside, {"no_expected_date": undated} if period.end > crm.as_of else {}


def _weighed(crm: Snapshot, inside: Mask, left_out: dict[str, Mask]) -> pd.DataFrame:
    chance, amount = stage_probability(crm), amounts(crm)
    left_out |= {"no_amount": inside & np.isnan(amount), "no_probability": inside & np.isnan(chance)}
    return deal_cases(crm, inside, at="expected_close_on", value=amount * chance, left_out=left_out)


@measure(
    "weighted_forecast", title="Weighted forecast", unit="money", better="higher", group="plan",
    needs={"deals.amount", "deals.probability|stages.default_probability"}, summary="sum",
    basis="expected_in",
)  # fmt: skip
def weighted_forecast(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Amounts of the open deals times the chance of winning that the CRM states, added up.

    Cases: one row per open deal expected to close in the period (of «all»: every open deal). Value: amount
    times the deal's probability, else its stage's.
    Leaves out: open deals without an amount, without a probability, or without an expected closing date.
    Source: METHOD 7.2
    """
    return _weighed(crm, *_expected(crm, period))


@measure(
    "weighted_forecast:rest", title="Weighted forecast of the rest of the period", unit="money",
    better="higher", group="plan", default=False,
    needs={"deals.amount", "deals.expected_close_on", "deals.probability|stages.default_probability"},
    summary="sum", basis="expected_in",
)  # fmt: skip
def weighted_forecast_rest(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The weighted forecast of the open deals expected from the day described until the period ends.

    Cases: as for the weighted forecast, without the deals whose expected day has passed: nobody has said
    anew when they will close.
    Source: METHOD 7.2
    """
    inside, left_out = _expected(crm, period)
    today = pd.Timestamp(crm.today)
    return _weighed(crm, inside & (crm.deals["expected_close_on"] >= today).to_numpy(), left_out)


@measure(
    "pipeline_due", title="Open pipeline due in the period", unit="money", better="higher", group="plan",
    needs={"deals.amount", "deals.status", "deals.expected_close_on"}, summary="sum", basis="expected_in",
)  # fmt: skip
def pipeline_due(crm: Snapshot, period: Period) -> pd.DataFrame:
    """The amounts of the open qualified deals that are expected to close in the period, added up.

    Cases: one row per open deal expected to close in the period (of «all»: every open deal) that has come to
    the stage at which a deal of its pipeline is qualified (``qualified_at`` in client.yml); in a pipeline
    without such a stage every deal counts.
    Leaves out: open deals without an amount, without an expected closing date, or whose stage is not known.
    Source: METHOD 3.3
    """
    inside, left_out = _expected(crm, period)
    is_qualified, unknown = qualified(crm)
    left_out["no_stage"] = inside & unknown
    inside &= is_qualified
    left_out["no_amount"] = inside & np.isnan(amounts(crm))
    return deal_cases(crm, inside, at="expected_close_on", value=amounts(crm), left_out=left_out)


@compound(
    "pipeline_coverage", title="Pipeline coverage", unit="ratio", better="higher", group="plan",
    parts=("pipeline_due", ATTAINMENT), basis="planned_in", timeless=True, bounded=True,
)  # fmt: skip
def pipeline_coverage(parts: Mapping[str, Floats], crm: Snapshot, period: Period) -> Told:
    """Open qualified pipeline due in the period divided by what is still to be reached of its plan.

    A coverage of 3 means: a third of that money has to be won. When the plan is reached there is nothing to
    cover; where there is no plan there is no coverage.

    Cases: as for the open pipeline due in the period and for plan attainment.
    Source: METHOD 3.3
    """
    plan, fact = parts["plan_attainment.denominator"], parts["plan_attainment.numerator"]
    left = np.round(plan - fact, 2)
    why = np.where((plan > 0) & (left <= 0), "plan_reached", "").astype(object)
    return parts["pipeline_due"], np.where((plan > 0) & (left > 0), left, np.nan), why


@compound(
    "forecast_to_plan", title="Forecast of plan attainment", unit="share", better="higher", group="plan",
    parts=("weighted_forecast:rest", ATTAINMENT), basis="planned_in", timeless=True, bounded=True,
)  # fmt: skip
def forecast_to_plan(parts: Mapping[str, Floats], crm: Snapshot, period: Period) -> Told:
    """Revenue so far and the weighted forecast of the rest of the period, together divided by the plan.

    Of a period that is over it is plan attainment itself.

    Cases: as for the weighted forecast of the rest of the period and for plan attainment. n: the open deals.
    Source: METHOD 7.2
    """
    plan = parts["plan_attainment.denominator"]
    reached = parts["plan_attainment.numerator"] + parts["weighted_forecast:rest"]
    return np.round(reached, 2), np.where(plan > 0, plan, np.nan)
