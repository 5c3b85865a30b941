"""What every reader of typed values returns, and how it says that a column can be read in two ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.errors import MAX_SAMPLES, N_, SourceError


@dataclass(frozen=True)
class Parsed:
    """A text column with its values read.

    Attributes
    ----------
    values: as long as the text and with its index; missing where the cell is empty or cannot be read.
    bad: positions of the cells with text that cannot be read, ascending.
    decision: how the column was understood: ``%d.%m.%Y %H:%M:%S``, ``ISO``, ``decimal comma`` …
    has_time: for moments, whether any cell has a time of day other than midnight.
    notes: counts of what was done to cells: ``sentinel``, ``ambiguous_dst``, ``percent`` …
    """

    values: pd.Series
    bad: np.ndarray
    decision: str
    has_time: bool = False
    notes: dict[str, int] = field(default_factory=dict)


class AmbiguousValues(SourceError):  # noqa: N818 (named for what it tells, as the tree of refusals is)
    """A column that may be read in two ways, with nothing in it that decides.

    Attributes
    ----------
    kind: ``dates`` or ``numbers``.
    samples: cells that show it.
    """

    def __init__(self, kind: str, samples: Iterable[str]) -> None:
        what = (
            N_("these dates can be read in two ways")
            if kind == "dates"
            else N_("these numbers can be read in two ways")
        )
        remedy = N_("Say in client.yml, in this file's entry, how they are to be read: dates or decimal.")
        super().__init__(kind, what, (), remedy)
        self.kind = kind
        self.samples = tuple(samples)[:MAX_SAMPLES]


def as_arrow(text: pd.Series) -> pa.LargeStringArray:
    """Return a text column as one Arrow array; missing cells are null."""
    array = pa.array(text, from_pandas=True)
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    cells = whole.cast(pa.large_string())
    empty = pc.equal(pc.binary_length(cells), 0)
    return pc.if_else(empty, pa.scalar(None, cells.type), cells) if pc.any(empty).as_py() else cells


def parse_uniques(
    text: pd.Series, read: Callable[[str], float | None], decision: str, dtype: str = "float64"
) -> Parsed:
    """Read each distinct cell once with ``read``; ``None`` says that a cell cannot be read."""
    coded = as_arrow(text).dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    read_values = [read(cell) for cell in coded.dictionary.to_pylist()]
    table = np.array(
        [*(np.nan if value is None else value for value in read_values), np.nan], dtype=np.float64
    )
    values = table[codes]
    bad = np.flatnonzero(np.isnan(values) & (codes >= 0))
    column = pd.Series(values, index=text.index, name=text.name)
    if dtype == "boolean":
        column = pd.Series(
            pd.array(np.nan_to_num(values) == 1, dtype="boolean"), index=text.index, name=text.name
        ).mask(np.isnan(values))
    return Parsed(column, bad, decision)
