"""Ways of comparing reps and weeks: naive ones, the kit, and one that knows the truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from departments import ATTRIBUTES, Department
from numpy.typing import NDArray
from weeks import Weeks

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.compare.interrupted import Judged

Floats: TypeAlias = NDArray[np.float64]
Signs: TypeAlias = NDArray[np.int64]
#: What a way of comparing says of each rep: 1 above, -1 below, 0 nothing.
Judge: TypeAlias = Callable[[Department], Signs]
#: What a way of looking at weeks says of a change: 1 more, -1 less, 0 nothing.
Watcher: TypeAlias = Callable[[Weeks], int]


def league(one: Department) -> Signs:
    """Say what a league table with a margin of error says: whose share lies 1.96 s.e. off the whole."""
    n, won = _counts(one)
    share, whole = won / n, won.sum() / n.sum()
    return _signs(share - whole, 1.96 * np.sqrt(share * (1 - share) / n))


def oracle(one: Department) -> Signs:
    """Say what one who knows each deal's fair chance would say: like for like, with nothing to be estimated.

    Won deals above the fair number, own against those of the others of the role; the variance is that of
    equal reps, deals of a client that share their luck included. False discovery is controlled.
    """
    from scipy.stats import norm

    from crmkit.statistics.many import false_discovery

    rep, role, client = (one.cases[name].to_numpy() for name in ("rep", "role", "cluster"))
    n, whose = np.bincount(rep).astype(np.float64), np.zeros(rep.max() + 1, np.int64)
    whose[rep] = role
    left = np.bincount(rep, one.cases["value"] - one.fair)
    order = np.argsort(client, kind="stable")
    spread = np.bincount(rep, one.fair * (1 - one.fair))
    for apart in range(1, int(np.bincount(client).max())):
        first, second = order[:-apart], order[apart:]
        first, second = first[client[first] == client[second]], second[client[first] == client[second]]
        low = np.minimum(one.fair[first], one.fair[second]) - one.fair[first] * one.fair[second]
        spread += 2 * one.design.together**2 * np.bincount(rep[first], low, len(n))
    chances, gaps = np.empty(len(n)), np.empty(len(n))
    for mine in range(len(n)):
        others = (whose == whose[mine]) & (np.arange(len(n)) != mine)
        gaps[mine] = left[mine] / n[mine] - left[others].sum() / n[others].sum()
        variance = spread[mine] / n[mine] ** 2 + spread[others].sum() / n[others].sum() ** 2
        clear = max(abs(gaps[mine]) - 0.5 / n[mine], 0)  # whole deals
        chances[mine] = 2 * norm.sf(clear / np.sqrt(variance))
    found, _ = false_discovery(chances)
    return np.where(found, np.sign(gaps), 0).astype(np.int64)


def kit(one: Department) -> Signs:
    """Say what crmkit says: the verdicts that hold."""
    rows = judged_rows(one)
    sides = rows["direction"].map({"above": 1, "below": -1, "none": 0}).to_numpy()
    told = np.zeros(len(one.gaps), np.int64)
    told[rows["rep"]] = sides
    return told


def judged_rows(one: Department) -> pd.DataFrame:
    """Return the kit's rows of a department, by rep."""
    from crmkit.compare.managers import judged
    from crmkit.limits import Limits

    return judged(one.cases, ATTRIBUTES, limits=Limits())[0].sort_values("rep")


JUDGES: dict[str, Judge] = {"league table": league, "crmkit": kit, "oracle": oracle}


def _counts(one: Department) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rep = one.cases["rep"].to_numpy()
    return np.bincount(rep).astype(np.float64), np.bincount(rep, one.cases["value"])


def _signs(gap: NDArray[np.float64], margin: NDArray[np.float64]) -> Signs:
    return (np.sign(gap) * (np.abs(gap) > margin)).astype(np.int64)


def month_by_month(one: Weeks) -> int:
    """Say what is said of a first month: four weeks against the four before, told from 10 % on."""
    after, before = one.value[one.change :][:4].mean(), one.value[: one.change][-4:].mean()
    change = after / before - 1
    return int(np.sign(change) * (abs(change) >= 0.1))


def half_years(one: Weeks) -> int:
    """Say what a t-test says of the weeks after against as many before, as if weeks were independent."""
    from scipy.stats import ttest_ind

    after = one.value[one.change :]
    before = one.value[: one.change][-len(after) :]
    found = ttest_ind(after, before, equal_var=False)
    return int(np.sign(after.mean() - before.mean()) * (found.pvalue < 0.05))


def kit_weeks(one: Weeks) -> int:
    """Say what crmkit says: the verdict that holds."""
    return {"above": 1, "below": -1, "none": 0}[judged_weeks(one).direction]


def judged_weeks(one: Weeks) -> Judged:
    """Return what the kit says of a change: effect, interval, verdict."""
    from crmkit.compare.interrupted import judged_series
    from crmkit.limits import Limits

    weights = one.n if one.kind.figure == "share" else None
    return judged_series(
        one.value, one.change, limits=Limits(), weights=weights, weeks=one.monday, cases=one.n
    )


WATCHERS: dict[str, Watcher] = {
    "month by month": month_by_month,
    "half years": half_years,
    "crmkit": kit_weeks,
}
