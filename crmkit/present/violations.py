"""What exactly is wrong with a row that offends, as a sentence; each distinct one is written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit import find_check
from crmkit.facts import FloatArray
from crmkit.present.field_words import field_text
from crmkit.present.formats import Formats
from crmkit.present.texts import MISSING, clean
from crmkit.process.rules import BETWEEN


def what_exactly(formats: Formats, rows: pd.DataFrame) -> list[str]:
    """Return for each row of ``Audit.violations`` what exactly is wrong, in the language of the formats."""
    days = rows["since"].dt.tz_localize(None).dt.normalize()
    number, norm = rows["number"].to_numpy(np.float64), rows["norm"].to_numpy(np.float64)
    told = rows[["check", "kind", "names", "norm"]].assign(since=days, number=_shown(number, norm))
    place = told.groupby(list(told), dropna=False, sort=False, observed=True).ngroup()
    first = told.loc[~place.duplicated()].to_dict("records")
    said = [_sentence(formats, row) for row in first]
    return [said[one] for one in place]


def _shown(number: FloatArray, norm: FloatArray) -> FloatArray:
    """Round to tenths, and to hundredths where a number would seem to be its norm."""
    tenths = np.floor(number * 10 + 0.5) / 10
    return np.where((tenths == norm) & (number != norm), np.floor(number * 100 + 0.5) / 100, tenths)


def _sentence(formats: Formats, row: Mapping[Any, Any]) -> str:
    message = find_check(row["check"]).says[row["kind"]]
    names = ", ".join(field_text(formats.words, one) for one in str(row["names"]).split(BETWEEN))
    since = row["since"]
    return formats.words.say(
        message.text,
        names=clean(names),
        number=_figure(formats, row["number"]),
        norm=_figure(formats, row["norm"]),
        since=formats.day(since.date()) if isinstance(since, pd.Timestamp) else MISSING,
    )


def _figure(formats: Formats, value: float) -> str:
    """Return a figure with as many of two decimal places as it has."""
    return formats.number(value, next((k for k in (0, 1) if round(value, k) == value), 2))
