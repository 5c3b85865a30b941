"""Reports with a text of one's choice in every place that data or settings can reach."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest

from crmkit.documents.blocks import Section, Verbatim
from crmkit.documents.html import Cover, render_report
from crmkit.present.charts import group_bars, period_bars, share_dots, stage_bars
from crmkit.present.drawing import Diagram
from crmkit.present.figures import Figure, Plate
from crmkit.present.formats import Formats
from crmkit.present.shapes import Box, Line, Text
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences, Tile, Tiles

PAYLOADS: list[str] = json.loads((Path(__file__).parent / "fixtures" / "hostile.json").read_text("utf-8"))
Make = Callable[[str], str]


def column(texts: list[str]) -> pd.Series:
    """Return texts as Python objects: half a surrogate pair does not fit into pandas' own strings."""
    return pd.Series(texts, dtype=object)


def tables(make: Make) -> list[Table]:
    """Return tables whose every text is a payload: cells, headings, titles, notes, links."""
    words = [make(text) for text in PAYLOADS]
    texts = column(words)
    frame = pd.DataFrame({"name": texts, "other": texts, "url": texts, "amount": range(len(texts))})
    columns = (
        Column("name", "A"),
        Column("other", "B"),
        Column("url", "C", "url"),
        Column("amount", "D", "money"),
    )
    made = [table(frame, "All", columns)]
    for word in words:
        made.append(table(pd.DataFrame({"a": column([word])}), word, [Column("a", word)], [word]))
    return made


def table(frame: pd.DataFrame, title: str, columns: Sequence[Column], notes: Sequence[str] = ()) -> Table:
    return Table.of(
        frame, name="t", title=title, columns=columns, notes=notes, language="ru", currency="RUB", shown=1000
    )


def evaluated(by: str, texts: list[str], unit: str) -> pd.DataFrame:
    n = [100] * len(texts)
    return pd.DataFrame(
        {
            by: column(texts),
            "unit": unit,
            "value": 0.5,
            "numerator": 50,
            "denominator": n,
            "n": n,
            "low": 0.4,
            "high": 0.6,
        }
    )


def charts(texts: list[str]) -> list[Figure]:
    """Return charts of each kind, with every text as a group, and some as titles, axes and references."""
    plates = [Plate("chart", text, text, text, Formats("ru", "RUB")) for text in texts]
    month = pd.Timestamp("2017-01-01", tz="Europe/Moscow")
    span = {"period_start": [month], "period_end": [month + pd.DateOffset(months=1)]}
    made = [group_bars(evaluated("m", texts, "count"), "m", plates[0], shown=100)]
    made.append(stage_bars(evaluated("stage", texts, "count"), plates[1]))
    for plate in plates[2:5]:
        made.append(share_dots(evaluated("m", texts, "share"), "m", plate, reference=(plate.title, 0.5)))
    for plate in plates[::4]:
        made.append(period_bars(evaluated("m", ["x"], "money").assign(**span), plate))
    return made


def diagram(text: str) -> Diagram:
    """Return a picture with a text in every place that takes one."""
    shapes = (
        Box(5, 5, 90, 30, hint=text),
        Line(((5, 20), (95, 20)), hint=text, arrow=True),
        Text(50, 24, text, anchor="middle", hint=text),
    )
    return Diagram("picture", text, text, 100, 40, shapes, (text,), (38,))


def page(make: Make) -> str:
    """Return a report with payloads in all that data or settings can reach."""
    texts = [make(text) for text in PAYLOADS]
    blocks: list[object] = [*tables(make), Verbatim("\n".join(texts)), *charts(texts)]
    blocks += [Tiles((Tile(text, text, (text,), text),)) for text in texts]
    blocks += [Sentences((text,), "warning") for text in texts]
    blocks += [diagram(text) for text in texts]
    sections = [Section(text, ()) for text in texts] + [Section("all", tuple(blocks))]  # type: ignore[arg-type]
    return render_report(Cover(texts[0], "ru", [(text, text) for text in texts], "0.1.0"), sections)


@pytest.fixture(scope="session")
def payloads() -> list[str]:
    """Some seventy hostile texts."""
    return PAYLOADS


@pytest.fixture(scope="session")
def hostile_tables() -> list[Table]:
    """Tables full of hostile texts."""
    return tables(lambda text: text)


@pytest.fixture(scope="session")
def hostile_page() -> str:
    """A report full of hostile texts."""
    return page(lambda text: text)


@pytest.fixture(scope="session")
def neutral_page() -> str:
    """The same report with one harmless word everywhere."""
    return page(lambda text: "word")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium; without one, the test is skipped."""
    for name in ("chromium", "chromium-browser", "google-chrome", "msedge"):
        if path := shutil.which(name):
            return path
    pytest.skip("there is no Chromium on this machine")
