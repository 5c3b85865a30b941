"""The kit's notebooks: which there are, what they take, and how one notebook speaks two languages.

A notebook is kept once, in English; its markdown cells are messages of the translation catalogue.
"""

from __future__ import annotations

import ast
import copy
import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from crmkit.batch.executed import Notebook, notebook_bytes, read_notebook, text_of
from crmkit.errors import N_, ReportError, RequestError
from crmkit.folder import write_whole
from crmkit.places import resource

PARAMETERS = ("client", "as_of", "language", "period", "options")
"""Exactly what every notebook takes, all of them text; the empty text means «not said»."""

_WRITTEN = ".written.json"


class Speaker(Protocol):
    """What translating needs of ``present.words.Words``."""

    def say(self, text: str, /) -> str:
        """Return ``text`` in the speaker's language."""


@dataclass(frozen=True)
class Written:
    """What :func:`write_notebooks` did: files written or already right, and edited ones left alone."""

    paths: tuple[Path, ...]
    kept: tuple[Path, ...]


def notebook_paths() -> dict[str, Path]:
    """Return the kit's notebooks by name, in the order in which a consultant works."""
    return {path.stem: path for path in sorted(resource("notebooks").glob("[0-9]*.ipynb"))}


def find_notebooks(names: Sequence[str] | None) -> dict[str, Path]:
    """Return the notebooks asked for, in the kit's order; ``None`` asks for all.

    Parameters
    ----------
    names: whole names, or only their numbers (``06`` for ``06_kpi_report``).

    Raises
    ------
    RequestError: there is no such notebook.
    """
    known = notebook_paths()
    if names is None:
        return known
    wanted = {_find(name, list(known)) for name in names}
    return {name: path for name, path in known.items() if name in wanted}


def _find(name: str, known: list[str]) -> str:
    plain = name.removesuffix(".ipynb")
    found = [full for full in known if full == plain or full.split("_")[0] == plain]
    if not found:
        near = difflib.get_close_matches(plain, known, n=1)
        remedy = (
            N_("Did you mean «{near}»?", near=near[0])
            if near
            else N_("Possible: {expected}.", expected=", ".join(known))
        )
        raise RequestError("--notebooks", N_("there is no such notebook"), [name], remedy)
    return found[0]


def parameter_cell(notebook: Notebook, name: str) -> dict[str, Any]:
    """Return the notebook's one parameters cell, checked.

    Papermill's parser loses annotations such as ``str | None`` without a word, and an unknown parameter runs
    on its default; so the cell must assign exactly :data:`PARAMETERS`, each a text.

    Raises
    ------
    ReportError: the notebook does not take what every notebook of the kit takes.
    """
    cells: list[dict[str, Any]] = [
        cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])
    ]
    if len(cells) == 1 and cells[0]["cell_type"] == "code":
        values = _literals(text_of(cells[0]["source"]))
        if set(values) == set(PARAMETERS) and all(isinstance(node.value, str) for node in values.values()):
            return cells[0]
    raise ReportError(
        f"{name}.ipynb",
        N_(
            "the notebook needs one cell tagged «parameters» that sets {names}, each to a text",
            names=", ".join(PARAMETERS),
        ),
    )


def _literals(source: str) -> dict[str, ast.Constant]:
    """Return the constants that a parameters cell assigns, by name; nothing if anything else stands in it."""
    found: dict[str, ast.Constant] = {}
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return {}
    for line in body:
        if isinstance(line, ast.Assign) and len(line.targets) == 1:
            target, value = line.targets[0], line.value
        elif (
            isinstance(line, ast.AnnAssign)
            and isinstance(line.annotation, ast.Name)
            and line.value is not None
        ):
            target, value = line.target, line.value
        else:
            return {}
        if not isinstance(target, ast.Name) or not isinstance(value, ast.Constant) or target.id in found:
            return {}
        found[target.id] = value
    return found


def checked_parameters(values: Mapping[str, object]) -> dict[str, str]:
    """Return ``values`` completed with empty texts, fit to be handed to papermill.

    A parameter's name becomes code in the notebook, so only the known names pass; a value of another type
    than text would be changed by papermill without a word.

    Raises
    ------
    ValueError: an unknown name. TypeError: a value that is no text. Both are mistakes in code.
    """
    unknown = set(values) - set(PARAMETERS)
    if unknown:
        raise ValueError(
            f"notebooks take {', '.join(PARAMETERS)}, not {', '.join(sorted(map(repr, unknown)))}"
        )
    for name, value in values.items():
        if not isinstance(value, str):
            raise TypeError(f"the parameter {name} is a text, not {type(value).__name__}")
    return {name: str(values.get(name, "")) for name in PARAMETERS}


def translated(notebook: Notebook, words: Speaker) -> Notebook:
    """Return a copy of ``notebook`` whose markdown cells are said in the language of ``words``."""
    copied = copy.deepcopy(notebook)
    for cell in copied["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = words.say(text_of(cell["source"]))
    return copied


def speaker(language: str) -> Speaker:
    """Return the words of a language."""
    from crmkit.present.words import Words

    words: Speaker = Words(language)
    return words


def write_notebooks(language: str, to: Path) -> Written:
    """Write the notebooks in a language, to work in; their ``language`` parameter is set to it.

    A copy that the user has edited since it was written is left alone; any other is renewed.

    Parameters
    ----------
    language: ``ru`` or ``en``.
    to: the folder, made if missing.
    """
    words = speaker(language)
    to.mkdir(parents=True, exist_ok=True)
    record = to / _WRITTEN
    before: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    paths: list[Path] = []
    kept: list[Path] = []
    hashes: dict[str, str] = {}
    for name, source in notebook_paths().items():
        notebook = translated(read_notebook(source), words)
        cell = parameter_cell(notebook, name)
        cell["source"] = _with_language(text_of(cell["source"]), language)
        data, target = notebook_bytes(notebook), to / source.name
        is_ours = not target.exists() or hashlib.sha256(target.read_bytes()).hexdigest() == before.get(name)
        if is_ours:
            write_whole(target, data)
            hashes[name] = hashlib.sha256(data).hexdigest()
        elif name in before:
            hashes[name] = before[name]
        (paths if is_ours else kept).append(target)
    write_whole(record, json.dumps(hashes, indent=1, sort_keys=True).encode())
    return Written(tuple(paths), tuple(kept))


def _with_language(source: str, language: str) -> str:
    node = _literals(source)["language"]
    lines = source.splitlines(keepends=True)
    line = lines[node.lineno - 1].encode()  # columns of ast count bytes
    lines[node.lineno - 1] = (
        line[: node.col_offset] + f'"{language}"'.encode() + line[node.end_col_offset :]
    ).decode()
    return "".join(lines)
