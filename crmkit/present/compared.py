"""Compared rows for programs and for a terminal: figures, intervals, the verdict and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pandas as pd

from crmkit.measures.records import plain_rows
from crmkit.present.gates import Cases, gated
from crmkit.present.study import Study
from crmkit.present.texts import is_missing
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.verdict_words import Compared, verdict_text

#: What every comparison tells of a row, in this order; then the verdict.
FIGURES = (
    "value", "n", "low", "high", "adjusted", "adjusted_low", "adjusted_high", "gap", "gap_low", "gap_high",
)  # fmt: skip
VERDICT = ("label", "direction", "reason")
#: What is compared in a row: units, and which way is good, may differ between the rows of a table.
OfRow: TypeAlias = Callable[[Mapping[str, Any]], Compared]


def records(study: Study, rows: pd.DataFrame, what: OfRow) -> list[dict[str, Any]]:
    """Return compared rows as JSON values.

    Parameters
    ----------
    rows: in the shape of all comparisons, with columns of their own.

    Returns
    -------
    One dictionary a row: its texts, ``FIGURES``, ``verdict`` (``label``, ``direction``, ``reason``, and
    ``text``: what may be said, in the language of the study), then its further figures. What is not known is
    null; so is an end of an interval that has none.
    """
    own = [name for name in rows.columns if name not in (*FIGURES, *VERDICT)]
    texts = [name for name in own if not pd.api.types.is_numeric_dtype(rows[name])]
    more = [name for name in own if name not in texts]
    told = []
    for raw, row in zip(rows.to_dict("records"), plain_rows(rows), strict=True):
        verdict = {name: row[name] for name in VERDICT} | {"text": verdict_text(study, raw, what(raw))}
        figures = {name: row.get(name) for name in FIGURES} | {"n": whole(row["n"])}
        about = {name: row[name] for name in texts}
        told.append(about | figures | {"verdict": verdict} | {name: row[name] for name in more})
    return told


def like_for_like(study: Study, rows: pd.DataFrame, what: Compared) -> dict[str, Any]:
    """Return columns that tell of compared rows: the figure, the same with like cases, the verdict."""
    told = rows.to_dict("records")
    return {
        "value_denominator": rows["n"], "value_n": rows["n"], "value_low": rows["low"],
        "value_high": rows["high"],
        "like": rows["adjusted"].where([adjusted_text(study, row, what) is not None for row in told]),
        "like_n": rows["n"], "like_low": rows["adjusted_low"], "like_high": rows["adjusted_high"],
        "verdict": [verdict_text(study, row, what) for row in told],
    }  # fmt: skip


def whole(number: Any) -> int | None:
    """Return a count as JSON has it."""
    return None if is_missing(number) else round(number)


def figure_text(study: Study, row: Mapping[str, Any], what: Compared) -> str:
    """Return a figure with its interval, as its number of cases allows it to be told."""
    kind = KIND_OF_UNIT[what.figure or what.unit]
    n = None if is_missing(row["n"]) else float(row["n"])
    k = None if n is None or kind != "share" or is_missing(row["value"]) else round(row["value"] * n)
    cases = Cases(k, n, n, row.get("low"), row.get("high"))
    return str(gated(study.formats, row["value"], cases, kind, study.crm.settings.limits, alone=True))


def adjusted_text(study: Study, row: Mapping[str, Any], what: Compared) -> str | None:
    """Return the figure had the cases been like the others', with its interval, if it may be told."""
    value, n = row.get("adjusted"), row["n"]
    if is_missing(value) or is_missing(n) or n < study.crm.settings.limits.few_cases:
        return None
    if row["label"] == "cannot_be_computed":
        return None
    kind = KIND_OF_UNIT[what.figure or what.unit]
    low, high = row["adjusted_low"], row["adjusted_high"]
    beside = "" if is_missing(low) else f" ({study.formats.interval(low, high, kind)})"
    return with_unit(study.formats, value, kind) + beside
