"""Our figure beside the CRM's screen, and why the two differ (METHOD 3.3, vendor parity)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from crmkit.errors import N_, Message, RequestError
from crmkit.measures.catalog import STANDING, find
from crmkit.measures.evaluation import ALL, evaluate
from crmkit.measures.summaries import FIGURES
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.stages import stage_order

SIDES = ("ours", "theirs")
#: What the rows of :func:`parity` tell: names, place, then all figures of either side.
COLUMNS = (
    *SIDES, "pipeline", "stage", "difference",
    *(f"{name}_{side}" for side in SIDES for name in (*FIGURES, "missing")),
)  # fmt: skip
#: How a measure is told: name, period, slices.
Tell = Callable[[str, Period, list[str]], pd.DataFrame]


@dataclass(frozen=True)
class Pair:
    """Two figures that people take for the same.

    Attributes
    ----------
    ours, theirs: names of measures. why: the sentence that says why they differ. where: on which of the
    CRM's screens theirs stands.
    """

    ours: str
    theirs: str
    why: Message
    where: Message


PAIRS: dict[str, tuple[Pair, ...]] = {
    "amocrm": (
        Pair(
            "stage_distribution",
            "stage_distribution:amocrm_snapshot",
            N_(
                "amoCRM divides by all deals, closed ones too; ours is of the open deals only. Neither is a"
                " conversion: both say where deals stand now."
            ),
            N_("Analytics, Consolidated report, block Deals"),
        ),
    ),
    "bitrix24": (
        Pair(
            "win_rate:closed_count",
            "win_rate:bitrix24_conversion",
            N_(
                "Bitrix24 divides the deals won by all that were there in the period, those still open too;"
                " ours asks of the deals that were decided. Technical losses are not counted in ours."
            ),
            N_("CRM, Analytics, Sales trend, column Conversion"),
        ),
        Pair(
            "stage_conversion:passed",
            "stage_conversion:bitrix24_funnel",
            N_(
                "Bitrix24 counts a deal in its present stage and in all before it, out of all deals there in"
                " the period; ours says how many visits to the stage went on to a later one."
            ),
            N_("CRM, Analytics, Sales funnel, with conversion"),
        ),
    ),
    "hubspot": (
        Pair(
            "stage_conversion:passed",
            "stage_conversion:hubspot_all_stages",
            N_(
                "HubSpot counts only deals created in the period that went through every stage in order, and"
                " those still standing in a stage as not gone on; ours leaves them open, and counts a skipped"
                " stage as passed."
            ),
            N_("Reports, deal funnel, «gone through all stages», next step conversion"),
        ),
        Pair(
            "stage_conversion:passed",
            "stage_conversion:hubspot_any_stages",
            N_(
                "HubSpot divides the deals that entered the next stage in the period by those that entered"
                " this one, though they are not the same deals; ours follows each visit to its end."
            ),
            N_("Reports, deal funnel, «gone through any stages», next step conversion"),
        ),
    ),
    "salesforce": (
        Pair(
            "win_rate:closed_value",
            "win_rate:salesforce_value_win_rate",
            N_(
                "Salesforce knows no technical losses: duplicates, tests and moves to another pipeline count"
                " as lost money. Where client.yml names none, the two are equal."
            ),
            N_("Reports, Opportunities, summary formula EXP_AMOUNT:SUM / AMOUNT:SUM of closed ones"),
        ),
    ),
    "pipedrive": (
        Pair(
            "deals_stale",
            "deals_stale:pipedrive_rotting",
            N_(
                "Pipedrive paints a deal red when its card was not updated for the days of its stage, planned"
                " or not; ours looks for actions with the client, and leaves out deals with a plan."
            ),
            N_("Pipeline view, red deals (rotting)"),
        ),
    ),
}  # fmt: skip


def pairs_of(crm_name: str) -> tuple[Pair, ...]:
    """Return what can be set side by side for a CRM.

    Raises
    ------
    RequestError: nothing is known of that CRM's screens.
    """
    if crm_name not in PAIRS:
        raise RequestError(
            f"--crm {crm_name}",
            N_("what this CRM shows on its screen is not known"),
            remedy=N_("Possible: {expected}.", expected=", ".join(PAIRS)),
        )
    return PAIRS[crm_name]


def parity(
    crm: Snapshot, crm_name: str, period: Period | None = None, *, tell: Tell | None = None
) -> pd.DataFrame:
    """Return our figures beside those on the CRM's screen.

    Parameters
    ----------
    tell: what tells a measure (name, period, slices); by default :func:`evaluate`.

    Returns
    -------
    One row per pair, and per stage (and pipeline, where there are several) for what is told by stage, in the
    client's order: ``ours``, ``theirs`` (names of measures), ``pipeline``, ``stage``, ``difference`` (of the
    values, theirs less ours), and of either side ``value_ours``, ``n_ours`` … ``missing_ours`` (why it is
    not told, else empty). The sentences stand in :data:`PAIRS`.

    Raises
    ------
    RequestError: nothing is known of that CRM's screens.
    """
    tell = tell or (lambda name, span, by: evaluate(name, crm, span, by))
    frames = [_side_by_side(crm, pair, period or ALL, tell) for pair in pairs_of(crm_name)]
    return pd.concat(frames, ignore_index=True)


def _side_by_side(crm: Snapshot, pair: Pair, period: Period, tell: Tell) -> pd.DataFrame:
    own = find(pair.ours).within
    by = ["pipeline"] * (crm.deals["pipeline"].dropna().unique().size > 1) + [own] if own else []
    told = []
    for side, name in zip(SIDES, (pair.ours, pair.theirs), strict=True):
        one = tell(name, ALL if find(name).basis in STANDING else period, by)
        one = one.assign(missing=one["missing"].where(one["state"] == "not_in_export", ""))
        names = {key: f"{key}_{side}" for key in (*FIGURES, "missing")}
        told.append(one[[*by, *names]].rename(columns=names))
    ours, theirs = told
    if by:
        both = _in_order(crm, ours.merge(theirs, how="outer", on=by, validate="1:1"))
    else:
        both = pd.concat([ours, theirs], axis=1)
    both = both.assign(
        ours=pair.ours, theirs=pair.theirs, difference=both["value_theirs"] - both["value_ours"]
    )
    both = both.reindex(columns=list(COLUMNS)).astype({"pipeline": "str", "stage": "str"})
    missing = {name: both[name].where(both[name].notna(), "") for name in ("missing_ours", "missing_theirs")}
    return both.assign(**missing).astype({"n_ours": "Int64", "n_theirs": "Int64"})


def _in_order(crm: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by the client's order of stages; what has no stage comes last, unless it is all there is."""
    order = stage_order(crm)
    table = order.table.assign(place=order.places).sort_values("place", kind="stable")
    keys = [name for name in ("pipeline", "stage") if name in rows]
    places = table.drop_duplicates(keys)[[*keys, "place"]]
    if "pipeline" not in rows:
        places = places.astype({"stage": "str"})
    placed = rows.merge(places, how="left", on=keys)
    why = placed[["missing_ours", "missing_theirs"]]
    told = placed["stage"].notna() | (why.notna() & (why != "")).any(axis=1)
    return placed[told].sort_values(
        [*keys[:-1], "place"], kind="stable", na_position="last", ignore_index=True
    )
