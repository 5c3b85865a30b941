"""Ask other libraries for the figures that the tests hold crmkit to, and write them into ``figures.json``.

Run once in an environment of its own (README.md beside this file). Nothing is drawn at random: all data stand
here, written out or reckoned from whole numbers.
"""

from __future__ import annotations

import json
import subprocess
from importlib.metadata import version
from itertools import product
from math import pi, sin
from pathlib import Path
from typing import Any

import lifelines
import numpy as np
import statsmodels.api as sm
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

HERE = Path(__file__).parent
LEVELS = (0.9, 0.95, 0.975, 0.998)

# Freireich's leukaemia trial (weeks of remission under 6-MP), with ties; deals without ties; deals with many
# ties of all three ends; all ended. 0 open, 1 won, 2 lost; the last number is a horizon.
SURVIVAL: dict[str, tuple[list[float], list[int], float]] = {
    "remission": (
        [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35],
        [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0],
        30,
    ),
    "no_ties": (
        [3, 5, 6, 8, 9, 11, 12, 15, 16, 18, 20, 21, 25, 28, 30, 33, 34.5, 36, 41, 47],
        [1, 2, 1, 0, 2, 1, 1, 2, 0, 1, 2, 1, 0, 2, 1, 0, 1, 1, 2, 0],
        40,
    ),
    "ties": (
        [(7 * i * i + 3 * i) % 23 + 1 for i in range(80)],
        [(0, 1, 2, 1, 2, 2, 1)[(5 * i + i // 9) % 7] for i in range(80)],
        15,
    ),
    "all_ended": ([(11 * i) % 37 + (i % 3) / 4 for i in range(45)], [1 + i % 2 for i in range(45)], 20.5),
}

SHARES = [(1, 10), (3, 10), (5, 10), (9, 10), (81, 263), (15, 148), (1, 29), (48, 80), (56, 70), (700, 2000)]
ENDS = [(0, 5), (0, 20), (20, 20), (0, 300), (7, 7)]
PAIRS = [
    (56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29), (0, 10, 0, 20), (0, 10, 0, 10),
    (10, 10, 0, 20), (10, 10, 0, 10), (75, 300, 120, 300), (3, 31, 900, 4000),
]  # fmt: skip

CHANCES = [
    # Benjamini and Hochberg's own example (1995, section 4.1), then ties, then nothing, then all.
    [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1.0],
    [0.01, 0.2, 0.01, 0.03, 0.03, 0.9, 0.04, 0.04],
    [0.3, 0.06, 0.9],
    [0.01, 0.02, 0.03],
    [((37 * i * i + 11 * i) % 101) / 400 for i in range(1, 41)],
]  # fmt: skip

SAMPLES = {n: [((37 * i * i + 5 * i) % 211) / 2 for i in range(n)] for n in (9, 10, 25, 36, 60, 200)}


def survival() -> dict[str, Any]:
    """Return curves, quantiles and means of durations: R, lifelines and scikit-survival."""
    lines = [
        "\t".join([name, ",".join(map(str, ages)), ",".join(map(str, ends)), str(horizon)])
        for name, (ages, ends, horizon) in SURVIVAL.items()
    ]
    command, asked = ["Rscript", str(HERE / "survival.R")], "\n".join(lines)
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    told: dict[str, Any] = {
        name: {"durations": list(ages), "events": ends, "horizon": horizon, "R": {}}
        for name, (ages, ends, horizon) in SURVIVAL.items()
    } | {"versions": {"R": {}}}
    for line in answer.splitlines():
        name, figure, values = line.split("\t")
        told[name]["R"][figure] = [float(one) for one in values.split(",")]
    for name, (ages, ends, horizon) in SURVIVAL.items():
        events, times = np.array(ends), np.array(ages, float)
        _, alive = kaplan_meier_estimator(events > 0, times)
        told[name]["sksurv"] = {"survival": alive}
        if events.max() > 1:
            _, incidence = cumulative_incidence_competing_risks(events, times)
            told[name]["sksurv"]["incidence"] = incidence[1]
        curve = lifelines.KaplanMeierFitter().fit(times, events > 0)
        told[name]["lifelines"] = {
            "survival": curve.survival_function_at_times(np.unique(times)).to_numpy(),
            "restricted_mean": lifelines.utils.restricted_mean_survival_time(curve, t=horizon),
        }
        if len(set(ages)) == len(ages) and 0 not in ages and events.max() > 1:  # it drops what ends at 0
            found = lifelines.AalenJohansenFitter(calculate_variance=False).fit(times, events, 1)
            told[name]["lifelines"]["incidence"] = found.cumulative_density_.loc[np.unique(times)].to_numpy()[
                :, 0
            ]
    return told


def shares() -> dict[str, Any]:
    """Return intervals of shares and of their differences."""
    k, n = np.array(SHARES).T
    ends, of = np.array(ENDS).T
    told: dict[str, Any] = {"shares": SHARES, "ends": ENDS, "pairs": PAIRS, "levels": {}}
    for level in LEVELS:
        alpha = 1 - level
        told["levels"][str(level)] = {
            "wilson": proportion_confint(k, n, alpha, method="wilson"),
            "wilson_scipy": [
                list(stats.binomtest(won, of).proportion_ci(level, method="wilson")) for won, of in SHARES
            ],
            "wilson_ends": proportion_confint(ends, of, alpha, method="wilson"),
            "exact": proportion_confint(k, n, alpha, method="beta"),
            "exact_ends": proportion_confint(ends, of, alpha, method="beta"),
            "jeffreys": proportion_confint(k, n, alpha, method="jeffreys"),
            "jeffreys_ends": proportion_confint(ends, of, alpha, method="jeffreys"),
            "newcombe": [
                confint_proportions_2indep(*pair, method="newcomb", compare="diff", alpha=alpha)
                for pair in PAIRS
            ],
        }
    return told


def discoveries() -> list[dict[str, Any]]:
    """Return which of several p-values stand out by Benjamini and Hochberg."""
    told = []
    for chances in CHANCES:
        for rate in (0.05, 0.2):
            found, adjusted, _, _ = multipletests(chances, rate, method="fdr_bh")
            told.append({"chances": chances, "rate": rate, "found": found, "adjusted": adjusted})
            same = stats.false_discovery_control(chances, method="bh")
            assert np.allclose(same, adjusted, atol=1e-15)
    return told


def quantiles() -> list[dict[str, Any]]:
    """Return intervals of quantiles by order statistics (SciPy's quantile_test)."""
    told = []
    for values in SAMPLES.values():
        for quantile, level in ((0.5, 0.95), (0.9, 0.95), (0.5, 0.99)):
            found = stats.quantile_test(values, p=quantile).confidence_interval(level)
            told.append({"values": values, "quantile": quantile, "level": level, "limits": list(found)})
    return told


def cells() -> dict[str, Any]:
    """Return logistic regressions on two attributes of three groups' cases: all of them, and without a group.

    statsmodels leaves a level of each attribute out; scikit-learn has them all, with a ridge on each.
    """
    codes = [[a, b] for a in range(3) for b in range(4)]
    of = [[4 + (5 * g + 3 * c * c + g * c) % 30 for c in range(12)] for g in range(3)]
    won = [[(of[g][c] * (2 + codes[c][0] + codes[c][1] + g)) // 11 for c in range(12)] for g in range(3)]
    x = np.array([[1, a == 1, a == 2, b == 1, b == 2, b == 3] for a, b in codes], float)
    every = np.array(
        [[a == one for one in range(3)] + [b == one for one in range(4)] for a, b in codes], float
    )
    wins, losses = np.sum(won, axis=0), np.sum(of, axis=0) - np.sum(won, axis=0)
    whole = logistic(wins, losses, x)
    told: dict[str, Any] = {
        "codes": codes, "of": of, "won": won, "chances": whole.predict(x), "ridge": {},
        "odds_covariance": x @ whole.cov_params() @ x.T,
    }  # fmt: skip
    told["without"] = [
        logistic(wins - won[g], losses - np.array(of[g]) + won[g], x).predict(x) for g in range(3)
    ]
    answers, weights = np.repeat([1, 0], len(codes)), np.concatenate([wins, losses])
    for wide in (1.0, 4.0):
        fit = LogisticRegression(C=wide, solver="newton-cholesky", tol=1e-13, max_iter=1000)
        fit.fit(np.concatenate([every, every]), answers, sample_weight=weights)
        told["ridge"][str(wide)] = [*fit.intercept_, *fit.coef_[0]]
    return told


def logistic(wins: Any, losses: Any, x: Any) -> Any:
    """Return statsmodels' logistic regression of counts."""
    model = sm.GLM(np.column_stack([wins, losses]), x, family=sm.families.Binomial())
    return model.fit(tol=1e-14, maxiter=100)


def weeks() -> dict[str, Any]:
    """Return 70 weeks with a step and a bend after week 45, a season of a quarter, and working days."""
    t = range(70)
    noise = [((t_ * 7919 + 31 * t_ * t_) % 101) / 10 - 5 for t_ in t]
    return {
        "y": [
            100 + 0.5 * one + 8 * (one >= 45) + 6 * sin(2 * pi * one / 13) + noise[one] + noise[one - 1]
            for one in t
        ],
        "x": [[1.0, float(one), float(one >= 45), float(max(one - 45, 0))] for one in t],
        "weights": [float(5 - (one % 9 == 0) - 2 * (one % 17 == 0)) for one in t],
    }


def regressions() -> dict[str, Any]:
    """Return segmented regressions, plain and weighted, with ordinary and with Newey and West's errors."""
    data = weeks()
    y, x, weights = (np.array(data[name]) for name in ("y", "x", "weights"))
    told: dict[str, Any] = dict(data)
    for name, worth in {"even": np.ones(len(y)), "weighted": weights}.items():
        model, hac = sm.WLS(y, x, worth), []
        for lags in (0, 1, 4, 12, 30):
            fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
            hac.append({"lags": lags, "covariance": fit.cov_params()})
        root = np.sqrt(worth)
        told[name] = {
            "coefficients": model.fit().params,
            "hac": hac,
            "autoregressive": autoregressive(y * root, x * root[:, None]),
        }
    return told


#: How errors hang together: the correlation of what lasts, and its part of an error; the rest is plain noise.
LASTING = [(0.0, 0.0), *product((0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.995), (0.1, 0.25, 0.5, 0.75, 1.0))]


def autoregressive(y: Any, x: Any) -> dict[str, Any]:
    """Return generalised least squares for each of ``LASTING``, put together.

    Each is worth its restricted likelihood, from the whole matrix of correlations. The covariance is that of
    the fits on average and of the fits among themselves.
    """
    rows, columns = x.shape
    apart = np.abs(np.subtract.outer(np.arange(rows), np.arange(rows)))
    fits, logs = [], []
    for correlation, part in LASTING:
        matrix = (1 - part) * np.eye(rows) + part * correlation**apart
        fit = sm.GLS(y, x, matrix).fit()
        inner = x.T @ np.linalg.solve(matrix, x)
        left = y - x @ fit.params
        squares = left @ np.linalg.solve(matrix, left)
        parts = (
            np.linalg.slogdet(matrix)[1],
            np.linalg.slogdet(inner)[1],
            (rows - columns) * np.log(squares),
        )
        fits.append(fit)
        logs.append(-sum(parts) / 2)
    chance = np.exp(np.array(logs) - max(logs))
    chance /= chance.sum()
    found = np.array([fit.params for fit in fits])
    mean = chance @ found
    within = sum(one * fit.cov_params() for one, fit in zip(chance, fits, strict=True))
    between = (found - mean).T @ ((found - mean) * chance[:, None])
    plain_fit = fits[LASTING.index((0.6, 1.0))]
    return {
        "coefficients": mean,
        "covariance": within + between,
        "correlation": chance @ np.prod(LASTING, axis=1),
        "at_6": {"coefficients": plain_fit.params, "covariance": plain_fit.cov_params()},
    }


def correlations() -> list[dict[str, Any]]:
    """Return rank correlations."""
    told = []
    for size in (5, 12, 40):
        x = [(37 * i * i + 5 * i) % 23 for i in range(size)]
        y = [(x[i] + (11 * i * i) % 31) // 2 for i in range(size)]
        told.append({"x": x, "y": y, "spearman": stats.spearmanr(x, y).statistic})
    return told


# Applicants to Berkeley's graduate school in 1973 (Bickel et al., Science 187 (1975) 398–404) at
# six departments: men admitted and rejected, women admitted and rejected.
BERKELEY = [
    (512, 313, 89, 19), (353, 207, 17, 8), (120, 205, 202, 391), (138, 279, 131, 244), (53, 138, 94, 299),
    (22, 351, 24, 317),
]  # fmt: skip
ESTIMATES = [0.31, 0.12, 0.45, 0.28, 0.05, 0.66], [0.004, 0.01, 0.006, 0.002, 0.009, 0.03]


def departments() -> dict[str, Any]:
    """Return Cochran, Mantel and Haenszel's test, not corrected for continuity, and the ratio of shares."""
    tables = [np.array(row).reshape(2, 2) for row in BERKELEY]
    found = StratifiedTable(tables)
    return {
        "tables": BERKELEY,
        "statistic": found.test_null_odds(correction=False).statistic,
        "ratio": found.riskratio_pooled,
    }


def effects() -> dict[str, Any]:
    """Return what DerSimonian and Laird's random effects say: their mean and their variance."""
    values, variances = (np.array(one) for one in ESTIMATES)
    found = combine_effects(values, variances, method_re="dl")
    return {"values": values, "variances": variances, "mean": found.mean_effect_re, "spread": found.tau2}


def plain(value: Any) -> Any:
    """Return what JSON can hold; nothing in place of NaN and infinities."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not np.isfinite(value) else value


def main() -> None:
    """Write ``figures.json``."""
    told: dict[str, Any] = {
        "survival": survival(), "shares": shares(), "discoveries": discoveries(), "quantiles": quantiles(),
        "cells": cells(), "regression": regressions(),
        "correlations": correlations(), "departments": departments(), "effects": effects(),
    }  # fmt: skip
    names = [line.split("==")[0] for line in (HERE / "requirements.txt").read_text().split()]
    versions = {name: version(name) for name in names}
    for name in told["survival"].pop("versions")["R"]:
        versions |= dict([name.split(" ")])
    parts = [f'"{name}": {json.dumps(plain(part))}' for name, part in ({"versions": versions} | told).items()]
    (HERE / "figures.json").write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
