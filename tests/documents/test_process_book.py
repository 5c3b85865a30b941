"""The workbook of a description: written, read back, re-saved by another program; nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.documents.process_book import write_process_book
from crmkit.errors import ReportError
from crmkit.present.process_words import FIELDS, all_book_words, book_words
from crmkit.process.book import read_book
from crmkit.process.description import CrmStage, Process, Step
from crmkit.process.layout import SHEETS, codes_of
from crmkit.process.lines import read_crm_stage, read_result

WORDS = all_book_words()


def test_a_round_trip_loses_nothing(processes, tmp_path):
    path = tmp_path / "as-is.xlsx"
    chosen = [CrmStage(stage="=1+1", pipeline="[x] → y")]

    @settings(deadline=None, max_examples=25, derandomize=True)
    @given(process=processes, language=st.sampled_from(["ru", "en"]))
    def holds(process, language):
        write_process_book(path, process, language=language, crm_stages=chosen)
        assert read_book(path, WORDS) == (process, ())

    holds()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
@pytest.mark.parametrize("language", ["ru", "en"])
def test_nothing_is_lost_when_libreoffice_saves_the_file_again(language, processes, tmp_path):
    hostile = [
        "=1+1",
        "'quoted",
        "''",
        '"x"',
        "a → b [document]",
        "007",
        "60 %",
        "2026-01-01",
        "true",
        "_x0041_",
        "👩 ёЁ",
    ]
    step = {
        "name": "Offer", "stage": "=A1", "inputs": hostile, "goal": "\n".join(hostile), "tasks": hostile,
        "norm": "1.3333 days",
        "cost_per_case": 1234.56, "expected_conversion": 0.3333,
        "outputs": [{"text": text, "kind": "data", "next_step": text} for text in hostile],
        "crm_stages": [{"stage": "Won", "pipeline": "A › B"}],
        "sub_processes": [{"name": text, "norm": "2"} for text in hostile], "optional": True,
    }  # fmt: skip
    steps = [step] + [{"name": text, "kpi": text} for text in hostile]
    process = Process(
        name="=1+1", dated="2026-09-01", steps=steps, roles=hostile, stages=[{"name": "'x", "exit": "=1"}]
    )
    written, saved = tmp_path / "as-is.xlsx", tmp_path / "saved" / "as-is.xlsx"
    write_process_book(written, process, language=language)
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/profile",
        "--headless",
        "--convert-to",
        "xlsx",
    ]
    subprocess.run(
        [*command, "--outdir", str(saved.parent), str(written)], check=True, capture_output=True, timeout=180
    )
    assert read_book(saved, WORDS)[0] == process


def test_the_same_input_gives_the_same_bytes(tmp_path):
    process = Process(name="Sale", steps=[{"name": "A", "responsible": ["Closer"]}])
    for name in ("one", "two"):
        write_process_book(tmp_path / f"{name}.xlsx", process, language="ru")
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_text_of_people_makes_neither_formulas_nor_links(tmp_path):
    process = Process(
        name="=1+1", steps=[{"name": "=HYPERLINK(1)", "goal": "http://x.example", "tasks": ["+1"]}]
    )
    write_process_book(tmp_path / "a.xlsx", process, language="en", crm_stages=[CrmStage(stage="=cmd")])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        sheets = [book.read(name) for name in book.namelist() if name.startswith("xl/worksheets/")]
        assert not any(b"<f>" in sheet or b"hyperlink" in sheet.lower() for sheet in sheets)


def test_cells_choose_from_roles_stages_and_the_crm(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    step = {"name": "Offer", "responsible": ["Closer"]}
    process = Process(name="Sale", steps=[step], roles=["Closer", "Head"], stages=[{"name": "C"}])
    stages = [CrmStage(stage="Offer", pipeline="Cold"), CrmStage(stage="Won", pipeline="Cold")]
    write_process_book(tmp_path / "a.xlsx", process, language="en", crm_stages=stages)
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["Process steps"]
    headings = {cell.value: cell.column_letter for cell in page[4]}
    lists = {
        str(one.sqref): one.formula1 for one in page.data_validations.dataValidation if one.type == "list"
    }
    # rows 5 (the step) and 6–45 (prepared)
    column = headings["Responsible"]
    assert lists[f"{column}5:{column}45"] == "'Roles'!$A$4:$A$35"
    column = headings["CRM stages"]
    assert lists[f"{column}5:{column}45"] == "'CRM stages'!$C$4:$C$5"
    column = headings["Unit of the norm"]
    assert lists[f"{column}5:{column}45"] == '"working days,working hours,calendar days"'
    assert page.freeze_panes == "D5"
    under = openpyxl.load_workbook(tmp_path / "a.xlsx")["Sub-processes"].data_validations.dataValidation
    assert {str(one.sqref): one.formula1 for one in under}["B4:B33"] == "'Process steps'!$C$5:$C$45"


def test_a_list_that_no_cell_holds_is_refused(tmp_path):
    outputs = [{"text": f"{n} " + "x" * 490, "next_step": "y" * 490} for n in range(40)]  # 40 × 983 signs
    with pytest.raises(ReportError, match="longer than a cell"):
        write_process_book(
            tmp_path / "a.xlsx", Process(name="P", steps=[{"name": "A", "outputs": outputs}]), language="en"
        )
    assert not (tmp_path / "a.xlsx").exists()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_column_is_explained_by_an_example_that_is_read(language):
    assert {sheet: tuple(fields) for sheet, fields in FIELDS.items()} == SHEETS
    spoken = book_words(language)
    for sheet, headings in spoken.columns.items():
        assert len({text.casefold() for text in headings.values()}) == len(headings), sheet
    known = codes_of(WORDS, "results")
    from crmkit.present.words import Words

    examples = {key: Words(language).message(told[2]) for key, told in FIELDS["steps"].items()}
    first, second = (read_result(line, known) for line in examples["outputs"].splitlines())
    assert (first["kind"], second["kind"], second["next_step"]) == ("document", "data", "")
    assert first["next_step"]
    assert all(read_crm_stage(line)["pipeline"] for line in examples["crm_stages"].splitlines())
    assert (
        Step(name=examples["name"], expected_conversion=examples["expected_conversion"]).expected_conversion
        == 0.6
    )
    assert examples["norm_unit"] in spoken.values["units"].values()
