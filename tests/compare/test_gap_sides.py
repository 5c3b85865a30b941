"""Which deals the two sides of a gap have."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crmkit.compare.gap import gap
from crmkit.compare.gap_sides import Side
from crmkit.errors import RequestError
from crmkit.periods import Period
from crmkit.schema import Snapshot


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        (Side(by="source", value="site"), Side(by="manager", value="Ann"), 20),  # Ann has half of the site's
        (Side(), Side(by="manager", value="Ann"), 40),  # whom she is a part of
        (Side(Period.parse("2026", "UTC")), Side(Period.parse("2026-01", "UTC")), 40),
        (Side(by="manager", value="Ann"), Side(Period.parse("2026-02", "UTC"), "manager", "Ann"), 20),
    ],
)
def test_sides_that_share_deals_are_refused(
    snapshot: Callable[..., Snapshot], one: Side, other: Side, shared: int
) -> None:
    # 80 deals, of each rep, source and month a half, in all combinations.
    deals = [
        {
            "created_at": "2026-01-01", "closed_at": f"2026-0{1 + n % 2}-10", "amount": 100,
            "status": ("won", "lost")[n // 2 % 2], "manager_id": ("Ann", "Bob")[n // 4 % 2],
            "source": ("site", "fair")[n // 8 % 2],
        }
        for n in range(80)
    ]  # fmt: skip
    crm = snapshot(deals=deals, as_of="2026-03-01")
    for sides in ((one, other), (other, one)):
        with pytest.raises(RequestError, match=f"deals that are on both sides: {shared}"):
            gap(crm, *sides)
    for chain in ("sales", "stages"):
        gap(crm, Side(by="manager", value="Ann"), Side(by="manager", value="Bob"), chain=chain)
