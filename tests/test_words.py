"""The words that a notebook or a script says: each is there, is explained, and needs nothing heavy before."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import crmkit
from crmkit.compare.answers import answer
from crmkit.compare.managers import managers


@pytest.mark.parametrize("word", crmkit.__all__)
def test_every_word_is_there_and_explained(word):
    assert len(inspect.getdoc(getattr(crmkit, word))) > 20


def test_comparisons_have_words_of_their_own():
    assert crmkit.compare_managers is managers and crmkit.check_claim is answer
    with pytest.raises(AttributeError, match="champions_league"):
        crmkit.champions_league  # noqa: B018


def test_the_package_itself_imports_nothing_heavy():
    said = "import sys, crmkit; print(sorted({'pandas', 'numpy', 'scipy', 'plotly'} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
