"""Days on which deals were closed in a mass, and records that are kept otherwise since a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd
import pytest

from crmkit.compare.artefacts import artefacts
from crmkit.compare.recording import kept_otherwise, mass_closings, recording
from crmkit.measures import ALL, find
from crmkit.periods import Period
from crmkit.schema import Snapshot

FIRST = date(2025, 9, 1)  # a Monday
CHANGE = FIRST + timedelta(weeks=20)


def weeks_of(counts: dict[str, tuple[int, int]], weeks: int = 40) -> list[dict[str, object]]:
    """Return so many deals of each status a week, before and from the change on; one a working day first."""
    rows = []
    for week in range(weeks):
        for status, sides in counts.items():
            for number in range(sides[week >= 20]):
                day = FIRST + timedelta(weeks=week, days=number % 5)
                rows.append({"created_at": day, "closed_at": day, "status": status, "manager_id": "Ann"})
    return rows


@pytest.fixture
def of(snapshot: Callable[..., Snapshot]) -> Callable[..., Snapshot]:
    """Return a Snapshot of such deals, described when the 40 weeks are over."""
    return lambda rows: snapshot(deals=rows, as_of=(FIRST + timedelta(weeks=40, days=-1)).isoformat())


def test_losses_are_written_down_since_then(of: Callable[..., Snapshot]):
    crm = of(weeks_of({"won": (5, 5), "lost": (5, 15)}))
    told = kept_otherwise(crm, CHANGE).set_index("measure")
    # Lost: 1 a working day, then 3. Created: 2, then 4.
    assert told.loc["lost_deals", ["before", "after", "ratio", "won_ratio"]].tolist() == pytest.approx(
        [1, 3, 3, 1]
    )
    # exp(log 3 − 1.96 · √(1/95 + 1/300 + 1/95 + 1/100)): the first week is not told, for the record begins
    # within it, with its first two-hundredth.
    assert told.loc["lost_deals", "against_low"] == pytest.approx(2.0858, abs=1e-3)
    assert told.loc["new_deals", ["before", "after", "ratio"]].tolist() == pytest.approx([2, 4, 2])
    until = FIRST + timedelta(weeks=40)
    assert recording(crm, find("win_rate"), CHANGE, until).reason == "recording_changed"
    assert recording(crm, find("lost_deals"), CHANGE, until).reason == "recording_changed"
    assert recording(crm, find("won_deals"), CHANGE, until).reason == ""
    assert recording(crm, find("deal_cycle:won_median"), CHANGE, until).reason == ""


def test_losses_are_no_longer_written_down(of: Callable[..., Snapshot]):
    crm = of(weeks_of({"won": (5, 5), "lost": (15, 5)}))
    assert kept_otherwise(crm, CHANGE)["measure"].tolist() == ["new_deals", "lost_deals"]


def test_in_a_small_department_it_stands_against_a_verdict_too(of: Callable[..., Snapshot]):
    # Half of the losses are written down, 3 a week after 6: surely fewer, but not surely 1.5 times.
    crm = of(weeks_of({"won": (5, 5), "lost": (6, 3)}))
    told = kept_otherwise(crm, CHANGE).set_index("measure").loc["lost_deals"]
    assert told["against_low"] < 1 / 1.5 < told["against_high"] < 1
    assert recording(crm, find("win_rate"), CHANGE, FIRST + timedelta(weeks=40)).reason == "recording_changed"


@pytest.mark.parametrize(
    "counts",
    [
        {"won": (5, 5), "lost": (10, 10)},  # nothing
        {"won": (5, 10), "lost": (10, 20)},  # twice as much of all
        {"won": (5, 8), "lost": (10, 7)},  # more is won, of as many
        {"won": (8, 5), "lost": (7, 10)},  # less is won, of as many
        {"won": (1, 1), "lost": (1, 2)},  # too few to be sure
        {"won": (10, 10), "lost": (30, 21)},  # a third fewer may be true
    ],
)
def test_no_better_keeping(of: Callable[..., Snapshot], counts: dict[str, tuple[int, int]]):
    assert kept_otherwise(of(weeks_of(counts)), CHANGE).empty


def test_few_weeks_tell_nothing(of: Callable[..., Snapshot]):
    crm = of(weeks_of({"won": (5, 5), "lost": (5, 50)}, weeks=27))
    assert kept_otherwise(crm, CHANGE - timedelta(weeks=15)).empty


def test_mass_closing(of: Callable[..., Snapshot]):
    day = CHANGE - timedelta(days=3)
    tidied = [{"created_at": FIRST, "closed_at": day, "status": "lost", "manager_id": "Bob"}] * 25
    crm = of([*weeks_of({"won": (5, 5), "lost": (5, 5)}), *tidied])
    told = mass_closings(crm, ALL)
    assert told["manager_id"].astype("str").tolist() == ["Bob"]
    assert told["day"].dt.date.tolist() == [day]
    assert told[["closed", "usual"]].to_numpy().tolist() == [[25, 2]]
    until = FIRST + timedelta(weeks=40)
    assert mass_closings(crm, Period.between(CHANGE, until, "UTC")).empty
    # 25 of some 355 deals closed from 13 weeks before on are 7 %; nothing of it is in the weeks after, and
    # created deals are not closed ones.
    assert recording(crm, find("win_rate"), CHANGE, until).reason == "mass_closing"
    assert recording(crm, find("revenue"), CHANGE, until).reason == "mass_closing"
    assert recording(crm, find("new_deals"), CHANGE, until).reason == ""
    assert recording(crm, find("new_deals"), CHANGE, until).mass.empty
    assert len(recording(crm, find("revenue"), CHANGE, until).mass) == 1
    assert recording(crm, find("win_rate"), CHANGE + timedelta(weeks=14), until).reason == ""


def test_what_anybody_closes_on_a_day_is_no_mass(of: Callable[..., Snapshot]):
    crm = of(weeks_of({"won": (25, 25), "lost": (125, 125)}))
    assert mass_closings(crm, ALL).empty


def test_deals_of_nobody_are_no_mass_because_each_rep_closes_few(of: Callable[..., Snapshot]):
    # Ann closes one deal a day; 20 to 25 of nobody's are closed on every day: as many as ever.
    rows = weeks_of({"won": (5, 5)})
    for week in range(40):
        day = FIRST + timedelta(weeks=week)
        rows += [{"created_at": day, "closed_at": day, "status": "lost", "manager_id": ""}] * (20 + week % 6)
    assert mass_closings(of(rows), ALL).empty
    # On one day only they are: then it is one.
    one = [{"created_at": FIRST, "closed_at": FIRST, "status": "lost", "manager_id": ""}] * 40
    assert mass_closings(of(weeks_of({"won": (5, 5)}) + one), ALL)["closed"].tolist() == [40]


def test_a_day_that_begins_at_one_in_the_morning(snapshot: Callable[..., Snapshot]):
    # In Chile the clocks skip the hour after the midnight of 7 September 2025.
    rows = [
        {"closed_at": f"2025-09-{day:02}T15:00", "status": "lost", "manager_id": "Ann"}
        for day in (1, 2, 3, *[7] * 100)
    ]
    crm = snapshot(deals=rows, as_of="2025-09-07", time_zone="America/Santiago")
    told = mass_closings(crm, Period.parse("2025-09", "America/Santiago"))
    assert told["closed"].tolist() == [100] and str(told["day"].iloc[0]) == "2025-09-07 01:00:00-03:00"
    pair = (Period.parse(name, "America/Santiago") for name in ("2025-08", "2025-09"))
    found = artefacts(crm, *pair, names=[], left_out=pd.DataFrame(columns=["name", "side", "reason", "n"]))
    assert "not_over" in found["code"].tolist()


def test_nothing_closed(snapshot: Callable[..., Snapshot]):
    assert mass_closings(snapshot(deals=[{"created_at": "2026-01-01"}]), ALL).empty
