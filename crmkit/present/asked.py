"""What a file of options asks for is checked before it is used: a hand writes it, and may write anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from crmkit.errors import N_, RequestError
from crmkit.periods import Period
from crmkit.present.study import Study

Found = TypeVar("Found")


def each_asked(study: Study, name: str, found: Callable[[Study, Any], Found]) -> list[Found]:
    """Return what is found for each item of an option, once for all pages; one item needs no list."""
    asked = study.options.get(name) or []
    listed = asked if isinstance(asked, list) else [asked]
    return study.once(f"{name} {asked}", lambda: [found(study, one) for one in listed])


def check_texts(where: str, asked: Mapping[str, Any], groups: Collection[str] = ()) -> None:
    """Refuse what is asked for with anything but texts; ``groups`` are mappings: slice -> group.

    Raises
    ------
    RequestError: something is no text.
    """
    for name, value in asked.items():
        told = value if name in groups else {name: value}
        if isinstance(told, Mapping) and all(isinstance(one, str) for one in told.values()):
            continue
        remedy = N_("Write text in quotation marks.")
        if name in groups:
            remedy = N_("Write a slice and a group of it, such as {example}.", example='{"team": "North"}')
        raise RequestError(where, N_("«{name}» cannot be read", name=name), remedy=remedy)


def two_periods(where: str, told: object, zone: str) -> tuple[Period, Period]:
    """Return the two periods that an option names.

    Raises
    ------
    RequestError: it does not name two.
    """
    texts = [one for one in told if isinstance(one, str)] if isinstance(told, list) else []
    if not isinstance(told, list) or len(told) != 2 or len(texts) != 2:
        what = N_("two periods are asked for by their names")
        raise RequestError(where, what, remedy=N_("Name two periods, such as 2017-Q1 and 2017-Q2."))
    return Period.parse(texts[0], zone), Period.parse(texts[1], zone)
