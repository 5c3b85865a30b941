"""A client beside others: quartiles of which nobody's own figure can be read, and a place with its doubt."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crmkit.compare.clients import COMPARED, clients, figures_of, quantile
from crmkit.limits import Limits
from crmkit.measures import find

LIMITS = Limits()


def figures(**told):
    """Return one client's figures: ``name=(value, n, low, high)``; all others are not in the export."""
    rows = []
    for name in COMPARED:
        one, key = find(name), name.replace(":", "_")
        value, n, low, high = told.get(key, (np.nan, 0, np.nan, np.nan))
        row = {"measure": one.id, "variant": one.variant, "value": value, "n": n, "low": low, "high": high}
        rows.append(row | {"missing": "" if key in told else "deals.closed_at"})
    return pd.DataFrame(rows)


def win_rates(*shares, n=100):
    return [figures(win_rate=(share, n, share - 0.05, share + 0.05)) for share in shares]


def row(portfolio, name="win_rate"):
    one = find(name)
    rows = portfolio.rows
    return rows[(rows["measure"] == one.id) & (rows["variant"] == one.variant)].iloc[0]


def test_quartiles_of_five_are_nobody_s_figure():
    # The order's own quartiles would be 0.21, 0.33 and 0.41: figures of the second, third and fourth client.
    # Harrell and Davis' weights of the median of five are by the beta(3, 3) distribution at fifths:
    # 0.05792, 0.25952, 0.36512, 0.25952, 0.05792; with 0.1, 0.21, 0.33, 0.41, 0.5: 0.3161, told as 0.32.
    found = row(clients(win_rates(0.33, 0.1, 0.5, 0.21, 0.41), limits=LIMITS))
    assert found[["quartile_low", "median", "quartile_high"]].tolist() == [0.19, 0.32, 0.43]
    assert quantile([0.33, 0.1, 0.5, 0.21, 0.41], 0.5) == pytest.approx(0.316144, abs=1e-6)
    assert found["clients"] == 5


def test_quantile_is_the_published_weighted_mean():
    # SciPy's hdquantiles of 1 … 9 and 20: the same weights, from another program.
    from scipy.stats.mstats import hdquantiles

    values = [*range(1, 10), 20]
    assert [quantile(values, at) for at in (0.25, 0.5, 0.75)] == pytest.approx(
        np.asarray(hdquantiles(values)).tolist(), abs=1e-9
    )


@pytest.mark.parametrize(
    "shares", [(0.1, 0.2, 0.3, 0.4), (0.0, 0.0, 0.0, 0.0, 0.7), (0.1, 0.2, 0.3, 0.4, 0.4)]
)
def test_too_few_clients_or_too_few_different_figures_are_not_told(shares):
    # Of four zeros and one other figure any mean would give that figure away.
    portfolio = clients(win_rates(*shares), limits=LIMITS, own=0)
    found = row(portfolio)
    assert found[["quartile_low", "median", "quartile_high"]].isna().all()
    assert (found["label"], found["reason"], found["place"]) == ("cannot_be_computed", "few_figures", "")


def test_a_client_with_few_cases_is_in_no_quartile():
    several = win_rates(0.1, 0.2, 0.3, 0.4, 0.5) + win_rates(0.9, n=29)
    assert row(clients(several, limits=LIMITS))["clients"] == 5
    own = row(clients(several, limits=LIMITS, own=5))
    assert (own["label"], own["reason"], own["place"]) == ("too_little_data", "some_cases", "")


def test_a_client_stands_where_its_interval_says():
    portfolio = clients(win_rates(0.1, 0.2, 0.3, 0.4, 0.5), limits=LIMITS, own=4)
    own = row(portfolio)
    # 0.5 lies above the upper quartile; the median is 0.3, the gap 0.2 with limits ± 0.05.
    assert (own["place"], own["label"], own["direction"]) == ("highest", "holds", "above")
    assert own[["gap", "gap_low", "gap_high"]].tolist() == pytest.approx([0.2, 0.15, 0.25])
    middle = row(clients(win_rates(0.1, 0.2, 0.31, 0.4, 0.5), limits=LIMITS, own=2))
    assert (middle["label"], middle["reason"]) == ("may_be_chance", "within_chance")


def test_a_figure_without_an_interval_is_no_verdict():
    several = [figures(sales_actions_per_day=(float(v), 60, np.nan, np.nan)) for v in (8, 12, 20, 31, 40)]
    own = row(clients(several, limits=LIMITS, own=4), "sales_actions_per_day")
    assert (own["place"], own["label"], own["reason"]) == ("highest", "may_be_chance", "no_interval")


def test_what_the_client_s_export_lacks_is_named():
    portfolio = clients(win_rates(0.1, 0.2, 0.3, 0.4, 0.5), limits=LIMITS, own=0)
    assert row(portfolio, "tasks_on_time")["label"] == "cannot_be_computed"
    assert row(portfolio, "tasks_on_time")["reason"] == "deals.closed_at"
    assert portfolio.clients == 5


def test_without_a_client_of_one_s_own_there_are_quartiles_only():
    rows = clients(win_rates(0.1, 0.2, 0.3, 0.4, 0.5), limits=LIMITS).rows
    assert rows[["value", "low", "high", "n", "gap"]].isna().all(axis=None)
    assert set(rows["label"]) == {"cannot_be_computed"}


def test_figures_come_from_the_catalogue(snapshot):
    # Two of three deals closed in the period are won.
    deals = [
        {"status": state, "created_at": "2026-01-10", "closed_at": "2026-02-10"}
        for state in ("won", "won", "lost")
    ]
    told = figures_of(snapshot(deals))
    found = told[(told["measure"] == "win_rate") & (told["variant"] == "closed_count")].iloc[0]
    assert (found["value"], found["n"]) == (pytest.approx(2 / 3), 3)
    assert len(told) == len(COMPARED)
