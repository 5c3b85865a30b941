"""Several pages that one cell of a notebook shows below one another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
