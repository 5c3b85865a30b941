"""The writers write what FORMATS says, and the committed samples are what the code makes."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml

from crmkit import load, read_client
from crmkit.simulate import (
    Department,
    make_samples,
    read_scenario,
    simulate,
    simulate_to,
    write_amocrm,
    write_bitrix24,
    write_hubspot,
    write_plain,
)
from crmkit.sources.salesforce import long_id

SAMPLES = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def romashka() -> Department:
    return simulate(read_scenario("romashka"))


@pytest.fixture(scope="module")
def vektor() -> Department:
    return simulate(read_scenario("vektor"))


def read(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> tuple[list[str], list[list[str]]]:
    first, *others = csv.reader(
        io.StringIO(path.read_bytes().decode(encoding), newline=""), delimiter=delimiter
    )
    return first, others


def planted(folder: Path) -> dict:
    return yaml.safe_load((folder / "planted.yml").read_text(encoding="utf-8"))


def files(folder: Path) -> dict[str, bytes]:
    """Return all files but what people write and what the kit keeps."""
    inside = (
        path
        for path in folder.rglob("*")
        if path.is_file() and not {".crmkit", ".gitattributes", "audit", "process"} & set(path.parts)
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in inside}


def test_committed_samples_are_what_the_code_makes(tmp_path: Path) -> None:
    make_samples(tmp_path)
    made, committed = files(tmp_path), files(SAMPLES)
    assert sorted(made) == sorted(committed)
    assert [name for name in made if made[name] != committed[name]] == []
    sizes: Counter[str] = Counter()
    for name, content in made.items():
        sizes[name.split("/")[0]] += len(content)
    assert max(sizes.values()) < 1_500_000


@pytest.mark.parametrize("name", ["romashka", "vektor", "northwind-supply"])
def test_samples_tell_their_story(name: str) -> None:
    department = simulate(read_scenario(name))
    deals, reps = department.deals, department.truth.reps.set_index("manager_id")
    closed = deals[deals["status"] != "open"]
    rates = (closed["status"] == "won").groupby(closed["manager_id"], observed=True).mean().sort_values()
    cold, weak = rates.index[:2]
    assert reps["skill"][cold] > 1.0  # looks worst, and is above the average rep
    assert reps["skill"].idxmin() == weak
    book = planted(SAMPLES / name)
    for check in book["carried"]:
        assert sum(len(rows) for rows in book["checks"][check]["offenders"].values()) > 0, check
    assert sorted(book["carried"] + book["not_carried"]) == list(range(1, 24))


def test_amocrm_layout_a(romashka: Department, tmp_path: Path) -> None:
    path = write_amocrm(romashka, tmp_path)
    assert path.name == "amocrm_export_leads_2026-10-31.csv"
    heading, rows = read(path)
    assert heading[:4] == ["ID", "Название сделки", "Бюджет ", "Ответственный"]
    assert heading.count("utm_source") == 2
    assert {len(row) for row in rows} == {len(heading)}
    by_id = {row[0]: row for row in rows}
    stage, ended, company, contact = (
        heading.index(one) for one in ("Этап сделки", "Дата закрытия", "Компания", "Полное имя контакта")
    )
    for deal in romashka.deals.to_dict("records"):
        row = by_id[deal["deal_id"]]
        assert (row[ended] == "не закрыта") == (deal["status"] == "open")
        glued = deal["status"] == "lost" and not pd.isna(deal["lost_reason"])
        assert row[stage] == (f"{deal['stage']} ({deal['lost_reason']})" if glued else deal["stage"])
    assert any(row[stage] == "Закрыто и не реализовано (Нет бюджета (перенос на год))" for row in rows)
    found = {row[0] for row in rows if not row[company] and not row[contact]}
    assert found == set(planted(tmp_path)["checks"][9]["offenders"]["deals"])


def test_amocrm_layout_b_mixes_types_and_is_deterministic(romashka: Department, tmp_path: Path) -> None:
    first, again = (write_amocrm(romashka, tmp_path / one, layout="B") for one in "ab")
    assert first.read_bytes() == again.read_bytes()
    sheet = openpyxl.load_workbook(first).active
    heading = [cell.value for cell in sheet[1]]
    columns = {
        name: [row[heading.index(name)] for row in sheet.iter_rows(min_row=2, values_only=True)]
        for name in ("Бюджет", "Дата создания")
    }
    assert {type(one).__name__ for one in columns["Бюджет"]} == {"int", "str", "NoneType"}
    assert {type(one).__name__ for one in columns["Дата создания"]} == {"datetime", "str"}
    assert len(columns["Бюджет"]) == len(romashka.deals)
    amounts = [float(str(one).replace(" ", "")) for one in columns["Бюджет"] if one is not None]
    assert sum(amounts) == pytest.approx(romashka.deals["amount"].sum())


def test_bitrix24_csv(vektor: Department, tmp_path: Path) -> None:
    path = write_bitrix24(vektor, tmp_path, encoding="utf-8-sig")
    text = path.read_bytes().decode("utf-8")
    assert text.startswith('\ufeff"ID";"Воронка";')
    assert all(line.startswith('"') and line.endswith('";') for line in text.lstrip("\ufeff").splitlines())
    heading, rows = read(path, "utf-8-sig", ";")
    assert heading[-1] == "" and {len(row) for row in rows} == {len(heading)}
    amount, deal = heading.index("Сумма"), heading.index("ID")
    assert max(Counter(row[deal] for row in rows).values()) == 3
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row[deal]] += round(float(row[amount]) * 100)
    for one in vektor.deals.to_dict("records"):
        assert totals[one["deal_id"]] == (0 if pd.isna(one["amount"]) else round(one["amount"] * 100))


def test_bitrix24_tasks_and_history(vektor: Department, tmp_path: Path) -> None:
    write_bitrix24(vektor, tmp_path)
    heading, rows = read(tmp_path / "tasks_2026-10-31.csv", "cp1251", ";")
    text, done = heading.index("Описание"), heading.index("Дата закрытия")
    book = planted(tmp_path)["checks"]
    assert {row[0] for row in rows if row[done] and not row[text]} == set(book[4]["offenders"]["tasks"])
    having = {row[heading.index("CRM")] for row in rows if not row[done]}
    still_open = vektor.deals["deal_id"][vektor.deals["status"] == "open"]
    assert {one for one in still_open if f"D_{one}" not in having} == set(book[1]["offenders"]["deals"])
    heading, rows = read(tmp_path / "stage_history_2026-10-31.csv")
    assert heading == ["ID", "Сделка", "Дата", "Стадия", "Тип"]
    assert Counter(row[4] for row in rows)["1"] == len(vektor.deals)
    settings = yaml.safe_load((tmp_path / "client.yml").read_text(encoding="utf-8"))
    assert settings["files"][2]["columns"] == {
        "Сделка": "deal_id",
        "Дата": "changed_at",
        "Стадия": "to_stage",
    }


def test_bitrix24_cards_and_journal(vektor: Department, tmp_path: Path) -> None:
    write_bitrix24(vektor, tmp_path)
    book = planted(tmp_path)["checks"]
    heading, rows = read(tmp_path / "COMPANY_20261031_7c1e5a90.csv", "cp1251", ";")
    assert heading[:-1] == [
        "ID", "Название компании", "Сфера деятельности", "Город", "ИНН", "Квалификация", "Ответственный",
        "Дата создания",
    ]  # fmt: skip
    assert {row[0] for row in rows if not row[3] or not row[4]} == set(book[6]["offenders"]["companies"])
    assert {row[0] for row in rows if not row[5]} == set(book[10]["offenders"]["companies"])
    heading, rows = read(tmp_path / "CONTACT_20261031_7c1e5a90.csv", "cp1251", ";")
    assert {row[0] for row in rows if not row[4] and not row[5]} == set(book[7]["offenders"]["contacts"])
    crm = load(read_client(tmp_path))
    for name in ("company_id", "contact_id"):  # named by their names, and found by them
        assert crm.deals[name].astype("object").fillna("").tolist() == (
            vektor.deals[name].astype("object").fillna("").tolist()
        )
    firms = vektor.contacts.set_index("contact_id")["company_id"].astype("object").fillna("")
    mine = crm.tables["contacts"].set_index("contact_id")["company_id"].astype("object").fillna("")
    assert mine.to_dict() == firms.to_dict()
    assert len(crm.activities) == len(vektor.activities) and (crm.activities["deal_ix"] >= 0).all()


def test_bitrix24_excel_is_html(vektor: Department, tmp_path: Path) -> None:
    path = write_bitrix24(vektor, tmp_path, excel=True)
    assert path.suffix == ".xls"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<meta http-equiv") and text.count("<tr>") == text.count("</tr>") > len(
        vektor.deals
    )


def test_plain(tmp_path: Path) -> None:
    department = simulate(read_scenario("northwind-supply"))
    heading, rows = read(write_plain(department, tmp_path))
    assert heading[:4] == ["opportunity_id", "opportunity", "owner", "account"]
    created = department.deals["created_at"].iloc[0]
    assert rows[0][heading.index("created")] == f"{created:%m/%d/%Y}"
    settings = yaml.safe_load((tmp_path / "client.yml").read_text(encoding="utf-8"))
    assert settings["files"][0]["columns"]["owner"] == "manager_id"
    assert settings["plan"][0] == {
        "period": "month", "period_start": pd.Timestamp("2025-09-01").date(), "metric": "revenue",
        "value": settings["plan"][0]["value"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("crm", "language"),
    [
        ("amocrm", "ru"), ("amocrm", "en"), ("bitrix24", "en"), ("plain", "ru"), ("hubspot", "en"),
        ("pipedrive", "ru"), ("salesforce", "en"),
    ],
)  # fmt: skip
def test_simulate_to(crm: str, language: str, tmp_path: Path) -> None:
    path = simulate_to(tmp_path, crm=crm, deals=1000, seed=7, language=language)
    delimiter = ";" if crm == "bitrix24" else ","
    _, rows = read(path, "utf-8-sig", delimiter)
    assert len({row[0] for row in rows}) == pytest.approx(1000, rel=0.1)
    settings = yaml.safe_load((tmp_path / "client.yml").read_text(encoding="utf-8"))
    assert (settings["crm"], settings["language"]) == (crm, language)


def test_one_c_prints_titles_groups_and_a_total(tmp_path: Path) -> None:
    path = simulate_to(tmp_path, crm="1c", deals=60, seed=7)
    cells = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    assert path.name == "Интересы 2026-10-31.xlsx"
    assert cells[0][0] == "Интересы 2026-10-31" and cells[2][:2] == ("Номер", "Дата")
    assert cells[-1][0] == "Итого"
    filled = [sum(cell is not None for cell in row) for row in cells[3:-1]]
    groups = {row[0] for row, many in zip(cells[3:-1], filled, strict=True) if many == 1}
    assert groups == {row[10] for row in cells[3:-1]} - {None}  # the people responsible


def test_hubspot_tells_the_last_entry_into_each_stage(tmp_path: Path) -> None:
    department = simulate(read_scenario("northwind-supply"))
    heading, rows = read(write_hubspot(department, tmp_path))
    changes = department.stage_changes
    returned = set(department.truth.planted[15]["deals"])
    own = [row for row in rows if row[0] in returned]
    assert own
    for row in own:
        mine = changes[(changes["deal_id"] == row[0]) & (changes["from_stage"] != changes["to_stage"])]
        for stage, at in mine.groupby("to_stage", observed=True)["changed_at"].max().items():
            assert row[heading.index(f'Date entered "{stage} (Sales)"')] == f"{at:%Y-%m-%d %H:%M}"


def test_salesforce_identifiers_are_whole(tmp_path: Path) -> None:
    heading, rows = read(simulate_to(tmp_path, crm="salesforce", deals=60, seed=7))
    for name in ("Id", "AccountId", "OwnerId"):
        for one in (row[heading.index(name)] for row in rows):
            assert not one or (one == long_id(one[:15]) and len(one) == 18)
    assert long_id("00T000000005001") == "00T000000005001EAA"
