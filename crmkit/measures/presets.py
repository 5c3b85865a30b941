"""Presets: lists of measures that are watched together, kept as data under ``templates/presets``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crmkit.errors import N_, RequestError, SettingsError, did_you_mean
from crmkit.measures.catalog import Measure, find
from crmkit.periods import GRAINS
from crmkit.places import resource
from crmkit.yamlfile import Lines, read_yaml


@dataclass(frozen=True)
class Watched:
    """One figure of a preset: its id, the group it stands in, its measures, the main one first."""

    id: str
    group: str
    measures: tuple[str, ...]


@dataclass(frozen=True)
class Preset:
    """A list of figures; ``title`` and ``note`` are sentences, to be shown wherever it is."""

    name: str
    title: str
    note: str
    rows: tuple[Watched, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        """All its measures, each once."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.measures))


def fitting(names: Sequence[str], by: Sequence[str]) -> list[str]:
    """Return those of a preset's measures that can be told by these slices."""
    return [name for name in names if not any(_refuses(find(name), one) for one in by)]


def _refuses(one: Measure, name: str) -> bool:
    return bool(one.only_by and name not in one.only_by) or (one.is_timeless and name in GRAINS)


def presets() -> list[Preset]:
    """Return the kit's own presets."""
    return [_read(path) for path in _own()]


def read_preset(wish: str | Sequence[str], folder: Path) -> Preset:
    """Return a preset by its name, by its file in a client's folder, or made of a list of measures.

    Raises
    ------
    RequestError: there is no such preset or measure, with the nearest name.
    SettingsError: the file is not made as a preset.
    """
    if not isinstance(wish, str):
        rows = [Watched(_single(name).id, find(name).group, (name,)) for name in wish]
        return Preset("", N_("The figures to keep an eye on").text, "", tuple(rows))
    own = {path.stem: path for path in _own()}
    path = own.get(wish, folder / wish)
    if wish not in own and not path.is_file():
        raise RequestError(f"preset {wish}", N_("there is no such preset"), remedy=did_you_mean(wish, own))
    return _read(path)


def _own() -> list[Path]:
    return sorted((resource("templates") / "presets").glob("*.yml"))


def _read(path: Path) -> Preset:
    data, lines = read_yaml(path)
    figures = data.get("figures") if isinstance(data, dict) else None
    if not isinstance(figures, list) or not figures:
        raise _no_preset(path, lines, ())
    rows = [_row(path, lines, index, item) for index, item in enumerate(figures)]
    title = str(data.get("title") or path.stem)
    return Preset(path.stem, title, str(data.get("note") or ""), tuple(rows))


def _row(path: Path, lines: Lines, index: int, item: Any) -> Watched:
    names = item.get("measures") if isinstance(item, dict) else None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise _no_preset(path, lines, ("figures", index))
    try:
        ones = [_single(name) for name in names]
    except RequestError as error:
        where = f"{path.name}:{lines['figures', index]}: {error.where.removeprefix('--measure ')}"
        raise RequestError(where, error.what, remedy=error.remedy) from error
    return Watched(str(item.get("id") or ones[0].id), str(item.get("group") or ones[0].group), tuple(names))


def _single(name: str) -> Measure:
    """Return a measure that is one figure."""
    one = find(name)
    if one.within:
        raise RequestError(f"--measure {name}", N_("a distribution is no single figure to watch"))
    return one


def _no_preset(path: Path, lines: Lines, place: tuple[str | int, ...]) -> SettingsError:
    return SettingsError(
        f"{path.name}:{lines[place]}" if place in lines else path.name,
        N_("this is not how a list of figures is written"),
        remedy=N_("Write figures: [{example}].", example="{id: revenue, group: sales, measures: [revenue]}"),
    )
