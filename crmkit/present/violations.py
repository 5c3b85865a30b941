"""What exactly is wrong with a row that offends, as a sentence; each distinct figure is written once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit import find_check
from crmkit.audit.seeing import PARTED
from crmkit.facts import FloatArray
from crmkit.present.field_words import field_text
from crmkit.present.formats import Formats
from crmkit.present.texts import MISSING, clean


def what_exactly(formats: Formats, rows: pd.DataFrame) -> list[str]:
    """Return for each row of ``Audit.violations`` what exactly is wrong, in the language of the formats."""
    days = rows["since"].dt.tz_localize(None).dt.normalize()
    number, norm = rows["number"].to_numpy(np.float64), rows["norm"].to_numpy(np.float64)
    parts = {
        "names": _written(rows["names"], partial(_names, formats)),
        "number": _written(pd.Series(_shown(number, norm)), partial(_figure, formats)),
        "norm": _written(rows["norm"], partial(_figure, formats)),
        "since": _written(days, partial(_day, formats)),
    }
    kinds = zip(rows["check"], rows["kind"], strict=True)
    said = {pair: find_check(pair[0]).says[pair[1]].text for pair in dict.fromkeys(kinds)}
    texts = [said[pair] for pair in zip(rows["check"], rows["kind"], strict=True)]
    filled = (dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True))
    return [formats.words.say(text, **row) for text, row in zip(texts, filled, strict=True)]


def _written(values: pd.Series, written: Callable[[Any], str]) -> list[str]:
    """Return each value as it is written; each distinct one is written once."""
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    texts = [written(one) for one in distinct]
    return [texts[code] for code in codes]


def _shown(number: FloatArray, norm: FloatArray) -> FloatArray:
    """Round to tenths, and to hundredths where a number would seem to be its norm."""
    tenths = np.floor(number * 10 + 0.5) / 10
    return np.where((tenths == norm) & (number != norm), np.floor(number * 100 + 0.5) / 100, tenths)


def _names(formats: Formats, names: str) -> str:
    return clean(", ".join(field_text(formats.words, one) for one in names.split(PARTED)))


def _day(formats: Formats, day: pd.Timestamp) -> str:
    return MISSING if pd.isna(day) else formats.day(day.date())


def _figure(formats: Formats, value: float) -> str:
    """Return a figure with as many of two decimal places as it has."""
    return formats.number(value, next((k for k in (0, 1) if round(value, k) == value), 2))
