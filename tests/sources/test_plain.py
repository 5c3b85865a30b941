"""Plain lists: what the traps of real exports (FORMATS) do to rows, statuses, dates and money."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from crmkit import evaluate
from crmkit.errors import Refusals, SourceError

ZONE = "Europe/Moscow"
COLUMNS = (
    "    columns: {id: deal_id, stage: stage, created: created_at, closed: closed_at, amount: amount}\n"
    '    dates: "%Y-%m-%d"\n'
)
DEALS = "files:\n  - path: deals.csv\n    table: deals\n" + COLUMNS
STAGES = (
    "pipelines: [{name: Sales, stages: [{name: Talk}, {name: Won, kind: won}, {name: Lost, kind: lost}]}]\n"
)


def ids(frame, chosen):
    return frame["deal_id"][chosen].tolist()


def test_status_comes_from_the_stage_and_from_the_closing_date(make):
    loaded = make(DEALS + STAGES, {"deals.csv": (
        "id,stage,created,closed,amount\n"
        "1,Won,2026-01-10,2026-02-01,100\n"
        "2,Lost,2026-01-11,2026-02-02,0\n"
        "3,Talk,2026-01-12,,300\n"
        "4,Talk,2026-01-13,2026-03-01,400\n"  # open with a closing date: planned
        "5,Won,2026-01-14,,500\n"  # won, nobody knows when
        "6,Later,2026-01-15,,600\n"  # a stage that nobody named, without a closing date: open
        "7,Later,2026-01-16,2026-02-07,700\n"  # with one: won or lost?
        "8,,2026-02-10,,800\n"  # no stage at all
    )})  # fmt: skip
    status = loaded.deals["status"].astype("object").where(loaded.deals["status"].notna(), None)
    assert status.tolist() == ["won", "lost", "open", "open", "won", "open", None, None]
    assert loaded.deals["closed_at"].notna().tolist() == [True, True, False, False, False, False, True, False]
    assert loaded.deals["expected_close_on"].dropna().to_dict() == {3: pd.Timestamp("2026-03-01")}
    assert loaded.notes["open_with_closing_date", "closed_at"] == (1, "4")
    assert loaded.notes["closed_without_date", "closed_at"] == (1, "5")
    assert loaded.notes["unknown_stage", "stage"] == (2, "Later (2)")
    assert loaded.notes["no_status", "status"] == (2, "7 · 8")
    assert loaded.crm.as_of == pd.Timestamp("2026-02-10", tz=ZONE)  # the planned date of 4 is no event
    figures = evaluate(["won_deals", "new_deals", "revenue"], loaded.crm).set_index("measure")["value"]
    assert figures.to_dict() == {"won_deals": 1, "new_deals": 8, "revenue": 100}


def test_status_column_wins_over_the_stage_and_says_so(make):
    settings = DEALS.replace("stage: stage,", "stage: stage, state: status, why: lost_reason,") + STAGES
    loaded = make(settings, {"deals.csv": (
        "id,stage,state,why,created,closed,amount\n"
        "1,Talk,Won,,2026-01-10,2026-02-01,1\n"  # contradicts the stage
        "2,Talk, LOST ,Price,2026-01-10,2026-02-01,1\n"
        "3,Talk,Проиграна,,2026-01-10,2026-02-01,1\n"
        "4,Won,won,Price,2026-01-10,2026-02-01,1\n"  # a reason for the loss of what was won
        "5,Lost,frozen,,2026-01-10,2026-02-01,1\n"  # a word that says nothing: the stage decides
        "6,Talk,,Too far,2026-01-10,,1\n"
    )})  # fmt: skip
    assert loaded.deals["status"].tolist() == ["won", "lost", "lost", "won", "lost", "open"]
    assert loaded.notes["status_contradicts_stage", "status"] == (3, "1 · 2 · 3")
    assert loaded.notes["unknown_status", "status"] == (1, "frozen")
    assert loaded.notes["reason_without_loss", "lost_reason"] == (2, "4 · 6")


def test_one_stage_name_in_two_pipelines(make):
    settings = DEALS.replace("stage: stage,", "stage: stage, line: pipeline,") + (
        "pipelines:\n"
        "  - {name: A, stages: [{name: Done, kind: won}, {name: Off, kind: lost}]}\n"
        "  - {name: B, stages: [{name: Done, kind: lost}, {name: Off, kind: lost}]}\n"
    )
    loaded = make(settings, {"deals.csv": (
        "id,stage,line,created,closed,amount\n"
        "1,Done,A,2026-01-10,2026-02-01,1\n"
        "2,Done,B,2026-01-10,2026-02-01,1\n"
        "3,Done,,2026-01-10,2026-02-01,1\n"  # in which pipeline?
        "4,Off,C,2026-01-10,2026-02-01,1\n"  # whatever the pipeline, «Off» is lost
    )})  # fmt: skip
    status = loaded.deals["status"]
    assert status.astype("object").where(status.notna(), None).tolist() == ["won", "lost", None, "lost"]


def test_stages_from_a_file(make):
    loaded = make(
        DEALS
        + "  - path: stages.csv\n    table: stages\n"
        + "    columns: {Stage: stage, Kind: kind, Chance: default_probability}\n",
        {
            "deals.csv": "id,stage,created,closed,amount\n1,Signed,2026-01-10,2026-02-01,1\n"
            "2,Dead,2026-01-10,2026-02-01,1\n",
            "stages.csv": "Stage,Kind,Chance\nTalk,Open,40%\nSigned,Won,100%\nDead,LOST,0%\nOdd,perhaps,\n",
        },
    )  # fmt: skip
    assert loaded.deals["status"].tolist() == ["won", "lost"]
    assert loaded.stages["default_probability"].tolist()[:3] == [0.4, 1, 0]
    assert loaded.notes["unknown_status", "kind"] == (1, "perhaps")


def test_identifiers_stay_what_they_are(make):
    # read as floats, the first two would be one: 2^53 < 9007199254740993
    loaded = make(DEALS, {"deals.csv": (
        "id,stage,created,closed,amount\n"
        "1234567890123456789,Talk,2026-01-10,,1\n"
        "1234567890123456788,Talk,2026-01-10,,1\n"
        "007,Talk,2026-01-10,,1\n"
        "7,Talk,2026-01-10,,1\n"
    )})  # fmt: skip
    assert loaded.deals["deal_id"].tolist() == ["007", "1234567890123456788", "1234567890123456789", "7"]


def test_repeats_totals_and_broken_rows(make):
    settings = DEALS.replace("closed: closed_at,", "closed: closed_at, changed: updated_at,")
    loaded = make(settings, {"deals.csv": (
        "id,stage,created,closed,changed,amount\n"
        "1,Talk,2026-01-10,,2026-03-01,10\n"  # 2: changed later than line 6, though it stands before it
        "2,Talk,2026-01-11,,2026-01-11,20\n"  # 3: said again in line 5
        "id,stage,created,closed,changed,amount\n"
        "2,Talk,2026-01-11,,2026-01-11,20\n"
        "1,Won,2026-01-10,,2026-02-01,11\n"  # 6
        ",Talk,2026-01-12,,2026-01-12,30\n"  # 7: no number
        "#REF!,Talk,2026-01-12,,2026-01-12,30\n"
        "3,Talk,2026-01-12,,,40\n"  # 9: never changed, so older than line 10
        "3,Lost,2026-01-12,,2026-01-13,41\n"
        "Итого:,,,,,101\n"
    )})  # fmt: skip
    assert loaded.deals[["deal_id", "amount", "line"]].to_numpy().tolist() == [
        ["1", 10, 2],
        ["2", 20, 5],
        ["3", 41, 10],
    ]
    assert loaded.aside == [
        (3, "same_row"), (4, "repeated_heading"), (6, "same_id"), (7, "no_id"), (8, "formula_error"),
        (9, "same_id"), (11, "total"),
    ]  # fmt: skip
    file = loaded.report.files.iloc[0]
    assert (file["rows_read"], file["rows_kept"], file["rows_set_aside"]) == (10, 3, 7)


def test_without_a_date_of_change_the_last_row_is_believed(make):
    loaded = make(DEALS, {"deals.csv": (
        "id,stage,created,closed,amount\n1,Talk,2026-01-10,,10\n1,Talk,2026-01-10,,12\n"
    )})  # fmt: skip
    assert loaded.deals["amount"].tolist() == [12]
    assert loaded.aside == [(2, "same_id")]


def test_sentinels_and_impossible_figures(make):
    settings = DEALS.replace("closed: closed_at,", "closed: closed_at, chance: probability,").replace(
        '    dates: "%Y-%m-%d"\n', ""
    )
    loaded = make(settings, {"deals.csv": (
        "id,stage,created,closed,chance,amount\n"
        "1,Talk,2026-01-10,9999-12-31,50,-5\n"
        "2,Talk,2026-01-11,2050-01-01,1000,1\n"  # 1 000 % is no chance
        "3,Talk,1899-12-30,,0,1\n"
        "4,Won,2026-01-12,2026-01-11,100,1\n"  # closed before it was created
    )})  # fmt: skip
    assert loaded.notes["sentinel", "closed_at"][0] == 2
    assert loaded.notes["sentinel", "created_at"][0] == 1
    assert loaded.deals["closed_at"].notna().tolist() == [False, False, False, True]
    assert loaded.deals["probability"].tolist()[0::2] == [0.5, 0]
    assert pd.isna(loaded.deals["probability"].iloc[1])
    assert loaded.notes["no_share", "probability"] == (1, "1000")
    assert loaded.notes["negative_amount", "amount"] == (1, "1")
    assert loaded.notes["no_creation_date", "created_at"] == (1, "3")
    assert loaded.crm.as_of == pd.Timestamp("2026-01-12", tz=ZONE)


def test_dates_beside_times_do_not_make_negative_cycles(make):
    settings = DEALS.replace('    dates: "%Y-%m-%d"\n', "") + STAGES
    loaded = make(settings, {"deals.csv": (
        "id,stage,created,closed,amount\n"
        "1,Won,2026-01-10 15:30,2026-01-10,1\n"  # the same day: 0 days, not −15:30 hours
        "2,Won,2026-01-10 23:59,2026-01-12,1\n"  # 2 days by the calendar
    )})  # fmt: skip
    assert loaded.crm.whole_days == {"deals.closed_at"}
    assert "closed_before_created" not in {code for code, _ in loaded.notes}
    figures = evaluate("deal_cycle:won_mean", loaded.crm)
    assert (figures["value"].item(), figures["n"].item()) == (1, 2)


def test_short_years_by_the_files_format(make):
    settings = DEALS.replace('"%Y-%m-%d"', '"%d-%m-%y"') + STAGES
    loaded = make(settings, {"deals.csv": "id,stage,created,closed,amount\n1,Won,02-01-26,05-02-26,1\n"})
    assert loaded.deals["created_at"].item() == pd.Timestamp("2026-01-02", tz=ZONE)
    assert loaded.deals["closed_at"].item() == pd.Timestamp("2026-02-05", tz=ZONE)


def test_a_column_with_a_format_of_its_own_beside_the_files(make):
    settings = DEALS.replace('"%Y-%m-%d"', '"%d-%m-%y"').replace(
        "amount: amount", "amount: amount, seen: updated_at"
    )
    loaded = make(settings, {"deals.csv": (
        "id,stage,created,closed,amount,seen\n"
        "1,Talk,02-01-26,,1,2026-02-03 04:05:06\n"
        "2,Talk,03-01-26,,1,2026-02-03 04:05:07\n"
    )})  # fmt: skip
    assert loaded.deals["created_at"].iloc[0] == pd.Timestamp("2026-01-02", tz=ZONE)
    assert loaded.deals["updated_at"].iloc[0] == pd.Timestamp("2026-02-03 04:05:06", tz=ZONE)


def test_rows_without_a_number_of_their_own(make):
    rows = "who,stage,created,closed,amount\nAnn,Talk,2026-01-10,,1\nAnn,Talk,2026-01-10,,1\n"
    settings = DEALS.replace("id: deal_id, ", "who: company_id, ").replace(
        "table: deals\n", "table: deals\n    key: row\n"
    )
    loaded = make(settings, {"deals.csv": rows})
    assert loaded.deals["deal_id"].tolist() == ["deals.csv:2", "deals.csv:3"]  # two rows alike are two deals
    made = make(
        settings.replace("key: row", "key: [Who , created]"),
        {"deals.csv": rows + ",Talk,2026-01-11,,7\n,Talk,,,8\n"},
    )
    # by who and when: the second row says the first again; without both there is no telling
    assert made.deals["deal_id"].tolist() == ["Ann|2026-01-10", "|2026-01-11"]
    assert made.aside == [(2, "same_row"), (5, "no_id")]


def test_files_of_one_name_in_two_folders(make):
    entry = "  - path: {}/deals.csv\n    table: deals\n    key: row\n" + COLUMNS.replace("id: deal_id, ", "")
    text = "stage,created,closed,amount\nTalk,2026-01-10,,{}\n"
    loaded = make(
        "files:\n" + entry.replace("{}", "2025") + entry.replace("{}", "2026"),
        {"2025/deals.csv": text.format(1), "2026/deals.csv": text.format(2)},
    )
    assert loaded.deals[["deal_id", "amount"]].to_numpy().tolist() == [
        ["2025/deals.csv:2", 1],
        ["2026/deals.csv:2", 2],
    ]


def test_several_files_with_different_columns_feed_one_table(make):
    second = (
        "  - path: old.csv\n    table: deals\n    columns: {N: deal_id, Was: created_at, Again: is_repeat}\n"
    )
    loaded = make(
        DEALS + second,
        {
            "deals.csv": "id,stage,created,closed,amount,City\n"
            "1,Talk,2026-01-10,,1,Omsk\n2,Talk,2026-01-10,,1,Tver\n",
            "old.csv": "N;Was;Again\n3;11.01.2026 08:00;да\n2;13.01.2026 08:00;нет\n",
        },
    )  # fmt: skip
    table = loaded.deals.set_index("deal_id")
    assert list(table.index) == ["1", "2", "3"]
    assert table["is_repeat"].astype("object").where(table["is_repeat"].notna(), None).tolist() == [
        None,
        False,
        True,
    ]
    assert table["City"].dropna().to_dict() == {"1": "Omsk"}  # 2 is that of the second file, the later one
    assert table["file"].tolist() == ["deals.csv", "old.csv", "old.csv"]
    # one of the two files has no times: calendar days are compared
    assert "deals.created_at" in loaded.crm.whole_days


def test_two_sheets_of_a_workbook_are_two_files(make, tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "Сделки"
    for row in (
        ["id", "stage", "created", "closed", "amount"],
        ["1", "Talk", "2026-01-10", None, 5],
        [None, "Talk", None, None, 6],
    ):
        book["Сделки"].append(row)
    book.create_sheet("Люди")
    for row in (["who", "group"], ["Ann", "North"]):
        book["Люди"].append(row)
    book.save(tmp_path / "book.xlsx")
    loaded = make(
        DEALS.replace("deals.csv\n", "book.xlsx\n    sheet: Сделки\n")
        + "  - {path: book.xlsx, sheet: Люди, table: managers, columns: {who: name, group: team}}\n",
        {"book.xlsx": tmp_path / "book.xlsx"},
    )
    files = loaded.report.files.set_index("path")
    # the row set aside in one sheet is not counted for the other
    assert files["rows_set_aside"].to_dict() == {"book.xlsx [Сделки]": 1, "book.xlsx [Люди]": 0}
    assert loaded.managers["team"].tolist() == ["North"]


def test_currencies(make):
    settings = DEALS.replace("amount: amount", "amount: amount, cur: currency, gain: margin")
    loaded = make("rates: {EUR: 100}\n" + settings, {"deals.csv": (
        "id,stage,created,closed,amount,gain,cur\n"
        "1,Talk,2026-01-10,,10,5,руб.\n"
        "2,Talk,2026-01-10,,10,5,€\n"
        "3,Talk,2026-01-10,,10,5,usd\n"
        "4,Talk,2026-01-10,,10,5,\n"
        "5,Talk,2026-01-10,,2.5,,USD\n"
    )})  # fmt: skip
    assert loaded.deals["amount"].fillna(-1).tolist() == [10, 1000, -1, 10, -1]
    assert loaded.deals["margin"].fillna(-1).tolist() == [5, 500, -1, 5, -1]
    assert loaded.notes["no_rate", "amount"] == (2, "USD 12.50")
    odd = make(
        settings, {"deals.csv": "id,stage,created,closed,amount,gain,cur\n1,Talk,2026-01-10,,10,,валюта\n"}
    )
    assert odd.deals["amount"].tolist() == [10]  # one name that nobody knows, for all: the client's currency
    assert odd.notes["currency_assumed", "currency"] == (1, "валюта")


def test_custom_columns_keep_their_names_but_never_take_a_canonical_one(make):
    settings = "crm: amocrm\nfiles:\n  - {path: deals.csv, table: deals}\n"
    loaded = make(settings, {"deals.csv": (
        "ID,Название сделки,Этап сделки,Ответственный,Дата создания,status,margin,file,deal_ix,margin.2\n"
        "1,A,Успешно реализовано,Ann,01.02.2026 10:00:00,vip,high,f,9,x\n"
    )})  # fmt: skip
    row = loaded.deals.iloc[0]
    assert (row["status"], row["status.2"]) == ("won", "vip")
    assert pd.isna(row["margin"])
    assert (row["margin.2"], row["margin.2.2"]) == ("high", "x")
    assert (row["file"], row["file.2"], row["deal_ix.2"]) == ("deals.csv", "f", "9")


NO_DATES = DEALS.replace('    dates: "%Y-%m-%d"\n', "")
NO_ID = DEALS.replace("id: deal_id, ", "")
JOINED = DEALS.replace("table: deals\n", "table: deals\n    join: {on: id}\n")
KEYED = NO_ID.replace("table: deals\n", "table: deals\n    key: [id, when]\n")


@pytest.mark.parametrize(
    ("rows", "settings", "said"),
    [
        ("", DEALS, "the file has headings, and no row below them"),
        ("1,a,2026-01-01,,1", DEALS.replace("closed: ", "ended: "), "column «ended» is missing"),
        ("1,a,2026-01-01,,1", NO_ID, "feeds the column «deal_id» of deals"),
        ("1,a,01/02/2026,,1", NO_DATES, "the day and the month"),
        ("1,a,13/02/2026,,1\n2,a,02/13/2026,,1", NO_DATES, "contradict"),
        ('1,a,2026-01-01,,"1,234"', DEALS, "thousands or decimals"),
        ("1,a,2026-01-01,,x\n2,a,2026-01-01,,2", DEALS, "1 of 2 filled cells"),
        ("1,a,2026-01-01,,1", JOINED, "no other file"),
        ("1,a,2026-01-01,,1", KEYED, "the key names a heading"),
    ],
)
def test_files_that_cannot_be_used(make, rows, settings, said):
    with pytest.raises(SourceError) as caught:
        make(settings, {"deals.csv": f"id,stage,created,closed,amount\n{rows}\n"})
    assert said in str(caught.value.what)
    assert caught.value.remedy is not None
    assert caught.value.where.startswith("deals.csv (plain)")


def test_every_unusable_file_is_told(make):
    settings = DEALS + "  - {path: tasks.csv, table: tasks, columns: {Due: due_at}}\n"
    with pytest.raises(Refusals) as caught:
        make(settings, {"deals.csv": "id\n1\n", "tasks.csv": "Due\n"})
    assert [error.where for error in caught.value.errors] == ["deals.csv (plain)", "tasks.csv (plain)"]


def test_long_numbers_that_a_spreadsheet_rounded_are_told(make, tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["id", "stage", "created", "closed", "amount"],
        [1234567890123456789, "Talk", "2026-01-10", None, 5],
    ):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    loaded = make(DEALS.replace("deals.csv\n", "book.xlsx\n"), {"book.xlsx": tmp_path / "book.xlsx"})
    assert loaded.notes["damaged_numbers", "deal_id"][0] == 1


def test_the_clients_own_columns_come_before_the_crms(make):
    settings = (
        "crm: amocrm\nfiles:\n  - path: deals.csv\n    table: deals\n"
        "    columns: {дата договора: closed_at, Канал *: source}\n"
    )
    loaded = make(settings, {"deals.csv": (
        "ID,Название сделки,Этап сделки,Ответственный,Дата создания,Дата закрытия,"
        "Дата договора,Канал,Источник\n"
        "1,A,Успешно реализовано,Ann,01.02.2026 10:00:00,05.02.2026 10:00:00,03.02.2026,Сайт,Звонок\n"
    )})  # fmt: skip
    row = loaded.deals.iloc[0]
    assert row["closed_at"] == pd.Timestamp("2026-02-03", tz=ZONE)
    assert row["source"] == "Сайт"
    assert (row["Дата закрытия"], row["Источник"]) == (
        "05.02.2026 10:00:00",
        "Звонок",
    )  # kept as the client's own


def test_stages_spelt_otherwise_are_taken_for_the_listed_ones(make):
    """Case, ё and spaces apart they are one, and that is told; of others the nearest is named."""
    settings = DEALS + "pipelines: [{name: A, stages: [{name: Счёт выставлен}, {name: Won, kind: won}]}]\n"
    loaded = make(settings, {"deals.csv": (
        "id,stage,created,closed,amount\n"
        "1,Счет  Выставлен,2026-01-10,,1\n2,won,2026-01-10,,1\n3,won,2026-01-10,,1\n4,W.o.n,2026-01-10,,1\n"
    )})  # fmt: skip
    assert loaded.deals["stage"].tolist() == ["Счёт выставлен", "Won", "Won", "W.o.n"]
    assert loaded.deals["status"].tolist()[1:3] == ["won", "won"]
    assert loaded.notes["stage_spelling", "stage"] == (
        3,
        "won (2) → Won · Счет  Выставлен (1) → Счёт выставлен",
    )
    assert loaded.notes["unknown_stage", "stage"] == (1, "W.o.n (1) ≈ Won")


HISTORY_ONLY = (
    "files: [{path: log.csv, table: stage_changes, columns: {d: deal_id, s: to_stage, at: changed_at}}]\n"
)


def test_a_history_in_several_spellings_is_one_without_a_cycle(make):
    """Without a list the most frequent spelling stands: «счет» twice, the others once each."""
    rows = ["1,Счёт,2026-01-01", "1,счет,2026-01-02", "1,СЧЁТ,2026-01-03", "2,счет,2026-01-01"]
    loaded = make(HISTORY_ONLY, {"log.csv": "\n".join(["d,s,at", *rows, ""])})
    assert set(loaded.stage_changes["to_stage"]) == {"счет"}
    assert loaded.notes["stage_spelling", "to_stage"][0] == 2
    # two that are listed in pipelines of their own stay two
    two = "pipelines: [{name: A, stages: [{name: Счёт}]}, {name: B, stages: [{name: счет}]}]\n"
    loaded = make(HISTORY_ONLY + two, {"log.csv": "\n".join(["d,s,at", *rows, ""])})
    assert set(loaded.stage_changes["to_stage"]) == {"Счёт", "счет", "СЧЁТ"}
    assert loaded.notes["unknown_stage", "to_stage"] == (1, "СЧЁТ (1) ≈ счет")


def test_changes_that_tell_too_little_are_set_aside(make):
    """All of seven rows are accounted for: three kept, four set aside, each for its reason."""
    text = (
        "d,s,at\n1,New,2026-01-01\n,New,2026-01-02\n1,,2026-01-03\n2,New,\n1,Won,2026-01-04\n"
        "1,Won,2026-01-04\n3,New,2026-01-01\n"
    )
    loaded = make(HISTORY_ONLY, {"log.csv": text})
    assert loaded.aside == [(3, "no_id"), (4, "no_stage"), (5, "no_moment"), (7, "same_row")]
    assert loaded.report.files["rows_kept"].item() == len(loaded.stage_changes) == 3


@pytest.mark.parametrize("backwards", [False, True])
def test_a_deal_stands_where_the_order_of_stages_says_not_that_of_the_file(make, backwards):
    """Offer and Won at one moment: won. No and Offer: both lie in the list, lost is later."""
    stages = (
        "pipelines: [{name: A, stages: [{name: Offer}, {name: Won, kind: won}, {name: No, kind: lost}]}]\n"
    )
    rows = ["1,Offer,2026-01-05,A", "1,Won,2026-01-05,A", "2,Offer,2026-01-06,A", "2,No,2026-01-06,A"]
    rows.append("2,No,2026-01-06,B")
    text = "\n".join(["d,s,at,who", *(rows[::-1] if backwards else rows), ""])
    columns = HISTORY_ONLY.replace("at: changed_at", "at: changed_at, who: manager_id")
    loaded = make(columns + stages, {"log.csv": text})
    assert loaded.deals["manager_id"].tolist() == ["A", "B"]
    assert loaded.deals["stage"].tolist() == ["Won", "No"]
    assert loaded.deals["status"].tolist() == ["won", "lost"]
    assert loaded.deals["lost_at_stage"].tolist()[1] == "Offer"


BITRIX, AMO = "DEAL_20260331_1f2e3d4c.csv", "amocrm_export_leads_2026-03-31.csv"


@pytest.mark.parametrize(
    ("crm", "name", "other"), [("amocrm", BITRIX, "bitrix24"), ("bitrix24", AMO, "amocrm")]
)
def test_an_export_of_another_crm(make, fixtures, crm, name, other):
    settings = f"crm: {crm}\nfiles:\n  - {{path: {name}, table: deals}}\n"
    with pytest.raises(SourceError, match=f"export of another CRM: {other}"):
        make(settings, {name: fixtures / name})


def test_who_says_what_the_headings_mean_is_believed(make, fixtures):
    columns = "{Стадия сделки: stage, Предполагаемая дата закрытия: expected_close_on}"
    settings = f"crm: amocrm\nfiles:\n  - {{path: {BITRIX}, table: deals, columns: {columns}}}\n"
    assert make(settings, {BITRIX: fixtures / BITRIX}).deals["stage"].notna().all()


def test_the_day_of_winning_and_of_losing_tell_the_status(make):
    settings = (
        "files:\n  - path: d.csv\n    table: deals\n    columns: {id: deal_id, won: won_at, lost: lost_at}\n"
    )
    loaded = make(settings, {"d.csv": (
        "id,won,lost\n"
        "1,2026-02-01,\n"
        "2,,2026-02-02\n"
        "3,2026-02-05,2026-02-03\n"  # lost, taken up again and won: the later counts
        "4,,\n"  # neither: open
    )})  # fmt: skip
    assert loaded.deals["status"].tolist() == ["won", "lost", "won", "open"]
    assert loaded.deals["closed_at"].dt.day.astype("object").tolist()[:3] == [1, 2, 5]
    assert "deals.closed_at" in loaded.crm.whole_days and "won_at" not in loaded.deals


def test_words_of_the_client_say_what_a_status_is(make):
    settings = (
        DEALS.replace("stage: stage,", "state: status,") + "statuses: {Dead: lost, on hold: open, '1': won}\n"
    )
    loaded = make(settings, {"deals.csv": (
        "id,state,created,closed,amount\n"
        "1,dead,2026-01-10,2026-02-01,1\n2,On Hold,2026-01-10,,1\n3,1,2026-01-10,2026-02-01,1\n"
        "4,Zombie,2026-01-10,2026-02-01,1\n"
    )})  # fmt: skip
    assert loaded.deals["status"].astype("object").tolist()[:3] == ["lost", "open", "won"]
    assert loaded.notes["unknown_status", "status"] == (1, "Zombie")


def test_a_time_beside_its_date_is_put_behind_it(make):
    settings = (
        "files:\n  - path: c.csv\n    table: activities\n    columns: {Id: activity_id, Date: at, Time: at}\n"
    )
    loaded = make(settings, {"c.csv": (
        "Id,Date,Time\n1,2026-01-05,9:12:58\n2,2026-01-05,18:00:00\n3,2026-01-06,\n4,,10:00:00\n"
    )})  # fmt: skip
    moments = (
        loaded.activities.sort_values("activity_id")["at"]
        .dt.tz_localize(None)
        .dropna()
        .astype("str")
        .tolist()
    )
    # without a time the day begins; without a date nothing is known
    assert moments == ["2026-01-05 09:12:58", "2026-01-05 18:00:00", "2026-01-06 00:00:00"]


def test_of_two_columns_of_moments_the_first_filled_counts(make):
    columns = "{Id: deal_id, Made: created_at, Added: created_at}"
    settings = f"files:\n  - path: c.csv\n    table: deals\n    columns: {columns}\n"
    loaded = make(settings, {"c.csv": "Id,Made,Added\n1,2026-01-05,2026-01-07\n2,,2026-01-06\n"})
    assert loaded.deals["created_at"].dt.day.tolist() == [5, 6]


def test_a_key_wins_over_a_number_that_a_spreadsheet_has_damaged(make):
    # two deals share what is left of their numbers; the last row says the second one again
    lines = "id,stage,created,closed,amount\n" + "".join(
        f"5.80503E+18,{cells}\n"
        for cells in ("Talk,2026-01-10,,1", "Talk,2026-01-11,не закрыта,2", "Talk,2026-01-11,,2")
    )
    by_number = make(DEALS + STAGES, {"deals.csv": lines})
    assert by_number.deals["amount"].tolist() == [2]
    by_key = make(
        DEALS.replace("table: deals\n", "table: deals\n    key: [id, created]\n") + STAGES,
        {"deals.csv": lines},
    )
    assert by_key.deals["amount"].tolist() == [1, 2]
    assert by_key.report.set_aside["reason"].tolist() == ["same_row"]
    by_row = make(
        DEALS.replace("table: deals\n", "table: deals\n    key: row\n") + STAGES, {"deals.csv": lines}
    )
    assert by_row.deals["amount"].tolist() == [1, 2, 2]


def test_days_whose_midnight_the_clocks_skip(make):
    # In Havana the clocks go from 00:00 to 01:00 on 10 March 2024: that day begins at one o'clock.
    lines = "id,stage,created,closed,amount\n1,Won,2024-03-10,2024-03-20,1\n2,Won,2024-03-10,2024-03-09,2\n"
    made = make(f"time_zone: America/Havana\n{DEALS}{STAGES}", {"deals.csv": lines})
    assert made.crm.whole_days == {"deals.created_at", "deals.closed_at"}
    assert made.notes["closed_before_created", "closed_at"] == (1, "2")
    assert evaluate("deal_cycle:won_mean", made.crm)["value"].tolist() == [10]


@pytest.mark.parametrize("word", ["NULL", "NaT", "None", "n/a", "-", "не закрыта"])
def test_words_of_databases_and_scripts_for_no_date(make, word):
    # most deals are open: their dates are missing, and not unreadable
    lines = f"id,stage,created,closed,amount\n1,Won,2024-03-10,2024-03-20,1\n2,Talk,2024-03-10,{word},2\n"
    made = make(DEALS + STAGES, {"deals.csv": lines})
    assert made.deals["closed_at"].notna().tolist() == [True, False]
    assert made.deals["status"].tolist() == ["won", "open"]


def test_days_of_a_workbook_that_are_plain_numbers(make, tmp_path):
    # 45361 is 10 March 2024; beside it a day as text
    book = openpyxl.Workbook()
    for row in (
        ["id", "stage", "created", "closed"],
        ["1", "Won", 45361, "03/20/2024"],
        ["2", "Talk", "03/21/2024", ""],
    ):
        book.active.append(row)
    book.save(tmp_path / "deals.xlsx")
    settings = (
        DEALS.replace("deals.csv", "deals.xlsx")
        .replace(", amount: amount", "")
        .replace('    dates: "%Y-%m-%d"\n', "")
    )
    made = make(settings + STAGES, {"deals.xlsx": tmp_path / "deals.xlsx"})
    assert made.deals["created_at"].dt.date.astype("str").tolist() == ["2024-03-10", "2024-03-21"]


def test_what_a_database_writes_for_nothing_is_nothing_and_told(make):
    settings = DEALS.replace("stage: stage,", "rep: manager_id, from: source, title: title,") + (
        "statuses: {x: won}\n"
    )
    loaded = make(settings, {"deals.csv": (
        "id,rep,from,title,created,closed,amount\n"
        "1,NULL,nan,None,2026-01-10,,1\n2,Ann,unknown,b,2026-01-10,,1\n3,NA,-,c,2026-01-10,,1\n"
    )})  # fmt: skip
    reps, sources = (loaded.deals[name].astype("object") for name in ("manager_id", "source"))
    assert (
        reps.isna().tolist() == [True, False, False] and reps[2] == "NA"
    )  # which may be somebody's initials
    assert sources.isna().tolist() == [True, False, True] and sources[1] == "unknown"  # a word, not nothing
    assert loaded.deals["title"][0] == "None"  # a title is free text
    assert loaded.notes["null_word", "source"] == (2, "nan · -")
