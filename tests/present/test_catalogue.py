"""The catalogues keep step with the code: nothing missing, fuzzy or obsolete."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

ROOT = Path(__file__).resolve().parents[2]
RUSSIAN = ROOT / "crmkit" / "locale" / "ru" / "LC_MESSAGES" / "crmkit.po"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "tools" / "catalogue.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_russian_catalogue_is_complete(tool: ModuleType) -> None:
    assert tool.check(RUSSIAN, tool.collect()) == []


def test_updating_changes_nothing_once_it_is_complete(tool: ModuleType) -> None:
    assert tool.merged(RUSSIAN, tool.collect()) == RUSSIAN.read_bytes()


def test_the_catalogue_has_no_dates_and_no_line_numbers() -> None:
    text = RUSSIAN.read_text(encoding="utf-8")
    assert "-Date:" not in text
    assert not [line for line in text.splitlines() if line.startswith("#:") and line[-1].isdigit()]


def ids(catalogue: Catalog) -> list[object]:
    return [entry.id for entry in catalogue if entry.id]


def test_sentences_are_found_in_calls_cards_and_help(tool: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "cli.py"
    source.write_text(
        '@measure(unit="share", title="Win rate")\n'
        "def win_rate():\n"
        '    """Share of the deals that were won.\n\n    Cases: deals.\n    """\n'
        "@app.command()\n"
        'def run(jobs=Option(2, help="How many at once.")):\n'
        '    """Words for programmers only."""\n'
        '    words.plural("{n} deal", "{n} deals", 3)\n'
        '    say("one " "sentence"), N_("what"), other("not this"), say(variable)\n',
        encoding="utf-8",
    )
    found = {text for text, _ in tool.of_module(source)}
    assert found == {
        "Win rate",
        "Share of the deals that were won.",
        "Cases: deals.",
        "How many at once.",
        ("{n} deal", "{n} deals"),
        "one sentence",
        "what",
    }


def test_the_meanings_of_canonical_columns_are_sentences(tool: ModuleType, tmp_path: Path) -> None:
    source = tmp_path / "columns.py"
    source.write_text(
        'T = _columns("deal_id! id the number of the deal", "url text a link")', encoding="utf-8"
    )
    assert [text for text, _ in tool.of_module(source)] == ["the number of the deal", "a link"]


def test_a_notebook_gives_its_markdown_cells(tool: ModuleType, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "Text."]},
        {"cell_type": "code", "source": ["say('not this')"]},
        {"cell_type": "markdown", "source": "   "},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert [text for text, _ in tool.of_notebook(path)] == ["# Title\n\nText."]


def test_a_template_gives_what_it_says(tool: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<p>{{ say('Contents') }}{{ plural('{n} a', '{n} b', 3) }}{{ title }}</p>", encoding="utf-8"
    )
    assert [text for text, _ in tool.of_template(path)] == ["Contents", ("{n} a", "{n} b")]


def catalogue(tmp_path: Path, *entries: str) -> Path:
    path = tmp_path / "ru" / "LC_MESSAGES" / "crmkit.po"
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n' + "\n".join(entries), "utf-8"
    )
    return path


def test_each_fault_is_told(tool: ModuleType, tmp_path: Path) -> None:
    path = catalogue(
        tmp_path,
        'msgid "empty"\nmsgstr ""\n',
        '#, fuzzy\nmsgid "guessed"\nmsgstr "догадка"\n',
        'msgid "gone"\nmsgstr "нет"\n',
        'msgid "{a} of {b}"\nmsgstr "{a} из {c}"\n',
        'msgid "fine {a}"\nmsgstr "хорошо {a}"\n',
    )
    found = Catalog()
    for text in ("empty", "guessed", "{a} of {b}", "fine {a}", "new"):
        found.add(text)
    assert tool.check(path, found) == [
        "fuzzy: 'guessed'",
        "missing: 'empty'",
        "missing: 'new'",
        "obsolete: 'gone'",
        "placeholders differ: '{a} of {b}'",
    ]


def test_updating_keeps_translations_and_marks_changed_sentences(tool: ModuleType, tmp_path: Path) -> None:
    path = catalogue(
        tmp_path,
        'msgid "Deals closed in the period."\nmsgstr "Сделки, закрытые в периоде."\n',
        'msgid "kept"\nmsgstr "остаётся"\n',
        'msgid "gone for good"\nmsgstr "нет"\n',
    )
    found = Catalog()
    found.add("kept", locations=[("a.py", 1)])
    found.add("Deals closed within the period.", locations=[("a.py", 2)])
    text = tool.merged(path, found).decode()
    assert 'msgid "kept"\nmsgstr "остаётся"' in text
    assert '#, fuzzy\nmsgid "Deals closed within the period."\nmsgstr "Сделки, закрытые в периоде."' in text
    assert "gone for good" not in text
    path.write_text(text, encoding="utf-8")
    assert tool.merged(path, found).decode() == text
