"""What violations would take from a bonus, by the client's rules: a proposal for people (METHOD 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.audit.checks import hygiene_checks
from crmkit.audit.examine import Audit, examine
from crmkit.audit.inheritance import inherited
from crmkit.facts import BoolArray
from crmkit.limits import BonusRules
from crmkit.periods import Period, floor
from crmkit.schema import Snapshot


@dataclass(frozen=True, eq=False)
class Bonus:
    """A proposal for the bonus of each rep.

    Attributes
    ----------
    audit: the bonus checks held against the period; its ``states`` tell which could not be examined: those
        cost nothing.
    reps: one row a rep whose rows were examined: ``manager_id``, ``share`` (of the bonus that remains, 0 to
        1), ``deduction``, ``decided`` (the checks that cost it, parted by ``, ``), ``wrong`` (rows that
        count), ``checked``, ``rate``, ``waived`` and ``inherited`` (rows that cost nothing).
    checks: one row a rep and check: ``manager_id``, ``check``, ``checked``, ``wrong``, ``rate``,
        ``deduction``, ``decides``, ``waived``, ``inherited``.
    rows: the offending rows of reps, as in ``Audit.violations``, with ``standing`` (``counts``, ``waived`` or
        ``inherited``) and ``deduction``, that of its check.
    """

    audit: Audit
    reps: pd.DataFrame
    checks: pd.DataFrame
    rows: pd.DataFrame


def bonus_period(crm: Snapshot, asked: Period) -> Period:
    """Return the period asked for; where none was, the calendar month of ``as_of`` up to its day."""
    if not asked.is_all:
        return asked
    day = crm.today
    return Period.between(floor(day, "month"), day + timedelta(days=1), crm.settings.zone)


def propose(audit: Audit) -> Bonus:
    """Return the bonus that the client's rules would leave each rep.

    What stands open counts as at ``as_of``; what happened counts if it did in the period of the audit, or in
    the month of ``as_of`` where the audit is of all. Waived rows, and rows that the present owner only
    inherited, cost nothing; what belongs to nobody, or to somebody who left before, costs nobody.

    Source: METHOD 5.2
    """
    crm = audit.crm
    rules = crm.settings.audit.bonus
    period = bonus_period(crm, audit.period)
    known = audit.violations[audit.violations["waived"].to_numpy(dtype=bool)]
    waivers = known[["check", "table", "id", "until"]].assign(reason=known["waiver"])
    checks = [one for one in hygiene_checks() if one.id in rules.checks]
    seen = examine(crm, period, checks=checks, waivers=waivers)
    rows = seen.violations
    standing = np.select(
        [rows["waived"].to_numpy(dtype=bool), inherited(seen)], ["waived", "inherited"], "counts"
    )
    rows = rows.assign(standing=standing)[_is_due(rows["manager_id"], crm, period)]
    told = _by_check(seen, rows, rules)
    costs = dict(zip(zip(told["manager_id"], told["check"], strict=True), told["deduction"], strict=True))
    pairs = zip(rows["manager_id"].astype("str"), rows["check"], strict=True)
    rows = rows.assign(deduction=[costs[pair] for pair in pairs]).reset_index(drop=True)
    return Bonus(seen, _by_rep(told, rules), told, rows)


def _is_due(reps: pd.Series, crm: Snapshot, period: Period) -> BoolArray:
    """Return which rows are those of a rep who was there in the period."""
    people = crm.tables["managers"]
    gone = people["left_on"].to_numpy() <= np.datetime64(period.days()[0])
    left = set(people["manager_id"].astype("str")[gone])
    return np.asarray(reps.notna() & ~reps.astype("str").isin(left))


def _by_check(seen: Audit, rows: pd.DataFrame, rules: BonusRules) -> pd.DataFrame:
    """Return what each check would cost each rep, and whether it decides."""
    counts = seen.counts[_is_due(seen.counts["manager_id"], seen.crm, seen.period)]
    counts = counts.assign(manager_id=counts["manager_id"].astype("str"))[["manager_id", "check", "checked"]]
    names = {"counts": "wrong", "waived": "waived", "inherited": "inherited"}
    flags = {name: rows["standing"] == standing for standing, name in names.items()}
    found = pd.DataFrame({"manager_id": rows["manager_id"].astype("str"), "check": rows["check"], **flags})
    tally = found.groupby(["manager_id", "check"])[[*flags]].sum().reset_index()
    told = counts.merge(tally, on=["manager_id", "check"], how="left")
    for name in flags:
        told[name] = np.nan_to_num(told[name].to_numpy(np.float64)).astype(np.int64)
    told["rate"] = told["wrong"] / told["checked"]
    told["deduction"] = np.select(
        [told["wrong"] > 1, told["wrong"] == 1], [rules.repeatedly, rules.once], 0.0
    )
    largest = told.groupby("manager_id")["deduction"].transform("max")
    told["decides"] = (told["deduction"] > 0) & ((rules.mode == "sum") | (told["deduction"] == largest))
    return told.sort_values(["manager_id", "check"], ignore_index=True)


def _by_rep(told: pd.DataFrame, rules: BonusRules) -> pd.DataFrame:
    """Return what remains of each rep's bonus."""
    by_rep = told.groupby("manager_id", sort=True)
    frame = by_rep[["wrong", "checked", "waived", "inherited"]].sum()
    lost = by_rep["deduction"].agg("max" if rules.mode == "worst" else "sum")
    frame["deduction"] = np.minimum(lost.round(9), 1 - rules.floor)
    frame["share"] = 1 - frame["deduction"]
    decided = told[told["decides"]].groupby("manager_id")["check"].agg(", ".join)
    frame["decided"] = decided.reindex(frame.index, fill_value="")
    frame["rate"] = frame["wrong"] / frame["checked"]
    names = ["share", "deduction", "decided", "wrong", "checked", "rate", "waived", "inherited"]
    return frame[names].reset_index()
