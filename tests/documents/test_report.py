"""A client's report is put together from notebooks; with those about the process come its documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml
from openpyxl import load_workbook

from crmkit.batch.manifest import inputs, outputs
from crmkit.client import read_client
from crmkit.documents.handover import FILES
from crmkit.documents.report import compose_report
from crmkit.present.study import FINDINGS_MIME, open_study
from crmkit.schema import Snapshot

DEALS = [{"status": "won", "amount": 5, "created_at": "2026-03-01", "closed_at": "2026-03-05"}]
PROCESS = {"format": 1, "name": "Sale", "steps": [{"name": "Offer", "responsible": ["Closer"]}]}


def executed(folder: Path, name: str, client: Path) -> Path:
    """Write a notebook that did nothing but record its findings."""
    found = dict(open_study(client).findings(name).content)
    output = {"output_type": "display_data", "metadata": {}, "data": {FINDINGS_MIME: found}}
    cell = {"cell_type": "code", "source": "", "metadata": {}, "execution_count": 1, "outputs": [output]}
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_documents_come_with_a_notebook_about_the_process(
    snapshot: Callable[..., Snapshot], tmp_path: Path
) -> None:
    snapshot(DEALS)
    client = tmp_path / "1"
    (client / "process").mkdir()
    (client / "process" / "as-is.yml").write_text(yaml.safe_dump(PROCESS), encoding="utf-8")
    for name, expected in (("06_kpi", ()), ("02_process_as_is", FILES)):
        folder = tmp_path / name
        folder.mkdir()
        compose_report(folder, [executed(folder, name, client)], read_client(client), "en")
        told = [one["file"] for one in outputs(folder)]
        assert [one.removeprefix("documents/") for one in told if "/" in one] == sorted(expected)
        assert {"report.html", "report.xlsx"} <= set(told)
    read = [one["file"] for one in inputs(read_client(client), client / "client.yml", "")]
    assert read == ["client.yml", "deals.csv", "process/as-is.yml"]


def test_a_client_without_a_description_gets_a_report_alone(
    snapshot: Callable[..., Snapshot], tmp_path: Path
) -> None:
    snapshot(DEALS)
    compose_report(
        tmp_path, [executed(tmp_path, "02_process_as_is", tmp_path / "1")], read_client(tmp_path / "1"), "en"
    )
    assert (tmp_path / "report.html").exists() and not (tmp_path / "documents").exists()


def test_results_are_read_first_and_the_data_last(snapshot: Callable[..., Snapshot], tmp_path: Path) -> None:
    snapshot(DEALS)
    client = tmp_path / "1"
    names = ("01_data_intake", "02_process_as_is", "06_kpi_report")
    compose_report(tmp_path, [executed(tmp_path, name, client) for name in names], read_client(client), "en")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    places = [page.index(f">{name}<") for name in ("06_kpi_report", "02_process_as_is", "01_data_intake")]
    assert places == sorted(places)


def test_the_audits_bring_board_sheet_and_questions_and_the_workbook_has_all_violations(
    snapshot: Callable[..., Snapshot], tmp_path: Path
) -> None:
    deals = [{"status": "lost", "lost_reason": reason, "created_at": "2026-03-01", "closed_at": "2026-03-05"}
             for reason in ["dear", *[""] * 70]]  # fmt: skip
    snapshot(deals)
    client = tmp_path / "1"
    (client / "exceptions.csv").write_text(
        "check,id,reason,until\nH05,2,tender,2026-12-31\n", encoding="utf-8"
    )
    for names, expected in (
        (["04_crm_audit"], {"board.html", "audit-sheet.xlsx"}),
        (["05_sales_system_audit"], {"checklist.xlsx"}),
    ):
        folder = tmp_path / names[0]
        folder.mkdir()
        compose_report(folder, [executed(folder, name, client) for name in names], read_client(client), "en")
        told = {one["file"] for one in outputs(folder)}
        assert told - {"report.html", "report.xlsx", f"{names[0]}.ipynb"} == expected
    book = load_workbook(tmp_path / "04_crm_audit" / "report.xlsx", read_only=True)
    cells = [[cell.value for cell in row] for row in book["Violations"].iter_rows()]
    numbers = [row for row in cells if "Losses without a reason" in row]
    assert len(numbers) == 70  # the page shows sixty
    read = [one["file"] for one in inputs(read_client(client), client / "client.yml", "")]
    assert "exceptions.csv" in read
