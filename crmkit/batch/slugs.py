"""A folder name for any client name: safe on every system, readable, never shared by two names."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

MAX_LENGTH = 60
_FIRST_LENGTH = 44  # leaves room for what keeps clients of one name apart

_PLAIN = re.compile(r"[a-z0-9]+(?:[-_]+[a-z0-9]+)*")
_HASHED = re.compile(r".*-[0-9a-f]{6}")
_RESERVED = re.compile(r"con|prn|aux|nul|conin|conout|(?:com|lpt)[0-9]")


@cache
def _letters() -> dict[int, str]:
    """Return the Latin spellings of letters that do not decompose into a Latin one and an accent."""
    table = json.loads(Path(__file__).with_name("letters.json").read_text(encoding="utf-8"))
    return str.maketrans(table)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def slug(name: str) -> str:
    """Return the folder name of ``name``: lower-case Latin letters, digits and hyphens, at most 60 of them.

    A name that is such a folder name already stays as it is; to any other six hexadecimal digits of its
    SHA-256 are added, so that names that look alike keep apart, in this run and in the next.

    >>> slug("acme")
    'acme'
    >>> slug("../Acme Ltd.")[:9]
    'acme-ltd-'
    """
    plain = _PLAIN.fullmatch(name) and len(name) <= _FIRST_LENGTH
    if plain and not _RESERVED.fullmatch(name) and not _HASHED.fullmatch(name):
        return name
    composed = unicodedata.normalize("NFC", name)
    spelled = unicodedata.normalize("NFKD", composed.casefold().translate(_letters()))
    stem = "-".join(re.findall(r"[a-z0-9]+", spelled.encode("ascii", "ignore").decode().lower()))
    return f"{stem[: _FIRST_LENGTH - 7].strip('-') or 'client'}-{_hash(composed)}"


def candidates(name: str, folder: str) -> Iterable[str]:
    """Yield the folder names to try for a client, best first.

    Parameters
    ----------
    name: the client's name.
    folder: the name of the folder that its ``client.yml`` lies in, which keeps clients of one name apart.
    """
    first = slug(name)
    yield first
    second = f"{first}-{_hash(unicodedata.normalize('NFC', folder))}"
    yield second
    for count in range(2, 1_000_000):
        yield f"{second}-{count}"


def allocate(
    clients: Sequence[tuple[str, str]], is_other: Callable[[str, str, str], bool] = lambda *_: False
) -> list[str]:
    """Return one folder name for each client, no two alike.

    Parameters
    ----------
    clients: name and folder of each; the answer keeps their order but does not depend on it.
    is_other: tells, given a folder name, a client's name and its folder, whether that folder name belongs to
        something else already (a client of an earlier run, or a folder that the kit did not make).
    """
    chosen = [""] * len(clients)
    used: set[str] = set()
    for index in sorted(range(len(clients)), key=lambda index: clients[index]):
        name, folder = clients[index]
        chosen[index] = next(
            found
            for found in candidates(name, folder)
            if found not in used and not is_other(found, name, folder)
        )
        used.add(chosen[index])
    return chosen
