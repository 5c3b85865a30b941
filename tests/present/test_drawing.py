"""A picture is its shapes: escaped, the same every time, and rebuilt from JSON."""

from __future__ import annotations

import json
import time
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest

from crmkit.present.drawing import DIAGRAM_MIME, Diagram
from crmkit.present.lettering import lines_of, text_width
from crmkit.present.shapes import INKS, Box, Line, Shape, Text
from crmkit.present.tables import Column, Table

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "</text></svg><script>alert(1)</script>\x00\x0b]]>&amp;\"'\ud800"
SHAPES: tuple[Shape, ...] = (
    Box(10, 10, 100, 40, "step", 4, "whole"),
    Line(((110, 30), (130, 30), (130, 120), (150, 120)), "handover", 3, arrow=True),
    Text(20, 35, "Договор", "soft", 11, "middle", bold=True, hint="Договор подписан"),
)
TABLE = Table.of(
    pd.DataFrame({"a": ["x"]}), name="t", title="T", columns=[Column("a", "A")], language="en", currency="USD"
)


def diagram(*shapes: Shape, **parts: Any) -> Diagram:
    told = {"name": "d", "title": "A finding", "alt": "Alt.", "width": 200.0, "height": 150.0}
    return Diagram(**{**told, "shapes": shapes or SHAPES, **parts})


def texts(svg: str) -> list[str]:
    """Return the texts that are seen, without what is read on pointing."""
    root = ElementTree.fromstring(svg)
    return [(text[-1].tail if len(text) else text.text) or "" for text in root.iter(f"{SVG}text")]


def test_a_picture_is_xml_with_its_texts_and_words_about_itself() -> None:
    root = ElementTree.fromstring(diagram().svg())
    assert (root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")) == ("A finding", "Alt.")
    assert texts(diagram().svg()) == ["Договор"]
    assert [one.tag.removeprefix(SVG) for one in root] == ["title", "desc", "rect", "path", "polygon", "text"]
    assert root[3].get("d") == "M110 30L124 30Q130 30 130 36L130 114Q130 120 135.8 120L141.7 120"
    assert diagram().svg() == diagram().svg()


def test_nothing_in_it_acts_or_points_outside() -> None:
    for svg in (diagram().svg(), diagram().file(), "".join(diagram().pieces())):
        bare = svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
        for part in ("id=", "href", "url(", "class=", "style", "script", " on", "http"):
            assert part not in bare


def test_hostile_text_is_only_text() -> None:
    evil = diagram(
        Text(0, 10, EVIL, hint=EVIL), Box(0, 0, 5, 5, hint=EVIL), title=EVIL, alt=EVIL, notes=(EVIL,)
    )
    for svg in (evil.svg(), evil.file()):
        assert "<script" not in svg
        assert texts(svg)[-1] == EVIL.replace("\x00", "").replace("\x0b", "").replace("\ud800", "")
    assert "<script" not in evil._repr_html_()


def test_it_comes_back_from_json() -> None:
    one = diagram(notes=("note",), breaks=(60.0,), table=TABLE)
    assert Diagram.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert set(one._repr_mimebundle_()) == {"text/html", "text/plain", DIAGRAM_MIME}


@pytest.mark.parametrize(
    "shape",
    [
        {"is": "box", "x": '1" onload="hack()', "y": 0, "width": 1, "height": 1},
        {"is": "box", "x": 0, "y": 0, "width": 1, "height": 1, "role": 'red" onload="hack()'},
        {"is": "text", "x": 0, "y": 0, "text": "a", "anchor": 'end" onload="hack()'},
        {"is": "text", "x": 0, "y": 0, "text": "a", "onload": "hack()"},
        {"is": "script", "text": "hack()"},
    ],
)
def test_json_that_is_not_ours_is_refused(shape: dict[str, Any]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Diagram.from_json({**diagram().to_json(), "shapes": [shape]})


def test_it_is_cut_where_it_says() -> None:
    one = diagram(Text(0, 20, "first"), Box(0, 100, 10, 10), Text(0, 130, "second"), breaks=(80.0,))
    above, below = one.pieces()
    assert (texts(above), texts(below)) == (["first"], ["second"])
    assert 'viewBox="0 0 200 80.5"' in above and 'viewBox="0 80 200 70"' in below
    assert "<rect" not in above and 'role="img"' in above and 'aria-hidden="true"' in below


def test_texts_are_measured_and_broken_into_lines() -> None:
    # Д 68, о 56, г 36, о 56, в 53, о 56, р 56 hundredths of the size
    assert text_width("Договор", 10) == pytest.approx(38.1)
    assert text_width("e\u0301", 10) == text_width("e", 10)
    assert lines_of("", 50) == []
    assert lines_of("one two three", 45, most=3) == ["one two", "three"]
    assert lines_of("one two three four five", 45, most=2) == ["one two", "three…"]
    assert lines_of("i" * 40, 40, most=2) == ["i" * 15, "i" * 10 + "…"]
    assert all(
        text_width(line) <= 60 for line in lines_of("Подготовка коммерческого предложения", 60, most=9)
    )


def luminance(colour: str) -> float:
    """Return how light a colour is, as WCAG counts it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_dark_texts_stand_out_from_every_light_ground_even_in_grey() -> None:
    grounds = ["step", "optional", "outcome", "outside", "tag", "lane", "lane_name", "paper", "won", "lost"]
    for ground in grounds:
        for role in ("text", "soft", "strong"):
            light, dark = luminance(INKS[ground].fill) + 0.05, luminance(INKS[role].fill) + 0.05
            assert light / dark >= 4.5, (ground, role)


def test_a_name_of_any_length_is_cut_at_once() -> None:
    # at size 12 the letter is 6.84 wide and the «…» 12: 100 hold 14 letters, or 12 and the «…»
    began = time.process_time()
    assert lines_of("\u0431" * 500_000, 100) == ["\u0431" * 14, "\u0431" * 12 + "…"]
    assert lines_of("ab " * 200_000, 100)[1].endswith("…")
    assert time.process_time() - began < 5
