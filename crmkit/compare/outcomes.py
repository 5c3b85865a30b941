"""The outcomes by which reps are compared: which cases, what is good, what hangs together (METHOD 6.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.clients import clusters
from crmkit.compare.left_open import CLOSED, CONVERTED, deals_with_lying, visits_with_lying
from crmkit.compare.mix import deciding, without_blanks
from crmkit.compare.people import credited
from crmkit.compare.period_cases import days_of, weeks_of
from crmkit.compare.rep_verdicts import Kind
from crmkit.errors import N_, Message, RequestError, did_you_mean
from crmkit.facts import cycle_days
from crmkit.measures import cases_of, find
from crmkit.measures.cases import deal_cases
from crmkit.measures.sales import amounts, closed
from crmkit.periods import Period
from crmkit.schema import Snapshot

CaseFunction = Callable[[Snapshot, Period], pd.DataFrame]
#: Why a deal that ended does not count: who wrote it so is better off.
SET_ASIDE = ("technical_loss", "no_closing_date")


@dataclass(frozen=True)
class Outcome:
    """An outcome.

    Attributes
    ----------
    id: its name for ever. title: what a head of sales calls it. about: what the cases are and what counts.
    unit, better: as of a measure. kind: how cases become a figure (see :func:`judged`).
    needs: columns without which it cannot be told. cases: with ``deal_ix`` (−1: none), ``at``, ``value``,
        ``left_out`` (why a case does not count), and ``manager_id`` where it is not the deal's.
    has_mix: whether deals are compared like for like. by_week: cases of one week hang together, else those of
        one client. also: further columns of the cases that tell their kind. doubts: reason → other
        cases; nothing holds that does not hold by them too. ``left_open``: with those left lying as if they
        had come out badly; ``set_aside``: with those that reps themselves may have put out of the count;
        ``field_decides``: alike by no field of which one value has only won deals, or only lost ones;
        ``field_blank``: with fields that are blank filled in as in like deals;
        ``began_or_ended``: alike by when they ended, not by when they began.
    """

    id: str
    title: Message
    about: Message
    unit: str
    better: str
    kind: Kind
    needs: frozenset[str]
    cases: CaseFunction
    has_mix: bool = True
    by_week: bool = False
    also: tuple[str, ...] = ()
    doubts: Mapping[str, CaseFunction] = field(default_factory=dict)


def find_outcome(name: str) -> Outcome:
    """Return an outcome by its id.

    Raises
    ------
    RequestError: there is no such outcome, with the nearest name.
    """
    if name in OUTCOMES:
        return OUTCOMES[name]
    remedy = did_you_mean(name, sorted(OUTCOMES))
    raise RequestError(f"--outcome {name}", N_("there is no such outcome"), remedy=remedy)


def hangs_together(crm: Snapshot, outcome: Outcome, cases: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return which cases hang together: those of one client, or of one rep's week."""
    if outcome.by_week:
        return weeks_of(days_of(cases["at"]))
    return clusters(crm, cases["deal_ix"].to_numpy(dtype=np.int64))


def _of_measure(name: str) -> CaseFunction:
    return find(name).cases


def _counting_set_aside(name: str) -> CaseFunction:
    """Return the cases of a measure with those that do not count only by what a rep wrote on the card."""

    def every(crm: Snapshot, period: Period) -> pd.DataFrame:
        cases = find(name).cases(crm, period)
        return cases.assign(left_out=cases["left_out"].mask(cases["left_out"].isin(SET_ASIDE), ""))

    return every


