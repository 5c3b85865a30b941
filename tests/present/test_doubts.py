"""A mistyped date far after all others is told of; a record that simply goes on is not."""

from __future__ import annotations

import pandas as pd
import pytest

from crmkit import edges
from crmkit.schema import EVENTS, Snapshot


def record(days: list[str]) -> Snapshot:
    """Return a snapshot whose deals were created on these days."""
    tables = {
        table: pd.DataFrame({name: pd.Series([], dtype="datetime64[us, UTC]") for name in names})
        for table, names in EVENTS.items()
    }
    created = pd.to_datetime(pd.Series(days)).dt.tz_localize("UTC").astype("datetime64[us, UTC]")
    tables["deals"] = pd.DataFrame({"created_at": created, "closed_at": created.mask(created.notna())})
    return Snapshot(created.max(), created.max(), tables, None, frozenset())  # type: ignore[arg-type]


def test_a_date_after_a_long_silence_is_told_with_where_the_record_ends() -> None:
    days = [f"2026-03-{1 + n % 28:02d}" for n in range(300)]
    found = edges.lonely_end(record([*days, "2031-01-01"]))  # 1 of 301, four years later
    assert found is not None
    assert (found[0].date().isoformat(), found[1], found[2]) == ("2026-03-28", 1, 301)


@pytest.mark.parametrize("last", ["2026-04-20", "2026-05-26"])  # 23 and 59 days later: no silence
def test_a_record_that_goes_on_is_no_doubt(last: str) -> None:
    days = [f"2026-03-{1 + n % 28:02d}" for n in range(300)]
    assert edges.lonely_end(record([*days, last])) is None


def test_more_than_one_in_a_hundred_is_no_slip() -> None:
    days = [f"2026-03-{1 + n % 28:02d}" for n in range(100)]
    assert edges.lonely_end(record([*days, *["2026-09-01"] * 5])) is None


def test_one_date_long_before_the_record_is_not_its_beginning() -> None:
    days = [f"2026-03-{1 + n % 28:02d}" for n in range(300)]
    found = edges.lonely_start(record(["1971-01-01", *days]))  # 1 of 301
    assert found is not None
    assert (found[0].date().isoformat(), found[1], found[2]) == ("2026-03-01", 1, 301)
    assert edges.lonely_start(record(["2025-06-01", *days])) is None  # nine months before: an old deal
    assert edges.lonely_start(record([*["1971-01-01"] * 5, *days])) is None  # 5 of 305 are more than slips
