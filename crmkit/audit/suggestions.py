"""What the data tell of the sales-system checklist: suggested answers, each with the figure behind it.

A suggestion is never an answer: people answer. It is made only where the whole interval of the figure lies on
one side of the rule's bounds, and never of fewer cases than the gates allow (METHOD 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit.examine import Audit
from crmkit.audit.questions import Questionnaire, Rule
from crmkit.audit.score import scores
from crmkit.audit.told import counted
from crmkit.measures.catalog import find
from crmkit.periods import Period
from crmkit.statistics.intervals import Z95, wilson

COLUMNS = (
    "question", "answer", "source", "figure", "unit", "value", "k", "n", "low", "high", "reason", "missing",
)  # fmt: skip
Figure = dict[str, Any]


def needed_measures(questions: Questionnaire) -> list[str]:
    """Return the names of the measures that the questions' rules rest on, each once."""
    rules = [one.suggest for one in questions.questions if one.suggest]
    return list(dict.fromkeys(find(rule.measure).name for rule in rules if rule.measure))


def suggest(
    questions: Questionnaire,
    audit: Audit,
    figures: pd.DataFrame,
    *,
    period: Period,
    told: Mapping[str, tuple[int, int]] | None = None,
) -> pd.DataFrame:
    """Suggest answers.

    Parameters
    ----------
    figures: as ``evaluate`` returns them, for :func:`needed_measures`, without slices.
    period: the rows of which the filled columns and the history of stages are counted.
    told: what the described process tells: a fact beginning with ``steps_`` -> how many of how many.

    Returns
    -------
    one row a question with a rule: ``question``; ``answer``: yes, partly, no, or null where none can be
    suggested; ``source`` and ``figure``: where the figure comes from; ``unit``, ``value``, ``k`` (null where
    it is no share), ``n``, ``low``, ``high``; ``reason`` why there is no answer (else empty): ``few`` cases,
    ``undecided`` (the interval lies across a bound), ``shown`` (the rule has no bounds), ``no_interval``,
    ``approximate``, ``nothing`` to count, ``unjudged`` (more rows could not be judged than could),
    ``not_in_export``, ``not_told`` by people (client.yml, plans, the process), or what ``examine`` says of
    the check; ``missing``: columns, parted by ``, ``.

    Raises
    ------
    ValueError: a measure is not among the figures.

    Source: METHOD 5.4
    """
    rows = []
    for one in questions.questions:
        rule = one.suggest
        if rule is None:
            continue
        figure = _figure(rule, audit, figures, period=period, told=told or {})
        rows.append(
            {"question": one.id, "source": rule.source, "figure": rule.figure} | _judged(rule, figure, audit)
        )
    kinds = dict.fromkeys(("value", "k", "n", "low", "high"), "float64")
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(kinds | {"answer": "str"})


def _figure(
    rule: Rule,
    audit: Audit,
    figures: pd.DataFrame,
    *,
    period: Period,
    told: Mapping[str, tuple[int, int]],
) -> Figure:
    """Return unit, value, k, n, limits, and why nothing can be made of it."""
    if rule.measure:
        return _of_measure(rule, figures)
    if rule.check:
        return _of_check(rule.check, audit)
    if rule.fact == "hygiene_score":
        return _of_score(audit)
    found = counted(rule, audit.crm, period, told)
    return _share(found.k, found.n, is_whole=found.is_whole) | {
        "reason": found.reason,
        "missing": found.missing,
    }


def _share(k: int, n: int, *, is_whole: bool = False) -> Figure:
    value = k / n if n else np.nan
    low, high = (value, value) if is_whole else (float(one) for one in wilson(k, n))
    told = {"unit": "share", "value": value, "k": k, "n": n, "low": low, "high": high}
    return told | {"is_whole": is_whole, "reason": "", "missing": ""}


