"""Sentences in two languages."""

from __future__ import annotations

import pytest

from crmkit.errors import N_, Message, RequestError
from crmkit.present.words import LANGUAGES, Words


def test_english_is_the_msgid_itself() -> None:
    assert Words("en").say("a sentence that no catalogue has") == "a sentence that no catalogue has"


def test_russian_comes_from_the_catalogue() -> None:
    assert Words("ru").say("{k} of {n}", k="3", n="7") == "3 из 7"
    assert Words("ru").say("not set") == "не указано"


def test_a_sentence_that_the_catalogue_lacks_stays_english() -> None:
    assert Words("ru").say("a sentence that no catalogue has") == "a sentence that no catalogue has"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "Ещё 1 строка — в файле XLSX."),
        (2, "Ещё 2 строки — в файле XLSX."),
        (5, "Ещё 5 строк — в файле XLSX."),
        (11, "Ещё 11 строк — в файле XLSX."),
        (21, "Ещё 21 строка — в файле XLSX."),
        (112, "Ещё 112 строк — в файле XLSX."),
        (1589, "Ещё 1\u00a0589 строк — в файле XLSX."),
    ],
)
def test_russian_has_three_plural_forms(n: int, said: str) -> None:
    forms = ("{n} more row is in the workbook.", "{n} more rows are in the workbook.")
    assert Words("ru").plural(*forms, n) == said


def test_english_has_two_plural_forms_and_groups_thousands() -> None:
    words = Words("en")
    assert words.plural("{n} deal", "{n} deals", 1) == "1 deal"
    assert words.plural("{n} deal", "{n} deals", 0) == "0 deals"
    assert words.plural("{n} deal", "{n} deals", 1589) == "1,589 deals"


def test_values_are_not_read_as_templates() -> None:
    assert Words("en").say("{k} of {n}", k="{n.__class__}", n="{}") == "{n.__class__} of {}"


def test_without_values_braces_stand_as_they_are() -> None:
    assert Words("en").say("write {x: 1} in the cell") == "write {x: 1} in the cell"
    assert Words("ru").say("") == ""


def test_a_message_is_always_filled_as_its_english_text_is() -> None:
    message = Message("the address has no {{id}} in it")
    assert Words("en").message(message) == str(message) == "the address has no {id} in it"
    assert "{id}" in Words("ru").message(message) and "{{" not in Words("ru").message(message)


def test_a_message_inside_a_message_is_translated_too() -> None:
    inner = N_("not set")
    assert Words("ru").message(N_("{k} of {n}", k=inner, n=7)) == "не указано из 7"
    assert Words("en").message(Message("{k} of {n}", {"k": inner, "n": 7})) == "not set of 7"


def test_an_unknown_language_is_refused_with_the_choice() -> None:
    with pytest.raises(RequestError) as refused:
        Words("de")
    assert "de" in str(refused.value)
    assert all(language in str(refused.value) for language in LANGUAGES)
