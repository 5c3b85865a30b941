"""Every code that the sources speak in has a sentence, and every sentence a code that uses it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from crmkit.present.reasons import SET_ASIDE
from crmkit.present.troubles import NOTES
from crmkit.sources.norecords import sort_out

SOURCES = Path(sort_out.__code__.co_filename).parent


def words() -> set[str]:
    """Return every text that stands in the code, save where the sentences do."""
    found = set()
    for path in SOURCES.parent.rglob("*.py"):
        if path.name != "reasons.py":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    return found


def noted() -> set[str]:
    """Return the codes of all calls of ``note`` and ``note_rows``."""
    found = set()
    for path in SOURCES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("note", "note_rows"):
                first = node.args[0]
                found |= {first.value} if isinstance(first, ast.Constant) else set()
    return found


def test_every_note_has_a_sentence():
    assert noted() - set(NOTES) == set()


@pytest.mark.parametrize("table", [NOTES, SET_ASIDE], ids=["notes", "reasons"])
def test_every_sentence_is_used(table):
    assert set(table) - words() == set()


def test_reasons_of_the_readers_have_sentences():
    told = {
        "fields",
        "repeated_heading",
        "total",
        "formula_error",
        "empty",
        "cut",
        "no_id",
        "same_id",
        "same_row",
    }
    assert told | {"product_row"} <= set(SET_ASIDE)
    # what the readers of numbers and moments count
    assert {"sentinel", "ambiguous_dst", "nonexistent_dst", "percent", "parentheses", "unreadable"} <= set(
        NOTES
    )