def _of_check(name: str, audit: Audit) -> Figure:
    """Return the share of what a check examined that offends and is not waived."""
    state = audit.states[audit.states["check"] == name]
    if state.empty:
        return _share(0, 0) | {"reason": "switched_off"}
    one = state.iloc[0]
    checked = int(one["checked"])
    unknown = int(audit.unknown.loc[audit.unknown["check"] == name, "n"].sum())
    reason = {"nothing_to_check": "nothing"}.get(str(one["reason"]), str(one["reason"]))
    if one["state"] == "ask":
        reason = "not_told"
    elif not reason and one["lacking"]:
        reason = "approximate"
    elif not reason and unknown > checked:
        reason = "unjudged"
    missing = str(one["missing"] or one["lacking"])
    return _share(int(one["wrong"] - one["waived"]), checked) | {"reason": reason, "missing": missing}


def _of_score(audit: Audit) -> Figure:
    """Return the hygiene score of the department as a share of what was examined."""
    one = scores(audit, "all").iloc[0]
    value, low, high = (float(one[name]) / 100 for name in ("score", "low", "high"))
    told = {"unit": "share", "value": value, "k": np.nan, "n": int(one["n"]), "low": low, "high": high}
    return told | {"is_whole": False, "reason": "", "missing": ""}


def _of_measure(rule: Rule, figures: pd.DataFrame) -> Figure:
    """Return a measure's figure, with limits also where ``evaluate`` gives none and they can be known."""
    declared = find(rule.measure)
    mine = figures[(figures["measure"] == declared.id) & (figures["variant"] == declared.variant)]
    if mine.empty:
        raise ValueError(f"{declared.name} is not among the figures")
    row = mine.iloc[0]
    value, n, unit = float(row["value"]), float(row["n"]), str(row["unit"])
    low, high = float(row["low"]), float(row["high"])
    if declared.is_exact:
        low = high = value
    elif np.isnan(low) and n > 0 and not np.isnan(value):
        low, high = _limits(value, n, unit)
    reason = {"ok": "", "empty": "nothing"}.get(str(row["state"]), str(row["state"]))
    k = float(row["numerator"]) if unit == "share" and row["denominator"] == n else np.nan
    told = {"unit": unit, "value": value, "k": k, "n": n, "low": low, "high": high}
    return told | {"is_whole": declared.is_exact, "reason": reason, "missing": str(row["missing"])}


def _limits(value: float, n: float, unit: str) -> tuple[float, float]:
    """Return limits of a mean over ``n`` cases of which only the mean is known, wider than they need be.

    A share of several fields per deal varies at most as if each deal were all or nothing; the actions of a
    day hardly vary by more than their mean.
    """
    if unit == "share" and 0 <= value <= 1:
        low, high = wilson(value * n, n)
        return float(low), float(high)
    if unit == "per_day":
        return value * (1 - Z95 / np.sqrt(n)), value * (1 + Z95 / np.sqrt(n))
    return np.nan, np.nan


def _judged(rule: Rule, figure: Figure, audit: Audit) -> Figure:
    """Return the figure with the answer that it suggests, or why it suggests none."""
    reason, answer = figure["reason"], None
    few = audit.crm.settings.limits.few_cases
    if not reason and not figure["n"]:
        reason = "nothing"
    elif not reason and rule.yes is None:
        reason = "shown"
    elif not reason and not figure["is_whole"] and figure["n"] < few:
        reason = "few"
    elif not reason and np.isnan(figure["low"]):
        reason = "no_interval"
    elif not reason:
        answer = _answer(rule, figure["low"], figure["high"])
        reason = "" if answer else "undecided"
        if answer == "no" and rule.fact and rule.fact != "hygiene_score":
            # What people have not told the kit may be there all the same.
            answer, reason = None, "not_told"
    return {name: one for name, one in figure.items() if name != "is_whole"} | {
        "answer": answer,
        "reason": reason,
    }


def _answer(rule: Rule, low: float, high: float) -> str | None:
    """Return the one answer that the whole interval allows; ``None`` where it allows two."""
    full = _meets(rule.yes, low, high)
    half = _meets(rule.partly, low, high) if rule.partly else full
    if full:
        return "yes"
    if full is False and half:
        return "partly"
    return "no" if full is False and half is False else None


def _meets(bound: str | None, low: float, high: float) -> bool | None:
    """Tell whether a whole interval meets a bound; ``None`` where a part of it does."""
    sign, number = str(bound)[:2], float(str(bound)[2:])
    worst, best = (low, high) if sign == ">=" else (-high, -low)
    limit = number if sign == ">=" else -number
    return True if worst >= limit else False if best < limit else None
