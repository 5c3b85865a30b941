"""Refusals: every error of the kit says where, what, at most five samples, and what to do.

A sentence is kept as a :class:`Message`, its English text (the key of the translation catalogues) apart from
its parameters, so that ``present.words`` can say it in the user's language.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

MAX_SAMPLES = 5

_YO, _YE = "\u0451", "\u0435"
_EMAIL = re.compile(r"([\w.+-])[\w.+-]*@[\w.-]+")
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+\d[\d\s().-]{8,}\d|[78]\d{10}|[78]?[\s-]?\(\d{3,5}\)[\d\s-]{5,}\d|[78][\s-]\d{3}[\s-]\d{3}[\d\s-]{4,})(?!\w)"
)


@dataclass(frozen=True)
class Message:
    """One sentence: an English text with ``{placeholders}`` and the values that fill them."""

    text: str
    params: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text.format(**self.params)


def N_(text: str, **params: object) -> Message:  # noqa: N802 (the marker that gettext tools know)
    """Mark ``text`` for the catalogues and bind its parameters."""
    return Message(text, params)


def mask(value: object) -> str:
    """Return ``value`` as text with e-mail addresses and phone numbers made unreadable.

    >>> mask("call Ann on +7 912 345-67-89 or ann.b@firm.example")
    'call Ann on +7…89 or a…@…'
    >>> mask("8 (912) 345-67-89, 2024-02-01 10:20, 1234567890123456789, 350 000.00")
    '8 …89, 2024-02-01 10:20, 1234567890123456789, 350 000.00'
    """
    text = _EMAIL.sub(r"\1…@…", str(value))
    return _PHONE.sub(lambda found: f"{found[0][:2]}…{found[0][-2:]}", text)


def fold(name: str) -> str:
    """Return a name as it is compared: small letters, one kind of the letter «e», single spaces.

    >>> fold("  Proposal   Sent ") == fold("proposal sent")
    True
    """
    return " ".join(name.casefold().replace(_YO, _YE).split())


def did_you_mean(word: str, known: Iterable[str], otherwise: Message | None = None) -> Message:
    """Return the remedy for an unknown name: the nearest known one, else what is said otherwise: all.

    >>> str(did_you_mean("Stagge", ["stage", "amount"]))
    'Did you mean «stage»?'
    """
    names = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), names, n=1, cutoff=0.6)
    if near:
        return N_("Did you mean «{near}»?", near=names[near[0]])
    if otherwise is not None:
        return otherwise
    if not names:
        return N_("There is none in this export.")
    return N_("Possible: {expected}.", expected=", ".join(names.values()))


class CrmkitError(Exception):
    """Base of all refusals.

    Parameters
    ----------
    where: the file, the key of ``client.yml``, or the command that is refused.
    what: the sentence that says what is wrong.
    samples: values that show it; at most five are kept, personal ones masked.
    remedy: the sentence that says what to do.
    """

    def __init__(
        self, where: str, what: Message, samples: Iterable[object] = (), remedy: Message | None = None
    ) -> None:
        self.where = where
        self.what = what
        self.samples: Sequence[str] = tuple(
            mask(sample) for sample in list(dict.fromkeys(map(str, samples)))[:MAX_SAMPLES]
        )
        self.remedy = remedy
        self.say: Callable[[Message], str] = str  # a page or a notebook puts its reader's language here
        super().__init__(where, what, remedy)

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.say(self.what)}"]
        if self.samples:
            parts.append(" · ".join(self.samples))
        if self.remedy is not None:
            parts.append(self.say(self.remedy))
        return "\n  ".join(parts)

    def _render_traceback_(self) -> list[str]:
        """Show the refusal alone in a notebook: the way to it helps nobody who reads it there."""
        return str(self).split("\n")


class SettingsError(CrmkitError):
    """``client.yml`` (or a file it names for a plan) cannot be used."""


class SourceError(CrmkitError):
    """A file of an export cannot be read as what it is said to be."""


class RequestError(CrmkitError):
    """A measure, slice, period or notebook was asked for that does not exist, or does not fit."""


class ReportError(CrmkitError):
    """A report could not be made or written."""


class PullError(CrmkitError):
    """The CRM cannot be reached, refuses to answer, or its answers are broken."""


class Refusals(CrmkitError):  # noqa: N818 (several of them)
    """Several refusals at once: every mistake is told, not only the first."""

    def __init__(self, errors: Sequence[CrmkitError]) -> None:
        self.errors = tuple(errors)
        super().__init__(errors[0].where, errors[0].what, errors[0].samples, errors[0].remedy)

    def __str__(self) -> str:
        for error in self.errors:
            error.say = self.say
        return "\n".join(str(error) for error in self.errors)
