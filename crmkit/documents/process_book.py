"""The workbook of a description, made to be filled in by those whose process it is.

It is read back by ``crmkit.process.book``; text is always written as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crmkit.documents.process_help import write_crm_stages, write_help
from crmkit.documents.process_look import (
    DAY_FORMAT,
    GROUPS,
    HEAD,
    MORE,
    Maker,
    book_to_edit,
    fills_of,
    heading_style,
    height_of,
    on_paper,
    shown,
    width_of,
)
from crmkit.documents.sheets import LONGEST_TEXT, SOFT, cell_text
from crmkit.errors import N_, ReportError
from crmkit.present.process_words import FIELDS, SHEETS, book_words
from crmkit.present.words import Words
from crmkit.process.description import CrmStage, Process
from crmkit.process.layout import BookWords, codes_of
from crmkit.process.lines import crm_stage_line, field_line, result_line

ROLES = ("responsible", "task_setter", "result_users", "owner")


def write_process_book(
    path: Path, process: Process, *, language: str, crm_stages: Sequence[CrmStage] = ()
) -> None:
    """Write a description as a workbook; the same input gives the same bytes.

    Parameters
    ----------
    language: of the headings and of what the cells choose from.
    crm_stages: the client's CRM stages, each with its pipeline, in order.

    Raises
    ------
    ReportError: a list is longer than a cell can hold.
    """
    words = Words(language)
    with book_to_edit(path, process.name) as (book, styles):
        _fill(Maker(book, styles, words, book_words(language)), process, crm_stages)


def _fill(maker: Maker, process: Process, crm_stages: Sequence[CrmStage]) -> None:
    """Make the sheets; without a list of CRM stages those that the steps name are chosen from."""
    pages = {key: maker.book.add_worksheet(title) for key, title in maker.spoken.sheets.items()}
    named = dict.fromkeys(one for step in process.steps for one in step.crm_stages)
    stages = list(crm_stages) or list(named)
    rows = _rows(process, maker.spoken)
    choices = _choices(rows, maker.spoken, len(stages))
    for sheet, table in rows.items():
        _write_table(pages[sheet], maker, sheet, rows=table, choices=choices)
    _write_top(pages["steps"], maker, process)
    write_crm_stages(pages["crm_stages"], maker, process, stages=stages)
    write_help(pages["help"], maker)


def _rows(process: Process, spoken: BookWords) -> dict[str, list[dict[str, Any]]]:
    """Return what stands in the rows of each sheet, by column."""
    every = [spoken, *map(book_words, ("en", "ru"))]
    kinds, known = spoken.values["results"], codes_of(every, "results")
    called, fields = spoken.values["fields"], codes_of(every, "fields")
    rows: dict[str, list[dict[str, Any]]] = {"steps": [], "sub_processes": [], "stages": [], "roles": []}
    for number, step in enumerate(process.steps, 1):
        said: dict[str, Any] = {name: getattr(step, name) for name in type(step).model_fields}
        for name in ("inputs", "outputs"):
            said[name] = [result_line(one, kinds, known) for one in said[name]]
        said["required_fields"] = [field_line(one, called, fields) for one in said["required_fields"]]
        said["crm_stages"] = [crm_stage_line(one) for one in step.crm_stages]
        said["optional"] = spoken.values["answers"]["yes"] if step.optional else ""
        rows["steps"].append(_with_words(said, spoken) | {"number": number})
        rows["sub_processes"] += [
            _with_words(dict(one), spoken) | {"number": number, "step": step.name}
            for one in step.sub_processes
        ]
    rows["stages"] = [_with_words(dict(stage), spoken) for stage in process.stages]
    rows["roles"] = [dict(role) for role in process.roles]
    return rows


def _with_words(said: dict[str, Any], spoken: BookWords) -> dict[str, Any]:
    """Put a norm into its two columns, and the kind into words."""
    norm = said.get("norm")
    kind = {"kind": spoken.values["kinds"][said["kind"]]} if "kind" in said else {}
    unit = spoken.values["units"][norm.unit] if norm else ""
    return said | kind | {"norm": norm.amount if norm else "", "norm_unit": unit}


def _choices(
    rows: Mapping[str, Sequence[object]], spoken: BookWords, crm_stages: int
) -> dict[str, dict[str, Any]]:
    """Return what each column chooses from; where a list is another sheet's, other words may be written."""

    def of_sheet(sheet: str, column: str, last: int) -> dict[str, Any]:
        first = HEAD.get(sheet, 2) + 2
        title = spoken.sheets[sheet].replace("'", "''")
        source = f"='{title}'!${column}${first}:${column}${first + max(last, 1) - 1}"
        return {"validate": "list", "source": source, "show_error": False}

    def of_words(group: str) -> dict[str, Any]:
        return {"validate": "list", "source": list(spoken.values[group].values())}

    roles = of_sheet("roles", "A", len(rows["roles"]) + MORE["roles"])
    return {
        **dict.fromkeys(ROLES, roles),
        "stage": of_sheet("stages", "A", len(rows["stages"]) + MORE["stages"]),
        "step": of_sheet("steps", "C", len(rows["steps"]) + MORE["steps"]),
        "crm_stages": of_sheet("crm_stages", "C", crm_stages),
        "kind": of_words("kinds"),
        "norm_unit": of_words("units"),
        "optional": of_words("answers"),
        "norm": {"validate": "decimal", "criteria": ">=", "value": 0.01},
        "cost_per_case": {"validate": "decimal", "criteria": ">=", "value": 0},
        "expected_conversion": {"validate": "decimal", "criteria": "between", "minimum": 1e-4, "maximum": 1},
    }


