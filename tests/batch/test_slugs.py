from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from crmkit.batch.slugs import MAX_LENGTH, allocate, slug

HOSTILE = [
    "../../esc", "/etc/passwd", "C:\\Windows", "\\\\server\\share", ".", "..", "...", "", " ", "~",
    "-", "--", "a/b", "a\\b", "CON", "con", "Con.txt", "PRN", "AUX", "NUL", "nul", "COM1", "lpt9",
    "conin$", "trailing.", "trailing ", "trailing", "Trailing", "TRAILING", "nul\0byte",
    "new\nline", "{client}", "{0.__class__}", "%s", "$HOME", "`id`", "$(id)", "a;b", "a|b", "a&b",
    "a b", "a  b", "a_b", "a-b", "*", "?", "<b>", '"', "'", "a:b", "x"* 300, "x"* 301, "x"* 44,
    "x"* 45, "\N{RIGHT-TO-LEFT OVERRIDE}abc", "abc\N{ZERO WIDTH SPACE}", "abc", "\ud800",
    "\N{PILE OF POO}", "\N{FULLWIDTH SOLIDUS}", "\N{LATIN SMALL LETTER E WITH ACUTE}",
    "e\N{COMBINING ACUTE ACCENT}", "e", "acme-1a2b3c", "acme", "Acme", "acme.failed", "index", "Ро",
    "po", "ro", "1e5", "0123", "NaN", "null", "\N{CJK UNIFIED IDEOGRAPH-4E2D}",
    "\N{CJK UNIFIED IDEOGRAPH-6587}", "\N{LATIN SMALL LETTER SHARP S}", "ss", "SS",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "i", "I", "\N{LATIN SMALL LETTER DOTLESS I}",
]  # fmt: skip
NAMES = HOSTILE + [f"{name} {number}" for number, name in enumerate(HOSTILE + HOSTILE[:40])]


def test_a_hostile_name_is_one_plain_folder_name_inside_out(tmp_path: Path) -> None:
    assert len(NAMES) >= 200
    for name in NAMES:
        found = slug(name)
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*[a-z0-9]|[a-z0-9]", found), name
        assert len(found) <= MAX_LENGTH
        assert not re.fullmatch("con|prn|aux|nul|com[0-9]|lpt[0-9]", found)
        assert (tmp_path / found).resolve().parent == tmp_path.resolve()


def test_two_names_never_share_a_folder() -> None:
    # the two spellings of an accented letter are one name in NFC, so only the batch keeps such twins apart
    different = {unicodedata.normalize("NFC", name): name for name in NAMES}
    assert len({slug(name).casefold() for name in different.values()}) == len(different)
    chosen = allocate([(name, "folder") for name in NAMES])
    assert len({name.casefold() for name in chosen}) == len(NAMES)
    assert all(len(name) <= MAX_LENGTH for name in chosen)


@pytest.mark.parametrize("name", ["acme", "acme-2", "a_b", "2026"])
def test_a_name_that_is_a_folder_name_stays(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize("name", ["Acme", "con", "acme-1a2b3c", "acme_", "a.b", "x" * 45])
def test_any_other_name_gets_six_digits_of_its_hash(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]+-[0-9a-f]{6}", slug(name))
    assert slug(name) != name


def test_cyrillic_is_spelled_in_latin() -> None:
    # shch + e, o + o + o, y + a
    assert slug("Щё ООО Йа").rpartition("-")[0] == "shche-ooo-ya"


def test_equal_names_are_kept_apart_by_their_folders_whatever_the_order() -> None:
    clients = [("acme", "south"), ("acme", "north"), ("beta", "south"), ("acme", "north")]
    chosen = allocate(clients)
    # in the order of (name, folder): north takes the plain name, its namesake in a folder of the same name a
    # hash, and since the two cannot be told apart the first of the list comes first
    assert chosen[1] == "acme"
    assert chosen[3].startswith("acme-") and chosen[0].startswith("acme-") and chosen[2] == "beta"
    assert len(set(chosen)) == 4
    assert sorted(allocate(clients[::-1])) == sorted(chosen)
    assert allocate(clients[:3])[::-1] == allocate(clients[2::-1])


def test_a_folder_that_belongs_to_something_else_is_not_taken() -> None:
    chosen = allocate([("acme", "north")], lambda found, name, folder: found == "acme")
    assert chosen[0].startswith("acme-")
