"""The sheets of a description's workbook that are only to be read: the CRM's stages, how to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmkit.documents.process_look import Maker, heading_style, height_of, on_paper
from crmkit.documents.sheets import SOFT, cell_text
from crmkit.errors import N_
from crmkit.present.process_words import FIELDS, SHEETS
from crmkit.process.description import CrmStage, Process
from crmkit.process.lines import crm_stage_line
from crmkit.process.wording import fold

HELP_WIDTHS = (30, 70, 60)
ADVICE = (
    N_("Fill in the sheet «{steps}»: one row a step, in the order in which the steps happen."),
    N_("Leave a cell empty if you do not know: an honest gap is worth more than a guess."),
    N_("Several items in one cell: each on a line of its own (Alt+Enter, in LibreOffice Ctrl+Enter)."),
    N_("Some cells offer a list to choose from; roles and stages that are not in it may be written too."),
    N_("Inputs and outputs: the text, its kind in square brackets, and behind an arrow the next step."),
    N_("An example: {example}"),
    N_("Kinds of inputs and outputs: {kinds}. The arrow may be written ->; both may be left out."),
    N_("A bracket, an arrow or › that is part of the text gets a backslash before it: \\[ \\→ \\›"),
    N_("Columns may be moved and hidden, rows inserted. Do not rename headings, do not merge cells."),
)


def write_crm_stages(page: Any, maker: Maker, process: Process, *, stages: Sequence[CrmStage]) -> None:
    """List the CRM stages: how a step names them, and which step each belongs to now."""
    words, style = maker.words, maker.styles.style
    page.write_string(0, 0, words.message(SHEETS["crm_stages"]), style(bold=True, font_size=13))
    note = words.say("The third column is what the table of steps chooses from. This sheet is not read back.")
    page.write_string(1, 0, note, style(font_color=SOFT, italic=True))
    headings = (
        words.say("Pipeline"), words.say("CRM stage"), words.say("To choose from"),
        words.say("Process step now"),
    )  # fmt: skip
    heading = heading_style(maker.styles, "#d9eef2")
    for column, (text, width) in enumerate(zip(headings, (26, 34, 50, 44), strict=True)):
        page.set_column(column, column, width)
        page.write_string(2, column, text, heading)
    for row, stage in enumerate(stages, 3):
        mine = (step for step in process.steps if any(_means(one, stage) for one in step.crm_stages))
        steps = ", ".join(step.name for step in mine)
        for column, text in enumerate((stage.pipeline, stage.stage, crm_stage_line(stage), steps)):
            page.write_string(row, column, cell_text(text), maker.cell("stage"))
    page.freeze_panes(3, 0)
    page.protect()
    on_paper(page)


def _means(named: CrmStage, stage: CrmStage) -> bool:
    """Tell whether a step's CRM stage is this one; without a pipeline it is that of every pipeline."""
    same = fold(named.stage) == fold(stage.stage)
    return same and (not named.pipeline or fold(named.pipeline) == fold(stage.pipeline))


def write_help(page: Any, maker: Maker) -> None:
    """Explain every column of every sheet, with an example."""
    words, spoken, style = maker.words, maker.spoken, maker.styles.style
    for column, width in enumerate(HELP_WIDTHS):
        page.set_column(column, column, width)
    page.write_string(0, 0, words.message(SHEETS["help"]), style(bold=True, font_size=13))
    said = {
        "steps": spoken.sheets["steps"],
        "example": words.message(FIELDS["steps"]["outputs"][2]).splitlines()[0],
        "kinds": ", ".join(spoken.values["results"].values()),
    }
    for row, advice in enumerate(ADVICE, 2):
        page.write_string(row, 0, f"{row - 1}. {words.say(advice.text, **said)}", style())
    row = 2 + len(ADVICE)
    for sheet, fields in FIELDS.items():
        row += 1
        page.write_string(row, 0, words.message(SHEETS[sheet]), style(bold=True, font_size=12))
        heads = (words.say("Column"), words.say("What to write"), words.say("Example"))
        for column, text in enumerate(heads):
            page.write_string(row + 1, column, text, style(bold=True, bottom=2, font_color=SOFT))
        row += 2
        for told in fields.values():
            texts = [words.message(one) for one in told]
            for column, text in enumerate(texts):
                page.write_string(row, column, text, maker.cell("help", bold=column == 0))
            page.set_row(row, height_of(list(zip(texts, HELP_WIDTHS, strict=True))))
            row += 1
    on_paper(page)
