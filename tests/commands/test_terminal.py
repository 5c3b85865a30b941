"""What a terminal is told: texts from files never steer it."""

from __future__ import annotations

import csv
import io

import pandas as pd

from crmkit.commands.terminal import busy, print_csv, print_table, tell
from crmkit.errors import N_, SettingsError

BAD = "\x1b]0;title\x07\x1b[31mred\x9b2J\x00"


def test_what_stands_in_a_file_cannot_steer_the_terminal(capsys):
    tell(SettingsError(f"a.yml: {BAD}", N_("there is no column «{heading}»", heading=BAD), [BAD]))
    print_table(pd.DataFrame({"name": [BAD]}))
    out, err = capsys.readouterr()
    assert "red" in out and err.count("red") == 3
    assert not set("\x1b\x07\x9b\x00") & set(out + err)


def test_no_text_of_a_csv_is_a_formula_and_figures_stay_figures(capsys):
    texts = ["=1+1", "+7 900", "-x", "@SUM(1)", "\tx", "\uff1d1", "\ufeff=1", ' "=1', "\u200b+1"]
    print_csv(pd.DataFrame({"=head": [*texts, "a=1", "1-2"], "n": [-1.5] * 11}))
    head, *rows = csv.reader(io.StringIO(capsys.readouterr().out, newline=""))
    assert head == ["'=head", "n"]
    assert [row[0] for row in rows] == [*(f"'{one}" for one in texts), "a=1", "1-2"]
    assert {row[1] for row in rows} == {"-1.5"}


def test_that_the_kit_is_at_work_is_told_to_a_terminal_only(capsys, monkeypatch):
    with busy():
        print("x")
    assert capsys.readouterr() == ("x\n", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the stream for a terminal
    with busy():
        pass
    assert "reckoning" in capsys.readouterr().err
