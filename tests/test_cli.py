"""The command line as a person uses it: figures, lists, and refusals with exit code 2."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crmkit.cli import main

ROWS = (
    "id,stage,who,made,closed,sum\n"
    "1,Won,Ann,2026-01-10,2026-02-01,100\n"
    "2,Lost,Ann,2026-01-11,2026-02-02,50\n"
    "3,Won,,2026-01-12,2026-03-03,300\n"
)
SETTINGS = (
    "format: 1\nname: Firm\ncurrency: RUB\n"
    "files:\n"
    "  - path: deals.csv\n"
    "    table: deals\n"
    "    columns: {id: deal_id, stage: stage, who: manager_id, made: created_at, closed: closed_at,"
    " sum: amount}\n"
    "pipelines: [{name: Sales, stages: [{name: Won, kind: won}, {name: Lost, kind: lost}]}]\n"
)


def crmkit(*arguments: object, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``crmkit`` as a person does."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("LANG", "LC_ALL", "LC_MESSAGES")
    }
    environment |= {"CRMKIT_LANGUAGE": "en", "PYTHONIOENCODING": "utf-8"} | variables
    return subprocess.run(
        [sys.executable, "-m", "crmkit", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", errors="replace", check=False, cwd=cwd,
        env=environment,
    )  # fmt: skip


@pytest.fixture
def here(monkeypatch, capsys):
    """Run ``crmkit`` in this process, which is quicker: return the exit code, the output and the errors."""
    monkeypatch.setenv("CRMKIT_LANGUAGE", "en")

    def run(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["crmkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def client(tmp_path: Path) -> Path:
    folder = tmp_path / "клиент"
    folder.mkdir()
    (folder / "client.yml").write_text(SETTINGS, encoding="utf-8")
    (folder / "deals.csv").write_text(ROWS, encoding="utf-8")
    return folder


def test_a_pareto_as_json(client):
    done = crmkit("pareto", client, "--measure", "revenue", "--by", "manager", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    # 300 of nobody's and 100 of Ann's, 400 in all: 300 is 75 %, so both are needed for 80 %
    assert [(row["manager"], row["share"], row["is_core"]) for row in told["rows"]] == [
        (None, 0.75, True),
        ("Ann", 0.25, True),
    ]
    assert told["core"]["core"] == 2 and told["core"]["total"] == 400


def test_figures_need_a_measure_or_a_preset(client):
    done = crmkit("evaluate", client)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no measure is asked for" in done.stderr and "Give --measure or --preset" in done.stderr
    done = crmkit("evaluate", client, "--preset", "monitoring-32")
    assert done.returncode == 2 and "Did you mean «monitoring-23»?" in done.stderr


def test_figures_as_json(client):
    done = crmkit(
        "evaluate", client, "--measure", "revenue", "--by", "manager", "--period", "2026-02-01..2026-04-01",
        "--each", "month", "--format", "json",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["as_of"] == "2026-03-03T00:00:00+00:00"
    assert [
        (row["period_start"][:7], row["by"], row["value"], row["n"], row["state"]) for row in told["rows"]
    ] == [
        ("2026-02", {"manager": "Ann"}, 100, 1, "ok"),
        ("2026-02", {"manager": None}, 0, 0, "empty"),
        ("2026-03", {"manager": "Ann"}, 0, 0, "empty"),
        ("2026-03", {"manager": None}, 300, 1, "ok"),
    ]
    first = told["rows"][0]
    assert (first["measure"], first["variant"], first["unit"]) == ("revenue", None, "money")


def test_figures_as_csv_and_as_a_table(client, here):
    rows = list(
        csv.DictReader(io.StringIO(here("evaluate", client, "--measure", "won_deals", "--format", "csv")[1]))
    )
    assert [(row["measure"], row["value"], row["low"]) for row in rows] == [("won_deals", "2.0", "")]
    code, told, _ = here("evaluate", client, "--measure", "won_deals")
    assert code == 0
    assert "won_deals" in told


def test_an_earlier_moment(client, here):
    _, told, _ = here("evaluate", client, "--measure", "revenue", "--as-of", "2026-02-15", "--format", "json")
    assert [row["value"] for row in json.loads(told)["rows"]] == [100]


def test_the_load_report(client, here):
    told = json.loads(here("load", client, "--format", "json")[1])
    assert list(told["quality"]) == ["verdict", "problems", "joins", "filling", "reach", "unlocks"]
    assert {"need", "alone", "measures", "way", "how"} <= set(told["quality"]["unlocks"][0])
    assert (told["client"], told["rows"]["deals"], told["hidden"]) == ("Firm", 3, {})
    assert told["files"][0]["rows_kept"] == 3
    assert [(one["heading"], one["column"], one["filled"]) for one in told["columns"]][2] == (
        "who",
        "manager_id",
        2,
    )
    assert told["set_aside"] == []
    assert "deals.csv" in here("load", client)[1]


def test_lists(here):
    sources = list(csv.DictReader(io.StringIO(here("list", "sources", "--format", "csv")[1])))
    assert {"amocrm", "bitrix24", "plain"} <= {row["crm"] for row in sources}
    measures = json.loads(here("list", "measures", "--format", "json", "--language", "ru")[1])
    assert {"won_deals", "revenue", "win_rate"} <= {row["id"] for row in measures}
    assert next(row["title"] for row in measures if row["id"] == "revenue") == "Выручка"
    assert {row["name"] for row in json.loads(here("list", "notebooks", "--format", "json")[1])} >= {
        "01_data_intake"
    }
    code, told, _ = here("list", "checks", "--format", "json")
    assert code == 0
    json.loads(told)


def test_new_then_evaluate(tmp_path):
    heading = "deal id,stage,owner,created,closed,amount\n"
    text = heading + "".join(ROWS.splitlines(keepends=True)[1:])
    (tmp_path / "deals_2026-03-31.csv").write_text(text, encoding="utf-8")
    done = crmkit("new", "мой клиент", "deals_2026-03-31.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Written:" in done.stdout
    assert [path.name for path in (tmp_path / "мой клиент").iterdir()] == ["client.yml"]
    told = json.loads(
        crmkit("evaluate", "мой клиент", "--measure", "revenue", "--format", "json", cwd=tmp_path).stdout
    )
    assert told["rows"][0]["value"] == 400
    again = crmkit("new", "мой клиент", "deals_2026-03-31.csv", cwd=tmp_path)
    assert again.returncode == 2
    assert "not overwritten" in again.stderr


def bitrix(folder: Path) -> None:
    (folder / "client.yml").write_text(
        "format: 1\nname: Firm\ncrm: amocrm\nfiles:\n  - {path: DEAL.csv, table: deals}\n", encoding="utf-8"
    )
    (folder / "DEAL.csv").write_text(
        '"ID";"Стадия сделки";"Ответственный";"Сумма";"Сделка закрыта";"Дата создания";\n'
        '"1";"Новая";"Анна";"5";"нет";"01.02.2026 10:00:00";\n',
        encoding="utf-8",
    )


def nameless(folder: Path) -> None:
    settings("id: deal_id, ", "")(folder)


def content(text: str):
    return lambda folder: (folder / "deals.csv").write_text(text, encoding="utf-8")


def settings(old: str, new: str):
    return lambda folder: (folder / "client.yml").write_text(SETTINGS.replace(old, new), encoding="utf-8")


def pdf(folder: Path) -> None:
    (folder / "deals.csv").rename(folder / "deals.xlsx")
    (folder / "deals.xlsx").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")
    settings("deals.csv", "deals.xlsx")(folder)


def rotten_dates(folder: Path) -> None:
    rows = [f"{n},Won,Ann,{'soon' if n % 10 < 3 else '2026-01-10'},,1" for n in range(1, 31)]
    content("id,stage,who,made,closed,sum\n" + "\n".join(rows) + "\n")(folder)


def renamed(folder: Path) -> None:
    (folder / "deals.csv").rename(folder / "deal.csv")


def without_settings(folder: Path) -> None:
    (folder / "client.yml").unlink()


SLASHES = "id,stage,who,made,closed,sum\n1,Won,Ann,01/02/2026,03/04/2026,1\n"

#: What is wrong -> how it is brought about, and what the refusal has to say: where, what, samples, remedy.
BAD = {
    "empty file": (content(""), ["deals.csv", "the file is empty", "Export it again"]),
    "header only": (
        content(ROWS.splitlines()[0] + "\n"),
        ["deals.csv", "no row below them", "id · stage", "Export it again"],
    ),
    "PDF named xlsx": (pdf, ["deals.xlsx", "this is a PDF file", "CSV UTF-8 or XLSX"]),
    "wrong CRM": (
        settings("currency: RUB", "crm: amocmr"),
        ["client.yml:3: crm", "amocmr", "Possible: 'amocrm', 'bitrix24'"],
    ),
    "missing file": (
        renamed,
        ["client.yml:5: files[1].path", "there is no such file", "deals.csv", "Did you mean «deal.csv»?"],
    ),
    "another CRM's file": (
        bitrix,
        [
            "DEAL.csv (amocrm)",
            "an export of another CRM: bitrix24",
            "ID · Стадия сделки",
            "Correct crm in client.yml",
        ],
    ),
    "no number": (
        nameless,
        ["deals.csv (plain)", "feeds the column «deal_id» of deals; the file has: id, stage", "key: row"],
    ),
    "unreadable dates": (
        rotten_dates,
        ["deals.csv (plain): made", "9 of 30 filled cells cannot be read", "2: soon", "Check which column"],
    ),
    "missing column": (
        settings("who: manager_id", "whom: manager_id"),
        ["deals.csv (plain)", "column «whom» is missing; the file has: id, stage", "correct the heading"],
    ),
    "ambiguous dates": (
        content(SLASHES),
        ["deals.csv (plain): made", "the day and the month", "01/02/2026", 'dates: "%d.%m.%Y"'],
    ),
    "unclosed quote": (
        content(ROWS.replace("1,Won,Ann", '1,"Won,Ann')),
        ["deals.csv", "a quotation mark in line 2 is not closed", "Close or delete"],
    ),
    "settings twice": (
        settings("currency: RUB", "currency: RUB\nname: Two"),
        ["client.yml:4", "the key «name» stands twice", "Keep one"],
    ),
    "no settings": (without_settings, ["client.yml", "there is no such file", "Give a folder"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_words(client, name):
    spoil, said = BAD[name]
    spoil(client)
    before = sorted(path.name for path in client.iterdir())
    done = crmkit("evaluate", client, "--measure", "revenue")
    assert (done.returncode, done.stdout) == (2, "")
    for part in said:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert str(client.parent) not in done.stderr  # where a client lies is nobody's business
    assert sorted(path.name for path in client.iterdir()) == before  # nothing half-written, no .crmkit


@pytest.mark.parametrize("name", ["header only", "unreadable dates"])
def test_a_batch_of_a_bad_client_makes_nothing(client, tmp_path, name):
    BAD[name][0](client)
    done = crmkit("run", client, "--out", tmp_path / "reports")
    assert done.returncode == 2
    assert BAD[name][1][1] in done.stderr
    assert "Traceback" not in done.stderr
    assert not (client / ".crmkit").exists()
    assert not (tmp_path / "reports" / "клиент").exists()
    assert list((tmp_path / "reports").rglob("report.*")) == []


def test_refusals_in_russian(client):
    BAD["no settings"][0](client)
    done = crmkit("load", client, CRMKIT_LANGUAGE="ru_RU.UTF-8")
    assert done.returncode == 2
    assert any("а" <= sign <= "я" for sign in done.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--measure", "revenu"), "revenue"),
        (("--measure", "revenue", "--by", "mangaer"), "manager"),
        (("--measure", "revenue", "--period", "2026-13"), "this is not a period"),
        (("--measure", "revenue", "--as-of", "soon"), "this is not a date"),
        (("--measure", "revenue", "--as-of", "9999-12-31"), "this is not a date"),
        (("--measure", "revenue", "--each", "decade"), "decade"),
        (("--measure", "revenue", "--format", "xml"), "xml"),
    ],
)
def test_what_cannot_be_asked(client, here, arguments, said):
    code, told, errors = here("evaluate", client, *arguments)
    assert (code, told) == (2, "")
    assert said in errors


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="rights do not bind this user")
def test_a_folder_that_may_not_be_written_to_is_read(client):
    client.chmod(0o500)
    done = crmkit("load", client)
    client.chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")


def test_new_where_a_file_stands(tmp_path, here):
    (tmp_path / "d.csv").write_text(ROWS.replace("id,", "deal id,", 1), encoding="utf-8")
    (tmp_path / "place").touch()
    code, _, errors = here("new", tmp_path / "place", tmp_path / "d.csv")
    assert code == 2
    assert "cannot be read or written" in errors


def test_signs_that_a_terminal_lacks(client):
    BAD["header only"][0](client)
    done = crmkit("load", client, PYTHONIOENCODING="cp1252")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert r"\u2717 deals.csv" in done.stderr


def test_help_and_version(here):
    code, told, _ = here("--help")
    assert code == 0
    for command in ("new", "load", "evaluate", "list", "simulate", "notebooks", "run"):
        assert command in told
    assert here("--version")[1].strip().count(".") == 2
