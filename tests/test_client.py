"""``client.yml``: every mistake at once with its line and remedy; values stay what was written."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from crmkit.client import read_client
from crmkit.errors import CrmkitError, Refusals, SettingsError

GOOD = "format: 1\nname: Firm\nfiles:\n  - {path: deals.csv, table: deals}\n"


@pytest.fixture
def read(tmp_path: Path):
    (tmp_path / "deals.csv").write_text("deal_id\n1\n", encoding="utf-8")

    def written(text: str | bytes):
        (tmp_path / "client.yml").write_bytes(text.encode() if isinstance(text, str) else text)
        return read_client(tmp_path)

    return written


@pytest.fixture
def refused(read):
    """Return what is refused: (place, what, remedy) of each mistake."""

    def told(text: str | bytes) -> list[tuple[str, str, str]]:
        with pytest.raises(CrmkitError) as caught:
            read(text)
        error = caught.value
        errors = error.errors if isinstance(error, Refusals) else (error,)
        return [(one.where, str(one.what), str(one.remedy or "")) for one in errors]

    return told


def test_the_folder_or_the_file(read, tmp_path):
    client = read(GOOD)
    assert client.folder == tmp_path
    assert client.state == tmp_path / ".crmkit"
    assert client.file(client.files[0]) == tmp_path / "deals.csv"
    assert read_client(tmp_path / "client.yml").name == "Firm"
    assert (client.language, client.currency, client.time_zone, client.crm) == ("en", "RUB", "UTC", "plain")


def test_every_mistake_is_told_at_once_with_its_line(refused):
    assert refused(
        "format: 2\n"
        "nmae: Firm\n"
        "language: de\n"
        "currency: rub\n"
        "files:\n"
        "  - path: deals.csv\n"
        "    table: dels\n"
        "    colums: {a: b}\n"
        "pipelines:\n"
        "  - name: Sales\n"
        "    stages:\n"
        "      - {name: Talk, kind: opened, probability: 40}\n"
        "managers: Ann\n"
    ) == [
        ("client.yml:1: format", "this is not one of the possible values", "Possible: 1."),
        ("client.yml: name", "this key is missing", ""),
        ("client.yml:3: language", "this is not one of the possible values", "Possible: 'ru', 'en'."),
        ("client.yml:4: currency", "this is not written as it should be", "Write it so: RUB"),
        (
            "client.yml:7: files[1].table",
            "this is not one of the possible values",
            "Possible: 'deals', 'stage_changes', 'tasks', 'activities', 'companies', 'contacts', 'managers', "
            "'stages', 'plans', 'payments', 'products', 'costs'.",
        ),
        ("client.yml:8: files[1].colums", "there is no such key", "Did you mean «columns»?"),
        (
            "client.yml:12: pipelines[1].stages[1].kind",
            "this is not one of the possible values",
            "Possible: 'open', 'won', 'lost'.",
        ),
        ("client.yml:12: pipelines[1].stages[1].probability", "the number is too large", ""),
        ("client.yml:13: managers", "a list should stand here, each item behind a dash", ""),
        ("client.yml:2: nmae", "there is no such key", "Did you mean «name»?"),
    ]


@pytest.mark.parametrize(
    ("line", "place", "what"),
    [
        ("plan: {a: 1}", "plan", "a list should stand here"),
        ("plan: [{period_start: 2026-01-01, value: much}]", "plan[1].value", "a number should stand here"),
        ("plan: [{period_start: soon, value: 1}]", "plan[1].period_start", "a date such as"),
        ("plan: [{value: 1, who: Ann}]", "plan[1].who", "there is no such key"),
        ("as_of: soon", "as_of", "a date such as"),
        ("as_of: 2026", "as_of", "a date such as"),  # not 33 minutes past midnight in 1970
        ("exported_on: 20261031", "exported_on", "a date such as"),
        ("exported_on: 31.10.2026", "exported_on", "a date such as"),
        ("exported_on: 2026-02-30", "exported_on", "a date such as"),
        ("rates: {usd: 90}", "rates.usd", "not written as it should be"),
        ("rates: {USD: 0}", "rates.USD", "the number is too small"),
        ("rates: {USD: inf}", "rates.USD", "a number should stand here"),
        ("rates: {USD: '92,50'}", "rates.USD", "a number should stand here"),
        ("limits: {cohort_day: 30}", "limits.cohort_day", "there is no such key"),
        ("limits: {few_cases: 2.5}", "limits.few_cases", "a whole number should stand here"),
        ("limits: {few_cases: 0}", "limits.few_cases", "the number is too small"),
        ("limits: {unreadable_share: 30}", "limits.unreadable_share", "the number is too large"),
        ("limits: many", "limits", "keys with values should stand here"),
        ("links: {deal: 'crm/{id}'}", "links.deal", "not written as it should be"),
        ("links: {deal: 'https://crm.example/deal'}", "links.deal", "not written as it should be"),
        ("links: {deals: 'https://crm.example/{id}'}", "links.deals", "there is no such key"),
        ("calendar: {hours: 9-18}", "calendar.hours", "not written as it should be"),
        ("calendar: {hours: '18:00-09:00'}", "calendar", "working hours end before they begin"),
        ("calendar: {days_off: [1 May]}", "calendar.days_off[1]", "a date such as"),
        ("country: ZZ", "country", "there is no such country"),
        ("time_zone: Moscow", "time_zone", "there is no such time zone"),
        ("technical_losses: [{a: b}]", "technical_losses[1]", "text should stand here"),
        ("managers: [{team: North}]", "managers[1].name", "this key is missing"),
        ("managers: [{name: A, hired_on: 2026-01-01, left_on: 2025-12-31}]", "managers[1].left_on", "leaves"),
        ("managers: [{name: Ann}, {name: Ann}]", "managers", "stands here twice"),
        ("plan: [{period_start: 2026-01-01, value: 1}, {period_start: 2026-01-01, value: 2}]", "plan", "twi"),
        ("plan: plans.csv", "plan", "there is no such file"),
        ("pipelines: [{name: A, stages: [{name: x}, {name: x}]}]", "pipelines[1].stages", "twice"),
        ("pipelines: [{name: A, stages: []}, {name: A, stages: []}]", "pipelines", "stands here twice"),
        ("pipelines: [{name: A, stages: [{name: ''}]}]", "@.name", "not be empty"),
        ("pipelines: [{name: A, stages: [{name: x, norm_days: 0}]}]", "@.norm_days", "too small"),
        ("pipelines: [{name: A, stages: [{name: x, required: y}]}]", "@.required", "a list"),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once_and_in_words(refused, line, place, what):
    place = place.replace("@", "pipelines[1].stages[1]")
    told = refused(GOOD + line + "\n")
    assert [where for where, _, _ in told if where == f"client.yml:5: {place}"] == [f"client.yml:5: {place}"]
    assert what in {where: said for where, said, _ in told}[f"client.yml:5: {place}"]
    others = {where for where, _, _ in told} - {f"client.yml:5: {place}"}
    assert others <= {"client.yml:5: plan[1].period_start"}  # the row that lacks its date too


def test_the_plan_stands_in_one_place(refused):
    text = GOOD + "  - {path: deals.csv, table: plans}\nplan: [{period_start: 2026-01-01, value: 1}]\n"
    assert refused(text)[0][:2] == (
        "client.yml:6: plan",
        "the plan stands here and in a file of the table plans",
    )


@pytest.mark.parametrize(
    ("file", "key", "what", "remedy"),
    [
        ("path: dels.csv, table: deals", "path", "there is no such file", "Did you mean «deals.csv»?"),
        (
            "path: other/x.xlsx, table: deals",
            "path",
            "there is no such file",
            "Write the path from the client's",
        ),
        (
            "path: deals.csv, table: deals, columns: {a: stagge}",
            "columns.a",
            "has no column «stagge»",
            "«stage»",
        ),
        ("path: deals.csv, table: deals, columns: {a: stage, b: stage}", "columns", "twice", "Keep one"),
        ("path: deals.csv, table: deals, columns: {a: [b]}", "columns.a", "text should stand here", ""),
        (
            "path: deals.csv, table: deals, encoding: cp9999",
            "encoding",
            "no such encoding",
            "utf-8 or cp1251",
        ),
        ("path: deals.csv, table: deals, dates: d.m.Y", "dates", "not a date format", "%d.%m.%Y"),
        ("path: deals.csv, table: deals, decimal: ;", "decimal", "possible values", "','"),
        ("path: deals.csv, table: deals, delimiter: tab", "delimiter", "one character", ""),
        ("path: deals.csv, table: deals, key: []", "key", "may not be empty", ""),
        ("path: deals.csv, table: deals, key: [[a]]", "key[1]", "text should stand here", ""),
        (
            "path: deals.csv, table: deals, join: {on: {a: b, c: d}}",
            "join.on",
            "at most 1 should stand here",
            "",
        ),
        ("path: deals.csv, table: deals, join: {by: a}", "join.by", "there is no such key", "Possible: on."),
        ("path: deals.csv, table: deals, join: a", "join", "keys with values", ""),
    ],
)
def test_mistakes_in_a_files_entry(refused, file, key, what, remedy):
    told = refused(f"format: 1\nname: Firm\nfiles:\n  - {{{file}}}\n")
    where, said, cure = next(one for one in told if one[0] == f"client.yml:4: files[1].{key}")
    assert what in said
    assert remedy in cure
    assert {where for where, _, _ in told} <= {where, "client.yml:4: files[1].join.on"}


def test_the_same_file_twice_is_a_mistake_and_two_sheets_are_not(read, refused):
    twice = GOOD + "  - {path: ./deals.csv, table: deals}\n"
    assert refused(twice)[0][:2] == ("client.yml:3: files", "two files cannot be told apart")
    sheets = (
        GOOD.replace("table: deals", "table: deals, sheet: 1")
        + "  - {path: deals.csv, table: deals, sheet: 2}\n"
    )
    assert [entry.sheet for entry in read(sheets).files] == ["1", "2"]


def test_values_stay_what_was_written(read):
    client = read(
        "format: 1\n"
        "name: 012\n"
        "as_of: 2026-10-31 18:30:00\n"
        "exported_on: 2026-11-01\n"
        "technical_losses: [no, 12:30, 1.10, 2026-01-01, on, ~x, +79990000001, 0x1F, 1_000]\n"
        "pipelines: [{name: 1, stages: [{name: yes, probability: 0.30, norm_days: 3}]}]\n"
        "managers: [{name: 007, hired_on: 2025-03-01}]\n"
        "rates: {USD: 92.50}\n"
        "files:\n"
        "  - {path: deals.csv, table: deals, columns: {2026: title, off: stage}}\n"
    )
    assert client.name == "012"
    assert client.technical_losses == [
        "no", "12:30", "1.10", "2026-01-01", "on", "~x", "+79990000001", "0x1F", "1_000",
    ]  # fmt: skip
    assert client.pipelines[0].name == "1"
    stage = client.pipelines[0].stages[0]
    assert (stage.name, stage.probability, stage.norm_days) == ("yes", 0.3, 3)
    assert (client.managers[0].name, client.managers[0].hired_on) == ("007", date(2025, 3, 1))
    assert client.as_of == datetime.fromisoformat("2026-10-31 18:30")
    assert client.exported_on == date(2026, 11, 1)
    assert client.files[0].columns == {"2026": "title", "off": "stage"}
    assert client.rates == {"USD": 92.5}


def test_keys_with_nothing_behind_them_are_left_out(read, refused):
    client = read(GOOD + "plan:\nmanagers:\n# - {name: Ann}\ncountry: ~\nlimits: null\n")
    assert (client.plan, client.managers, client.country, client.limits.few_cases) == ([], [], None, 10)
    assert refused(GOOD + "plann:\n") == [
        ("client.yml:5: plann", "there is no such key", "Did you mean «plan»?")
    ]
    assert refused("format: 1\nname:\nfiles:\n") == [
        ("client.yml:2: name", "this key is missing", ""),
        (
            "client.yml:3: files",
            "neither files nor api say what is to be read",
            "Name the files of the export under files, or the folder with the CRM's answers under api.",
        ),
    ]


def test_answers_of_the_crm_stand_in_for_files(read, refused, tmp_path):
    client = read("format: 1\nname: Firm\ncrm: amocrm\napi: api\n")
    assert (client.files, client.answers) == ([], tmp_path / "api")
    assert read(GOOD).answers is None
    assert refused("format: 1\nname: Firm\nfiles: []\n")[0][:2] == (
        "client.yml:3: files",
        "neither files nor api say what is to be read",
    )
    assert refused("format: 1\nname: Firm\ncrm: hubspot\napi: api\n") == [
        ("client.yml:3: crm", "of this CRM no answers are read", "Possible: amocrm, bitrix24.")
    ]


def test_thresholds(read):
    limits = read(GOOD + "limits: {cohort_days: 30, unreadable_share: 0.5}\n").settings().limits
    assert (limits.cohort_days, limits.unreadable_share, limits.few_cases) == (30, 0.5, 10)


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("", "client.yml", "the file holds no settings"),
        ("- a\n- b\n", "client.yml", "the file holds no settings"),
        ("name: a\nname: b\n", "client.yml:2", "the key «name» stands twice"),
        ("files:\n  - {path: a, path: b}\n", "client.yml:2", "the key «path» stands twice"),
        ("name: [a\n", "client.yml:2", "cannot be read as YAML"),
        ("name: a: b\n", "client.yml:1", "cannot be read as YAML"),
        ("\tname: a\n", "client.yml:1", "a tab stands"),
        ("name: {{ client }}\n", "client.yml", "cannot be read as YAML"),
        ("name: !!python/object/apply:os.system [ls]\n", "client.yml:1", "cannot be read as YAML"),
        ("name: a\n---\nname: b\n", "client.yml", "cannot be read as YAML"),
        ("a: &x [*x]\n", "client.yml:1", "references (*x) are not read here"),
        ("a: &x {b: 1}\nc: *x\n", "client.yml:2", "references (*x) are not read here"),
        ("name: *star\n", "client.yml:1", "references (*star) are not read here"),
        ("a: " + "[" * 700, "client.yml:1", "more than 50 deep"),
        ("a: " + "[" * 1_000_000, "client.yml:1", "more than 50 deep"),
        ("\n".join(" " * depth + "a:" for depth in range(700)), "client.yml:51", "more than 50 deep"),
        ("name: Ромашка\n".encode("cp1251"), "client.yml", "the file is not UTF-8 text"),
        ("name: a\0b\n", "client.yml", "cannot be read as YAML"),
        (b"#" * 4_000_001, "client.yml", "larger than 4 MB"),
    ],
)
def test_files_that_are_no_settings(refused, text, where, what):
    told = refused(text)
    assert len(told) == 1
    assert told[0][0].startswith(where)
    assert what in told[0][1]


@pytest.mark.parametrize("place", ["nowhere", "deals.csv", "client.yml/x.yml"])
def test_there_is_no_such_client(tmp_path, place):
    (tmp_path / "deals.csv").touch()
    with pytest.raises(SettingsError) as caught:
        read_client(tmp_path / place)
    assert str(caught.value.what) == "there is no such file"
    assert caught.value.remedy is not None


def test_byte_order_mark_and_cyrillic(read):
    assert read(b"\xef\xbb\xbf" + GOOD.replace("Firm", "Фирма «Ё»").encode()).name == "Фирма «Ё»"


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has imported after ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", code + "\nimport sys; print('|'.join(sys.modules), file=sys.stderr)"],
        capture_output=True, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    return set(done.stderr.strip().split("|"))


def test_importing_the_words_of_a_notebook_is_cheap():
    heavy = {"papermill", "nbformat", "plotly", "holidays", "scipy", "babel", "pydantic", "yaml", "typer"}
    assert loaded_by("from crmkit import read_client, evaluate") & heavy == set()


def test_help_imports_no_pandas():
    code = (
        "import sys\nsys.argv = ['crmkit', '--help']\nfrom crmkit.cli import app\napp(standalone_mode=False)"
    )
    assert loaded_by(code) & {"pandas", "numpy", "pyarrow", "pydantic", "papermill"} == set()


def test_stages_of_one_name_in_two_spellings_are_refused(tmp_path):
    (tmp_path / "deals.csv").write_text("id\n1\n", encoding="utf-8")
    text = (
        "format: 1\nname: A\nfiles: [{path: deals.csv, table: deals, columns: {id: deal_id}}]\n"
        "pipelines:\n  - {name: A, stages: [{name: Счёт}, {name: Offer}, {name: СЧЕТ}]}\n"
        "  - {name: B, stages: [{name: счёт}]}\n"
    )
    (tmp_path / "client.yml").write_text(text, encoding="utf-8")
    with pytest.raises(Refusals) as refused:
        read_client(tmp_path)
    (one,) = refused.value.errors
    assert (one.where, list(one.samples)) == ("client.yml:5: pipelines[1].stages", ["Счёт", "СЧЕТ"])
    assert "differ only in capital letters" in str(one.what)
