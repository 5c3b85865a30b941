"""Refusals: four parts, personal values masked, the reader's language, no traceback in a notebook."""

from __future__ import annotations

import pytest

from crmkit.errors import N_, Refusals, SourceError, did_you_mean
from crmkit.present.study import open_study
from crmkit.present.words import Words


def refusal() -> SourceError:
    return SourceError(
        "deals.csv", N_("the file is empty"), ["+7 912 345-67-89", "a", "a"], N_("Keep one of the two.")
    )


def test_a_refusal_says_where_what_samples_and_remedy() -> None:
    assert str(refusal()) == "deals.csv: the file is empty\n  +7…89 · a\n  Keep one of the two."


def test_a_refusal_speaks_the_readers_language_and_so_do_several() -> None:
    one, words = refusal(), Words("ru")
    one.say = words.message
    assert words.say("the file is empty") in str(one)
    both = Refusals([refusal(), refusal()])
    both.say = words.message
    assert str(both).count(words.say("the file is empty")) == 2
    assert "the file is empty" not in str(both)


def test_a_notebook_shows_the_refusal_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Exception) as caught:
        open_study(tmp_path / "nobody", language="ru")
    shown = "\n".join(caught.value._render_traceback_())
    assert Words("ru").say("there is no such file") in shown
    assert "Traceback" not in shown


def test_a_name_of_which_there_are_none_is_not_answered_with_an_empty_list() -> None:
    assert str(did_you_mean("Ann", [])) == "There is none in this export."
