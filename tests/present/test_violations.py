"""What exactly is wrong: sentences of the checks, filled, in the reader's language."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.errors import N_
from crmkit.present import violations
from crmkit.present.formats import Formats

SAYS = (N_("{names} empty"), N_("{number} days, norm {norm}"), N_("since {since}"))
NBSP = "\u00a0"


@pytest.fixture(autouse=True)
def one_check(monkeypatch):
    monkeypatch.setattr(violations, "find_check", lambda name: SimpleNamespace(says=SAYS))


def rows(*told):
    nan, never = float("nan"), pd.NaT
    full = [{"kind": 0, "names": "", "number": nan, "norm": nan, "since": never} | one for one in told]
    frame = pd.DataFrame(full).assign(check="H01")
    return frame.assign(since=pd.to_datetime(frame["since"]).dt.tz_localize("Asia/Yekaterinburg"))


def test_fields_are_called_by_their_names_and_others_as_they_are_written():
    told = rows({"names": "amount · My field"}, {"names": "amount|margin"}, {"names": "<b>{x}</b>\x00"})
    assert violations.what_exactly(Formats("en", "USD"), told) == [
        "Amount, My field empty", "Amount / Margin empty", "<b>{x}</b> empty",
    ]  # fmt: skip


def test_a_number_never_looks_like_the_norm_that_it_breaks():
    # 7.04 of 7 would round to 7; 7.26 is 7.3; 1234 has no places; 7 itself is its norm.
    told = rows(*({"kind": 1, "number": one, "norm": 7.0} for one in (7.04, 7.26, 1234.0, 7.0)))
    assert violations.what_exactly(Formats("ru", "RUB"), told) == [
        "7,04 days, norm 7", "7,3 days, norm 7", f"1{NBSP}234 days, norm 7", "7 days, norm 7",
    ]  # fmt: skip


def test_days_are_those_of_the_client_and_a_missing_one_is_a_dash():
    told = rows({"kind": 2, "since": "2026-03-31 00:30"}, {"kind": 2})
    assert violations.what_exactly(Formats("ru", "RUB"), told) == ["since 31.03.2026", "since —"]
    assert violations.what_exactly(Formats("en", "RUB"), told[:0]) == []
