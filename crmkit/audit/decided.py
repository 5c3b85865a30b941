"""What became of what was decided on earlier weekly sheets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import NAMES, find_check
from crmkit.audit.decisions import standing, with_names
from crmkit.audit.examine import Audit
from crmkit.audit.keys import places_of_names

#: What a decision is about: a card, and who answers for it.
CARD = ("card", "card_id", "manager_id")
#: How a decision can have ended.
BECAME = ("mended", "open", "overdue", "waived", "ran_out", "closed", "gone", "past", "not_judged")
#: Those after which the card has to be walked through again.
STILL = ("open", "overdue", "ran_out")


def decided(audit: Audit, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return what became of each decision; one of which a later sheet decided everything anew is left out.

    Parameters
    ----------
    decisions: as :func:`crmkit.audit.decisions.read_decisions` returns them.

    Returns
    -------
    one row a decision, by day and card: ``as_of`` (the day of the sheet), ``card`` (table), ``card_id``,
    ``manager_id`` ("" for nobody), ``name``, ``url``, ``decision``, ``until``, ``note``, ``n`` (violations
    decided on), ``still`` (how many of them offend), ``became``: ``closed`` (the deal was closed since),
    ``gone`` (the card is not in the export), ``not_judged`` (a check was not made, or not for that time),
    ``open`` and ``overdue`` (it offends, within its day or since), ``waived`` and ``ran_out`` (the day of the
    waiver is over, and it offends), ``past`` (what happened cannot be put right), ``mended``.
    """
    day = pd.Timestamp(audit.crm.today)
    rows = _with_state(audit, standing(decisions, day.date()))
    keys = ["as_of", *CARD, "decision", "until", "note"]
    grouped = rows.groupby(keys, dropna=False, sort=True)
    found = grouped.agg(
        n=("check", "size"), still=("offends", "sum"), excused=("excused", "sum"), past=("past", "sum"),
        unknown=("unknown", "sum"), mendable=("mendable", "sum"),
    ).reset_index()  # fmt: skip
    return _named(audit, found.assign(became=_became(audit, found, day)))


def _with_state(audit: Audit, rows: pd.DataFrame) -> pd.DataFrame:
    """Tell of each violation whether it offends still, is waived, cannot be mended, or was not examined."""
    found = with_names(audit.crm, audit.violations)[["check", "table", "key", "waived"]]
    now = found.sort_values("waived").rename(columns={"key": "id"}).drop_duplicates(["check", "table", "id"])
    waived = rows.merge(now, on=["check", "table", "id"], how="left")["waived"]
    there, excused = waived.notna().to_numpy(), (waived == True).to_numpy()  # noqa: E712 (missing is neither)
    mendable = np.array([find_check(check).mendable for check in rows["check"]], dtype=bool)
    judged = rows["check"].isin(audit.states["check"][audit.examined]).to_numpy() & audit.period.is_all
    return rows.assign(
        offends=there & ~excused & mendable,
        excused=there & excused,
        past=there & ~excused & ~mendable,
        mendable=mendable,
        unknown=~there & ~judged,
    )


def _became(audit: Audit, found: pd.DataFrame, day: pd.Timestamp) -> npt.NDArray[np.object_]:
    """Return one of ``BECAME`` for each decision; the first that holds."""
    late = (found["until"] < day).to_numpy()
    still = (found["still"] > 0).to_numpy()
    waive, close = ((found["decision"] == name).to_numpy() for name in ("waive", "close"))
    there, closed = _cards_now(audit, found)
    return np.select(
        [
            ~there, closed & (~still | close), still & late & waive, still & late, still,
            (found["unknown"] > 0).to_numpy(), (found["excused"] > 0).to_numpy(),
            (found["mendable"] == 0).to_numpy(),
        ],
        ["gone", "closed", "ran_out", "overdue", "open", "not_judged", "waived", "past"],
        "mended",
    ).astype(object)  # fmt: skip


def _cards_now(audit: Audit, found: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Tell which cards are in the export, and which are deals that were closed after their sheet."""
    crm = audit.crm
    there, closed = np.zeros((2, len(found)), dtype=bool)
    for table in found["card"].unique():
        mine = (found["card"] == table).to_numpy()
        ix = places_of_names(crm, table, found.loc[mine, "card_id"].to_numpy(object))
        there[mine] = ix >= 0
        if table == "deals":
            over = np.append((crm.deals["status"].astype("str") != "open").to_numpy(), False)
            ended = pd.Series([*crm.deals["closed_at"].dt.tz_localize(None).dt.normalize(), pd.NaT])
            since = ended.iloc[ix].to_numpy() >= found.loc[mine, "as_of"].to_numpy()
            closed[mine] = over[ix] & since
    return there, closed


def _named(audit: Audit, found: pd.DataFrame) -> pd.DataFrame:
    """Add what each card is called, and its link."""
    name, url = (pd.Series(None, index=found.index, dtype="str") for _ in range(2))
    for table in found["card"].unique():
        mine = np.flatnonzero((found["card"] == table).to_numpy())
        rows = audit.crm.tables[table]
        ix = places_of_names(audit.crm, table, found["card_id"].iloc[mine].to_numpy(object))
        for column, told in ((NAMES[table], name), ("url", url)):
            if column in rows:
                told.iloc[mine] = rows[column].astype("str").array.take(ix, allow_fill=True)
    return found.assign(name=name, url=url).drop(columns=["excused", "past", "unknown", "mendable"])
