"""What an audit found is kept, and the next one tells what changed: new, fixed, still open, moved, gone."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from crmkit.audit import examine, find_check
from crmkit.audit.dynamics import compared
from crmkit.audit.history import previous_run, record, rules_of
from crmkit.audit.keys import lasting_names, places_of_names
from crmkit.errors import ReportError, SettingsError
from crmkit.periods import Period

OCTOBER = "audit/history/2026-10-24.json"


def deal(number, rep="Ann", status="open", **more):
    return {"deal_id": number, "manager_id": rep, "status": status, "created_at": "2026-10-01"} | more


def task(number):
    return {"task_id": f"t{number}", "deal_id": number, "created_at": "2026-10-01", "due_at": "2026-12-01"}


@pytest.fixture
def audited(snapshot):
    def made(deals, tasks=("x",), day="2026-10-31", checks=("H01",), **more):
        crm = snapshot(deals=deals, tasks=[task(one) for one in tasks], as_of=day, **more.pop("settings", {}))
        return examine(
            crm, more.pop("period", Period(None, None, "all")), checks=map(find_check, checks), **more
        )

    return made


def waivers(*ids, until="2026-12-31"):
    frame = pd.DataFrame({"check": "H01", "id": list(ids), "reason": "r", "until": pd.Timestamp(until)})
    return frame.astype({"until": "datetime64[us]"})


def told(frame):
    """Return the counts that are not zero, by rep."""
    found = {}
    for row in frame.astype("object").to_dict("records"):
        rep = None if pd.isna(row["manager_id"]) else row["manager_id"]
        found[rep] = {k: v for k, v in row.items() if k not in ("check", "manager_id", "state") and v}
    return found


def test_what_became_of_every_violation(audited, tmp_path):
    then = audited(
        [deal("1"), deal("2"), deal("3"), deal("4"), deal("5", "Bob"), deal("6"), deal("7"), deal("8", "")],
        ["7"], day="2026-10-24", waivers=waivers("6", until="2026-10-30"),
    )  # fmt: skip
    record(then, tmp_path)
    # 1 still; 2 has a task; 3 was lost; 4 is not exported; 5 is Ann's now; 6 is waived no longer;
    # 7 has lost its task: new; 8 is nobody's still; 9 is a new deal, waived: in no count.
    now = audited(
        [deal("1"), deal("2"), deal("3", status="lost"), deal("5"), deal("6"), deal("7"), deal("8", ""),
         deal("9")],
        ["2"], waivers=waivers("9"),
    )  # fmt: skip
    found = compared(now, previous_run(tmp_path, now.crm.as_of))
    assert told(found) == {
        "Ann": {"open": 4, "new": 1, "still": 2, "moved_in": 1, "fixed": 2, "gone": 1},
        "Bob": {"moved_out": 1},
        None: {"open": 1, "still": 1},
    }
    assert set(found["state"]) == {"compared"} and set(found["check"]) == {"H01"}


def test_what_is_waived_now_is_neither_fixed_nor_open(audited, tmp_path):
    record(audited([deal("1"), deal("2")], day="2026-10-24"), tmp_path)
    now = audited([deal("1"), deal("2")], waivers=waivers("2"))
    assert told(compared(now, previous_run(tmp_path, now.crm.as_of))) == {
        "Ann": {"open": 1, "still": 1, "excused": 1}
    }


def test_without_an_earlier_audit_only_what_stands_is_told(audited, tmp_path):
    now = audited([deal("1")])
    (row,) = compared(now, previous_run(tmp_path, now.crm.as_of)).to_dict("records")
    assert row["state"] == "no_comparison" and row["open"] == 1 and pd.isna(row["new"])
    record(audited([deal("1")], day="2026-10-24"), tmp_path)
    month = audited([deal("1")], period=Period.parse("2026-10", "UTC"))
    (row,) = compared(month, previous_run(tmp_path, now.crm.as_of)).to_dict("records")
    assert row["state"] == "no_comparison" and row["open"] == 1 and pd.isna(row["fixed"])


def test_a_check_that_was_not_made_then_or_now_changes_nothing(audited, snapshot, tmp_path):
    bare = examine(snapshot(deals=[deal("1")], as_of="2026-10-24"), checks=[find_check("H01")])
    assert bare.states["reason"].tolist() == ["not_in_export"]
    record(bare, tmp_path)
    now = audited([deal("1")])
    (row,) = compared(now, previous_run(tmp_path, now.crm.as_of)).to_dict("records")
    assert row["state"] == "no_comparison" and pd.isna(row["new"])
    record(audited([deal("1")], day="2026-10-24"), tmp_path)
    later = examine(snapshot(deals=[deal("1")], as_of="2026-10-31"), checks=[find_check("H01")])
    assert compared(later, previous_run(tmp_path, later.crm.as_of)).empty  # nothing is fixed


def test_the_latest_audit_before_is_compared_with(audited, tmp_path):
    for day in ("2026-10-17", "2026-10-24", "2026-10-31"):
        record(audited([deal("1")], day=day), tmp_path)
    now = audited([deal("1")])
    assert previous_run(tmp_path, now.crm.as_of).as_of.date().isoformat() == "2026-10-24"
    assert previous_run(tmp_path, pd.Timestamp("2026-10-17", tz="UTC")) is None


def test_the_same_audit_is_the_same_file_and_replaces_itself(audited, tmp_path):
    path = record(audited([deal("1"), deal("2")], day="2026-10-24"), tmp_path)
    assert path == tmp_path / OCTOBER
    content = path.read_bytes()
    record(audited([deal("2"), deal("1")], day="2026-10-24"), tmp_path)
    assert path.read_bytes() == content
    record(audited([deal("1")], day="2026-10-24"), tmp_path)
    (part,) = json.loads(path.read_text(encoding="utf-8"))["offenders"]
    assert part == {"check": "H01", "table": "deals", "manager_id": "Ann", "waived": False, "rows": ["1"]}
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    assert record(audited([deal("1")], period=Period.parse("2026-10", "UTC")), tmp_path) is None


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"\xff", b"{}", b'{"format": 2}', b'{"format": "1"}', b"[" * 100_000],
)
def test_a_file_that_is_none_is_refused_with_a_remedy(tmp_path, content):
    path = tmp_path / OCTOBER
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    (path.parent / "notes.json").write_bytes(b"mine")  # no day: left alone
    with pytest.raises(SettingsError) as refused:
        previous_run(tmp_path, pd.Timestamp("2026-10-31", tz="UTC"))
    assert refused.value.where == OCTOBER and refused.value.remedy is not None


@pytest.mark.parametrize("place", ["as_of", "rows"])
def test_a_moment_of_no_zone_and_half_a_sign_are_refused(audited, tmp_path, place):
    path = record(audited([deal("1")], day="2026-10-24"), tmp_path)
    content = json.loads(path.read_bytes())
    if place == "as_of":
        content["as_of"] = content["as_of"][:19]
    else:
        content["offenders"][0]["rows"].append("\ud800")
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SettingsError, match="not what an audit keeps"):
        previous_run(tmp_path, pd.Timestamp("2026-10-31", tz="UTC"))


def test_a_file_of_another_day_is_refused(audited, tmp_path):
    path = record(audited([deal("1")], day="2026-10-24"), tmp_path)
    path.rename(path.with_name("2026-10-25.json"))
    with pytest.raises(SettingsError):
        previous_run(tmp_path, pd.Timestamp("2026-10-31", tz="UTC"))


def test_a_folder_that_cannot_be_written_to_is_told(audited, tmp_path):
    (tmp_path / "audit").write_bytes(b"")
    with pytest.raises(ReportError) as refused:
        record(audited([deal("1")]), tmp_path)
    assert refused.value.remedy is not None


def test_rows_without_a_number_are_known_again(snapshot):
    rows = [
        {"deal_id": "1", "title": "Call", "created_at": "2026-03-01", "due_at": "2026-03-05"},
        {"deal_id": "1", "title": "Call", "created_at": "2026-03-01", "due_at": "2026-03-06"},
        {"deal_id": "2", "title": "Call", "created_at": "2026-03-01", "due_at": "2026-03-05"},
    ]
    one = snapshot(deals=[{}, {}], tasks=rows)
    names = lasting_names(one, "tasks", one.tasks.index.to_numpy())
    assert len(set(names)) == 3 and sorted(name[-2:] == "-2" for name in names) == [False, False, True]
    # Exported again in another order, behind another row, one task done: they are called what they were.
    again = [rows[2], {"deal_id": "2", "title": "New", "created_at": "2026-03-01"}, rows[1], rows[0]]
    other = snapshot(deals=[{}, {}], tasks=[one | {"completed_at": "2026-03-07"} for one in again])
    assert set(names) < set(lasting_names(other, "tasks", other.tasks.index.to_numpy()))
    places = places_of_names(other, "tasks", names)
    assert other.tasks["deal_id"].take(places).tolist() == one.tasks["deal_id"].tolist()
    assert places_of_names(other, "tasks", names[:0]).tolist() == []
    assert places_of_names(snapshot(deals=[{}], tasks=rows[2:]), "deals", ["2", "1"]).tolist() == [-1, 0]


def test_of_what_happened_only_what_happened_since_is_new(snapshot, tmp_path):
    def audit(day, *moves):
        changes = [
            {"deal_id": "1", "changed_at": at, "from_stage": left, "to_stage": entered, "manager_id": "Ann"}
            for at, left, entered in moves
        ]
        crm = snapshot(deals=[deal("1", stage="New")], stage_changes=changes, as_of=day)
        return examine(crm, checks=[find_check("H15")])

    first = [("2026-10-02", "New", "Offer"), ("2026-10-03", "Offer", "New")]
    then = audit("2026-10-24", *first)
    assert then.states["wrong"].tolist() == [1]
    record(then, tmp_path)
    (row,) = compared(
        audit("2026-10-31", *first), previous_run(tmp_path, pd.Timestamp("2026-10-31"))
    ).to_dict("records")
    assert (row["state"], row["new"], pd.isna(row["fixed"]), pd.isna(row["open"])) == (
        "happened",
        0,
        True,
        True,
    )
    second = [("2026-10-28", "New", "Offer"), ("2026-10-29", "Offer", "New")]
    now = audit("2026-10-31", *first, *second)
    (row,) = compared(now, previous_run(tmp_path, now.crm.as_of)).to_dict("records")
    assert (row["new"], len(now.violations)) == (1, 1)  # the deal that had gone back went back again
    (row,) = compared(now, None).to_dict("records")
    assert row["state"] == "no_comparison" and pd.isna(row["new"])


def test_whose_a_deal_was_may_be_unknown(audited, tmp_path):
    record(audited([deal("1", ""), deal("2"), deal("3")], day="2026-10-24"), tmp_path)
    now = audited([deal("1"), deal("2", ""), deal("3", "Bob")])
    assert told(compared(now, previous_run(tmp_path, now.crm.as_of))) == {
        "Ann": {"open": 1, "still": 1, "moved_out": 1},
        "Bob": {"open": 1, "moved_in": 1},
        None: {"open": 1, "still": 1},
    }


def test_other_rules_are_known_by_their_digest(snapshot):
    def of(**settings):
        return rules_of(snapshot(deals=[deal("1")], as_of="2026-10-31", **settings))

    same = of()
    assert same == of(managers=[{"name": "Ann"}]) == of(currency="USD")
    norm = [{"name": "New", "norm_days": 3}, {"name": "Lost", "kind": "lost"}]
    others = [of(limits={"stale_days": 30}), of(required_cards={"companies": ["name"]}), of(stages=norm)]
    assert len({same, *others}) == 4
