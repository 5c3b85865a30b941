"""Thresholds of the method: one place, overridden under ``limits`` in ``client.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, TypeAlias

from annotated_types import Ge, Interval

CheckId: TypeAlias = Literal[
    "H01", "H02", "H03", "H04", "H05", "H06", "H07", "H08", "H09", "H10", "H11", "H12", "H13", "H14", "H15",
    "H16", "H17", "H18", "H19", "H20", "H21", "H22", "H23",
]  # fmt: skip
#: A part of a whole, 0 to 1.
Part: TypeAlias = Annotated[float, Interval(ge=0, le=1)]
Severity: TypeAlias = Literal["critical", "major", "minor"]
_STRICT: dict[str, object] = {"extra": "forbid", "allow_inf_nan": False}


@dataclass(frozen=True)
class Limits:
    """Thresholds with the method's defaults (METHOD 3, 6).

    Attributes
    ----------
    unreadable_share: a file is refused when more than this share of a column's filled cells cannot be read.
    cohort_days: horizon of the cohort win rate, days after creation.
    few_cases: below it a share is told only as «k of n».
    compared_cases: from it on shares are compared in words.
    actions_per_day: sales actions a rep's working day should have.
    open_at_longest_share: the censored cycle is told only if at most this share of the deals is still open
        at the longest observed age.
    connected_call_s: a call longer than this was talked on, whatever else is known of it; seconds.
    call_back_hours: working hours within which a missed call should be called back.
    first_response_hours: working hours within which an inbound lead should be answered.
    contact_days: an open deal has contact if there was some within so many days.
    stale_days: an open deal stands still if nothing happened for so many days.
    old_deal_days: an open deal is old from more than so many days after its creation on.
    pareto_share: the share of the whole that the smallest set of items of a Pareto gives.
    distorting_share: from this share of a column's rows on, odd data distorts figures; below, it hardly shows
        in a figure told to a tenth of a per cent.
    blocking_share: from it on, figures made of them say nothing.
    empty_share: a field that figures are cut by is too empty to be believed from this share on.
    mass_rows: fewer rows of one rep within a minute or a day are never a mass edit: they can be made by hand.
    mass_times: how many times the usual busy minute or day of the department a mass edit has.
    mass_share: from this share of a column's dates on, mass edits distort the figures by time.
    settled_days: a loss has to be planned anew from so many days after closing on.
    return_from_months, return_to_months: a lost client is to be asked again between them, after closing.
    similar_name_score: names of cards are alike from this similarity on, 0 to 100.
    sharing_people: a telephone or e-mail of more than so many differently named people is nobody's own.
    false_discovery: the share of false verdicts that is allowed among those given in one comparison.
    cell_cases: a cell of like deals is compared within if the others have at least so many in it.
    new_hire_days: a rep hired fewer days ago is not judged beside others.
    described_weeks: with fewer weeks on a side, what was before and after a change is only described.
    weeks_before, weeks_after: weeks that are needed for saying that a change holds.
    season_weeks: weeks before the change from which on the season is told from the effect.
    clients_compared: fewer clients are not set side by side.
    closings_seen: two periods are compared if the export can hold at least this part of the deals that
        usually close in each of them.
    """

    unreadable_share: float = 0.2
    cohort_days: int = 90
    few_cases: int = 10
    compared_cases: int = 30
    actions_per_day: int = 30
    open_at_longest_share: float = 0.05
    connected_call_s: int = 15
    call_back_hours: float = 1.0
    first_response_hours: float = 1.0
    contact_days: int = 14
    stale_days: int = 14
    old_deal_days: int = 180
    pareto_share: float = 0.8
    distorting_share: float = 0.01
    blocking_share: float = 0.5
    empty_share: float = 0.1
    mass_rows: int = 20
    mass_times: float = 10.0
    mass_share: float = 0.05
    settled_days: int = 7
    return_from_months: int = 3
    return_to_months: int = 6
    similar_name_score: float = 90.0
    sharing_people: int = 3
    false_discovery: float = 0.05
    cell_cases: int = 5
    new_hire_days: int = 90
    described_weeks: int = 8
    weeks_before: int = 26
    weeks_after: int = 13
    season_weeks: int = 104
    clients_compared: int = 5
    closings_seen: float = 0.95

    #: How ``client.yml`` is held against this: other names are mistakes.
    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True)
class BonusRules:
    """How violations lower a bonus: a proposal for the head of sales (METHOD 5.2).

    Attributes
    ----------
    checks: the checks that count. once, repeatedly: the share of the bonus that one offending row of a check
        costs in the period, and that two or more cost.
    mode: the single largest deduction counts, or the sum of all. floor: the share that always remains.
    """

    checks: tuple[CheckId, ...] = ("H01", "H02", "H03", "H04", "H05", "H06", "H07")
    once: Part = 0.05
    repeatedly: Part = 0.10
    mode: Literal["worst", "sum"] = "worst"
    floor: Part = 0.0

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT


@dataclass(frozen=True)
class AuditRules:
    """How a client's CRM keeping is audited (METHOD 5).

    Attributes
    ----------
    skip: checks that do not run. severities: check -> its weight here, instead of its own.
    bonus: see there. names: how the board of violations names reps: full, initials or off.
    sample_per_rep: so many deals of each rep stand on the weekly sheet where there are more.
    """

    skip: tuple[CheckId, ...] = ()
    severities: Mapping[CheckId, Severity] = field(default_factory=dict)
    bonus: BonusRules = field(default_factory=BonusRules)
    names: Literal["full", "initials", "off"] = "initials"
    sample_per_rep: Annotated[int, Ge(1)] = 15

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
