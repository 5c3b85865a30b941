"""The checks held against a client's data: their states, every row that offends, who answers for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.audit.checks import Check, Examined, hygiene_checks
from crmkit.audit.offenders import no_offenders, offenders_of
from crmkit.audit.owners import Owners, owners
from crmkit.audit.seeing import looked_at
from crmkit.facts import BoolArray
from crmkit.periods import Period
from crmkit.schema import Snapshot, alternatives

ALL = Period(None, None, "all")
#: Tables that people tell in client.yml: what is missing there is asked of them, not of the export.
TOLD = {"stages", "managers"}
#: What is known of open deals only as it is on the day of export.
OF_EXPORT = {
    "deals.amount", "deals.expected_close_on", "deals.next_task_at", "deals.last_activity_at",
    "deals.stage_entered_at",
}  # fmt: skip
#: Reasons of checks that could be made.
EXAMINED = ("", "nothing_to_check")
STATES = ("passed", "failed", "not_applicable", "ask")


@dataclass(frozen=True, eq=False)
class Audit:
    """What the checks found.

    Attributes
    ----------
    crm, period: the data, and the period of what happens in one (see :func:`examine`).
    states: one row a check, in the order of METHOD 5.1: ``check``, ``state`` (one of ``STATES``), ``reason``
        (``""``, ``switched_off``, ``not_in_export``, ``known_at_export_only``, ``nothing_to_check``),
        ``missing`` (columns, parted by ``, ``), ``lacking`` (columns it did without), ``checked``, ``wrong``
        (all that offend, waived ones too), ``waived``, ``mendable``, ``severity``.
    violations: one row an offending row: ``check``, ``table``, ``row`` (its position), ``id``, ``name``,
        ``deal_ix``, ``deal_id``, ``manager_id``, ``since`` (moment), ``kind`` (place in the check's
        ``says``), ``names``, ``number``, ``norm``, ``group``, ``amount`` (of an open deal), ``url``,
        ``waived``, ``waiver`` (its reason, else null), ``until`` (its last day); by check, table and id.
    counts: ``check``, ``manager_id`` (null: nobody), ``checked``, ``wrong``, ``waived``: what each rep's
        share is made of; by check and rep.
    unknown: ``check``, ``table``, ``reason``, ``n``: rows that a check is about and could not judge.
    seen: check -> what it saw in each table; only of checks that could be examined.
    """

    crm: Snapshot
    period: Period
    states: pd.DataFrame
    violations: pd.DataFrame
    counts: pd.DataFrame
    unknown: pd.DataFrame
    seen: Mapping[str, Sequence[Examined]]

    @property
    def made(self) -> BoolArray:
        """Which checks (rows of ``states``) had rows to look at: those that passed or failed."""
        return np.asarray(self.states["state"].isin(["passed", "failed"]), dtype=bool)

    @property
    def examined(self) -> BoolArray:
        """Which checks could be made, though there may have been nothing to look at."""
        return np.asarray(self.states["reason"].isin(EXAMINED), dtype=bool)


def examine(
    crm: Snapshot,
    period: Period = ALL,
    *,
    checks: Iterable[Check] | None = None,
    waivers: pd.DataFrame | None = None,
) -> Audit:
    """Hold the checks against the data.

    Parameters
    ----------
    period: when what is examined happened: actions, moves, losses, new leads. What stands open is examined as
        it is at ``as_of``, whatever the period.
    checks: by default all of them; those that the settings skip are told as switched off.
    waivers: ``check``, ``id``, ``reason``, ``until``: an offending row so named is waived to the end of that
        day; it is still counted, and shown as waived. A column ``table`` may say of which table.

    Source: METHOD 5.1
    """
    people = owners(crm)
    states, found, counts, unknown = [], [], [], []
    kept: dict[str, Sequence[Examined]] = {}
    severities: dict[str, str] = dict(crm.settings.audit.severities.items())
    for one in hygiene_checks() if checks is None else checks:
        reason, missing = _why_not(one, crm)
        seen = [] if reason else looked_at(one, crm, period)
        offenders = pd.concat(
            [offenders_of(crm, one.id, part, people=people) for part in seen] or [no_offenders(crm, people)],
            ignore_index=True,
        )
        offenders = _waived(offenders, waivers, crm)
        counts.append(_counted(one, seen, offenders, people=people))
        kept[one.id] = seen
        head = {"check": one.id, "severity": severities.get(one.id, one.severity)}
        states.append(head | _state(one, seen, offenders, why=(reason, missing)))
        found.append(offenders)
        unknown += [
            {"check": one.id, "table": part.table, "reason": why, "n": int(rows.sum())}
            for part in seen
            for why, rows in part.unknown.items()
            if rows.any()
        ]
    return Audit(
        crm,
        period,
        pd.DataFrame(states),
        pd.concat(found, ignore_index=True),
        pd.concat(counts, ignore_index=True),
        pd.DataFrame(unknown, columns=["check", "table", "reason", "n"]),
        kept,
    )


def _why_not(one: Check, crm: Snapshot) -> tuple[str, str]:
    """Return why a check cannot be examined, and the columns that are missing for it."""
    if one.id in crm.settings.audit.skip:
        return "switched_off", ""
    lacks = crm.lacks(one.needs)
    if lacks:
        return "not_in_export", ", ".join(lacks)
    if not crm.is_current:
        for need in one.needs:
            given = crm.supplied.intersection(alternatives(need))
            if one.at_export or (given and given <= OF_EXPORT):
                return "known_at_export_only", ""
    return "", ""


def _state(
    one: Check, seen: Sequence[Examined], offenders: pd.DataFrame, *, why: tuple[str, str]
) -> dict[str, object]:
    reason, missing = why
    checked = sum(int(part.checked.sum()) for part in seen)
    waived = int(offenders["waived"].sum())
    lacking = ", ".join(dict.fromkeys(name for part in seen for name in part.lacking))
    if not reason and not checked:
        reason, missing = ("not_in_export", lacking) if lacking else ("nothing_to_check", "")
    asks = bool(missing) and all(
        {name.split(".")[0] for name in alternatives(need)} <= TOLD for need in missing.split(", ")
    )
    if reason:
        state = "ask" if asks else "not_applicable"
    else:
        state = "failed" if len(offenders) > waived else "passed"
    told: dict[str, object] = {"state": state, "reason": reason, "missing": missing, "lacking": lacking}
    counted = {"checked": checked, "wrong": len(offenders), "waived": waived, "mendable": one.mendable}
    return told | counted


def _waived(offenders: pd.DataFrame, waivers: pd.DataFrame | None, crm: Snapshot) -> pd.DataFrame:
    """Mark the offending rows that a waiver names and whose last day is not over at ``as_of``."""
    blank = {"waiver": pd.Series(None, index=offenders.index, dtype="str"), "until": pd.NaT}
    if waivers is None or waivers.empty or offenders.empty:
        return offenders.assign(waived=False, **blank).astype({"until": "datetime64[us]"})
    today = pd.Timestamp(crm.today)
    valid, key = waivers[waivers["until"] >= today].sort_values("until"), ["check", "table", "id"]
    if "table" not in valid:
        valid = valid.assign(table=None)
    every = valid[valid["table"].isna()].drop(columns="table")  # such a number in whatever table
    every = every.merge(pd.DataFrame({"table": offenders["table"].unique()}), how="cross")
    valid = pd.concat([every, valid[valid["table"].notna()]]).drop_duplicates(key, keep="last")
    told = offenders[key].merge(valid, on=key, how="left")
    return offenders.assign(
        waived=told["until"].notna().to_numpy(),
        waiver=told["reason"].astype("str").array,
        until=told["until"].astype("datetime64[us]").array,
    )


def _counted(
    one: Check, seen: Sequence[Examined], offenders: pd.DataFrame, *, people: Owners
) -> pd.DataFrame:
    """Return for each rep, and for nobody, how many rows were examined, offend, and are waived."""
    size = len(people.ids) + 1
    checked = np.zeros(size, dtype=np.int64)
    for part in seen:
        checked += np.bincount(people.answering(part)[part.checked] + 1, minlength=size)
    code = offenders["manager_id"].cat.codes.to_numpy() + 1
    wrong, waived = (np.bincount(code[chosen], minlength=size) for chosen in (
        np.ones(len(code), dtype=bool), offenders["waived"].to_numpy(dtype=bool),
    ))  # fmt: skip
    some = np.flatnonzero(checked)
    return pd.DataFrame(
        {
            "check": one.id,
            "manager_id": people.named(some - 1),
            "checked": checked[some],
            "wrong": wrong[some],
            "waived": waived[some],
        }
    )
