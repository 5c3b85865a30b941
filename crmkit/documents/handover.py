"""All that a consultant hands over about a client's process, in one folder (METHOD 4.8)."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from crmkit.documents.bpmn import bpmn_xml
from crmkit.documents.crm_brief import write_crm_brief
from crmkit.documents.handed import Handed
from crmkit.documents.introduction import write_introduction
from crmkit.documents.onboarding import write_onboarding
from crmkit.documents.process_book import write_process_book
from crmkit.documents.regulation import write_regulation
from crmkit.documents.responsibility import write_responsibility
from crmkit.documents.underway import card_grid, focus
from crmkit.errors import N_, RequestError
from crmkit.folder import write_whole
from crmkit.present.conformance import headings_of
from crmkit.present.lanes import flow_diagram
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.process.beginning import choices_of
from crmkit.process.cards import cards_file, read_cards
from crmkit.process.description import CrmStage, Process
from crmkit.process.yamlform import write_yaml
from crmkit.stages import stage_order

FILES = (
    "regulation.docx", "crm-brief.docx", "crm-brief.xlsx", "responsibility.docx", "onboarding.docx",
    "introduction-plan.docx", "process.xlsx", "process.yml", "process.bpmn", "flow.svg",
)  # fmt: skip


def handed_over(study: Study, process: Process | None = None) -> Handed:
    """Return what is handed over: a version of the client's process, else the latest to-be, else the as-is.

    Raises
    ------
    RequestError: the process is not described, or has no steps. CrmkitError: a description cannot be read.
    """
    chosen = process or study.processes.target
    where = f"{study.client.folder.name}/process"
    if chosen is None or not chosen.steps:
        what = N_("the process is not described") if chosen is None else N_("the description has no steps")
        raise RequestError(where, what, remedy=N_("Make one with «crmkit process new CLIENT»."))
    before = study.processes.as_is if chosen.version == "to_be" else None
    handed = Handed(
        chosen, study.client.name, study.language, study.client.currency, before=before, crm=study.crm,
        headings=headings_of(study.report),
    )  # fmt: skip
    cards = tuple(card_grid(handed, card) for card in read_cards(cards_file(study.client.folder)))
    return replace(handed, focus=focus(study), cards=cards)


def write_handover(study: Study, folder: Path, process: Process | None = None) -> list[Path]:
    """Write all documents of a client's process into a folder: all of them, or none if one fails.

    The same input gives the same bytes. Documents that are there already are written over.

    Returns
    -------
    the files, in the order in which they are read.

    Raises
    ------
    RequestError: the process is not described. CrmkitError: a description cannot be read.
    """
    handed = handed_over(study, process)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=folder) as place:
        _write(study, handed, [Path(place) / name for name in FILES])
        return [Path(place, name).replace(folder / name) for name in FILES]


def _write(study: Study, handed: Handed, paths: list[Path]) -> None:
    write_regulation(handed, paths[0])
    write_crm_brief(handed, paths[1], paths[2])
    write_responsibility(handed, paths[3])
    write_onboarding(handed, paths[4])
    write_introduction(handed, paths[5])
    stages = _crm_stages(study)
    write_process_book(paths[6], handed.process, language=study.language, crm_stages=stages)
    write_yaml(paths[7], handed.process)
    write_whole(paths[8], bpmn_xml(handed.process, handed.words))
    write_whole(paths[9], flow_diagram(handed.process, handed.formats).file().encode())


def _crm_stages(study: Study) -> list[CrmStage]:
    """Return the CRM's stages in order, to choose from in the workbook."""
    order = stage_order(study.crm)
    table = order.table.iloc[order.places.argsort()]
    pairs = zip(table["pipeline"].astype("object"), table["stage"].astype("object"), strict=True)
    return choices_of(
        ("" if is_missing(pipeline) else str(pipeline), str(stage)) for pipeline, stage in pairs
    )
