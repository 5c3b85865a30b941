"""The descriptions in a client's folder: one version a file, as YAML or as a workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from crmkit.errors import N_, CrmkitError, Message, Refusals, SettingsError
from crmkit.process.book import read_book
from crmkit.process.description import Norm, Process, VersionKind
from crmkit.process.layout import BookWords
from crmkit.process.yamlform import read_description

FOLDER = "process"
NO_DESCRIPTIONS = ("cards.yml",)
MOST_CELLS = 5
Version: TypeAlias = tuple[VersionKind, date | None]


@dataclass(frozen=True)
class Processes:
    """What a client's folder says of its process.

    Attributes
    ----------
    as_is: the process as it is; ``None`` without a description.
    to_be: versions of how it should be, the earliest first, those without a date before all.
    files: where each version stands; the YAML if a workbook says the same.
    repairs: what was mended while reading.
    """

    as_is: Process | None = None
    to_be: tuple[Process, ...] = ()
    files: Mapping[Version, Path] = field(default_factory=dict)
    repairs: tuple[Message, ...] = ()

    @property
    def target(self) -> Process | None:
        """The process to hold deals against: the latest to-be version, else the process as it is."""
        return self.to_be[-1] if self.to_be else self.as_is


def read_processes(folder: Path, words: Sequence[BookWords]) -> Processes:
    """Read all descriptions of a client.

    Parameters
    ----------
    folder: the client's; descriptions are ``process/*.yml`` and ``process/*.xlsx`` in it.
    words: what workbooks call their sheets, headings and values, in each language.

    Raises
    ------
    Refusals or CrmkitError: every mistake of every file; two files of one version that differ.
    """
    found: dict[Version, tuple[Path, Process]] = {}
    errors: list[CrmkitError] = []
    repairs: list[Message] = []
    for path in description_files(folder):
        try:
            process, mended = read_file(path, words)
        except Refusals as error:
            errors += error.errors
            continue
        except CrmkitError as error:
            errors.append(error)
            continue
        repairs += mended
        version = version_of(process)
        if version in found and (cells := list(_differing(found[version][1], process))):
            errors.append(_twice(found[version][0], path, cells))
        found.setdefault(version, (path, process))
    if errors:
        raise Refusals(errors)
    to_be = sorted(
        (process for (kind, _), (_, process) in found.items() if kind == "to_be"),
        key=lambda process: process.dated or date.min,
    )
    as_is = next((process for (kind, _), (_, process) in found.items() if kind == "as_is"), None)
    return Processes(as_is, tuple(to_be), {key: path for key, (path, _) in found.items()}, tuple(repairs))


def description_files(folder: Path) -> list[Path]:
    """Return the files with descriptions in a client's folder, YAML first."""
    inside = folder / FOLDER
    paths = sorted(inside.iterdir()) if inside.is_dir() else []
    named = [path for path in paths if path.is_file() and path.name[0] not in ".~"]
    yaml = [path for path in named if path.suffix.lower() in (".yml", ".yaml")]
    books = [path for path in named if path.suffix.lower() in (".xlsx", ".xlsm", ".xls")]
    return [path for path in yaml if path.name not in NO_DESCRIPTIONS] + books


def read_file(path: Path, words: Sequence[BookWords]) -> tuple[Process, tuple[Message, ...]]:
    """Read one description, of either form; the second is what was mended."""
    if path.suffix.lower() in (".yml", ".yaml"):
        return read_description(path), ()
    return read_book(path, words)


def version_of(process: Process) -> Version:
    """Return what tells one version from another; there is one process as it is."""
    return process.version, process.dated if process.version == "to_be" else None


def _twice(first: Path, second: Path, cells: Sequence[str]) -> SettingsError:
    what = N_(
        "this file and {other} describe the same version and differ, in {count} places",
        other=first.name, count=len(cells),
    )  # fmt: skip
    remedy = N_("Keep the one that holds, and move the other out of the folder.")
    return SettingsError(f"{FOLDER}/{second.name}", what, cells[:MOST_CELLS], remedy)


def _differing(one: Any, other: Any, place: str = "") -> Iterator[str]:
    """Yield the cells in which two descriptions differ, with both values."""
    if isinstance(one, BaseModel) and type(one) is type(other) and not isinstance(one, Norm):
        name = getattr(one, "name", "") if place else ""
        here = f"{place} «{name}»" if name else place
        for key in type(one).model_fields:
            yield from _differing(getattr(one, key), getattr(other, key), f"{here} {key}".strip())
    elif isinstance(one, tuple) and any(isinstance(item, BaseModel) for item in (*one, *other)):
        for ix in range(max(len(one), len(other))):
            mine, theirs = (items[ix] if ix < len(items) else None for items in (one, other))
            yield from _differing(mine, theirs, f"{place}[{ix + 1}]")
    elif one != other:
        yield f"{place}: {_short(one)} ≠ {_short(other)}"


def _short(value: Any) -> str:
    """Return a value in a few words; of a part its name, its text or its stage."""
    if value is None:
        return "—"
    named = (getattr(value, key) for key in ("name", "text", "stage") if hasattr(value, key))
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(next(named, value))
    return f"«{text[:40]}…»" if len(text) > 40 else f"«{text}»"
