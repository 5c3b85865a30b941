"""What differs between CRMs: which entities there are, how to ask for them, how to read an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crmkit.pull.wire import Door, Page, Question


@dataclass(frozen=True)
class Entity:
    """One list of records; its name is the folder of its answers.

    Parameters
    ----------
    path: the address below the account, or the REST method.
    changed: the field with the time of the last change; a list without it is taken whole each time.
    params: what is always asked.
    lag: seconds by which a record may come later than its time says.
    paged: whether the list has pages.
    """

    name: str
    path: str
    changed: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    lag: int = 0
    paged: bool = True


@dataclass(frozen=True)
class Api:
    """One CRM. The first entity is the one without which the rest is worth nothing.

    Parameters
    ----------
    question: from an entity, a time (seconds since 1970; None: everything) and a position.
    read: from an entity, the position asked for and parsed JSON; ValueError where it is no such answer.
    start: the first position.
    rate, burst: requests a second, and how many at once before that counts.
    """

    entities: tuple[Entity, ...]
    door: Callable[[str, str], Door]
    question: Callable[[Entity, int | None, int], Question]
    read: Callable[[Entity, int, Any], Page]
    start: int
    rate: float
    burst: float


def latest(moments: list[int | None]) -> int | None:
    """Return the latest of the moments that are known."""
    return max((moment for moment in moments if moment is not None), default=None)
