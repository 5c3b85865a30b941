"""Histories out of columns with dates of stages, and out of exports of several days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.client import read_client
from crmkit.errors import Refusals, SourceError
from crmkit.present.words import Words
from crmkit.sources.history import changes_between, suggest_stage_dates
from crmkit.sources.new import look, write_client

WIDE = (
    "Deal,Stage,Created,Owner,Date Talk,Date Offer,Date Paid\n"
    "1,Paid,2026-01-05,Ann,05.01.2026,20.01.2026,20.01.2026\n"
    "2,Talk,2026-02-01,Ann,03.02.2026,,\n"
    "3,Offer,2026-02-01,Gus,,no idea,\n"
)
SETTINGS = """time_zone: Europe/Moscow
limits: {unreadable_share: 0.9}
files:
  - path: a.csv
    table: deals
    columns: {Deal: deal_id, Stage: stage, Created: created_at, Owner: manager_id}
    stage_dates: {date talk: Talk, Date Offer: Offer, Date Paid: Paid}
pipelines:
  - name: Sales
    stages: [{name: Talk}, {name: Paid, kind: won}, {name: Offer, kind: won}]
"""


def _plain(frame: pd.DataFrame) -> list[list[object]]:
    rows = frame.astype("object")
    return rows.where(rows.notna(), None).to_numpy().tolist()


def test_columns_that_the_settings_name_become_stage_changes(make: Callable[..., SimpleNamespace]) -> None:
    made = make(SETTINGS, {"a.csv": WIDE})
    changes = made.stage_changes
    # on 20 January two stages were entered: the settings say that Paid comes before Offer
    assert _plain(changes[["deal_id", "from_stage", "to_stage"]]) == [
        ["1", None, "Talk"],
        ["1", "Talk", "Paid"],
        ["1", "Paid", "Offer"],
        ["2", None, "Talk"],
    ]
    assert changes["changed_at"].iloc[0] == pd.Timestamp("2026-01-05", tz="Europe/Moscow")
    assert changes["line"].tolist() == [2, 2, 2, 3]
    assert made.notes["last_entry_only", "changed_at"][0] == 4
    assert made.notes["unreadable", "changed_at"] == (1, "no idea")
    assert "stage_changes.changed_at" in made.crm.whole_days
    # the cells stay in the deals too
    assert made.deals["Date Talk"].iloc[0] == "05.01.2026"


def test_a_file_whose_rows_come_twice_has_the_same_history(make: Callable[..., SimpleNamespace]) -> None:
    heading, *rows = WIDE.splitlines(keepends=True)
    once, twice = (make(SETTINGS, {"a.csv": heading + "".join(some)}) for some in (rows, rows + rows))
    for made in (once, twice):
        assert made.stage_changes["deal_id"].tolist() == ["1", "1", "1", "2"]
        assert made.stage_changes["deal_ix"].tolist() == [0, 0, 0, 1]


def test_a_file_without_such_columns_has_no_history(make: Callable[..., SimpleNamespace]) -> None:
    text = SETTINGS.replace("    stage_dates: {date talk: Talk, Date Offer: Offer, Date Paid: Paid}\n", "")
    made = make(text, {"a.csv": WIDE})
    assert made.stage_changes.empty
    assert "stage_changes" not in {need.split(".")[0] for need in made.crm.supplied}


def _snapshot(*rows: tuple[str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["deal_id", "stage"], dtype="str")


def test_a_stage_that_differs_between_exports_changed_between_their_days() -> None:
    changes = changes_between(
        [
            (date(2026, 3, 1), _snapshot(("1", "Offer"), ("3", "Talk"), ("4", "Offer"))),
            (date(2026, 1, 1), _snapshot(("1", "Talk"), ("2", "Talk"), ("4", "Talk"))),
            (date(2026, 2, 1), _snapshot(("1", "Talk"), ("2", None))),
        ],
        "Europe/Moscow",
    )
    # 1 moved between February and March; 2 never moved as far as is known; 3 came between February and March;
    # 4 was not in the export of February: it moved between January and March
    assert _plain(changes[["deal_id", "from_stage", "to_stage"]]) == [
        ["1", "Talk", "Offer"],
        ["3", None, "Talk"],
        ["4", "Talk", "Offer"],
    ]
    assert changes["changed_at"].dt.strftime("%Y-%m-%d %H:%M %z").unique().tolist() == [
        "2026-03-01 00:00 +0300"
    ]
    assert changes["known_after"].dt.strftime("%Y-%m-%d").tolist() == [
        "2026-02-01",
        "2026-02-01",
        "2026-01-01",
    ]


def test_exports_that_tell_nothing_new_give_no_changes() -> None:
    one = _snapshot(("1", "Talk"))
    assert changes_between([(date(2026, 1, 1), one), (date(2026, 2, 1), one)], "UTC").empty
    assert changes_between([(date(2026, 1, 1), one)], "UTC").empty


def test_dated_exports_of_a_client_give_the_deals_of_the_last_and_the_history(
    make: Callable[..., SimpleNamespace],
) -> None:
    columns = "columns: {Deal: deal_id, Stage: stage, Created: created_at}"
    entries = "".join(
        f"  - {{path: {name}, table: deals, snapshot: {day}, {columns}}}\n"
        for name, day in (("new.csv", "2026-03-01"), ("old.csv", "2026-02-01"))
    )
    head = "Deal,Stage,Created\n"
    made = make(
        "time_zone: UTC\nfiles:\n" + entries,
        {
            "old.csv": head + "1,Talk,2026-01-05\n2,Talk,2026-01-06\n",
            "new.csv": head + "1,Offer,2026-01-05\n3,Talk,2026-02-10\n",
        },
    )
    # 1 as it stands in the later export, though that one is named first; 2 as it was last seen
    assert dict(zip(made.deals["deal_id"], made.deals["stage"], strict=True)) == {
        "1": "Offer",
        "2": "Talk",
        "3": "Talk",
    }
    changes = made.stage_changes
    assert _plain(changes[["deal_id", "from_stage", "to_stage"]]) == [
        ["1", "Talk", "Offer"],
        ["3", None, "Talk"],
    ]
    assert changes["known_after"].iloc[0] == pd.Timestamp("2026-02-01", tz="UTC")
    assert made.notes["between_exports", "changed_at"][0] == 2
    assert "stage_changes.changed_at" in made.crm.whole_days
    files = made.report.files
    assert (files["rows_read"] == files["rows_kept"] + files["rows_set_aside"]).all()


def test_headings_are_matched_with_stages_for_a_person_to_confirm() -> None:
    headings = ["Дата создания", "Дата Встреча назначена", "Дата взят в  работу", "Оплата", "Data Proposta"]
    stages = ["Взят в работу", "Встреча назначена", "Оплата", "Proposta"]
    assert suggest_stage_dates(headings, stages) == {
        "Дата Встреча назначена": "Встреча назначена",
        "Дата взят в  работу": "Взят в работу",
        "Data Proposta": "Proposta",
    }


def test_a_new_client_is_told_of_stage_dates_and_of_several_days(tmp_path: Path) -> None:
    columns = "deal id,stage,created,owner,date talk\n"
    for day, rows in (
        ("2026-02-01", "1,Talk,2026-01-05,Ann,05.01.2026\n"),
        ("2026-03-01", "1,Paid,2026-01-05,Ann,\n"),
    ):
        (tmp_path / f"deals {day}.csv").write_text(columns + rows + "2,Talk,2026-01-06,Bo,20.01.2026\n")
    found = look(tmp_path, sorted(tmp_path.iterdir()))
    assert [(file.snapshot, file.stage_dates) for file in found.files] == [
        (date(2026, 2, 1), {"date talk": "Talk"}),
        (date(2026, 3, 1), {"date talk": "Talk"}),
    ]
    write_client(tmp_path, sorted(tmp_path.iterdir()), name="New", words=Words("en"))
    client = read_client(tmp_path)
    assert [(file.snapshot, file.stage_dates) for file in client.files] == [
        (file.snapshot, file.stage_dates) for file in found.files
    ]


def test_exports_of_other_deals_are_no_snapshots(tmp_path: Path) -> None:
    for day, deal in (("2026-02-01", 1), ("2026-03-01", 2)):
        (tmp_path / f"deals {day}.csv").write_text(
            f"deal id,stage,created,owner\n{deal},Talk,2026-01-05,Ann\n"
        )
    assert [file.snapshot for file in look(tmp_path, sorted(tmp_path.iterdir())).files] == [None, None]


def test_columns_and_days_that_cannot_be_meant_are_refused(make: Callable[..., SimpleNamespace]) -> None:
    with pytest.raises(SourceError, match="column «Date Talked» is missing"):
        make(SETTINGS.replace("date talk:", "Date Talked:"), {"a.csv": WIDE})
    text = "files:\n  - {path: a.csv, table: tasks, snapshot: 2026-01-01, columns: {Deal: deal_id}}\n"
    with pytest.raises(Refusals, match="only files of deals may say this"):
        make(text, {"a.csv": WIDE})


def test_without_a_list_of_deals_they_are_made_from_the_history(make):
    settings = (
        "files:\n  - path: h.csv\n    table: stage_changes\n"
        "    columns: {deal: deal_id, to: to_stage, at: changed_at, who: manager_id}\n"
        "pipelines: [{name: Sales, stages: [{name: New}, {name: Won, kind: won}, {name: Off, kind: lost}]}]\n"
    )
    loaded = make(settings, {"h.csv": (
        "deal,to,at,who\n"
        "2,New,2026-01-07 10:00,Bob\n1,New,2026-01-05 10:00,Ann\n1,Won,2026-01-09 12:00,Bob\n"
        "3,New,2026-01-06 10:00,Ann\n3,Off,2026-01-08 10:00,Ann\n"
    )})  # fmt: skip
    deals = loaded.deals
    assert deals["deal_id"].tolist() == ["1", "2", "3"]
    assert deals["status"].astype("object").tolist() == ["won", "open", "lost"]
    assert deals["manager_id"].astype("object").tolist() == ["Bob", "Bob", "Ann"]
    assert deals["created_at"].dt.day.tolist() == [5, 7, 6]
    assert deals["closed_at"].dt.day.astype("object").tolist()[0::2] == [9, 8] and pd.isna(
        deals["closed_at"][1]
    )
    assert loaded.notes["deals_from_history", "deal_id"][0] == 3
    assert (loaded.stage_changes["deal_ix"] >= 0).all()


def test_the_history_says_at_which_stage_a_deal_was_lost(make):
    settings = (
        "files:\n  - path: d.csv\n    table: deals\n"
        "    columns: {id: deal_id, stage: stage, lost at: lost_at_stage}\n"
        "  - path: h.csv\n    table: stage_changes\n"
        "    columns: {deal: deal_id, from: from_stage, to: to_stage, at: changed_at}\n"
        "pipelines: [{name: Sales, stages: [{name: New}, {name: Offer}, {name: Won, kind: won},"
        " {name: Off, kind: lost}]}]\n"
    )
    loaded = make(settings, {
        "d.csv": "id,stage,lost at\n1,Off,\n2,Off,\n3,Won,\n4,Off,Talk\n5,Off,\n",
        "h.csv": (
            "deal,from,to,at\n"
            "1,,New,2026-01-05 10:00\n1,New,Offer,2026-01-06 10:00\n1,Offer,Off,2026-01-07 10:00\n"
            "2,New,Off,2026-01-05 10:00\n"  # only the closing was recorded: it names the stage it left
            "3,,New,2026-01-05 10:00\n"
            "4,,New,2026-01-05 10:00\n"  # the card says it itself
        ),
    })  # fmt: skip
    told = loaded.deals["lost_at_stage"].astype("object").where(loaded.deals["lost_at_stage"].notna(), None)
    assert told.tolist() == ["Offer", "New", None, "Talk", None]
