"""Long pages in parts: several below one another, and what of each part is folded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Rows that a page has at most, how many it shows unfolded, and of each part at most.
MOST, UNFOLDED, OF_PART = 1000, 30, 3


def beyond(parts: pd.Series) -> list[int]:
    """Return the places of the rows that a page folds: of each part all but the first ones.

    Of many parts fewer rows each are shown, and always one.
    """
    few = min(OF_PART, max(1, UNFOLDED // max(1, parts.nunique(dropna=False))))
    place = parts.groupby(parts, sort=False, dropna=False, observed=True).cumcount()
    return [row for row, one in enumerate(place) if one >= few]


def blocks(count: int, most: int) -> list[range]:
    """Return so many places in blocks of nearly one size, none larger than ``most``; at least one block.

    >>> blocks(9, 7)
    [range(0, 5), range(5, 9)]
    """
    size = -(-count // -(-count // most)) if count else 1
    return [range(first, min(first + size, count)) for first in range(0, max(count, 1), size)]


@dataclass(frozen=True)
class Several:
    """Tables, charts and sentences in order."""

    items: tuple[Any, ...]

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.items))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for item in self.items:
            display(item)  # type: ignore[no-untyped-call]
