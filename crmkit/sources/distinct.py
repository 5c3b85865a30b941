"""Work on the distinct cells of a text column: a column of a million rows has few names."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd


def by_distinct(text: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return what ``read`` makes of a text column, each distinct cell read once; missing stays missing.

    >>> by_distinct(pd.Series(["A", None, "A"], dtype="str"), lambda cells: cells.str.lower()).tolist()
    ['a', nan, 'a']
    """
    codes, cells = pd.factorize(text)
    found = read(pd.Series(cells, dtype="str"))
    return pd.Series(found.array.take(codes, allow_fill=True), index=text.index, name=text.name)
