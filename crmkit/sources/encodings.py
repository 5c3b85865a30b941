"""Decide the encoding of a text file on evidence, and hand it on as clean UTF-8.

The rule, in this order: the encoding named by the user, a byte-order mark, UTF-16 without one, strict UTF-8,
and else Windows-1251 where the bytes speak for Cyrillic. Charset detectors are not used: they failed on the
usual case, an export that is mostly Latin letters and digits.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from crmkit.errors import N_, SourceError

UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
CHUNK = 1 << 20
MANY_CONTROLS = 0.05
SOME = 20
FEW_NULLS = 4
_ALLOWED = b"\t\n\r"
_CONTROLS = bytes(code for code in range(32) if code not in _ALLOWED)
#: The same as the inside of a character class of a regular expression.
CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f"
_NAME_IT = N_("Save the file again as UTF-8, or name its encoding in client.yml under files: encoding.")


def to_utf8(
    raw: bytes, where: str, encoding: str | None = None, hint: str | None = None
) -> tuple[bytes, dict[str, str]]:
    """Return ``raw`` as UTF-8 without byte-order mark and control characters, and what was decided.

    Parameters
    ----------
    raw: the file's bytes.
    where: the file's name, for messages.
    encoding: the encoding named by the user; it wins, and is refused where the bytes contradict it.
    hint: an encoding the file itself names (an HTML ``meta``); taken if the bytes bear it out.

    Returns
    -------
    The text (tab, LF and CR are the only control characters left) and the decisions: ``encoding`` always;
    ``damaged_characters`` and ``control_characters`` (numbers as text) where there were any.

    Raises
    ------
    SourceError: the named encoding does not fit, or the evidence does not point to one encoding.
    """
    data, decisions = _decoded(raw, where, encoding, hint)
    controls = _count_controls(data)
    if controls > max(SOME, MANY_CONTROLS * len(data)):
        raise SourceError(
            where, N_("this is not a text file: it is full of control characters"), (), _NAME_IT
        )
    if controls:
        data = data.translate(None, _CONTROLS)
        decisions["control_characters"] = str(controls)
    return data, decisions


def _decoded(raw: bytes, where: str, encoding: str | None, hint: str | None) -> tuple[bytes, dict[str, str]]:
    if encoding is not None:
        return _as_named(raw, where, encoding)
    if raw.startswith(UTF8_MARK):
        body = raw[len(UTF8_MARK) :]
        return (body, {"encoding": "utf-8-sig"}) if is_utf8(body) else _repaired(body, "utf-8")
    if raw[:2] in UTF16_MARKS:
        return _repaired(raw[2:], UTF16_MARKS[raw[:2]])
    if unmarked := _unmarked_utf16(raw):
        return _repaired(raw, unmarked)
    if is_utf8(raw):
        return raw, {"encoding": "utf-8"}
    if hint is not None and (borne_out := _strictly(raw, hint)) is not None:
        return borne_out, {"encoding": hint.lower()}
    return _legacy(raw, where)


def is_utf8(raw: bytes) -> bool:
    """Say whether ``raw`` is valid UTF-8, without making a string of it."""
    ends = pa.py_buffer(np.array([0, len(raw)], dtype=np.int64))
    whole = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(raw)])
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _as_named(raw: bytes, where: str, encoding: str) -> tuple[bytes, dict[str, str]]:
    try:
        b"".decode(encoding)  # a LookupError also for codecs that are no encodings of text
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        remedy = N_(
            "Use a name such as utf-8, utf-16, cp1251, koi8-r or cp866 in client.yml under files: encoding."
        )
        raise SourceError(where, N_("the encoding {name} is not known", name=encoding), (), remedy) from None
    marked = raw.startswith(UTF8_MARK) or raw[:2] in UTF16_MARKS
    if name.startswith("utf"):
        body = raw[len(UTF8_MARK) :] if raw.startswith(UTF8_MARK) and name == "utf-8" else raw
        data = _strictly(body, name)
    else:
        high = np.count_nonzero(np.frombuffer(raw, np.uint8) > 127)
        data = None if marked or (high >= SOME and is_utf8(raw)) else _strictly(raw, name)
    if data is None:
        what = N_("the file is not in the encoding {name} that is named for it", name=encoding)
        remedy = N_(
            "Correct the encoding in client.yml under files, or leave it out: the kit finds it by itself."
        )
        raise SourceError(where, what, (), remedy)
    return data, {"encoding": name}


def _strictly(raw: bytes, encoding: str) -> bytes | None:
    """Transcode chunk by chunk; ``None`` where a byte does not fit or the encoding is not known."""
    try:
        b"".decode(encoding)
        decoder = codecs.getincrementaldecoder(encoding)()
        parts = [decoder.decode(raw[at : at + CHUNK]).encode() for at in range(0, len(raw), CHUNK)]
        parts.append(decoder.decode(b"", final=True).encode())
    except (LookupError, ValueError):
        return None
    return b"".join(parts).removeprefix(UTF8_MARK)


def _repaired(raw: bytes, encoding: str) -> tuple[bytes, dict[str, str]]:
    text = raw.decode(encoding, "replace")
    data = text.encode("utf-8", "replace")
    decisions = {"encoding": encoding}
    if damaged := text.count("\ufffd") - (raw.count("\ufffd".encode()) if encoding == "utf-8" else 0):
        decisions["damaged_characters"] = str(damaged)
    return data, decisions


def _unmarked_utf16(raw: bytes) -> str | None:
    head = np.frombuffer(raw[:4096], np.uint8)
    odd, even = int(np.count_nonzero(head[1::2] == 0)), int(np.count_nonzero(head[::2] == 0))
    if max(odd, even) < max(FEW_NULLS, len(head) / 20) or min(odd, even):
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _legacy(raw: bytes, where: str) -> tuple[bytes, dict[str, str]]:
    leads, complete, isolated, runs = _letter_evidence(raw)
    cut = next((size for size in (1, 2, 3) if raw[-size:][:1] >= b"\xc2" and is_utf8(raw[:-size])), 0)
    if leads and (complete >= 0.9 * leads or (cut and complete)):
        return _repaired(raw, "utf-8")
    if leads and complete > 0.5 * leads:
        raise SourceError(
            where, N_("the file mixes two encodings: parts are UTF-8, parts are not"), (), _NAME_IT
        )
    data = _strictly(raw, "cp1251")
    if data is None or isolated > runs:
        what = N_(
            "the file is neither UTF-8 nor Windows-1251, the two encodings that the kit tries by itself"
        )
        raise SourceError(where, what, _samples(raw), _NAME_IT)
    return data, {"encoding": "cp1251"}


def _letter_evidence(raw: bytes) -> tuple[int, int, int, int]:
    """Count bytes from C0 up, those continued as UTF-8 asks, those alone after a Latin letter, and pairs."""
    totals = np.zeros(4, dtype=np.int64)
    for at in range(0, len(raw), CHUNK):
        chunk = np.frombuffer(raw[at : at + CHUNK + 2] + b"\n\n", np.uint8)
        first, second, third = chunk[:-2], chunk[1:-1], chunk[2:]
        letter = first >= 0xC0
        latin = ((first | 0x20) >= ord("a")) & ((first | 0x20) <= ord("z"))
        totals += (
            np.count_nonzero(letter),
            np.count_nonzero(letter & (second >= 0x80) & (second < 0xC0)),
            np.count_nonzero(latin & (second >= 0xC0) & (third < 0xC0)),
            np.count_nonzero(letter & (second >= 0xC0)),
        )
    leads, complete, isolated, runs = map(int, totals)
    return leads, complete, isolated, runs


def _samples(raw: bytes) -> list[str]:
    found = re.findall(rb"[ -~]{0,12}[\x80-\xff][\x20-\xff]{0,12}", raw[: 64 * CHUNK])
    return [sample.decode("latin-1") for sample in found[:5]]


def _count_controls(data: bytes) -> int:
    """Count the control characters other than tab, LF and CR."""
    low = (codes[codes < 32] for codes in chunks(data))
    return sum(int(np.isin(codes, list(_ALLOWED), invert=True).sum()) for codes in low)


def chunks(data: bytes, start: int = 0, more: int = 0) -> Iterator[np.ndarray]:
    """Give the bytes from ``start`` on in chunks that fit into a cache, ``more`` bytes longer."""
    codes = np.frombuffer(data, np.uint8)
    for at in range(start, len(codes), CHUNK):
        yield codes[at : at + CHUNK + more]


def count_byte(data: bytes, code: int, start: int = 0) -> int:
    """Count a byte; three times as fast as ``bytes.count`` where it is frequent."""
    return sum(int(np.count_nonzero(codes == code)) for codes in chunks(data, start))
