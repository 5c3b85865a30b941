"""What the export cannot tell is refused with a reason, never judged."""

from crmkit.compare.managers import managers


def deals(outcomes, reps):
    """Return 40 deals of ten days each, won or lost or open, with their reps."""
    moments = {"won": "2026-02-11", "lost": "2026-02-11"}
    return [
        {"created_at": "2026-02-01", "closed_at": moments.get(status), "status": status, "manager_id": rep}
        for status, rep in zip(outcomes, reps, strict=True)
    ]


def test_reps_written_down_for_won_leads_only(snapshot):
    # 20 won deals have a rep, 20 lost ones have none: every rep would have won all of theirs
    crm = snapshot(deals(["won"] * 20 + ["lost"] * 20, ["Ann", "Bob"] * 10 + [None] * 20))
    found = managers(crm)
    assert (found.missing, len(found.rows)) == ("reps_known_after_the_outcome", 0)
    assert found.left_out == {"no_manager": 20}


def test_an_export_without_lost_deals_tells_no_win_rate(snapshot):
    # 40 won deals, the rest open for ever: nobody's win rate is 100 %
    crm = snapshot(deals(["won"] * 40 + ["open"] * 40, ["Ann", "Bob"] * 40))
    assert managers(crm).missing == "one_outcome"
    # of 29 won deals that may be true
    crm = snapshot(deals(["won"] * 29, ["Ann", "Bob"] * 14 + ["Ann"]))
    assert managers(crm).missing == ""
