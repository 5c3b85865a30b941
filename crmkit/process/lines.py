r"""One item on one line of a cell: «Signed contract [document] → Invoice», «Pipeline › Stage».

The kind stands in square brackets at the end, the next step behind an arrow (``→``, ``->`` or ``=>``; the
last one counts), the pipeline before ``›`` (or a ``>`` between spaces). A sign that is part of the text
itself has a backslash before it: ``\[``, ``\→``, ``\›``, ``\>``, ``\\``; that is needed only where the line
would be read wrongly without it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from crmkit.process.description import CrmStage, Result
from crmkit.process.wording import fold

_SIGNS = "\\[→›>"
_HIDDEN = {sign: chr(0xE000 + place) for place, sign in enumerate(_SIGNS)}
_SHOWN = str.maketrans({hidden: sign for sign, hidden in _HIDDEN.items()})
_ESCAPED = re.compile(f"\\\\([{re.escape(_SIGNS)}])")
_SPECIAL = re.compile(f"([{re.escape(_SIGNS)}])")
_ARROW = re.compile(r"(?P<left>.*\S)\s*(?:→|->|=>)\s*(?P<right>\S.*)", re.DOTALL)
_KIND = re.compile(r"(?P<text>.*\S)\s*\[\s*(?P<kind>[^\[\]]*?)\s*\]", re.DOTALL)
_PIPELINE = re.compile(r"(?P<pipeline>.*?\S)\s*(?:›|\s>\s)\s*(?P<stage>\S.*)", re.DOTALL)
NEAR = 0.75


class UnknownKindError(ValueError):
    """A word in brackets is nearly one of the kinds, and none."""


def result_line(item: Result, kinds: Mapping[str, str], known: Mapping[str, str]) -> str:
    """Return an input or output as a line of a cell.

    Parameters
    ----------
    kinds: the word for each kind in the language of the workbook.
    known: kinds by folded word, in all languages: what the line will be read by.
    """

    def line(text: str, following: str) -> str:
        said = f"{text} [{kinds[item.kind]}]" if item.kind else text
        return f"{said} → {following}" if following else said

    plain = line(item.text, item.next_step)
    try:
        if Result.model_validate(read_result(plain, known)) == item:
            return plain
    except UnknownKindError:
        pass
    return line(_escaped(item.text), _escaped(item.next_step))


def read_result(line: str, known: Mapping[str, str]) -> dict[str, str]:
    """Read a line of a cell as ``text``, ``kind`` and ``next_step``.

    Raises
    ------
    UnknownKindError: the word in brackets is nearly a kind; it holds the word and the nearest one.
    """
    left, right, kind = _hidden(line), "", ""
    if cut := _ARROW.fullmatch(left):
        left, right = cut["left"], cut["right"]
    left, kind = _without_kind(left, known)
    if not kind and right:
        right, kind = _without_kind(right, known)
    return {"text": left.translate(_SHOWN), "kind": kind, "next_step": right.translate(_SHOWN)}


def crm_stage_line(item: CrmStage) -> str:
    """Return a CRM stage as a line of a cell."""
    plain = f"{item.pipeline} › {item.stage}" if item.pipeline else item.stage
    if CrmStage.model_validate(read_crm_stage(plain)) == item:
        return plain
    stage = _escaped(item.stage)
    return f"{_escaped(item.pipeline)} › {stage}" if item.pipeline else stage


def read_crm_stage(line: str) -> dict[str, str]:
    """Read a line of a cell as ``pipeline`` and ``stage``."""
    hidden = _hidden(line)
    if cut := _PIPELINE.fullmatch(hidden):
        return {"stage": cut["stage"].translate(_SHOWN), "pipeline": cut["pipeline"].translate(_SHOWN)}
    return {"stage": hidden.translate(_SHOWN)}


def field_line(name: str, called: Mapping[str, str], known: Mapping[str, str]) -> str:
    """Return a required field as a line of a cell: one that the kit knows by the word for it.

    Parameters
    ----------
    called: the word for each field that the kit knows, in the language of the workbook.
    known: these fields by folded word, in all languages: what the line will be read by.
    """
    line = called.get(name, name)
    return line if read_field(line, known) == name else f"\\{name}"


def read_field(line: str, known: Mapping[str, str]) -> str:
    """Read a line of a cell as the name of a field; behind a backslash it stands as it is."""
    return line[1:] if line.startswith("\\") else known.get(fold(line), line)


def _hidden(line: str) -> str:
    """Put signs that are part of the text out of the way: no text of a description holds these stand-ins."""
    return _ESCAPED.sub(lambda found: _HIDDEN[found[1]], line.strip())


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


def _without_kind(text: str, known: Mapping[str, str]) -> tuple[str, str]:
    found = _KIND.fullmatch(text)
    if found is None:
        return text, ""
    word = fold(found["kind"])
    if word in known:
        return found["text"], known[word]
    if near := difflib.get_close_matches(word, known, n=1, cutoff=NEAR):
        raise UnknownKindError(found["kind"], near[0])
    return text, ""
