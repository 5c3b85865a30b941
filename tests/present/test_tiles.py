"""Tiles and sentences."""

from __future__ import annotations

import json
from typing import Any

from lxml import html

from crmkit.errors import N_
from crmkit.present.formats import Formats
from crmkit.present.tiles import SENTENCES_MIME, TILES_MIME, Sentences, Tile, Tiles
from crmkit.present.words import Words

EN = Formats("en", "USD")
NAN = float("nan")


def row(unit: str = "share", value: float = 0.631501, n: float = 6711, **more: Any) -> dict[str, Any]:
    return {
        "unit": unit, "value": value, "numerator": 4238.0, "denominator": n, "n": n, "low": NAN, "high": NAN,
        "state": "ok", "missing": "", **more,
    }  # fmt: skip


def plain(tile: Tile) -> tuple[str, tuple[str, ...]]:
    return tile.value.replace("\u00a0", " "), tuple(line.replace("\u00a0", " ") for line in tile.lines)


def test_a_share_stands_with_its_interval_and_n() -> None:
    tile = Tile.of(row(low=0.62, high=0.643), name="Win rate", formats=EN, before=row(value=0.58))
    assert plain(tile) == ("63.2%", ("95% interval: 62–64%, n = 6,711", "the period before: 58.0%"))


def test_a_share_of_few_cases_is_a_count() -> None:
    assert plain(Tile.of(row(value=3 / 7, n=7, numerator=3.0), name="A", formats=EN)) == (
        "3 of 7",
        ("n = 7",),
    )


def test_money_days_and_counts_carry_their_unit() -> None:
    assert plain(Tile.of(row("money", 10_005_534), name="A", formats=EN)) == ("$10,005,534", ("n = 6,711",))
    assert plain(Tile.of(row("days", 51.78), name="A", formats=EN)) == ("51.8 days", ("n = 6,711",))
    assert plain(Tile.of(row("count", 4238), name="A", formats=EN)) == ("4,238", ())
    assert plain(Tile.of(row("days", 51.78), name="A", formats=Formats("ru", "RUB")))[0] == "51,8 дня"


def test_nothing_to_count_is_a_dash_with_n() -> None:
    assert plain(Tile.of(row(value=NAN, n=0, state="empty"), name="A", formats=EN)) == ("—", ("n = 0",))


def test_what_the_export_lacks_says_what_is_missing() -> None:
    tile = Tile.of(
        row(value=NAN, state="not_in_export", missing=N_("the export has no {table}", table="tasks")),
        name="Tasks on time",
        formats=EN,
    )
    assert (tile.value, tile.note, tile.state) == (
        "not in this export",
        "the export has no tasks",
        "not_in_export",
    )


def test_tiles_go_through_json_and_escape_everything() -> None:
    tiles = Tiles((Tile("<b>a", "<i>1", ("<u>x",), "<s>n"), Tile("b", "2", state="not_in_export")), "en")
    bundle = tiles._repr_mimebundle_()
    assert Tiles.from_json(json.loads(json.dumps(bundle[TILES_MIME]))) == tiles
    page = html.fromstring(tiles.fragment())
    assert {element.tag for element in page.iter()} == {"div"}
    assert "<b>a" in page.text_content()
    assert repr(tiles).splitlines() == ["<b>a: <i>1; <u>x; <s>n", "b: 2"]


def test_sentences_are_said_in_a_language() -> None:
    said = Sentences.of(Words("ru"), [N_("not set"), "готовый текст"], "warning")
    assert said.paragraphs == ("не указано", "готовый текст")
    assert Sentences.from_json(said._repr_mimebundle_()[SENTENCES_MIME]) == said
    assert html.fromstring(said.fragment()).get("class") == "ck-said ck-warning"
    assert repr(said) == "не указано\nготовый текст"
