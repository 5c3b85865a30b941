"""Hygiene scores: how much of what was examined is free of violations, by rep, team, or all (METHOD 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from crmkit.audit.checks import SEVERITIES, SUBJECTS, Examined
from crmkit.audit.examine import Audit
from crmkit.audit.owners import Codes, owners
from crmkit.facts import BoolArray, FloatArray
from crmkit.statistics.intervals import wilson

By: TypeAlias = Literal["manager", "team", "all"]
#: The column that names the group of a row.
COLUMN = {"manager": "manager_id", "team": "team"}
#: Imagined deals that widen the interval where little is known: one clean, one wrong in every check.
IMAGINED = 2


@dataclass(frozen=True, eq=False)
class Tally:
    """Rows examined, wrong and waived of each group (a row) in each check that could be examined (a column).

    ``of_rep`` tells the group of each rep by code, and last, so at −1, that of nobody.
    """

    labels: list[str | None]
    of_rep: Codes
    checks: list[str]
    weights: FloatArray
    checked: FloatArray
    wrong: FloatArray
    waived: FloatArray

    @property
    def open(self) -> FloatArray:
        """How many rows offend and are not waived."""
        return self.wrong - self.waived


def score_of(checked: FloatArray, wrong: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the severity-weighted mean over checks of the share of rows free of violations, 0 to 100.

    Parameters
    ----------
    checked, wrong: rows by check, along the last axis; a check with no rows counts nowhere.
    weights: of the checks.

    Returns
    -------
    one score for each leading index; NaN where nothing was examined.

    Source: METHOD 5.2

    >>> float(score_of(np.array([4.0, 10.0, 0.0]), np.array([1.0, 0.0, 0.0]), np.array([3.0, 1.0, 2.0])))
    81.25
    """
    clean = (checked - wrong) / np.where(checked > 0, checked, 1)
    counting = weights * (checked > 0)
    whole = counting.sum(axis=-1)
    return np.asarray(100 * (counting * clean).sum(axis=-1) / np.where(whole > 0, whole, np.nan))


def scores(audit: Audit, by: By = "manager") -> pd.DataFrame:
    """Return the hygiene score of each rep, of each team, or of all rows together.

    Populations are added up per check before shares are taken, so a team's score is no mean of its reps'.

    Returns
    -------
    ``manager_id`` or ``team`` (null: nobody's rows; the column is absent for «all»), ``score`` (0 to 100;
    null below the settings' ``few_cases`` rows), ``low`` and ``high`` (approximate 95 % limits), ``n`` (rows
    examined), ``wrong`` (of them, waived ones too), ``waived``, ``checks`` (how many checks had rows); in the
    order of the ids. Who has no rows is not among them.

    Source: METHOD 5.2
    """
    tally = tallied(audit, by)
    score = score_of(tally.checked, tally.open, tally.weights)
    n = tally.checked.sum(axis=1)
    known = n >= audit.crm.settings.limits.few_cases
    size = np.where(n > 0, _effective_rows(audit, tally), 0)
    low, high = wilson(np.nan_to_num(score / 100) * size, size)
    frame = pd.DataFrame(
        {
            "group": pd.Series(tally.labels, dtype="str"),
            "score": np.where(known, score, np.nan),
            "low": np.where(known, 100 * low, np.nan),
            "high": np.where(known, 100 * high, np.nan),
            "n": n.astype(np.int64),
            "wrong": tally.wrong.sum(axis=1).astype(np.int64),
            "waived": tally.waived.sum(axis=1).astype(np.int64),
            "checks": (tally.checked > 0).sum(axis=1),
        }
    )
    if by == "all":
        return frame.drop(columns="group")
    return frame[frame["n"] > 0].rename(columns={"group": COLUMN[by]}).reset_index(drop=True)


def by_check(audit: Audit, by: By = "manager") -> pd.DataFrame:
    """Return what each score is made of: one row per check and rep, team, or for all.

    Returns
    -------
    ``check``, ``manager_id`` or ``team``, ``checked``, ``wrong`` (waived ones too), ``waived``, ``open``
    (wrong and not waived), ``rate`` (open ÷ checked, 0 to 1) with its 95 % limits ``low`` and ``high``; by
    check in its order, then by id; only where rows were examined.
    """
    tally = tallied(audit, by)
    group, check = np.nonzero(tally.checked)
    order = np.lexsort((group, check))
    group, check = group[order], check[order]
    checked, wrong, waived, left = (
        part[group, check] for part in (tally.checked, tally.wrong, tally.waived, tally.open)
    )
    low, high = wilson(left, checked)
    whole = {"checked": checked, "wrong": wrong, "waived": waived, "open": left}
    frame = pd.DataFrame({"check": pd.Series([tally.checks[one] for one in check], dtype="str")})
    if by != "all":
        frame[COLUMN[by]] = pd.Series([tally.labels[one] for one in group], dtype="str")
    counted = {name: values.astype(np.int64) for name, values in whole.items()}
    return frame.assign(**counted, rate=left / checked, low=low, high=high)


