"""Text that came from outside, made fit for a page: the two escapes, and what counts as missing."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

MISSING = "—"
NBSP = "\u00a0"
MINUS = "\u2212"
#: A hyphen at which no line is broken, as Russian writes «2nd».
HYPHEN = "\u2011"
_LOOSE = re.compile(f"{MINUS}(?=[$€£¥₸₴])")

#: What no file may hold, and what turns the order of all letters that follow in a sentence.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def is_missing(value: object) -> bool:
    """Whether ``value`` stands for nothing: None, NaN, NaT, NA."""
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def clean(text: object) -> str:
    """Return ``text`` without control characters and halves of surrogate pairs, with newlines of one kind.

    Signs that turn the direction of writing are left out too: the words after a name would stand backwards.

    >>> clean("a\\x00b\\r\\nc\\u202e")
    'ab\\nc'
    """
    return _CONTROL.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n"))


def escape(text: object) -> str:
    """Return ``text`` for an HTML page, as content or inside a quoted attribute.

    A browser breaks a line between a minus and the sign of a currency, unless they are joined.
    """
    return _LOOSE.sub(f"{MINUS}\N{WORD JOINER}", html.escape(clean(text)))


def label(text: object) -> str:
    """Return ``text`` for a plotly label, which reads a little HTML, ``%{...}`` templates and ``$TeX$``.

    Quotes stay as they are: plotly knows no entity for them, and a label is never an attribute.

    >>> label("<b>$1</b> %{x}")
    '&lt;b&gt;&#36;1&lt;/b&gt; %&#123;x}'
    """
    return html.escape(clean(text), quote=False).replace("$", "&#36;").replace("%{", "%&#123;")


def begun(text: str) -> str:
    """Return ``text`` as it stands at the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def shorten(text: str, width: int) -> str:
    """Return ``text`` on one line, cut to ``width`` characters with «…»."""
    line = " ".join(text.split(" ")).replace("\n", " ").replace("\t", " ")
    return line if len(line) <= width else f"{line[: width - 1].rstrip()}…"


def safe_link(address: object) -> str | None:
    """Return a web address that may be clicked: ``http`` or ``https`` with a host; else ``None``."""
    text = clean(address).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and parts.hostname and not re.search(r"[\s\\\"'<>]", text)
    return text if plain and "@" not in parts.netloc else None
