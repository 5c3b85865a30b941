"""How the texts of a description are read: trimmed, one item a line, shares as people write them."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from crmkit.errors import fold as fold

LONGEST_LINE, LONGEST_TEXT, MOST_ITEMS = 500, 4000, 40
_CARRIAGE = re.compile("_x000[dD]_")


def _line(value: object) -> object:
    """Make one line of what stands in a cell or a key; signs that no file keeps are left out."""
    return " ".join(_readable(value).split()) if isinstance(value, str) else value


def _text(value: object) -> object:
    """Keep the lines of a text, each trimmed, without empty ones."""
    if not isinstance(value, str):
        return value
    lines = (" ".join(line.split()) for line in _readable(value).splitlines())
    return "\n".join(line for line in lines if line)


def _readable(value: str) -> str:
    """Leave out unseen signs first, then join accents to letters: so a second reading changes nothing.

    What workbooks write for a carriage return is one.
    """
    seen = "".join(sign for sign in value if sign in "\t\n\r" or unicodedata.category(sign)[0] != "C")
    return unicodedata.normalize("NFC", _CARRIAGE.sub("\n", seen))


def listed(value: object) -> object:
    """Take one text for a list of its lines, and leave out what is empty."""
    if isinstance(value, str):
        value = value.splitlines()
    if isinstance(value, list | tuple):
        return [item for item in value if item is not None and (not isinstance(item, str) or _line(item))]
    return value


def _share(value: object) -> object:
    """Read «60 %», «60%» and «0,6»."""
    if not isinstance(value, str):
        return value
    text = value.replace("\u00a0", " ").strip().replace(",", ".")
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError as error:
        raise PydanticCustomError("float_parsing", "no share") from error


def _rounded(value: float) -> float:
    return round(value, 4)


Line: TypeAlias = Annotated[str, BeforeValidator(_line), Field(max_length=LONGEST_LINE)]
Text: TypeAlias = Annotated[str, BeforeValidator(_text), Field(max_length=LONGEST_TEXT)]
Named: TypeAlias = Annotated[str, BeforeValidator(_line), Field(min_length=1, max_length=LONGEST_LINE)]
Lines: TypeAlias = Annotated[tuple[Named, ...], BeforeValidator(listed), Field(max_length=MOST_ITEMS)]
#: Figures are kept as cells keep them: fewer digits than a float has.
Share: TypeAlias = Annotated[float, BeforeValidator(_share), Field(ge=0.0001, le=1), AfterValidator(_rounded)]
Amount: TypeAlias = Annotated[float, Field(ge=0.01, le=10_000), AfterValidator(_rounded)]
Cost: TypeAlias = Annotated[float, Field(ge=0, le=1e10), AfterValidator(_rounded)]
