"""The board of violations as a page of its own: for a wall screen, a phone and A4; no script, no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from crmkit.documents.html import PAGES, environment
from crmkit.folder import write_whole
from crmkit.present.board import board, heading
from crmkit.present.study import Study
from crmkit.present.tables import Table
from crmkit.present.texts import NBSP, clean

#: Columns that every row shows, even where they are nothing.
SUMS = ("open", "checked", "new", "fixed")


def render_board(study: Study) -> str:
    """Return the page with the board of a client."""
    table = board(study)
    if isinstance(table, Table):
        return page_of(table, study.client.name)
    said = Table(
        "audit_board", heading(study), (), (), table.paragraphs, study.language, study.client.currency
    )
    return page_of(said, study.client.name)


def page_of(table: Table, client: str) -> str:
    """Return a board as one page; everything in it is escaped."""
    rows = [
        {"name": table.shown_at(row, 0).text, "cells": list(_cells(table, row))}
        for row in range(len(table.rows))
    ]
    before = sum(column.key in ("name", *SUMS) for column in table.columns)
    template = environment().get_template("board.html")
    return template.render(
        language=table.language,
        title=clean(table.title),
        client=clean(client),
        heads=[clean(column.heading).replace(NBSP, " ") for column in table.columns],
        first_check=before,
        checks=len(table.columns) - before,
        rows=rows,
        notes=[clean(one) for one in table.notes],
        styles=Markup((PAGES / "board.css").read_text(encoding="utf-8")),  # noqa: S704
    )


def _cells(table: Table, row: int) -> Iterator[dict[str, str]]:
    """Return the figures of a row: what they are, of how many, and how they are marked."""
    for index, column in enumerate(table.columns[1:], 1):
        value = table.rows[row][index]
        text = table.shown_at(row, index).text
        if column.key in SUMS:
            yield {"text": text, "of": "", "mark": "sum"}
            continue
        n = table.cases[column.key][row].n
        if value is None or not n:
            yield {"text": "", "of": "", "mark": "blank"}
            continue
        of = table.words.say("of {n}", n=table.formats.count(n))
        yield {"text": text, "of": of, "mark": "some" if value else "none"}


def write_board(study: Study, path: Path) -> None:
    """Write the board as one self-contained page; the file appears whole or not at all."""
    write_whole(path, render_board(study).encode())
