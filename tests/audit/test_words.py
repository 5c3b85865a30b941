"""Actions without a title or a description."""

from __future__ import annotations

from crmkit.periods import Period

DONE = {"completed_at": "2026-03-02 10:00", "title": "Call", "text": "About the price"}
DEALS = [{"created_at": "2026-01-02 10:00", "status": "open"}]
MARCH = Period.parse("2026-03", "UTC")


def test_what_is_not_written_down(snapshot, found):
    tasks = [
        DONE | {"task_id": "both"},
        DONE | {"task_id": "no title", "title": ""},
        DONE | {"task_id": "no words", "text": "  "},
        DONE | {"task_id": "neither", "title": "", "text": ""},
        DONE | {"task_id": "result", "text": "", "result": "He buys"},  # what came of it is a description
        DONE | {"task_id": "open", "completed_at": "", "title": "", "text": ""},
        DONE | {"task_id": "February", "completed_at": "2026-02-28 23:59", "title": ""},
        DONE | {"task_id": "later", "completed_at": "2026-04-01 00:00", "title": ""},  # open at as_of
    ]
    acts = [
        {"activity_id": "talk", "at": "2026-03-03 10:00", "title": "Talk", "text": "Ok"},
        {"activity_id": "silent", "at": "2026-03-03 10:00", "title": "Talk", "text": ""},
        {"activity_id": "later", "at": "2026-04-02 10:00", "title": "", "text": ""},
    ]
    crm = snapshot(DEALS, tasks=tasks, activities=acts)
    seen = found(crm, "H04", MARCH)
    # of tasks 5 done in March, of communications 2
    assert (seen.state, seen.checked, seen.unknown) == ("failed", 7, {})
    assert seen.kinds == {"no title": 0, "no words": 1, "neither": 2, "silent": 1}
    assert seen.days["silent"] == "2026-03-03"
    assert set(found(crm, "H04").kinds) == {*seen.kinds, "February"}


def test_a_list_exported_without_descriptions_accuses_nobody(snapshot, found):
    calls = [{"activity_id": "1", "at": "2026-03-03 10:00", "kind": "call"}]
    seen = found(snapshot(DEALS, tasks=[DONE | {"task_id": "1"}], activities=calls), "H04")
    assert (seen.state, seen.checked) == ("passed", 1)
    assert seen.lacking == "activities.text, activities.title"
    # tasks with titles alone, communications with texts alone: neither can be judged
    half = [{"task_id": "1", "completed_at": "2026-03-02 10:00", "title": "Call"}]
    texts = [{"activity_id": "1", "at": "2026-03-03 10:00", "text": "Hello"}]
    seen = found(snapshot(DEALS, tasks=half, activities=texts), "H04")
    assert (seen.state, seen.checked) == ("not_applicable", 0)
    seen = found(snapshot(DEALS, tasks=half), "H04")
    assert (seen.state, seen.missing) == ("not_applicable", "tasks.text+tasks.result+activities.text")
