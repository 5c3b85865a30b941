"""The described process as a table for people: what a reader follows a deal by, step by step (METHOD 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from crmkit.present.process_texts import norm_text, results_text, version_text
from crmkit.present.process_words import FIELDS
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.process.description import Process, Step

#: More rows than any description has, so that all stand on the page.
ALL = 2000
#: What a page shows of a step at first; the rest is opened, and stands on paper.
FIRST = ("outputs", "responsible", "norm")


def process_table(study: Study, process: Process, name: str) -> Table:
    """Return what is said of each step, a row for each thing that is said, under the name of the step.

    The other columns stand in the workbook of the description.
    """
    rows, folded = list[tuple[str, str, str]](), list[int]()
    for number, step in enumerate(process.steps, 1):
        where = f"{number}. {step.name}" + (f" · {step.stage}" if step.stage else "")
        for key, text in _said(study, step):
            folded += [len(rows)] * (key not in FIRST)
            rows.append((where, study.words.message(FIELDS["steps"][key][0]), text))
    frame = pd.DataFrame(rows, columns=["step", "what", "said"], dtype="str")
    columns = [
        Column("step", study.say("Step")), Column("what", study.say("What about")),
        Column("said", study.say("As described")),
    ]  # fmt: skip
    version = version_text(process, study.formats)
    title = study.say("{name}: {version}", name=process.name, version=version)
    note = study.say(
        "The rest of what is described stands in the workbook of the description, which can be edited."
    )
    return study.table(frame, name, title, columns, [note], parted="step", shown=ALL, folded=folded)


def _said(study: Study, step: Step) -> Iterator[tuple[str, str]]:
    formats = study.formats
    expected = "" if step.expected_conversion is None else formats.share(step.expected_conversion, 0)
    parts = {
        "inputs": results_text(step.inputs, formats),
        "outputs": results_text(step.outputs, formats),
        "responsible": ", ".join(step.responsible),
        "actions": "; ".join(step.actions),
        "key_success_factor": step.key_success_factor,
        "kpi": ": ".join(part for part in (step.kpi, step.target) if part),
        "norm": norm_text(step.norm, formats),
        "expected_conversion": expected,
        "problems": "; ".join(step.problems),
    }
    return ((key, text) for key, text in parts.items() if text)
