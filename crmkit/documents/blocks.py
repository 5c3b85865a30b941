"""What a report takes from an executed notebook: its markdown, and the outputs that are our own.

An output is rebuilt from its JSON; HTML that stands in a notebook is never copied into a report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crmkit.errors import N_, ReportError
from crmkit.present.drawing import DIAGRAM_MIME, Diagram
from crmkit.present.figures import FIGURE_MIME, PLOTLY_MIME, Figure
from crmkit.present.findings import FINDINGS_MIME
from crmkit.present.tables import TABLE_MIME, Table
from crmkit.present.texts import clean
from crmkit.present.tiles import SENTENCES_MIME, TILES_MIME, Sentences, Tiles

NOTEBOOK_ONLY = "notebook-only"
"""The tag of cells that speak to the notebook's user, not to the report's reader."""

_PICTURES = ("image/png", "image/jpeg", "image/svg+xml")


@dataclass(frozen=True)
class Markdown:
    """A markdown cell."""

    text: str


@dataclass(frozen=True)
class Verbatim:
    """Plain text that a cell printed or showed."""

    text: str


Block = Markdown | Verbatim | Table | Tiles | Sentences | Figure | Diagram


@dataclass(frozen=True)
class Section:
    """One notebook's part of a report."""

    title: str
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, notebook: Mapping[str, Any], where: str = "notebook") -> Section:
        """Return the section of an executed notebook; its title is its first heading, else ``where``."""
        blocks = blocks_of(notebook, where)
        title = where
        if blocks and isinstance(blocks[0], Markdown) and blocks[0].text.startswith("# "):
            first, _, rest = blocks[0].text.partition("\n")
            title = first.removeprefix("# ").strip()
            blocks[:1] = [Markdown(rest.strip())] if rest.strip() else []
        return cls(title, tuple(blocks))


def blocks_of(notebook: Mapping[str, Any], where: str = "notebook") -> list[Block]:
    """Return what of an executed notebook goes into a report, in order.

    Parameters
    ----------
    notebook: an nbformat 4 notebook, as nbformat or ``json`` reads it.
    where: its name, for messages.

    Raises
    ------
    ReportError: a chart or a picture would be lost, because it was not shown as a ``Figure`` of crmkit.
    """
    blocks: list[Block] = []
    for cell in notebook["cells"]:
        if NOTEBOOK_ONLY in cell.get("metadata", {}).get("tags", []):
            continue
        if cell["cell_type"] == "markdown":
            text = _joined(cell["source"])
            blocks += [Markdown(text)] if text.strip() else []
        elif cell["cell_type"] == "code":
            for output in cell["outputs"]:
                blocks += _of_output(output, where)
    return blocks


def _of_output(output: Mapping[str, Any], where: str) -> Iterator[Block]:
    if output["output_type"] == "stream":
        if output["name"] == "stdout" and _joined(output["text"]).strip():
            yield Verbatim(_joined(output["text"]))
        return
    data = output.get("data", {})
    if TABLE_MIME in data:
        yield Table.from_json(data[TABLE_MIME])
    elif TILES_MIME in data:
        yield Tiles.from_json(data[TILES_MIME])
    elif SENTENCES_MIME in data:
        yield Sentences.from_json(data[SENTENCES_MIME])
    elif DIAGRAM_MIME in data:
        yield Diagram.from_json(data[DIAGRAM_MIME])
    elif FIGURE_MIME in data and PLOTLY_MIME in data:
        yield Figure.from_json(data[PLOTLY_MIME], data[FIGURE_MIME])
    elif (
        PLOTLY_MIME in data
        or "plotly" in _joined(data.get("text/html", "")).lower()
        or set(_PICTURES) & set(data)
    ):
        raise ReportError(
            where,
            N_("a chart or a picture cannot go into the report"),
            [clean(_joined(data.get("text/plain", "")))[:80]],
            N_("Show it with a chart of crmkit, or tag its cell «{tag}».", tag=NOTEBOOK_ONLY),
        )
    elif FINDINGS_MIME not in data and "text/plain" in data and not any("widget" in mime for mime in data):
        yield Verbatim(_joined(data["text/plain"]))


def _joined(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def tables_of(sections: Sequence[Section]) -> list[Table]:
    """Return the tables of a report, and those of its charts and pictures, each name once, in order."""
    found: dict[str, Table] = {}
    for section in sections:
        for block in section.blocks:
            table = block if isinstance(block, Table) else None
            if isinstance(block, Figure | Diagram):
                table = block.table
            if table is not None and not any(table == other for other in found.values()):
                name = table.name
                while name in found:
                    name += "_"
                found[name] = table
    return list(found.values())
