"""What exactly is wrong with a row that offends, as a sentence; each distinct one is written once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.audit import find_check
from crmkit.present.field_words import field_text
from crmkit.present.formats import Formats
from crmkit.process.rules import BETWEEN


def what_exactly(formats: Formats, rows: pd.DataFrame) -> list[str]:
    """Return for each row of ``Audit.violations`` what exactly is wrong, in the language of the formats."""
    days = rows["since"].dt.tz_localize(None).dt.normalize()
    told = rows[["check", "kind", "names", "number", "norm"]].assign(since=days)
    number = told.groupby(list(told), dropna=False, sort=False, observed=True).ngroup()
    first = told.loc[~number.duplicated()].to_dict("records")
    said = [_sentence(formats, row) for row in first]
    return [said[place] for place in number]


def _sentence(formats: Formats, row: Mapping[Any, Any]) -> str:
    message = find_check(row["check"]).says[row["kind"]]
    names = ", ".join(field_text(formats.words, one) for one in str(row["names"]).split(BETWEEN))
    since = row["since"]
    return formats.words.say(
        message.text,
        names=names,
        number=formats.number(row["number"], 0),
        norm=formats.number(row["norm"], 0),
        since=formats.day(since.date()) if isinstance(since, pd.Timestamp) else "",
    )
