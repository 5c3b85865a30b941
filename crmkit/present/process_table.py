"""The described process as a table for people: the columns by which a reader follows a deal (METHOD 4.2)."""

from __future__ import annotations

import pandas as pd

from crmkit.present.process_texts import crm_stage_text, norm_text, results_text, version_text
from crmkit.present.process_words import FIELDS
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.process.description import Process

TEXTS = (
    "name", "inputs", "outputs", "responsible", "key_success_factor", "kpi", "norm", "crm_stages", "problems",
)  # fmt: skip


def process_table(study: Study, process: Process, name: str) -> Table:
    """Return one row per step, under its stage of the process; a cell that nobody filled in is empty.

    The other columns stand in the workbook of the description.
    """
    formats = study.formats
    rows = [
        {
            "stage": step.stage or study.say("Stage not said"),
            "name": step.name,
            "inputs": results_text(step.inputs, formats),
            "outputs": results_text(step.outputs, formats),
            "responsible": ", ".join(step.responsible),
            "key_success_factor": step.key_success_factor,
            "kpi": ": ".join(part for part in (step.kpi, step.target) if part),
            "norm": norm_text(step.norm, formats),
            "expected_conversion": step.expected_conversion,
            "crm_stages": "; ".join(map(crm_stage_text, step.crm_stages)),
            "problems": "; ".join(step.problems),
        }
        for step in process.steps
    ]
    kinds = dict.fromkeys(("stage", *TEXTS), "str") | {"expected_conversion": "float64"}
    frame = pd.DataFrame(rows, columns=["stage", *TEXTS, "expected_conversion"]).astype(kinds)
    columns = [Column(key, study.words.message(FIELDS["steps"][key][0])) for key in ("stage", *TEXTS)]
    expected = study.words.message(FIELDS["steps"]["expected_conversion"][0])
    columns.insert(-2, Column("expected_conversion", expected, "share"))
    title = study.say("{name}: {version}", name=process.name, version=version_text(process, formats))
    note = study.say(
        "All columns stand in the workbook of the description, which can be edited and read again."
    )
    return study.table(frame, name, title, columns, [note], parted="stage", shown=60)
