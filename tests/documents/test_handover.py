"""What is handed over about a process, read back as Word, workbook and bytes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
import yaml
from docx.oxml.ns import qn

from crmkit import read_client
from crmkit.documents.crm_brief import _sections
from crmkit.documents.grids import Grid
from crmkit.documents.handed import Handed
from crmkit.documents.handover import FILES, handed_over, write_handover
from crmkit.documents.introduction import days, write_introduction
from crmkit.documents.onboarding import write_onboarding
from crmkit.documents.plainbook import write_plain_book
from crmkit.documents.regulation import write_regulation
from crmkit.documents.responsibility import matrices
from crmkit.errors import RequestError
from crmkit.present.study import open_study
from crmkit.process.description import Process
from crmkit.schema import Snapshot

STEPS: list[dict[str, Any]] = [
    {
        "stage": "Conversion", "name": "Offer", "responsible": ["Closer"], "task_setter": "Head",
        "result_users": ["Lawyer"], "goal": "Make an offer", "tasks": ["Price it"], "actions": ["Send it"],
        "inputs": ["Request"],
        "outputs": [{"text": "Offer sent", "kind": "document", "next_step": "Contract"}],
        "key_success_factor": "The decider reads it", "required_fields": ["amount", "Colour"],
        "automations": ["Task in a day"], "kpi": "Share sent", "target": "90%", "norm": "2 working_days",
        "expected_conversion": 0.6, "crm_stages": ["New"],
        "sub_processes": [
            {"name": "Check", "department": "Law", "owner": "Lawyer", "norm": "4 working_hours"}
        ],
    },
    {"stage": "Conversion", "name": "Contract", "responsible": ["Lawyer"], "crm_stages": ["Nowhere"]},
]  # fmt: skip
PROCESS: dict[str, Any] = {
    "name": "Sale", "version": "to_be", "dated": "2026-12-01",
    "roles": [{"name": "Closer", "crm_role": "closer"}],
    "stages": [{"name": "Conversion", "owner": "Head", "exit": "Signed"}], "steps": STEPS,
}  # fmt: skip
BEFORE = {"name": "Sale", "steps": [STEPS[0] | {"norm": "5 working_days"}, {"name": "Old"}]}
DEALS = [{"status": "open", "amount": 5, "created_at": "2026-03-01"}]


def handed(language: str = "en", **changes: Any) -> Handed:
    return Handed(Process.model_validate(PROCESS | changes), "Firm", language)


def texts(path: Path) -> list[str]:
    """Return every paragraph of a document, in tables too."""
    body = docx.Document(str(path)).element.body
    return ["".join(t.text or "" for t in p.iter(qn("w:t"))) for p in body.iter(qn("w:p"))]


@pytest.fixture
def study(snapshot: Callable[..., Snapshot], tmp_path: Path) -> Any:
    snapshot(DEALS)
    folder = tmp_path / "1"
    (folder / "process").mkdir()
    for name, process in (("as-is", BEFORE), ("to-be", PROCESS)):
        (folder / "process" / f"{name}.yml").write_text(
            yaml.safe_dump({"format": 1, **process}), encoding="utf-8"
        )
    assert read_client(folder).folder == folder
    return lambda language="en": open_study(folder, language=language)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_all_is_written_twice_with_the_same_bytes_and_without_none(
    study: Any, tmp_path: Path, language: str
) -> None:
    written = write_handover(study(language), tmp_path / "a")
    again = write_handover(study(language), tmp_path / "b")
    assert [path.name for path in written] == list(FILES)
    for one, other in zip(written, again, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        if one.suffix == ".docx":
            said = texts(one)
            listed = said.index(study(language).say("What is missing"))
            assert study(language).say("to be agreed") not in said[listed:]
            assert not [text for text in said if re.search(r"\b(None|nan|NaT|N_)\b|\{|\}", text)]
    regulation = texts(written[0])
    for name in ("Offer", "Contract", "Closer", "Lawyer", "Head"):
        assert name in regulation


def test_the_regulation_tells_each_step_and_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "r.docx"
    write_regulation(handed(), path)
    document = docx.Document(str(path))
    heads = [p.text for p in document.paragraphs if p.style.name == "Heading 2"]
    assert heads == ["Offer", "Contract"]
    offer = next(
        t
        for t in document.tables
        if t.cell(0, 0).text == "Process stage" and t.cell(1, 1).text == "Make an offer"
    )
    rows = {row.cells[0].text: row.cells[1].text for row in offer.rows}
    assert rows["Time norm"] == "2 working days" and rows["Result"] == "Offer sent (document) → Contract"
    assert rows["CRM: required fields"] == "Amount, Colour"
    gaps = next(t for t in document.tables if t.cell(0, 2).text == "What is missing")
    told = {row.cells[1].text: row.cells[2].text for row in gaps.rows[1:]}
    # the sub-process has no KPI; the step «Contract» has only somebody responsible and a CRM stage
    assert told["Offer: Check"] == "KPI"
    assert (
        told["Contract"].startswith("Input, Result, Who sets the task")
        and "CRM stages" not in told["Contract"]
    )
    assert set(told) == {"Offer: Check", "Contract"}


def test_changes_are_told_cell_by_cell(study: Any, tmp_path: Path) -> None:
    path = tmp_path / "r.docx"
    write_regulation(handed_over(study()), path)
    said = [
        [cell.text for cell in row.cells] for table in docx.Document(str(path)).tables for row in table.rows
    ]
    assert ["Time norm", "5 working days", "2 working days"] in said
    assert ["Step «Old»", "is dropped", "—", "—"] in said


def test_the_brief_holds_the_clients_stages_and_asks(study: Any, tmp_path: Path) -> None:
    write_handover(study(), tmp_path / "a")
    book = openpyxl.load_workbook(tmp_path / "a" / "crm-brief.xlsx")
    rows = {
        name: [[cell.value for cell in row] for row in book[name].iter_rows(min_row=3)]
        for name in book.sheetnames
    }
    assert rows["Pipeline «Sales» today"][1:] == [
        ["1", "New", "deal in work", "Offer", "2 working days"],
        ["2", "Offer", "deal in work", "to be agreed", "to be agreed"],
        ["3", "Won", "deal won", "—", "—"],
        ["4", "Lost", "deal lost", "—", "—"],
    ]
    asked = [row[1:3] for row in rows["Open points"][1:]]
    assert ["Roles and rights", "further rights of every role"] in asked and ["Offer: Check", "KPI"] in asked
    assert ["Nowhere", "the CRM has no such stage: create it, or correct the description"] in asked
    assert ["Offer", "a CRM stage that belongs to no step"] in asked
    assert ["Offer", "the export has no field «Colour»: create or export it"] in asked
    assert rows["Steps and roles"] == [
        ["Step", "Closer", "Head", "Lawyer"],
        ["Offer", "R", "T", "U"],
        ["Contract", None, None, "R"],
    ]


def test_the_brief_tells_the_pipelines_of_the_process_first_and_roles_in_words(
    snapshot: Callable[..., Snapshot],
) -> None:
    stages = {name: [{"name": f"{name} {at}"} for at in (1, 2)] for name in ("Service", "Sales")}
    crm = snapshot(
        [{"stage": "Sales 1", "pipeline": "Sales", "created_at": "2026-03-01"}],
        pipelines=[{"name": name, "stages": some} for name, some in stages.items()],
    )
    step = {"name": "Offer", "responsible": ["Seller"], "crm_stages": ["Sales 1"]}
    process = {"name": "P", "steps": [step], "roles": [{"name": "Seller", "crm_role": "closer"}]}
    told = Handed(Process.model_validate(process), "Firm", "ru", crm=crm)
    sections = _sections(told)
    titles = [grid.title for grid in sections[0][2]]
    assert ["Sales" in titles[0], "Service" in titles[1]] == [True, True]
    assert sections[3][2][0].rows[0][:2] == ["Seller", "Клоузер"]


def test_a_heading_of_two_lines_gets_a_row_of_two_lines(tmp_path: Path) -> None:
    heads = ["Step", *["Sales representative"] * 9]  # ten columns of 15 signs
    grid = Grid("Matrix", heads, [["Offer", *["R"] * 9]], [1] * 10)
    write_plain_book(tmp_path / "a.xlsx", "Firm", [grid], "")
    page = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    row = next(cell.row for cell in page["A"] if cell.value == "Step")
    assert page.row_dimensions[row].height >= 2 * 15


def test_a_wide_matrix_is_cut_and_leaves_nobody_out() -> None:
    process = Process.model_validate(
        {"name": "x", "steps": [{"name": "s", "result_users": [f"r{n}" for n in range(30)]}]}
    )
    grids = matrices(Handed(process, "Firm", "en"), 12)
    assert [len(grid.headings) - 1 for grid in grids] == [12, 12, 6]


def test_onboarding_has_a_chapter_for_every_role_that_answers(tmp_path: Path) -> None:
    write_onboarding(handed(), tmp_path / "o.docx")
    document = docx.Document(str(tmp_path / "o.docx"))
    assert [p.text for p in document.paragraphs if p.style.name == "Heading 1"] == [
        "Closer",
        "Lawyer",
        "To be agreed",
    ]
    assert "Has done «Offer» alone; time norm: 2 working days" in texts(tmp_path / "o.docx")


def test_the_plan_counts_from_the_day_in_force(tmp_path: Path) -> None:
    # 1 December 2026 less 21 days is 10 November
    assert days(handed(), -21, -15).replace("\u00a0", " ") == "10 Nov 2026 – 16 Nov 2026"
    assert days(handed(dated=None), -21, 0) == "day \u221221 – day 0"
    write_introduction(handed(dated=date(2026, 12, 1)), tmp_path / "i.docx")
    heads = [
        p.text for p in docx.Document(str(tmp_path / "i.docx")).paragraphs if p.style.name == "Heading 1"
    ]
    assert heads == [
        "The plan at a glance", "Set KPIs for every step", "Put the regulation into force",
        "Explain the goals",
        "Accompany the work", "Analyse and correct", "To be agreed",
    ]  # fmt: skip


def test_hostile_descriptions_stay_text(tmp_path: Path, payloads: list[str]) -> None:
    lines = [" ".join(text.split())[:400] for text in payloads if re.search(r"\w", text)]
    steps = [
        {
            "name": f"{text} {number}", "responsible": [text], "actions": [text], "outputs": [text],
            "goal": text,
            "required_fields": [text], "crm_stages": [text], "sub_processes": [{"name": text, "owner": text}],
        }
        for number, text in enumerate(lines)
    ]  # fmt: skip
    found = Handed(Process.model_validate({"name": lines[0], "steps": steps}), lines[0], "en")
    write_regulation(found, tmp_path / "a.docx")
    with zipfile.ZipFile(tmp_path / "a.docx") as parts:
        body = parts.read("word/document.xml").decode()
        assert "External" not in parts.read("word/_rels/document.xml.rels").decode()
    assert set(re.findall(r"<([a-z]+):", body)) == {"w"}
    # fields: the contents, and the number of each table with a caption
    assert body.count("<w:instrText") == 1 + body.count("SEQ Table")


def test_where_one_document_fails_none_is_left(
    study: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crmkit.documents.handover.bpmn_xml", full)
    with pytest.raises(OSError, match="No space"):
        write_handover(study(), tmp_path / "a")
    assert list((tmp_path / "a").iterdir()) == []


def test_without_a_description_it_says_what_to_do(snapshot: Callable[..., Snapshot], tmp_path: Path) -> None:
    snapshot(DEALS)
    with pytest.raises(RequestError, match="not described"):
        write_handover(open_study(tmp_path / "1"), tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_field_that_several_steps_require_is_set_up_once(tmp_path: Path) -> None:
    steps = [STEPS[0], STEPS[1] | {"required_fields": ["Amount", "Signed on"]}]
    write_introduction(handed(steps=steps), tmp_path / "plan.docx")
    # amount, Colour and Signed on
    assert "Set up 3 required fields in the CRM" in " ".join(texts(tmp_path / "plan.docx"))
