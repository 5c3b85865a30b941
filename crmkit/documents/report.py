"""A client's report from executed notebooks: one page and one workbook of the same tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import crmkit
from crmkit.client import Client
from crmkit.documents.audit_sheet import write_audit_sheet
from crmkit.documents.behind import rows_behind, violations_behind
from crmkit.documents.blocks import Section, tables_of
from crmkit.documents.board import write_board
from crmkit.documents.checklist_book import write_checklist
from crmkit.documents.handover import write_handover
from crmkit.documents.html import Cover, write_report
from crmkit.documents.sheets import Rows
from crmkit.documents.xlsx import write_workbook
from crmkit.periods import Period
from crmkit.present.parity import NAMES
from crmkit.present.study import FINDINGS_MIME, Study, open_study

#: A report's reader wants the results first and their data last; a consultant works the other way.
FIRST, LAST = "06_kpi_report", "01_data_intake"
#: With one of these the report comes with the documents about the process.
ABOUT_THE_PROCESS = {"02_process_as_is", "03_process_to_be"}
#: With this one it comes with the board of violations and the sheet to walk through them.
AUDIT = "04_crm_audit"
#: With this one with its questions as a workbook.
QUESTIONS = "05_sales_system_audit"
DOCUMENTS = "documents"


def compose_report(folder: Path, executed: Sequence[Path], client: Client, language: str) -> dict[str, int]:
    """Write ``report.html``, ``report.xlsx`` and, if the process is described, its documents into a folder.

    Parameters
    ----------
    executed: the notebooks of this run, in their order, all done.

    Returns
    -------
    how many rows each canonical table has.
    """
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in executed]
    findings = [_findings(notebook) for notebook in notebooks]
    in_order = sorted(
        zip(executed, notebooks, strict=True),
        key=lambda pair: (pair[0].stem == LAST, pair[0].stem != FIRST),
    )
    sections = [Section.of(notebook, path.stem) for path, notebook in in_order]
    study = open_study(client.folder, findings[-1]["as_of"], language, findings[-1]["period"]["name"])
    study = replace(study, asked=Period.parse(findings[-1]["asked"], client.time_zone))
    for one in findings:
        study.note(one["rows"])
    write_report(folder / "report.html", _cover(study), sections)
    made = {path.stem for path in executed}
    tables, behind = tables_of(sections), list[Rows]()
    if AUDIT in made:
        tables = [one for one in tables if one.name != "audit_evidence"]  # the sheet of violations has all
        behind.append(violations_behind(study))
        write_board(study, folder / "board.html")
        write_audit_sheet(folder / "audit-sheet.xlsx", study)
    if QUESTIONS in made:
        write_checklist(study, folder / "checklist.xlsx")
    write_workbook(
        folder / "report.xlsx", [*tables, *behind, *rows_behind(study)], language=language, title=client.name
    )
    if ABOUT_THE_PROCESS & made:
        target = study.processes.target
        if target is not None and target.steps:
            write_handover(study, folder / DOCUMENTS)
    return {name: len(frame) for name, frame in study.crm.tables.items() if len(frame)}


def _findings(notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    for cell in reversed(notebook["cells"]):
        for output in cell.get("outputs", ()):
            found = output.get("data", {}).get(FINDINGS_MIME)
            if found is not None:
                return dict(found)
    raise ValueError("an executed notebook without findings")


def _cover(study: Study) -> Cover:
    facts = [
        (study.say("Data as of"), study.formats.moment(study.crm.as_of)),
        (study.say("Period of the figures"), study.period_text()),
        (study.say("Currency"), study.client.currency),
        (study.say("Source"), study.words.message(NAMES[study.client.crm])),
    ]
    return Cover(study.client.name, study.language, facts, crmkit.__version__, study.crm.settings.limits)