def tallied(audit: Audit, by: By) -> Tally:
    """Return the counts of the checks that could be examined, added up by group."""
    labels, of_rep = _groups(audit, by)
    states = audit.states[audit.made]
    checks = [str(one) for one in states["check"]]
    place = {one: index for index, one in enumerate(checks)}
    counts = audit.counts[audit.counts["check"].isin(checks)]
    at = of_rep[counts["manager_id"].cat.codes.to_numpy()], [place[str(one)] for one in counts["check"]]
    sums = np.zeros((3, len(labels), len(checks)))
    for table, name in zip(sums, ("checked", "wrong", "waived"), strict=True):
        np.add.at(table, at, counts[name].to_numpy(np.float64))
    weights = np.array([SEVERITIES[str(one)] for one in states["severity"]], dtype=np.float64)
    return Tally(labels, of_rep, checks, weights, *sums)


def _groups(audit: Audit, by: By) -> tuple[list[str | None], Codes]:
    """Return the names of the groups, last the one of nobody, and the group of each rep by code."""
    ids = owners(audit.crm).ids
    if by == "all":
        return [None], np.zeros(len(ids) + 1, dtype=np.int64)
    if by == "manager":
        return [*map(str, ids), None], np.arange(len(ids) + 1)
    reps = audit.crm.tables["managers"]
    team_of = dict(zip(reps["manager_id"].astype("str"), reps["team"].astype("str"), strict=True))
    told = pd.Categorical([team_of.get(str(one)) for one in ids])
    return [*map(str, told.categories), None], np.append(told.codes, -1) % (len(told.categories) + 1)


def _effective_rows(audit: Audit, tally: Tally) -> FloatArray:
    """Return how many independent rows would make each group's score as uncertain as its own rows do.

    The score is linearised: each row pulls it by its deviation from its check's rate. Rows of one deal hang
    together, so their pulls are added up before they are squared. Two imagined deals stand beside the real
    ones, as in the interval of Agresti and Coull, so that a clean rep with three rows is no certainty; of a
    single check with one row a deal, the result is its number of rows.
    """
    counting = tally.weights * (tally.checked > 0)
    whole = counting.sum(axis=1, keepdims=True)
    share = counting / np.where(whole > 0, whole, 1)
    pull = share / (tally.checked + IMAGINED)
    rate = (tally.open + 1) / (tally.checked + IMAGINED)
    group, pulls = _pulls_of_deals(audit, tally, pull=pull, rate=rate)
    spread = np.bincount(group, pulls**2, minlength=len(tally.labels)).astype(np.float64)
    spread += (pull * (1 - rate)).sum(axis=1) ** 2 + (pull * rate).sum(axis=1) ** 2
    wrong = (share * rate).sum(axis=1)
    rows = wrong * (1 - wrong) / np.where(spread > 0, spread, 1) - IMAGINED
    return np.asarray(np.maximum(rows, 1))


def _pulls_of_deals(
    audit: Audit, tally: Tally, *, pull: FloatArray, rate: FloatArray
) -> tuple[Codes, FloatArray]:
    """Return for each group and deal (or card, for rows without one) the group, and the sum of its pulls."""
    people, size, keys, values = owners(audit.crm), 0, [], []
    first: dict[str, int] = {}
    for table in SUBJECTS:
        first[table], size = size, size + len(audit.crm.tables[table])
    waived = audit.violations[audit.violations["waived"].to_numpy(dtype=bool)]
    for column, check in enumerate(tally.checks):
        for part in audit.seen[check]:
            rows = np.flatnonzero(part.checked)
            group = tally.of_rep[people.answering(part)[rows]]
            wrong = _unwaived(part, waived[(waived["check"] == check) & (waived["table"] == part.table)])
            values.append(pull[group, column] * (wrong[rows] - rate[group, column]))
            keys.append(group * size + _cards(audit, part.table, rows, first=first[part.table]))
    if not keys:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    code, unique = pd.factorize(np.concatenate(keys))
    sums = np.bincount(code, np.concatenate(values), minlength=len(unique))
    return np.asarray(unique) // max(size, 1), sums.astype(np.float64)


def _unwaived(part: Examined, waived: pd.DataFrame) -> BoolArray:
    wrong = part.wrong.copy()
    wrong[waived["row"].to_numpy()] = False
    return wrong


def _cards(audit: Audit, table: str, rows: Codes, *, first: int) -> Codes:
    """Return a number for the deal of each row; rows without one get a number of their own."""
    frame = audit.crm.tables[table]
    if "deal_ix" not in frame:
        return first + rows
    deal = frame["deal_ix"].to_numpy()[rows]
    return np.where(deal >= 0, deal, first + rows)
