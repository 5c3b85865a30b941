"""Whether somebody who was not there can see that an output of a step was reached (METHOD 4.3).

The words that tell it are data: ``templates/verifiable.yml``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from crmkit.places import resource
from crmkit.process.description import Result
from crmkit.process.wording import fold
from crmkit.yamlfile import read_yaml

#: Kinds that are seen by themselves; data and a contact must be named.
_SEEN = ("document", "money", "product", "order")
_SAID = re.compile(r"\w")


def is_verifiable(result: Result, fields: Collection[str] = ()) -> bool:
    """Whether a result can be checked: it names a document, a field, a value or an event.

    Where it speaks of what is in somebody's head (interest, trust), it needs besides a field that holds it,
    or both something that happened and the thing it happened to.

    Parameters
    ----------
    fields: names of fields of the CRM; a result that names one can be checked there.

    >>> is_verifiable(Result(text="Contract signed")), is_verifiable(Result(text="The client is interested"))
    (True, False)
    """
    text = fold(result.text)
    found = {name: bool(pattern.search(text)) for name, pattern in _words().items()}
    in_field = found["fields"] or any(_names(text, field) for field in fields)
    thing = found["documents"] or found["values"] or any(sign.isdigit() for sign in text)
    if found["vague"]:
        return in_field or (found["events"] and thing)
    return in_field or thing or found["events"] or result.kind in _SEEN


def says_something(text: str) -> bool:
    """Whether a text holds more than a dash or a word for nothing.

    >>> says_something("—"), says_something("n/a"), says_something("Win rate")
    (False, False, True)
    """
    return bool(_SAID.search(text)) and fold(text).strip(" .-\u2014") not in _told()["empty"]


def _names(text: str, field: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(fold(field))}(?!\w)", text) is not None


@cache
def _told() -> Mapping[str, list[str]]:
    told: Mapping[str, list[str]] = read_yaml(resource("templates") / "verifiable.yml")[0]
    return told


@cache
def _words() -> Mapping[str, re.Pattern[str]]:
    return {name: _pattern(entries) for name, entries in _told().items() if name != "empty"}


def _pattern(entries: list[str]) -> re.Pattern[str]:
    """Return what finds any of the entries as whole words."""
    forms = [re.escape(fold(entry)).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for entry in entries]
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")
