"""Exceptions: read as people write them, refused with their line, counted and shown as waived."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from crmkit.audit import examine, find_check
from crmkit.audit.waivers import idle_waivers, read_waivers
from crmkit.errors import Refusals, SettingsError
from crmkit.periods import Period


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "exceptions.csv").write_bytes(text.encode(encoding))
    return folder


def test_without_a_file_nothing_is_waived(tmp_path):
    assert read_waivers(tmp_path) is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        "check;id;reason;until\nH01;17;ждём тендер;2026-12-31\n",
        "Проверка,Номер,Причина,До\r\n1,17,ждём тендер,31.12.2026\r\n",
        "до\tпричина\tномер\tпроверка\n31.12.2026\tждём тендер\t 17 \tн1\n\t\t\t\n",
    ],
)
def test_people_write_it_in_several_ways(tmp_path, text, encoding):
    found = read_waivers(write(tmp_path, text, encoding))
    assert found.to_dict("records") == [
        {"check": "H01", "id": "17", "reason": "ждём тендер", "until": pd.Timestamp("2026-12-31"), "line": 2}
    ]
    assert str(found["until"].dtype) == "datetime64[us]"


def test_long_numbers_and_hostile_texts_stay_what_they_are(tmp_path):
    text = 'check,id,reason,until\nH01,1234567890123456789,"=HYPERLINK(""http://x"") <b>\n,",2026-12-31\n'
    (row,) = read_waivers(write(tmp_path, text)).to_dict("records")
    assert row["id"] == "1234567890123456789"
    assert row["reason"] == '=HYPERLINK("http://x") <b>\n,'


def test_every_mistake_is_told_with_its_line(tmp_path):
    lines = [
        "check;id;reason;until",
        "H99;1;r;2026-12-31",  # 2: no such check
        "H01;;r;2026-12-31",  # 3: no row
        "",
        "H01;1;;2026-12-31",  # 5: no reason
        "H01;2;r;",  # 6: no day
        "H01;3;r;31.02.2026",  # 7: no such day
        "H01;4",  # 8: neither reason nor day
        "H01;5;one;2026-12-31",
        "01;5;other;2026-12-31",  # 10: another reason
        "H01;5;one;2027-12-31",  # the same reason again: the later day counts
    ]
    with pytest.raises(Refusals) as refused:
        read_waivers(write(tmp_path, "\n".join(lines)))
    told = [(one.where, str(one.what)) for one in refused.value.errors]
    assert told == [
        ("exceptions.csv:2", "there is no such check"),
        ("exceptions.csv:3", "it is not said which row is meant"),
        ("exceptions.csv:5", "an exception needs a reason"),
        ("exceptions.csv:6", "an exception needs its last day"),
        ("exceptions.csv:7", "this is no date"),
        ("exceptions.csv:8", "an exception needs a reason"),
        ("exceptions.csv:8", "an exception needs its last day"),
        ("exceptions.csv:10", "this row is excepted in line 9 already, for another reason"),
    ]
    assert all(one.remedy is not None for one in refused.value.errors)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"check;id;until\nH01;1;2026-12-31\n", "exceptions.csv:1"),
        (b"", "exceptions.csv:1"),
        (b"check;check;id;reason;until\n", "exceptions.csv:1"),
        (b'check;id;reason;until\nH01;1;"r"x;2026-12-31\n', "exceptions.csv:2"),
        (b"\x00\x01\x98\xff", "exceptions.csv"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, content, where):
    (tmp_path / "exceptions.csv").write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read_waivers(tmp_path)
    assert refused.value.where == where and refused.value.remedy is not None


def test_what_is_waived_counts_and_what_is_idle_is_told(snapshot, tmp_path):
    # Deals 1 and 2 have no task; deal 3 has one. Described: 31 March 2026, the last day of the first waiver.
    crm = snapshot(
        deals=[{"status": "open", "created_at": "2026-03-01"}] * 3,
        tasks=[{"deal_id": "3", "created_at": "2026-03-01", "due_at": "2026-04-02"}],
    )
    rows = ["H01;1;tender;2026-03-31", "H01;2;late;2026-03-30", "H01;3;why;2026-12-31", "H01;x;y;2026-12-31"]
    waivers = read_waivers(write(tmp_path, "\n".join(["check;id;reason;until", *rows])))
    checks = [find_check("H01")]
    audit = examine(crm, checks=checks, waivers=waivers)
    assert audit.states[["state", "wrong", "waived"]].to_numpy().tolist() == [["failed", 2, 1]]
    told = audit.violations[["id", "waived", "waiver"]].astype("object")
    assert told.where(told.notna(), None).to_numpy().tolist() == [["1", True, "tender"], ["2", False, None]]
    idle = idle_waivers(waivers, audit)
    assert idle[["line", "why"]].to_numpy().tolist() == [
        [3, "ran_out"],
        [4, "offends_not"],
        [5, "offends_not"],
    ]
    month = examine(crm, Period.parse("2026-02", "UTC"), checks=checks, waivers=waivers)
    assert idle_waivers(waivers, month)["line"].tolist() == [3]  # the others may offend in another period
    assert idle_waivers(None, audit).empty
