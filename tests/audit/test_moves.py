"""Stages: over the norm, left out, entered again; offenders beside those that only look like them."""

from __future__ import annotations

import pytest

from crmkit.measures.catalog import find
from crmkit.periods import Period

STAGES = [
    {"name": "New", "norm_days": 5},
    {"name": "Talk", "norm_days": 20},
    {"name": "Survey", "optional": True},
    {"name": "Offer"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
MADE = {"created_at": "2026-01-02 10:00", "manager_id": "Now"}
NOW = "2026-03-31 18:00"


def moves(deal, *stages, begin="2026-03-{:02d} 10:00", owners=()):
    """Return the changes of a deal: into one stage a day from 1 March on; ``owners``: whose it was then."""
    named = dict(enumerate(owners))
    return [
        {
            "deal_id": deal,
            "changed_at": begin.format(day),
            "from_stage": stages[day - 2] if day > 1 else "",
            "to_stage": stage,
            "manager_id": named.get(day - 1, ""),
        }
        for day, stage in enumerate(stages, 1)
    ]


@pytest.fixture
def crm(snapshot):
    """Return ``crm(deals, changes)``."""

    def made(deals, changes, **more):
        return snapshot(deals, stage_changes=changes, **{"stages": STAGES, "as_of": NOW} | more)

    return made


def test_longer_than_the_norm(crm, found):
    deals = [
        MADE | {"stage": "New", "stage_entered_at": "2026-03-26 12:00"},  # 5 days and 6 hours: day 6
        MADE | {"stage": "New", "stage_entered_at": "2026-03-26 18:00"},  # five days: not more
        MADE | {"stage": "Talk", "stage_entered_at": "2026-03-20 12:00"},
        MADE | {"stage": "Offer", "stage_entered_at": "2026-01-20 12:00"},  # no norm
        MADE | {"stage": "New", "stage_entered_at": ""},
        MADE | {"stage": "Won", "stage_entered_at": "2026-01-20 12:00", "closed_at": "2026-01-20 12:00"},
    ]
    seen = found(crm(deals, moves("4", "New")), "H08")
    row = seen.rows.iloc[0]
    assert (seen.days, row["number"], row["norm"]) == ({"1": "2026-03-26"}, 6.0, 5.0)
    assert (seen.checked, seen.unknown) == (3, {"no_norm": 1, "no_stage_entry": 1})


def test_the_norm_by_the_history(crm, found):
    deals = [MADE | {"stage": stage} for stage in ("New", "Talk", "Talk", "New")]
    changes = [
        *moves("1", "New"),  # since 1 March: 30 days and 8 hours
        *moves("2", "New", "Talk", begin="2026-01-{:02d} 10:00"),  # since 2 January in Talk
        *moves("3", *["New"] * 20, "Talk"),  # the norm of New is outlasted, and New is left
        *moves("4", "New", "Talk"),  # the history ends elsewhere: nobody knows since when
    ]
    seen = found(crm(deals, changes), "H08")
    assert seen.days == {"1": "2026-03-01", "2": "2026-01-02"}
    assert (seen.rows["number"].tolist(), seen.unknown) == ([31.0, 89.0], {"no_stage_entry": 1})


def test_a_clock_set_back_makes_no_day(crm, found):
    # 20 days by the calendar, and an hour more by the stopwatch: clocks are set back on 25 October 2026
    deals = [MADE | {"stage": "Talk", "stage_entered_at": "2026-10-11 12:00"}]
    told = {"time_zone": "Europe/Berlin", "as_of": "2026-10-31 12:00"}
    assert found(crm(deals, moves("1", "New"), **told), "H08").state == "passed"
    days = [MADE | {"stage": "Talk", "stage_entered_at": "2026-10-11"}]  # a day is a day, at any hour
    told["as_of"] = "2026-10-31 23:00"
    assert found(crm(days, moves("1", "New"), **told), "H08").state == "passed"


def test_norms_and_history_have_to_be_told(snapshot, found):
    deals = [MADE | {"stage": "New", "stage_entered_at": "2026-03-26 12:00"}]
    bare = found(snapshot(deals), "H08")
    assert (bare.state, bare.missing) == ("ask", "stages.norm_days")
    for name in ("H14", "H15"):
        assert found(snapshot(deals), name).missing == "stage_changes.to_stage"


def test_stages_left_out(crm, found):
    deals = [MADE | {"stage": "Offer"}] * 2 + [MADE | {"stage": "Won", "closed_at": "2026-03-04 10:00"}] * 2
    deals += [MADE | {"stage": "Lost", "closed_at": "2026-03-03 10:00"}]
    deals += [MADE | {"stage": "Lost", "closed_at": "2026-03-05 10:00", "lost_reason": "Double"}]
    deals += [MADE | {"stage": "Offer"}] * 3 + [MADE | {"stage": "New"}]
    changes = [
        *moves("1", "New", "Offer", owners=("Ann", "Bob")),  # past Talk; the survey may be left out
        *moves("2", "New", "Talk", "Offer"),
        *moves("3", "New", "Won", owners=("Ann",)),
        *moves("4", "New", "Talk", "Offer", "Won"),
        *moves("5", "New", "Lost"),  # a loss skips nothing
        *moves("6", "New", "Offer", "Lost"),  # a technical loss
        *moves("7", "Offer"),  # begins late
        *moves("8", "New", "Talk", "New", "Offer"),  # had been in Talk before
        {"deal_id": "9", "changed_at": "2026-04-02 10:00", "from_stage": "New", "to_stage": "Offer"},  # later
    ]
    told = crm(deals, changes, technical_losses=["Double"])
    seen = found(told, "H14")
    assert seen.names == {"1": "Talk", "3": "Talk · Offer"}
    assert seen.days == {"1": "2026-03-02", "3": "2026-03-02"}
    # who moved it on answers for it; of the third nobody says who did: its present owner
    assert dict(zip(seen.rows["id"], seen.rows["manager_id"], strict=True)) == {"1": "Bob", "3": "Now"}
    assert (seen.checked, seen.unknown) == (5, {"no_history": 2})
    cases = find("stage_skips").cases(told, Period(None, None, "all"))
    counted = cases[cases["left_out"] == ""]
    assert (counted["value"].sum(), len(counted)) == (2, 5), "the figure counts the same deals"
    assert found(told, "H14", Period.parse("2026-02", "UTC")).reason == "nothing_to_check"


def test_a_strict_list_of_stages_forgives_no_survey(crm, found):
    stages = [{name: one[name] for name in one if name != "optional"} for one in STAGES]
    changes = moves("1", "New", "Talk", "Offer")
    assert found(crm([MADE | {"stage": "Offer"}], changes), "H14").state == "passed"
    assert found(crm([MADE | {"stage": "Offer"}], changes, stages=stages), "H14").names == {"1": "Survey"}


def test_moved_back(crm, found):
    deals = [MADE | {"stage": "Talk"}] * 2 + [MADE | {"stage": "Offer"}] * 2 + [MADE | {"stage": "New"}]
    changes = [
        *moves("1", "New", "Offer", "Talk", owners=("Ann", "Ann", "Bob")),
        *moves("2", "New", "Talk"),
        *moves("3", "Offer", "New", "Talk", "New", "Offer"),  # twice
        *moves("4", "New", "Offer", "Lost", "Offer"),  # opened again
        *moves("5", "New", "New"),  # set to where it stood
    ]
    seen = found(crm(deals, changes), "H15")
    assert seen.names == {"1": "Offer → Talk", "3": "Offer → New · Talk → New"}
    assert seen.days == {"1": "2026-03-03", "3": "2026-03-02"}
    assert seen.rows["manager_id"].tolist() == ["Bob", "Now"]
    assert seen.checked == 4  # the fifth has left no stage
    kept = crm(deals, changes, self_loops="keep")
    assert set(found(kept, "H15").names) == {"1", "3"}
    cases = find("stage_returns").cases(kept, Period(None, None, "all"))
    assert cases["value"].sum() == 2, "the figure counts no change to the same stage either"


def test_another_pipeline_is_no_way_back(snapshot, found):
    pipelines = [
        {"name": "Cold", "stages": [{"name": "Lead"}, {"name": "Warm"}]},
        {"name": "Hot", "stages": [{"name": "New"}, {"name": "Offer"}]},
    ]
    changes = moves("1", "Lead", "Warm", "New")
    crm = snapshot(
        [MADE | {"stage": "New", "pipeline": "Hot"}], stage_changes=changes, pipelines=pipelines, as_of=NOW
    )
    assert found(crm, "H15").state == "passed"
    assert found(crm, "H14").state == "passed"
