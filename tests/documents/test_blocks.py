"""What a report takes from an executed notebook."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from crmkit.documents.blocks import FINDINGS_MIME, Markdown, Section, Verbatim, blocks_of, tables_of
from crmkit.errors import ReportError
from crmkit.present.drawing import Diagram
from crmkit.present.figures import Figure
from crmkit.present.shapes import Text
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences, Tile, Tiles

TABLE = Table.of(
    pd.DataFrame({"a": ["x"]}),
    name="one",
    title="One",
    columns=[Column("a", "A")],
    language="en",
    currency="USD",
)
FIGURE = Figure("chart", "A chart", {"data": [], "layout": {}, "config": {}}, "Chart.", TABLE)
DIAGRAM = Diagram("picture", "A picture", "Alt.", 90, 30, (Text(0, 20, "said"),), ("note",), (), TABLE)


def shown(*data: dict[str, Any], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    outputs = [{"output_type": "display_data", "data": one, "metadata": {}} for one in data]
    return {"cell_type": "code", "source": "", "metadata": {"tags": list(tags)}, "outputs": outputs}


def markdown(text: str | list[str], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": text, "metadata": {"tags": list(tags)}}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}


def test_our_outputs_are_rebuilt_from_their_json() -> None:
    tiles, said = Tiles((Tile("a", "1"),)), Sentences(("So it is.",), "finding")
    objects = [TABLE, tiles, said, FIGURE, DIAGRAM]
    cell = shown(*(one._repr_mimebundle_() for one in objects))
    assert blocks_of(notebook(markdown(["# T\n", "text"]), cell)) == [Markdown("# T\ntext"), *objects]


def test_html_of_a_notebook_is_never_copied() -> None:
    bundle = {**TABLE._repr_mimebundle_(), "text/html": "<script>window.hacked=1</script>"}
    (block,) = blocks_of(notebook(shown(bundle)))
    assert isinstance(block, Table) and "script" not in block.fragment()
    strange = {"text/html": "<script>window.hacked=1</script>", "text/plain": "plain words"}
    assert blocks_of(notebook(shown(strange))) == [Verbatim("plain words")]


def test_what_was_printed_stays_and_warnings_do_not() -> None:
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["printed\n"]},
        {"output_type": "stream", "name": "stderr", "text": "a warning"},
    ]
    cell = {"cell_type": "code", "source": "", "metadata": {}, "outputs": outputs}
    assert blocks_of(notebook(cell)) == [Verbatim("printed\n")]


def test_findings_controls_and_cells_for_the_notebook_only_stay_out() -> None:
    findings = {FINDINGS_MIME: {"rows": []}, "text/plain": "7 figures recorded."}
    widget = {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"}
    cells = [shown(findings), shown(widget), markdown("Press the button.", ("notebook-only",))]
    assert blocks_of(notebook(*cells, shown({"text/plain": "x"}, tags=("notebook-only",)))) == []


@pytest.mark.parametrize(
    "data",
    [
        {"application/vnd.plotly.v1+json": {"data": [], "layout": {}}, "text/plain": "Figure"},
        {"text/html": '<div class="plotly-graph-div"></div>', "text/plain": "Figure"},
        {"image/png": "iVBOR", "text/plain": "<Figure size 640x480>"},
    ],
)
def test_a_chart_that_would_be_lost_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ReportError) as refused:
        blocks_of(notebook(shown(data)), "07_mine.ipynb")
    assert "07_mine.ipynb" in str(refused.value) and "notebook-only" in str(refused.value)


def test_a_section_takes_its_title_from_the_first_heading() -> None:
    assert Section.of(notebook(markdown("# Key figures\n\nHow did it go?"))) == Section(
        "Key figures", (Markdown("How did it go?"),)
    )
    assert Section.of(notebook(markdown("# Alone"))) == Section("Alone", ())
    assert Section.of(notebook(shown(TABLE._repr_mimebundle_())), "06_kpi") == Section("06_kpi", (TABLE,))


def test_the_workbooks_tables_are_those_shown_and_those_of_charts_each_once() -> None:
    again = Table.of(
        pd.DataFrame({"a": ["y"]}), name="one", title="Other", columns=[Column("a", "A")], language="en",
        currency="USD",
    )  # fmt: skip
    sections = [Section("s", (TABLE, Markdown("x"), FIGURE)), Section("t", (again,))]
    assert tables_of(sections) == [TABLE, again]
