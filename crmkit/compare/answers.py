"""What the data says to a claim: a change since a day, from one period to another, or between two reps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from crmkit.compare.artefacts import seen_shares
from crmkit.compare.claims import Claim, Standing, claim, standing
from crmkit.compare.effect import effect
from crmkit.compare.intervals import Verdict, verdict
from crmkit.compare.period_figures import PeriodFigure, period_figures
from crmkit.compare.periods import compared_periods
from crmkit.compare.recording import recording
from crmkit.compare.series import Group
from crmkit.compare.two_reps import compared_pair
from crmkit.errors import N_, RequestError
from crmkit.measures import ALL, Measure, find
from crmkit.measures.catalog import STANDING
from crmkit.periods import Period
from crmkit.periods import before as the_one_before
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import ratio_limits

AnswerKind: TypeAlias = Literal["effect", "periods", "pair"]
#: Value, lower and upper limit of a ratio.
Limited: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Answer:
    """What the data says to a claim.

    Attributes
    ----------
    text, about: the claim as written; the measure, or «A/B». outcome: of two reps, what they are compared by.
    kind: a change since a day (``effect``), from one period to another, or a ``pair`` of reps. date: of the
        change; earlier, later: the periods; of reps only ``later``, empty for the whole time.
    claimed: the ratio that is claimed: after by before, the first rep's figure by the second's.
    value, low, high: the measured ratio with its 95 % interval; n: cases of the side that has fewer.
    adjusted…: of two reps, the ratio within like deals. gap…: the judged ratio less 1.
    before, after: the figures, in the unit of the measure (sums and counts: per working day); of reps, the
        second's and the first's. n_before, n_after: their cases. weeks_before, weeks_after: of a change.
    credit: of reps, ``owner_now`` where the export tells only the present owner of deals.
    money_month…: what the change brought a month, where it is of a sum of money and was measured by weeks.
    claim: ``supported``, ``contradicted`` or ``cannot_tell``. label, direction, reason: what may be said of
        the measured change itself.
    """

    text: str
    about: str
    kind: AnswerKind
    claimed: float
    form: str
    outcome: str = ""
    date: str = ""
    earlier: str = ""
    later: str = ""
    value: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: float = np.nan
    adjusted: float = np.nan
    adjusted_low: float = np.nan
    adjusted_high: float = np.nan
    gap: float = np.nan
    gap_low: float = np.nan
    gap_high: float = np.nan
    before: float = np.nan
    after: float = np.nan
    n_before: float = np.nan
    n_after: float = np.nan
    weeks_before: float = np.nan
    weeks_after: float = np.nan
    money_month: float = np.nan
    money_low: float = np.nan
    money_high: float = np.nan
    credit: str = ""
    claim: Standing = "cannot_tell"
    label: str = "cannot_be_computed"
    direction: str = "none"
    reason: str = ""

    def judged(self, said: Standing, told: Verdict, ratio: Limited) -> Answer:
        """Return the answer with what may be said, and the ratio that it rests on."""
        gap = [one - 1 for one in ratio]
        return replace(
            self, claim=said, label=told.label, direction=told.direction, reason=told.reason,
            gap=gap[0], gap_low=gap[1], gap_high=gap[2],
        )  # fmt: skip


def answer(
    crm: Snapshot,
    text: str,
    *,
    day: date | None = None,
    until: date | None = None,
    periods: tuple[Period, Period] | None = None,
    period: Period = ALL,
    outcome: str = "win_rate",
    treated: Group | None = None,
    control: Group | None = None,
    titles: Mapping[str, str] | None = None,
) -> Answer:
    """Set a claim against the data.

    Parameters
    ----------
    text, titles: the claim in its short form, and what measures are called; see
        :func:`crmkit.compare.claims.claim`.
    day: of the change that is said to have brought it; all weeks before and after it are taken. What has no
        weekly figures (the retention of clients) is told of as many days before as have passed since.
    until: the claim is about the days from ``day`` to this one (left out), against as many days before.
    periods: the claim is about two periods, the earlier one first.
    period, outcome: of a claim about two reps.
    treated, control: see :func:`crmkit.compare.effect.effect`.

    Raises
    ------
    RequestError: no claim, an unknown measure, rep or group, or neither a day nor periods are given.

    Source: METHOD 6.1, 6.4
    """
    asked = claim(text, titles)
    if asked.is_of_reps:
        return _of_pair(crm, asked, period, outcome)
    if periods is None:
        if day is None:
            what = N_("a claim about a change needs its day, or the two periods that are compared")
            remedy = N_("Name the day of the change, or two periods.")
            raise RequestError(f"claim {text}", what, remedy=remedy)
        if until is None and not find(asked.about).is_timeless:
            return _of_effect(crm, asked, day, control=control, treated=treated)
        periods = _around(crm, day, until)
    found = _of_periods(crm, asked, *periods)
    return replace(found, date="" if day is None else day.isoformat())


def answers(rows: Sequence[Answer]) -> pd.DataFrame:
    """Return answers as a frame, one row each."""
    return pd.DataFrame([asdict(one) for one in rows], columns=[one.name for one in fields(Answer)])


def _around(crm: Snapshot, day: date, until: date | None = None) -> tuple[Period, Period]:
    """Return as many days before a day as from it on, until another one or ``as_of``."""
    zone = crm.settings.zone
    after = max(until or crm.today + timedelta(days=1), day + timedelta(days=1))
    return Period.between(day - (after - day), day, zone), Period.between(day, after, zone)


def _of_effect(
    crm: Snapshot, asked: Claim, day: date, *, control: Group | None, treated: Group | None
) -> Answer:
    """Answer from the weeks before and after a day."""
    one, found = find(asked.about), effect(crm, day, asked.about, control=control, treated=treated)
    told = Verdict(found.label, found.direction, found.reason)
    if np.isnan(found.relative_low) and told.label in ("holds", "may_be_chance"):
        told = Verdict("cannot_be_computed", "none", "nothing_expected")
    ratio = (1 + found.relative, 1 + found.relative_low, 1 + found.relative_high)
    reached = (np.nan, np.nan)
    if asked.form == "from_to" and told.label != "cannot_be_computed":
        after = period_figures(crm, one, _around(crm, day))[1]
        reached = (after.low, after.high)
    apart = found.is_season or bool(control)
    said = standing(asked, ratio[1:], told, reached=reached, is_season_apart=apart)
    plain = Answer(
        asked.text, asked.about, "effect", asked.factor, asked.form, date=day.isoformat(), value=ratio[0],
        low=ratio[1], high=ratio[2], n=found.n, before=found.mean(is_after=False),
        after=found.mean(is_after=True),
        weeks_before=found.n_before, weeks_after=found.n_after, money_month=found.money_month,
        money_low=found.money_low, money_high=found.money_high,
    )  # fmt: skip
    return plain.judged(said, told, ratio)


def _of_periods(crm: Snapshot, asked: Claim, earlier: Period, later: Period) -> Answer:
    """Answer from the figures of two periods."""
    one, limits = find(asked.about), crm.settings.limits
    before, after = period_figures(crm, one, (earlier, later))
    ratio = _ratio(after, before)
    compared = compared_periods(crm, earlier, later, [one.name])
    row = compared.rows.iloc[0]
    told = Verdict(row["label"], row["direction"], row["reason"])
    is_moment = one.basis in STANDING
    if told.reason in ("one_moment", "no_interval") and not is_moment:  # both sides' own intervals tell it
        why = ", ".join(crm.lacks(one.needs)) or _first_records(crm, one, earlier)
        bent, gap = recording(crm, one, *later.days()).reason, (ratio[1] - 1, ratio[2] - 1)
        told = verdict(min(before.n, after.n), *gap, limits=limits, missing=why, bent=bent)
    days = [(span[1] - span[0]).days for span in (earlier.days(), later.days())]
    if told.label != "cannot_be_computed" and min(days) < 7 * limits.described_weeks:
        told = Verdict("too_little_data", "none", "few_weeks")
    is_season_apart = "another_season" not in set(compared.warnings["code"])
    if told.label == "holds" and not is_season_apart:
        told = Verdict("may_be_chance", "none", "season_not_separated")
    said = standing(asked, ratio[1:], told, reached=(after.low, after.high), is_season_apart=is_season_apart)
    plain = Answer(
        asked.text, asked.about, "periods", asked.factor, asked.form, earlier=earlier.name, later=later.name,
        value=ratio[0], low=ratio[1], high=ratio[2], n=min(before.n, after.n), before=before.value,
        after=after.value, n_before=before.n, n_after=after.n, weeks_before=days[0] // 7,
        weeks_after=days[1] // 7,
    )  # fmt: skip
    return plain.judged(said, told, ratio)


def _ratio(after: PeriodFigure, before: PeriodFigure) -> Limited:
    """Return after by before, with its interval."""
    low, high = ratio_limits((after.value, after.low, after.high), (before.value, before.low, before.high))
    value = after.value / before.value if before.value > 0 else np.nan
    return value, float(low), float(high)


def _first_records(crm: Snapshot, one: Measure, earlier: Period) -> str:
    """Return the code for periods not wholly in the export; retention looks back one further."""
    basis, periods = one.basis, [earlier]
    if basis == "bought_before":
        basis, periods = "closed_in", [the_one_before(earlier) or earlier, earlier]
    least = min(seen_shares(crm, each).of(basis) for each in periods)
    return "first_records" if least < crm.settings.limits.closings_seen else ""


def _of_pair(crm: Snapshot, asked: Claim, period: Period, outcome: str) -> Answer:
    """Answer from the like deals of two reps."""
    found = compared_pair(crm, asked.about, period, outcome)
    like, raw = found.like, found.raw
    ratio = (like.value, like.low, like.high)
    plain = Answer(
        asked.text, asked.about, "pair", asked.factor, asked.form, outcome=outcome, value=raw.value,
        low=raw.low, high=raw.high, n=like.n, adjusted=ratio[0], adjusted_low=ratio[1],
        adjusted_high=ratio[2], before=raw.second, after=raw.first, n_before=raw.counts[1],
        n_after=raw.counts[0], later="" if period.is_all else period.name, credit=found.credit,
    )  # fmt: skip
    return plain.judged(standing(asked, ratio[1:], found.verdict), found.verdict, ratio)
