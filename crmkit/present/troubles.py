"""Sentences for the problems of an export: what is wrong, how figures treat it, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.errors import Message
from crmkit.present.words import sentences

_SAID: Mapping[str, Mapping[str, Message]] = sentences("problems")
WEIGHTS, NOTES, REMEDIES = _SAID["weights"], _SAID["notes"], _SAID["remedies"]
_CORRECT = REMEDIES["lonely_start"]
#: What dates made in a mass distort; what was looked for in a group where nothing was found.
BY_DATE, LOOKED_FOR = _SAID["by_date"], _SAID["looked_for"]


def what_is_wrong(code: str) -> Message:
    """Return what a problem is; a code without words stands for itself."""
    return NOTES.get(code) or _SAID["others"].get(code) or Message("{code}", {"code": code})


def remedy(code: str) -> Message:
    """Return what to do about a problem."""
    return REMEDIES.get(code, _CORRECT)