def _without_deciding(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return the cases of the win rate without the attributes that may be filled in after the outcome."""
    cases = _since_creation(_of_measure(CLOSED))(crm, period)
    return cases.assign(**dict.fromkeys(deciding(crm, cases), ""))


def _without_blanks(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return the cases of the win rate, blank fields filled in as in deals of the same rep that ended alike.

    What is blank more often in lost deals, or with some reps, tells by being blank; of deals whose fields are
    blank it is not known which are alike.
    """
    cases = credited(crm, _since_creation(_of_measure(CLOSED))(crm, period))
    group = 2 * cases["manager_id"].cat.codes.to_numpy(dtype=np.int64) + (cases["value"] > 0).to_numpy()
    return cases.drop(columns="manager_id").assign(**without_blanks(crm, cases, group))


def _since_creation(cases: CaseFunction) -> CaseFunction:
    """Return the cases with the moment at which their deals were created."""

    def begun(crm: Snapshot, period: Period) -> pd.DataFrame:
        told = cases(crm, period)
        return told.assign(began=crm.deals["created_at"].array[told["deal_ix"].to_numpy(dtype=np.int64)])

    return begun


def _leads(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return one case per deal created in the period and old enough: its amount if won in time, else 0."""
    cases = find("win_rate:cohort").cases(crm, period)
    money = np.where(cases["value"] > 0, amounts(crm)[cases["deal_ix"].to_numpy()], 0.0)
    unpriced = np.isnan(money) & (cases["left_out"] == "").to_numpy()
    reasons = cases["left_out"].mask(unpriced, "no_amount")
    return cases.assign(value=money, left_out=reasons)


def _quick(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return one case per deal won in the period: 1 if it took no longer than half of them do."""
    chosen, left_out = closed(crm, period, "won")
    days = cycle_days(crm)
    left_out |= {"no_creation_date": chosen & np.isnan(days), "closed_before_created": chosen & (days < 0)}
    cases = deal_cases(crm, chosen, at="closed_at", value=days, left_out=left_out)
    usual = cases["value"][(cases["left_out"] == "").to_numpy()].median()
    return cases.assign(value=(cases["value"] <= usual).astype(np.float64))


def _days(crm: Snapshot, period: Period) -> pd.DataFrame:
    """Return one case per rep and working day: the actions done then, or since the working day before."""
    every = cases_of("sales_actions_per_day", crm, period)
    days = every[every["counts"] > 0].reset_index(drop=True)
    done = every[every["counts"] == 0]
    order = np.argsort(days["manager_id"].cat.codes.to_numpy(), kind="stable")
    keys, wanted = (
        one["manager_id"].cat.codes.to_numpy().astype(np.int64) * 10**6 + days_of(one["at"]).astype(np.int64)
        for one in (days, done)
    )
    place = np.searchsorted(keys[order], wanted, side="right") - 1
    known = place >= 0
    same = np.zeros(len(done), dtype=bool)
    same[known] = keys[order][place[known]] // 10**6 == wanted[known] // 10**6
    place = np.where(same, place, np.minimum(place + 1, max(len(days) - 1, 0)))
    counts = np.zeros(len(days))
    if len(days):  # what a rep did in a time without a working day belongs to none
        same = keys[order][place] // 10**6 == wanted // 10**6
        np.add.at(counts, order[place[same]], 1.0)
    return days.assign(value=counts)


_CLOSED = find("win_rate").needs
OUTCOMES = {
    one.id: one
    for one in (
        Outcome(
            "win_rate", N_("Win rate"), N_("Of the deals closed in the period, the share that was won."),
            "share", "higher", "share", _CLOSED, _since_creation(_of_measure(CLOSED)),
            doubts={
                "left_open": _since_creation(deals_with_lying),
                "set_aside": _since_creation(_counting_set_aside(CLOSED)),
                "field_decides": _without_deciding,
                "field_blank": _without_blanks,
                "began_or_ended": _of_measure(CLOSED),
            },
        ),
        Outcome(
            "revenue_per_lead", N_("Revenue per lead"),
            N_("What one deal created in the period brought within the horizon, those not won included."),
            "money", "higher", "money", find("win_rate:cohort").needs | {"deals.amount"}, _leads,
        ),
        Outcome(
            "cycle", N_("Deals won within the usual time"),
            N_("Of the deals won in the period, the share that took no longer than half of them do."),
            "share", "higher", "share", _CLOSED | {"deals.created_at"}, _since_creation(_quick),
            doubts={"began_or_ended": _quick},
        ),
        Outcome(
            "on_time", N_("Tasks on time"),
            N_("Of the tasks due in the period, the share that was done by then."),
            "share", "higher", "share", find("tasks_on_time").needs, _of_measure("tasks_on_time"),
            has_mix=False, by_week=True,
        ),
        Outcome(
            "actions_per_day", N_("Sales actions per working day"),
            N_("Tasks done and communications, per working day of the rep."),
            # Neither is good: who has more deals has more to do, and none of it need help.
            "per_day", "", "mean", find("sales_actions_per_day").needs, _days,
            has_mix=False, by_week=True,
        ),
        Outcome(
            "stage_conversion", N_("Stage conversion"),
            N_("Of the visits to stages that are over, the share that went on to a later one, by stage."),
            "share", "higher", "share", find("stage_conversion").needs,
            _of_measure(CONVERTED), also=("pipeline", "stage"),
            doubts={"left_open": visits_with_lying, "set_aside": _counting_set_aside(CONVERTED)},
        ),
    )
}  # fmt: skip
