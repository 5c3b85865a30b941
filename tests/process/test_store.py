"""The descriptions in a client's folder: versions, forms, contradictions."""

from __future__ import annotations

import datetime as dt

import pytest

from crmkit.documents.process_book import write_process_book
from crmkit.errors import Refusals
from crmkit.present.process_words import all_book_words
from crmkit.process.description import Process
from crmkit.process.store import read_processes
from crmkit.process.yamlform import write_yaml

WORDS = all_book_words()
NOW = Process(name="Sale", steps=[{"name": "Offer", "norm": "2", "tasks": ["a", "b"]}, {"name": "Money"}])
SPRING, LATER = dt.date(2026, 3, 1), dt.date(2026, 9, 1)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "process").mkdir()
    return tmp_path


def test_a_client_without_descriptions_has_none(tmp_path):
    found = read_processes(tmp_path, WORDS)
    assert (found.as_is, found.to_be, found.target) == (None, (), None)


def test_versions_stand_by_their_dates_and_the_latest_is_the_target(folder):
    write_yaml(folder / "process" / "as-is.yml", NOW)
    write_yaml(folder / "process" / "b.yml", NOW.in_version("to_be", SPRING))
    write_process_book(folder / "process" / "a.xlsx", NOW.in_version("to_be", LATER), language="ru")
    (folder / "process" / "cards.yml").write_text("cards: []\n", encoding="utf-8")
    (folder / "process" / "~$a.xlsx").write_bytes(b"lock")
    (folder / "process" / "notes.txt").write_bytes(b"mine")
    found = read_processes(folder, WORDS)
    assert found.as_is == NOW
    assert [one.dated for one in found.to_be] == [SPRING, LATER]
    assert found.target == NOW.in_version("to_be", LATER)
    assert found.files["to_be", LATER].name == "a.xlsx"


def test_the_same_version_may_stand_in_both_forms_if_they_say_the_same(folder):
    write_yaml(folder / "process" / "as-is.yml", NOW)
    write_process_book(folder / "process" / "as-is.xlsx", NOW, language="en")
    assert read_processes(folder, WORDS).as_is == NOW


def test_two_files_of_one_version_that_differ_are_refused_with_their_cells(folder):
    other = Process(
        name="Sales", dated="2026-01-01", roles=["Closer"],
        steps=[{"name": "Offer", "norm": "3", "tasks": ["a"]}, {"name": "Cash"}, {"name": "More"}],
    )  # fmt: skip
    write_yaml(folder / "process" / "as-is.yml", NOW)
    write_process_book(folder / "process" / "as-is.xlsx", other, language="en")
    with pytest.raises(Refusals) as caught:
        read_processes(folder, WORDS)
    (error,) = caught.value.errors
    assert error.where == "process/as-is.xlsx"
    # name, dated, roles[1], Offer's tasks and norm; besides Money's name and the third step: seven places
    assert str(error.what) == "this file and as-is.yml describe the same version and differ, in 7 places"
    assert error.samples == (
        "name: «Sale» ≠ «Sales»", "dated: — ≠ «2026-01-01»", "roles[1]: — ≠ «Closer»",
        "steps[1] «Offer» tasks: «a, b» ≠ «a»", "steps[1] «Offer» norm: «2 working_days» ≠ «3 working_days»",
    )  # fmt: skip


def test_the_mistakes_of_all_files_are_told_at_once(folder):
    (folder / "process" / "as-is.yml").write_text("nmae: Sale\n", encoding="utf-8")
    (folder / "process" / "to-be.xlsx").write_bytes(b"no workbook")
    with pytest.raises(Refusals) as caught:
        read_processes(folder, WORDS)
    assert [error.where for error in caught.value.errors] == [
        "as-is.yml: name",
        "as-is.yml:1: nmae",
        "to-be.xlsx",
    ]
