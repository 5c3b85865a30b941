"""Tables that the scenario knows beforehand: reps, stages, products, and a plan that is nearly reached."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crmkit.simulate.coding import Identifiers, coded, names, rep_ids, texts
from crmkit.simulate.draft import Draft
from crmkit.simulate.scenario import Rep
from crmkit.simulate.world import WON, Columns, World

_LEVEL = 1.06


def plan_figures(world: World, deals: Columns) -> list[tuple[np.datetime64, int, float]]:
    """Return monthly plans of revenue as (first day, rep, value); rep −1 is the whole department.

    The department's plan follows the season at 106 % of the average month; the last month's is set so that
    its revenue is ``plan_attainment`` of it. The reps at work in a month share it equally, to the unit.
    """
    scenario = world.scenario
    months = np.arange(
        np.datetime64(scenario.start, "M"), world.clock.as_of.astype("M8[M]") + np.timedelta64(1, "M")
    )
    won = deals["status"] == WON
    place = (deals["closed"][won].astype("M8[M]") - months[0]).astype(int)
    revenue = np.bincount(place, weights=deals["amount"][won], minlength=len(months))
    season = np.array([scenario.season[int(month.astype(int)) % 12] for month in months])
    plan = revenue.sum() * _LEVEL * season / season.sum()
    plan[-1] = revenue[-1] / scenario.plan_attainment
    unit = 10 ** max(int(np.log10(max(plan.mean(), 1))) - 2, 0)
    figures = []
    for month, value in zip(months, np.rint(plan / unit) * unit, strict=True):
        first = month.astype("M8[D]")
        present = [k for k, rep in enumerate(scenario.reps) if _works(first, rep)]
        figures.append((first, -1, float(value)))
        ends = [round(float(value) * part / max(len(present), 1)) for part in range(len(present) + 1)]
        figures += [
            (first, rep, float(end - begin)) for rep, begin, end in zip(present, ends, ends[1:], strict=False)
        ]
    return figures


def _works(first: np.datetime64, rep: Rep) -> bool:
    """Tell whether a rep is there on the first day of a month."""
    day: date = first.astype(date)
    return (rep.hired_on is None or rep.hired_on <= day) and (rep.left_on is None or rep.left_on > day)


def managers(draft: Draft, ids: Identifiers) -> dict[str, Any]:
    """Return the reps."""
    reps = draft.world.scenario.reps
    return {
        "manager_id": pd.Categorical(rep_ids(draft), categories=pd.Index(rep_ids(draft), dtype="str")),
        "name": texts(names(reps)),
        "role": pd.Categorical([rep.role for rep in reps]),
        "team": pd.Categorical([rep.team for rep in reps]),
        "hired_on": pd.to_datetime(pd.Series([rep.hired_on for rep in reps])).astype("datetime64[us]"),
        "left_on": pd.to_datetime(pd.Series([rep.left_on for rep in reps])).astype("datetime64[us]"),
    }


def stages(draft: Draft, ids: Identifiers) -> dict[str, Any]:
    """Return the stages of all pipelines, in their order."""
    rows = [
        (pipeline.name, float(place), stage)
        for pipeline in draft.world.scenario.pipelines
        for place, stage in enumerate(pipeline.stages, 1)
    ]
    return {
        "pipeline": pd.Categorical([name for name, _, _ in rows]),
        "stage": pd.Categorical([stage.name for _, _, stage in rows]),
        "position": [place for _, place, _ in rows],
        "kind": pd.Categorical([stage.kind for _, _, stage in rows]),
        "process_step": pd.Categorical([stage.process_step for _, _, stage in rows]),
        "default_probability": np.array([stage.probability for _, _, stage in rows], dtype=float),
        "norm_days": np.array([stage.norm_days for _, _, stage in rows], dtype=float),
        "required_fields": texts([", ".join(stage.required) or None for _, _, stage in rows]),
    }


def plans(draft: Draft, ids: Identifiers) -> dict[str, Any]:
    """Return the plan: monthly revenue of the department and of every rep."""
    figures = plan_figures(draft.world, draft.deals)
    return {
        "period_start": pd.DatetimeIndex([month for month, _, _ in figures]).astype("datetime64[us]"),
        "period": pd.Categorical(["month"] * len(figures)),
        "manager_id": coded(np.array([rep for _, rep, _ in figures]), rep_ids(draft)),
        "metric": pd.Categorical(["revenue"] * len(figures)),
        "value": [value for _, _, value in figures],
    }


def products(draft: Draft, ids: Identifiers) -> dict[str, Any]:
    """Return the price list."""
    products = draft.world.scenario.products
    return {
        "product": pd.Categorical(names(products)),
        "list_price": [product.price for product in products],
    }
