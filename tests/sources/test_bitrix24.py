"""Bitrix24 exports, written by hand after FORMATS 3: CSV, HTML named .xls, product rows, tasks."""

from __future__ import annotations

import csv
import html
import io

import pandas as pd
import pytest

from crmkit.sources.bitrix24 import refine

CSV = "DEAL_20260331_1f2e3d4c.csv"
XLS = "DEAL_20260331_1f2e3d4c.xls"
TASKS = "tasks_2026-03-31.csv"
SETTINGS = "crm: bitrix24\nfiles:\n  - {path: %s, table: deals}\n"
ZONE = "Europe/Moscow"


@pytest.fixture(scope="module")
def deals(make, fixtures):
    return make(SETTINGS % CSV, {CSV: fixtures / CSV})


def test_rows_and_product_rows(deals):
    # 101 has three product rows (its two chairs are two lines of the card), 104 stands in the file twice
    assert deals.aside == [(3, "product_row"), (4, "product_row"), (7, "same_row")]
    table = deals.deals.set_index("deal_id")
    assert list(table.index) == ["101", "102", "103", "104", "105", "106"]
    assert table.loc["101", "amount"] == 30_000 + 4_500.50 + 4_500.50
    assert table.loc["101", "product"] == "Стол"  # all but the amount is that of the first row
    file = deals.report.files.iloc[0]
    assert (file["rows_read"], file["rows_kept"], file["delimiter"]) == (9, 6, ";")


def test_values(deals):
    first = deals.deals.set_index("deal_id").loc["101"]
    assert first["title"] == 'Поставка "Север"'
    assert (first["company_id"], first["source"], first["pipeline"]) == ('ООО "Луч"', "Звонок", "Общая")
    assert first["Тип договора"] == "Разовый"
    table = deals.deals
    assert table["is_repeat"].tolist() == [False, True, False, False, False, False]
    assert table["probability"].dropna().tolist() == [1, 0.4, 0, 0.6]
    assert "column 22" not in table  # the separators at the lines' ends make no column


def test_closing_date_is_planned_until_the_deal_is_closed(deals):
    table = deals.deals.set_index("deal_id")
    assert table["status"].astype("object").where(table["status"].notna(), None).to_dict() == {
        "101": "won",
        "102": "open",
        "103": "lost",
        "104": "open",
        "105": "open",  # a stage that nobody explained, and the card says that it is not closed
        "106": None,  # closed, says the card; won or lost, nobody says
    }
    assert table["closed_at"].dropna().dt.strftime("%d.%m").to_dict() == {
        "101": "20.02", "103": "12.03", "106": "14.02",
    }  # fmt: skip
    assert table["expected_close_on"].dropna().dt.strftime("%d.%m").to_dict() == {
        "102": "15.05",
        "105": "01.06",
    }
    assert deals.crm.whole_days == {"deals.closed_at"}
    assert deals.notes["no_status", "status"] == (1, "106")
    # the closing date of 103 is the latest event: planned dates of open deals are none
    assert deals.crm.as_of == pd.Timestamp("2026-03-12", tz=ZONE)


def test_without_the_word_closed_the_stage_decides(make, fixtures):
    rows = list(csv.reader(io.StringIO((fixtures / CSV).read_text(encoding="utf-8")), delimiter=";"))
    place = rows[0].index("Сделка закрыта")
    text = "\n".join(
        ";".join(cell.replace(";", " ") for cell in row[:place] + row[place + 1 :]) for row in rows
    )
    stages = "pipelines: [{name: Общая, stages: [{name: Переговоры}]}]\n"
    loaded = make(SETTINGS % CSV + stages, {CSV: text.replace('"', "")})
    status = loaded.deals.set_index("deal_id")["status"]
    assert status[["101", "102", "103", "104"]].tolist() == ["won", "open", "lost", "open"]
    assert status[["105", "106"]].isna().all()  # dated, in a stage of no known kind: planned or actual?
    assert loaded.crm.as_of == pd.Timestamp("2026-03-12", tz=ZONE)  # not the 1 June that 105 plans
    assert "open_with_closing_date" not in {code for code, _ in loaded.notes}  # every Bitrix24 deal has one


