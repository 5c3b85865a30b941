"""Which deals have a required field filled."""

from collections.abc import Callable

from crmkit.process.filling import deals_filled
from crmkit.schema import Snapshot


def test_one_field_for_the_expected_and_the_real_closing_day(snapshot: Callable[..., Snapshot]) -> None:
    closed = {"status": "won", "closed_at": "2026-03-05"}
    # No closed deal keeps the day that was expected: the CRM has put the real one in its place.
    crm = snapshot([closed, {"status": "open", "expected_close_on": "2026-05-01"}, {"status": "open"}])
    found = deals_filled(crm, "Expected_close_on", {})
    assert found is not None
    assert found.tolist() == [True, True, False]
    # Where a closed deal keeps it, it is a field of its own, and the other one's is empty.
    crm = snapshot([closed, closed | {"expected_close_on": "2026-03-01"}, {"status": "open"}])
    found = deals_filled(crm, "Expected day", {"Expected day": "expected_close_on"})
    assert found is not None
    assert found.tolist() == [False, True, False]
