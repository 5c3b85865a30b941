"""One client beside the others of a consultant's portfolio: quartiles only, nobody's own figure (METHOD 6.6).

A quartile of few clients taken from their order would be one client's figure itself. Here it is a weighted
mean of all of them (Harrell and Davis), told to two digits; a figure that fewer clients have than
``limits.clients_compared``, or of which fewer values differ, is not told at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.compare.intervals import verdicts
from crmkit.limits import Limits
from crmkit.measures import ALL, evaluate, find
from crmkit.measures.cases import latest_months
from crmkit.measures.catalog import STANDING
from crmkit.schema import Snapshot
from crmkit.statistics.many import widened

#: Figures that do not grow with the client: shares and times, no counts and no money.
COMPARED = (
    "win_rate", "win_rate:cohort", "deal_cycle:won_median", "stage_on_time", "stage_skips", "stage_returns",
    "lost_with_reason", "sales_actions_per_day", "tasks_on_time", "next_task_set", "deals_without_task",
    "deals_stale:idle_without_plan", "first_response_time:median", "first_response_time:share_in_norm",
    "emails_unanswered:share", "calls_missed:share", "repeat_sales", "average_discount",
)  # fmt: skip
QUARTILES = {"quartile_low": 0.25, "median": 0.5, "quartile_high": 0.75}
DIGITS = 2


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Figures of several clients, none of which can be read from it.

    Attributes
    ----------
    rows: one row a measure: ``measure``, ``variant``, ``unit``, ``clients`` (that have the figure with enough
        cases); ``quartile_low``, ``median``, ``quartile_high``; of the client that was asked for ``value``,
        ``low``, ``high``, ``n``, ``place`` (``lowest``, ``lower``, ``upper``, ``highest`` quarter; of the
        figure, be that good or bad; empty where there is none), ``gap`` to the median with its limits,
        ``label``, ``direction``, ``reason``. Without such a client its columns are null.
    clients: how many were given. level: the confidence of the gaps' limits, all of them together.
    """

    rows: pd.DataFrame
    clients: int
    level: float


def figures_of(crm: Snapshot) -> pd.DataFrame:
    """Return the figures of one client that may stand beside others', of its latest twelve whole months."""
    standing = [name for name in COMPARED if find(name).basis in STANDING]
    others = [name for name in COMPARED if name not in standing]
    return pd.concat(
        [evaluate(others, crm, latest_months(crm)), evaluate(standing, crm, ALL)], ignore_index=True
    )


def clients(figures: Sequence[pd.DataFrame], *, limits: Limits, own: int | None = None) -> Portfolio:
    """Return the quartiles of each figure among clients, and where one of them stands.

    Parameters
    ----------
    figures: of each client, as :func:`figures_of` returns them.
    own: position of the client whose place is asked for; without it, quartiles only.

    The client's own interval is held against the median of the clients as against a fixed number: the clients
    at hand are the whole portfolio, no sample of a trade. Whose figure rests on fewer than
    ``limits.compared_cases`` cases is in no quartile.

    Source: METHOD 6.6; Harrell and Davis, Biometrika 69 (1982) 635–640
    """
    rows = pd.DataFrame(
        [_row(name, [_of(name, one) for one in figures], limits=limits, own=own) for name in COMPARED]
    )
    told = rows["missing"] == ""
    near, far = (rows["gap"] + (rows[end] - rows["value"]) for end in ("low", "high"))
    low, high, level = widened(
        rows["gap"].where(told), near.where(told), far.where(told), rate=limits.false_discovery
    )
    rows["gap_low"], rows["gap_high"] = low, high
    unsure = told & rows["n"].notna() & rows["low"].isna()
    judged = verdicts(
        rows["n"], rows["gap_low"].where(~unsure, -np.inf), rows["gap_high"].where(~unsure, np.inf),
        limits=limits, missing=rows["missing"],
    )  # fmt: skip
    judged["reason"] = judged["reason"].where(~(unsure & (judged["label"] == "may_be_chance")), "no_interval")
    return Portfolio(rows.drop(columns="missing").join(judged), len(figures), level)


def quantile(values: npt.ArrayLike, share: float) -> float:
    """Return Harrell and Davis' quantile: the mean of all values, weighted by their place in the order.

    >>> round(quantile([1, 2, 3, 4, 5], 0.5), 9)
    3.0
    """
    from scipy.special import betainc

    ordered = np.sort(np.asarray(values, np.float64))
    n = len(ordered)
    edges = betainc((n + 1) * share, (n + 1) * (1 - share), np.arange(n + 1) / n)
    return float(np.diff(edges) @ ordered)


def _of(name: str, figures: pd.DataFrame) -> pd.Series:
    one = find(name)
    mine = figures[(figures["measure"] == one.id) & (figures["variant"] == one.variant)]
    return mine.iloc[0]


def _row(name: str, figures: Sequence[pd.Series], *, limits: Limits, own: int | None) -> dict[str, object]:
    """Return one measure among all clients; ``missing`` says why one client is not told beside others."""
    measure = find(name)
    enough = [one["value"] for one in figures if one["n"] >= limits.compared_cases]
    values = np.array([value for value in enough if value == value])
    told = len(np.unique(values)) >= max(limits.clients_compared, 2)
    row: dict[str, object] = {"measure": measure.id, "variant": measure.variant, "unit": measure.unit}
    row["clients"] = len(values)
    row |= {key: _rounded(quantile(values, at)) if told else np.nan for key, at in QUARTILES.items()}
    mine = dict.fromkeys(("value", "low", "high", "n"), np.nan) if own is None else figures[own]
    row |= {key: float(mine[key]) for key in ("value", "low", "high", "n")}
    missing = "no_client" if own is None else str(mine["missing"]) if row["value"] != row["value"] else ""
    place = "" if missing or not told or float(mine["n"]) < limits.compared_cases else _place(row)
    gap = float(mine["value"]) - float(str(row["median"]))
    return row | {"place": place, "gap": gap, "missing": missing or ("" if told else "few_figures")}


def _place(row: dict[str, object]) -> str:
    above = sum(float(str(row["value"])) > float(str(row[key])) for key in QUARTILES)
    return ("lowest", "lower", "upper", "highest")[above]


def _rounded(value: float) -> float:
    """Return a number to two digits.

    >>> _rounded(0.23456), _rounded(23.456), _rounded(0.0)
    (0.23, 23.0, 0.0)
    """
    return float(f"{value:.{DIGITS}g}")
