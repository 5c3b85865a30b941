"""Thresholds of the method: one place, overridden under ``limits`` in ``client.yml``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


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
    stale_days: an open deal stands still if nothing happened for more than so many days.
    old_deal_days: an open deal is old from more than so many days after its creation on.
    pareto_share: the share of the whole that the smallest set of items of a Pareto gives.
    distorting_share: from this share of a column's rows on, odd data distorts figures; below, it hardly shows
        in a figure told to a tenth of a per cent.
    blocking_share: from it on, figures made of them say nothing.
    empty_share: a field that figures are cut by is too empty to be believed from this share on.
    mass_rows: fewer rows of one rep within a minute or a day are never a mass edit: they can be made by hand.
    mass_times: how many times the usual busy minute or day of the department a mass edit has.
    mass_share: from this share of a column's dates on, mass edits distort the figures by time.
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

    #: How ``client.yml`` is held against this: other names are mistakes.
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "allow_inf_nan": False}
