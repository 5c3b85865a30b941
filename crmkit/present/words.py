"""Human languages: sentences of the kit said in English (the msgid itself) or by a gettext catalogue.

The committed ``.po`` is read when a language is first asked for: there is no compiled copy to fall behind.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from crmkit.errors import N_, CrmkitError, Message, RequestError
from crmkit.places import resource

LANGUAGES = ("en", "ru")
SOURCE_LANGUAGE = "en"
LOCALE = Path(__file__).resolve().parents[1] / "locale"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read a language's catalogue; entries that are empty or fuzzy fall back to the English sentence."""
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    source = LOCALE / language / "LC_MESSAGES" / "crmkit.po"
    compiled = BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def sentences(name: str) -> Any:
    """Return the sentences of a file of ``templates/words`` as they stand there, each a message."""
    import yaml

    text = (resource("templates") / "words" / f"{name}.yml").read_text(encoding="utf-8")
    return _marked(yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))  # noqa: S506


def _marked(told: Any) -> Any:
    if isinstance(told, str):
        return Message(told)
    return (
        {key: _marked(one) for key, one in told.items()}
        if isinstance(told, dict)
        else tuple(map(_marked, told))
    )


@dataclass(frozen=True)
class Words:
    """What the kit says, in one language.

    Parameters
    ----------
    language: ``en`` or ``ru``.

    Raises
    ------
    RequestError: there is no such language.

    >>> Words("en").say("{k} of {n}", k=3, n=7)
    '3 of 7'
    """

    language: str

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise RequestError(
                "language",
                N_("there is no such language"),
                [self.language],
                N_("Use one of: {languages}.", languages=", ".join(LANGUAGES)),
            )

    def say(self, text: str, /, **params: object) -> str:
        """Return ``text`` (an English msgid) in this language.

        ``{named}`` places are filled from ``params``; without params the text is taken as it stands, so that
        a notebook's markdown may contain braces. A :class:`Message` among the params is translated too.
        """
        said = _catalogue(self.language).gettext(text) if text else ""
        return self._fill(said, params) if params else said

    def plural(self, singular: str, plural: str, n: int, /, **params: object) -> str:
        """Return the form of a sentence that fits ``n``; ``{n}`` in it is the grouped number.

        >>> Words("en").plural("{n} deal", "{n} deals", 1589)
        '1,589 deals'
        """
        from babel.numbers import format_decimal

        form = _catalogue(self.language).ngettext(singular, plural, n)
        return self._fill(form, {"n": format_decimal(n, locale=self.language), **params})

    def message(self, message: Message) -> str:
        """Return a marked sentence (of an error, a note, a measure) in this language, its places filled."""
        return self._fill(_catalogue(self.language).gettext(message.text), message.params)

    def _fill(self, text: str, params: Mapping[str, object]) -> str:
        said = {
            key: self.message(value) if isinstance(value, Message) else value for key, value in params.items()
        }
        return text.format(**said)


@contextmanager
def refusing_in(words: Words) -> Iterator[None]:
    """Let a refusal on the way speak the language of its reader."""
    try:
        yield
    except CrmkitError as error:
        error.say = words.message
        raise