def _write_table(
    page: Any, maker: Maker, sheet: str, *, rows: Sequence[dict[str, Any]],
    choices: Mapping[str, dict[str, Any]],
) -> None:  # fmt: skip
    """Write the headings of a sheet, its rows, and empty rows with the same drop-downs."""
    top, keys = HEAD[sheet], tuple(FIELDS[sheet])
    last, wide = top + len(rows) + MORE[sheet], sheet == "steps"
    _write_headings(page, maker, sheet)
    for column, key in enumerate(keys):
        if key in choices:
            page.data_validation(top + 1, column, last, column, dict(choices[key]))
    for row in range(top + 1, last + 1):
        values = rows[row - top - 1] if row - top <= len(rows) else {}
        for column, key in enumerate(keys):
            style = maker.cell(key, bold=key == "name")
            _write_cell(page, (row, column), values.get(key, ""), style=style)
        page.set_row(row, height_of([(shown(values.get(key, "")), width_of(sheet, key)) for key in keys]))
    page.freeze_panes(top + 1, 3 if wide or sheet == "sub_processes" else 1)
    page.repeat_rows(0, top)
    on_paper(page, wide=wide, last=(top + len(rows) + 3, len(keys) - 1))
    if not wide:
        title = maker.words.message(SHEETS[sheet])
        page.write_string(0, 0, title, maker.styles.style(bold=True, font_size=13))


def _write_headings(page: Any, maker: Maker, sheet: str) -> None:
    """Write the headings; whoever selects one is told what to write below it."""
    top, keys = HEAD[sheet], tuple(FIELDS[sheet])
    fills = fills_of(sheet, keys)
    spoken = maker.spoken.columns[sheet]
    page.set_row(top, height_of([(spoken[key], 0.85 * width_of(sheet, key)) for key in keys]))
    for column, key in enumerate(keys):
        heading, meaning, _ = (maker.words.message(one) for one in FIELDS[sheet][key])
        page.set_column(column, column, width_of(sheet, key))
        page.write_string(top, column, heading, heading_style(maker.styles, fills[key]))
        hint = {"validate": "any", "input_title": heading[:32], "input_message": meaning[:255]}
        page.data_validation(top, column, top, column, hint)


def _write_cell(page: Any, at: tuple[int, int], value: Any, *, style: Any) -> None:
    if isinstance(value, float | int) and not isinstance(value, bool):
        page.write_number(*at, value, style)
        return
    text = shown(value)
    if len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        what = N_("a list is longer than a cell can hold")
        raise ReportError(
            f"xlsx {at[0] + 1}", what, [text[:40]], N_("Shorten it, or keep the description as YAML.")
        )
    if text:
        page.write_string(*at, cell_text(text), style)
    else:
        page.write_blank(*at, None, style)


def _write_top(page: Any, maker: Maker, process: Process) -> None:
    """Write the row with the process's name, version and date, and a line on how to fill the sheet in."""
    label = maker.styles.style(bold=True, font_color=SOFT, align="right")
    filled = maker.styles.style(bold=True, bottom=1, num_format="@")
    heads, versions = maker.spoken.columns["head"], maker.spoken.values["versions"]
    page.write_string(0, 1, heads["name"], label)
    page.write_string(0, 2, cell_text(process.name), maker.styles.style(bold=True, font_size=13, bottom=1))
    page.write_string(0, 4, heads["version"], label)
    page.write_string(0, 5, versions[process.version], filled)
    page.data_validation(0, 5, 0, 5, {"validate": "list", "source": list(versions.values())})
    page.write_string(0, 6, heads["dated"], label)
    dated = maker.styles.style(bold=True, bottom=1, align="left", num_format=DAY_FORMAT)
    if process.dated and process.dated.year > 1900:
        page.write_datetime(0, 7, process.dated, dated)
    else:
        page.write_string(0, 7, process.dated.isoformat() if process.dated else "", dated)
    hint = N_(
        "One row a step. Several items in a cell: each on a line of its own (Alt+Enter). What to write in each column, with an example: sheet «{sheet}»."  # noqa: E501
    )
    said = maker.words.say(hint.text, sheet=maker.spoken.sheets["help"])
    page.write_string(1, 1, said, maker.styles.style(font_color=SOFT, italic=True))
    keys = tuple(FIELDS["steps"])
    fills = fills_of("steps", keys)
    titles = {first: maker.words.message(title) for first, title, _ in GROUPS}
    for column, key in enumerate(keys):
        style = maker.styles.style(bg_color=fills[key], bold=True, font_color=SOFT)
        page.write_string(2, column, titles.get(key, ""), style)