def test_other_currency_is_left_out_without_a_rate_and_converted_with_one(make, fixtures, deals):
    table = deals.deals.set_index("deal_id")
    assert pd.isna(table.loc["103", "amount"])
    assert deals.notes["no_rate", "amount"] == (1, "USD 700.00")
    assert table["currency"].tolist() == ["RUB", "RUB", "USD", "RUB", "RUB", "RUB"]
    rated = make(SETTINGS % CSV + "rates: {USD: 92.55}\n", {CSV: fixtures / CSV})
    assert rated.deals.set_index("deal_id").loc["103", "amount"] == 64_785  # 700 × 92.55
    assert ("no_rate", "amount") not in rated.notes


def as_html(path) -> bytes:
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")), delimiter=";"))
    lines = ['<meta http-equiv="Content-type" content="text/html;charset=UTF-8" />', '<table border="1">']
    for number, row in enumerate(rows):
        tag = "th" if number == 0 else "td"
        lines.append("<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row[:-1]) + "</tr>")
        if number == 0:
            lines = [*lines[:-1], "<thead>", lines[-1], "</thead>", "<tbody>"]
    return "\n".join([*lines, "</tbody></table>"]).encode()


def test_html_named_xls_and_cp1251_give_the_same_table(make, fixtures, deals):
    page = make(SETTINGS % XLS, {XLS: as_html(fixtures / CSV)})
    old = make(SETTINGS % CSV, {CSV: (fixtures / CSV).read_text(encoding="utf-8").encode("cp1251")})
    assert page.report.files["kind"].tolist() == ["html"]
    assert old.report.files["encoding"].tolist() == ["cp1251"]
    pd.testing.assert_frame_equal(old.deals, deals.deals)
    pd.testing.assert_frame_equal(page.deals.drop(columns="file"), deals.deals.drop(columns="file"))


def test_tasks_find_their_deals(make, fixtures):
    settings = SETTINGS % CSV + f"  - {{path: {TASKS}, table: tasks}}\n"
    loaded = make(settings, {CSV: fixtures / CSV, TASKS: fixtures / TASKS})
    tasks = loaded.tasks.set_index("task_id")
    told = tasks["deal_id"].astype("object").where(tasks["deal_id"].notna(), None)
    # a contact's number is no deal's; with several cards the deal's number is taken
    assert told.to_dict() == {
        "1": "101", "2": "101", "3": "102", "4": None, "5": None, "6": "999", "7": "103",
    }  # fmt: skip
    assert tasks["deal_ix"].to_dict() == {"1": 0, "2": 0, "3": 1, "4": -1, "5": -1, "6": -1, "7": 2}
    assert loaded.notes["unknown_deal", "deal_id"] == (1, "999")
    assert tasks["completed_at"].notna().to_dict() == {
        "1": True, "2": True, "3": False, "4": False, "5": False, "6": False, "7": True,
    }  # fmt: skip
    assert tasks["due_at"].isna().sum() == 1
    assert loaded.crm.as_of == pd.Timestamp(
        "2026-03-30 10:00", tz=ZONE
    )  # a task done; a due date never counts


def product_rows(*rows):
    frame = pd.DataFrame(rows, columns=["deal_id", "product", "amount", "updated_at", "line"])
    return frame.astype({"deal_id": "str", "product": "str"})


def test_two_exports_of_one_deal_are_not_added_up():
    frame = product_rows(
        ("1", "Стол", 10.0, 1, 2),
        ("1", "Стул", 20.0, 1, 3),
        ("1", "Стол", 10.0, 2, 4),
        ("1", "Стул", 25.0, 2, 5),
    )
    kept, merged = refine("deals", frame, ZONE)
    assert kept[["amount", "line"]].to_numpy().tolist() == [[30, 2], [35, 4]]
    assert merged["line"].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("rows", "amounts"),
    [
        ([("1", "Стол", 10.0, 1, 2), ("2", "Стол", 5.0, 1, 3)], [10, 5]),  # one product each
        ([("1", "Стол", None, 1, 2), ("1", "Стул", None, 1, 3)], [None]),  # no amounts at all
        ([("1", "Стол", None, 1, 2), ("1", "Стул", 7.0, 1, 3)], [7]),
        ([(None, "Стол", 1.0, 1, 2), (None, "Стул", 2.0, 1, 3)], [1, 2]),  # no number: two unknown deals
        (
            [("1", None, 1.0, 1, 2), ("1", None, 1.0, 1, 3)],
            [1, 1],
        ),  # no products: left to others
    ],
)
def test_product_rows(rows, amounts):
    kept, _ = refine("deals", product_rows(*rows), ZONE)
    assert [None if pd.isna(amount) else amount for amount in kept["amount"]] == amounts
