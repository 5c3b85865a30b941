"""What has changed since the audit before: new, fixed and still open violations, by check and rep."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from crmkit.audit.checks import find_check
from crmkit.audit.examine import Audit, examine
from crmkit.audit.history import Run, named, rows_of
from crmkit.audit.keys import places_of_names
from crmkit.facts import BoolArray
from crmkit.periods import Period

#: What is counted; ``open`` is ``new``, ``still`` and ``moved_in`` together.
COUNTS = ("open", "new", "still", "moved_in", "fixed", "gone", "excused", "moved_out")
#: Of what happened and cannot be put right only that is told which happened since.
HAPPENED = ("new",)
_KEY = ["check", "table", "key"]


def compared(audit: Audit, previous: Run | None) -> pd.DataFrame:
    """Return what changed in the violations since an earlier audit; waived ones are in no count.

    Parameters
    ----------
    previous: see :func:`crmkit.audit.history.previous_run`.

    Returns
    -------
    one row a check and rep (null: nobody): ``check``, ``manager_id``, ``state``, and counts, missing where
    they cannot be told: ``open`` now; ``new``: did not offend then; ``still``: did, and was no other rep's;
    ``moved_in``: did, and was another rep's; ``fixed``: offended then, and is in the export and does not any
    more; ``gone``: is not in the export any more, or cannot be judged; ``excused``: is waived now;
    ``moved_out``: another rep's now.

    ``state`` is ``compared``; ``happened``: it cannot be put right, and ``new`` tells what happened since;
    ``no_comparison``: there is no earlier audit, it did not make this check, made it of other columns, or
    this audit is of a period only (then only ``open`` is told); ``not_examined``: this audit did not.

    Source: METHOD 5.2
    """
    states = _states(audit, previous)
    now = named(audit)
    now = now[now["check"].isin([check for check, state in states.items() if state != "not_examined"])]
    events = [now[~now["waived"]][["check", "manager_id"]].assign(what="open")]
    if previous is not None:
        both = [check for check, state in states.items() if state == "compared"]
        events += [_changes(audit, now[now["check"].isin(both)], rows_of(previous, both))]
        events += [_happened(audit, previous, states)]
    every = pd.concat(events, ignore_index=True)
    by = ["check", "manager_id"]
    seen = audit.counts[by].astype("str")
    seen = seen.assign(manager_id=seen["manager_id"].where(seen["manager_id"].notna(), ""))
    pairs = pd.concat([seen, every[by]]).drop_duplicates().sort_values(by, ignore_index=True)
    index = pd.MultiIndex.from_frame(pairs)
    counts = {
        name: every[every["what"] == name].groupby(by).size().reindex(index, fill_value=0).to_numpy()
        for name in COUNTS
    }
    told = pairs.assign(state=pairs["check"].map(states).astype("str"), **counts)
    told["manager_id"] = told["manager_id"].where(told["manager_id"] != "")
    return _known(told)


def _states(audit: Audit, previous: Run | None) -> dict[str, str]:
    before = {one.check: one for one in previous.checks} if previous is not None else {}
    states = {}
    whole = audit.period.is_all and previous is not None
    for row, examined in zip(audit.states.to_dict("records"), audit.examined, strict=True):
        then = before.get(row["check"])
        if not examined:
            state = "not_examined"
        elif not row["mendable"]:
            state = "happened" if whole else "no_comparison"
        else:
            alike = then is not None and then.examined and then.lacking == row["lacking"]
            state = "compared" if whole and alike else "no_comparison"
        states[str(row["check"])] = state
    return states


def _changes(audit: Audit, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each row that offends or offended: ``check``, ``manager_id``, ``what``."""
    both = now.merge(before, on=_KEY, how="outer", suffixes=("", "_then"), indicator=True)
    here, then = (both["_merge"] != "right_only").to_numpy(), (both["_merge"] != "left_only").to_numpy()
    waived, excused = (both[name].eq(other=True).to_numpy() for name in ("waived", "waived_then"))
    own, other = both["manager_id"], both["manager_id_then"]
    same = (own.eq(other) | own.eq("") | other.eq("")).to_numpy(dtype=bool)  # whose it was may be unknown
    there = np.zeros(len(both), dtype=bool)
    there[~here] = _judged(audit, both[~here])
    left = then & ~here & ~excused
    chosen = {
        "new": here & ~then & ~waived, "still": here & then & ~waived & same,
        "moved_in": here & then & ~waived & ~same, "moved_out": here & then & ~waived & ~excused & ~same,
        "excused": here & then & waived & ~excused, "fixed": left & there, "gone": left & ~there,
    }  # fmt: skip
    of = {
        what: "manager_id" if what in ("new", "still", "moved_in") else "manager_id_then" for what in chosen
    }
    parts = [
        both.loc[rows, ["check"]].assign(manager_id=both[of[what]][rows], what=what)
        for what, rows in chosen.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _judged(audit: Audit, rows: pd.DataFrame) -> BoolArray:
    """Return which rows that offended once are still in the export, and not among those nobody can judge."""
    found = pd.Series(data=False, index=rows.index)
    for (check, table), part in rows.groupby(["check", "table"]):
        places = places_of_names(audit.crm, str(table), part["key"].to_numpy(object))
        doubtful = np.zeros(len(audit.crm.tables[str(table)]) + 1, dtype=bool)
        for seen in audit.seen[str(check)]:
            if seen.table == table:
                doubtful[:-1] |= np.logical_or.reduce([doubtful[:-1], *seen.unknown.values()])
        found[part.index] = (places >= 0) & ~doubtful[places]
    return np.asarray(found, dtype=bool)


def _happened(audit: Audit, previous: Run, states: dict[str, str]) -> pd.DataFrame:
    """Return what happened since and cannot be put right; a row to which it happened again is one of them."""
    some = [find_check(check) for check, state in states.items() if state == "happened"]
    moment = timedelta(microseconds=1)
    since = Period(previous.as_of + moment, audit.crm.as_of.to_pydatetime() + moment, "since")
    again = examine(audit.crm, since, checks=some).violations if some else audit.violations[:0]
    rows = audit.violations[audit.violations["check"].isin([one.id for one in some])]
    late = rows[(rows["since"] > previous.as_of).to_numpy()]
    keys = ["check", "table", "row"]
    both = pd.concat([part[[*keys, "manager_id"]].astype({"manager_id": "str"}) for part in (again, late)])
    waived = pd.MultiIndex.from_frame(rows.loc[rows["waived"].to_numpy(dtype=bool), keys])
    both = both.drop_duplicates(keys)
    both = both[~pd.MultiIndex.from_frame(both[keys]).isin(waived)]
    rep = both["manager_id"]
    return both[["check"]].assign(manager_id=rep.where(rep.notna(), ""), what="new")


def _known(told: pd.DataFrame) -> pd.DataFrame:
    """Return the counts with those missing that cannot be told."""
    state = told["state"]
    known = {
        "compared": COUNTS, "no_comparison": ("open",), "happened": HAPPENED, "not_examined": (),
    }  # fmt: skip
    counts = {
        name: told[name].astype("Int64").where(state.map(lambda one, name=name: name in known[one]))
        for name in COUNTS
    }
    return told.assign(**counts).reset_index(drop=True)
