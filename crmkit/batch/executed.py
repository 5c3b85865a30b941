"""Executed notebooks: whether they ran to their end, what they found, and what must not leave the machine.

They are read and written as plain JSON. Papermill's own marks are not evidence: after a killed kernel it
marks every cell completed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from crmkit.errors import N_, Message

FINDINGS = "application/vnd.crmkit.findings+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"
_REFUSALS = frozenset({"Refusals", "SettingsError", "SourceError", "RequestError", "ReportError"})

Notebook = dict[str, Any]


def read_notebook(path: Path) -> Notebook:
    """Return a notebook file as JSON data."""
    notebook: Notebook = json.loads(path.read_bytes())
    return notebook


def notebook_bytes(notebook: Notebook) -> bytes:
    """Return the file content of a notebook, in nbformat's own layout."""
    return (json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(
        "utf-8", "backslashreplace"
    )


def text_of(value: str | Iterable[str]) -> str:
    """Join text that the notebook format may keep as lines."""
    return value if isinstance(value, str) else "".join(value)


def _code_cells(notebook: Notebook) -> list[dict[str, Any]]:
    return [
        cell for cell in notebook["cells"] if cell["cell_type"] == "code" and text_of(cell["source"]).strip()
    ]


def trouble(notebook: Notebook) -> Message | None:
    """Return why an executed notebook is not done, or None if every cell ran and the findings are there."""
    cells = _code_cells(notebook)
    for number, cell in enumerate(cells, start=1):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                return _error(number, output)
        if cell["execution_count"] is None:
            return N_("The notebook stopped before its end: code cell {cell} was never run.", cell=number)
    if findings_of(notebook) is None:
        return N_("The notebook ran to its end without recording its findings.")
    return None


def _error(number: int, output: Mapping[str, Any]) -> Message:
    name, text = str(output["ename"]), str(output["evalue"])
    if name in _REFUSALS:
        return Message("{problem}", {"problem": text})
    if name == "SystemExit":
        return N_("Code cell {cell} ended the notebook (sys.exit).", cell=number)
    return N_(
        "Code cell {cell} stopped with an error: {problem}", cell=number, problem=f"{name}: {text}"[:500]
    )


def findings_of(notebook: Notebook) -> dict[str, Any] | None:
    """Return what the last code cell recorded, or None."""
    cells = _code_cells(notebook)
    for output in reversed(cells[-1]["outputs"] if cells else []):
        found = output.get("data", {}).get(FINDINGS)
        if isinstance(found, dict):
            return found
    return None


def last_started(notebook: Notebook) -> int:
    """Return the number of the last code cell that papermill started (0: none): where a kernel died."""
    started = [
        number
        for number, cell in enumerate(_code_cells(notebook), start=1)
        if cell["metadata"].get("papermill", {}).get("start_time")
    ]
    return max(started, default=0)


def cleaned(notebook: Notebook, places: Mapping[Path, str]) -> Notebook:
    """Return the notebook as it may be sent out: the same bytes each time, nothing about this machine.

    Parameters
    ----------
    places: folders of this machine, each with the word to write for it.
    """
    cells = [_cleaned_cell(index, cell) for index, cell in enumerate(notebook["cells"], start=1)]
    keep = {key: value for key, value in notebook["metadata"].items() if key not in ("papermill", "widgets")}
    keep["language_info"] = {"name": "python"}
    clean = {"cells": cells, "metadata": keep, "nbformat": 4, "nbformat_minor": 5}
    words = {form: said for place, word in places.items() for form, said in _forms(place, word)}
    if not words:
        return clean
    longest_first = "|".join(re.escape(form) for form in sorted(words, key=len, reverse=True))
    replaced: Notebook = _replaced(clean, re.compile(rf"(?:{longest_first})(?![\w-])"), words)
    return replaced


def _cleaned_cell(index: int, cell: Mapping[str, Any]) -> dict[str, Any]:
    clean = dict(cell)
    clean["metadata"] = {
        key: value for key, value in cell["metadata"].items() if key not in ("papermill", "execution")
    }
    clean["id"] = f"cell-{index}"
    if cell["cell_type"] == "code":
        clean["outputs"] = [output for output in cell["outputs"] if _WIDGET not in output.get("data", {})]
    return clean


def _forms(place: Path, word: str) -> Iterator[tuple[str, str]]:
    """Yield the ways in which a path may stand in text, in code too, each with its word written alike.

    A root or a bare name is too short to look for.
    """
    if len(place.parts) >= 2:
        plain = str(place)
        yield from ((plain, word), (place.as_posix(), word))
        for write in (_as_code, json.dumps, lambda text: text.replace("\\", "\\\\")):
            escaped = write(plain).strip('"')
            yield from ((escaped, write(word).strip('"')), (escaped.replace("\\", "\\\\"), word))


def _as_code(text: str) -> str:
    """Return a text as papermill writes it into a cell of code."""
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')


def _replaced(value: Any, pattern: re.Pattern[str], words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda found: words[found[0]], value)
    if isinstance(value, list):
        return [_replaced(item, pattern, words) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, pattern, words) for key, item in value.items()}
    return value
