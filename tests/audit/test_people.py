"""What belongs to those who left: open deals, open tasks, companies."""

from __future__ import annotations

import pytest

PEOPLE = [
    {"name": "Ann"},  # nothing is said of her going: she is here
    {"name": "Bob", "left_on": "2026-03-16"},
    {"name": "Cid", "left_on": "2026-04-01"},  # the 31st of March is his last working day
    {"name": "Dan", "left_on": "2026-04-02"},
]
OPEN = {"created_at": "2026-01-02 10:00", "status": "open"}
REPS = ["Ann", "Bob", "Cid", "Dan", "Stranger", ""]


def owned(row, **more):
    return [row | {"manager_id": rep} | more for rep in REPS]


# A day is meant as a whole: at its end, the last working day is over.
MOMENTS = {
    "2026-03-14": "", "2026-03-15 18:00": "", "2026-03-15": "2", "2026-03-31 18:00": "2",
    "2026-03-31": "23", "2026-04-01 09:00": "23",
}  # fmt: skip


@pytest.mark.parametrize(("as_of", "gone"), MOMENTS.items())
def test_deals_of_those_whose_last_day_is_over(snapshot, found, as_of, gone):
    closed = {"created_at": "2026-01-02 10:00", "closed_at": "2026-02-02 10:00", "status": "won"}
    crm = snapshot([*owned(OPEN), *owned(closed)], managers=PEOPLE, as_of=as_of)
    seen = found(crm, "H21")
    assert (set(seen.kinds), seen.checked) == (set(gone), 4)
    assert seen.unknown == {"no_manager": 1, "unlisted_manager": 1}
    assert seen.state == ("failed" if gone else "passed")
    if gone:
        assert seen.days["2"] == "2026-03-16"
        assert seen.rows["manager_id"].astype("str").tolist()[0] == "Bob"


def test_tasks_and_companies(snapshot, found):
    tasks = owned({"deal_id": "1", "completed_at": ""}) + owned(
        {"deal_id": "1", "completed_at": "2026-03-01 10:00"}
    )
    tasks = [row | {"task_id": f"t{number}"} for number, row in enumerate(tasks)]
    companies = [row | {"company_id": f"c{number}"} for number, row in enumerate(owned({"name": "Firm"}))]
    deals = [OPEN | {"manager_id": "Ann"}, OPEN | {"manager_id": "Bob", "company_id": "c5"}]
    crm = snapshot(deals, tasks=tasks, companies=companies, managers=PEOPLE, as_of="2026-03-31 12:00")
    seen = found(crm, "H21")
    # The company c5 is nobody's, whoever has the deal with it.
    assert seen.kinds == {"2": 0, "t1": 1, "c1": 2}
    assert (seen.checked, seen.lacking) == (2 + 4 + 4, "")
    audited = crm.tables["companies"]
    assert len(audited) == 6 and seen.unknown == {"no_manager": 1, "unlisted_manager": 1}


def test_without_completed_tasks_nobody_knows_which_are_open(snapshot, found):
    tasks = [{"task_id": "t1", "deal_id": "1", "manager_id": "Bob"}]
    seen = found(snapshot([OPEN | {"manager_id": "Ann"}], tasks=tasks, managers=PEOPLE), "H21")
    assert (seen.state, seen.kinds) == ("passed", {})
    assert seen.lacking == "tasks.completed_at, companies.company_id, companies.manager_id"


def test_that_nobody_left_is_not_said_by_silence(snapshot, found):
    deals = [OPEN | {"manager_id": "Ann"}]
    for people in ([], [{"name": "Ann"}, {"name": "Bob", "hired_on": "2026-01-12"}]):
        seen = found(snapshot(deals, managers=people), "H21")
        assert (seen.state, seen.missing, seen.checked) == ("ask", "managers.left_on", 0)
    told = found(snapshot(deals, managers=[{"name": "Ann"}, PEOPLE[1]]), "H21")
    assert (told.state, told.checked) == ("passed", 1)


def test_who_owned_what_on_an_earlier_day_is_not_known(snapshot, found):
    deals = [*owned(OPEN), OPEN | {"created_at": "2026-03-30 10:00"}]
    seen = found(snapshot(deals, managers=PEOPLE, as_of="2026-03-20"), "H21")
    assert (seen.state, seen.reason) == ("not_applicable", "known_at_export_only")


def test_midnight_is_the_clients_own(snapshot, found):
    # In Vladivostok the 1st of April begins at 14:00 of the 31st in Greenwich.
    deals = [OPEN | {"manager_id": "Cid"}]
    for as_of, gone in (("2026-03-31 23:30", 0), ("2026-04-01 00:00", 1)):
        crm = snapshot(deals, managers=PEOPLE, time_zone="Asia/Vladivostok", as_of=as_of)
        assert len(found(crm, "H21").kinds) == gone
