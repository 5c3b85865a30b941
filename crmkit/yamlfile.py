"""YAML as people mean it: duplicate keys refused, ``no`` and ``012`` and ``12:30`` stay text, places kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from crmkit.errors import N_, SettingsError

MAX_BYTES = 4_000_000
MAX_ALIASES = 100

_RESOLVERS = (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN\0"),
)


class _Loader(yaml.SafeLoader):
    """A safe loader with few implicit types, no repeated keys and no merges."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in _RESOLVERS:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), list(_first.replace("\0", "")) + [""])


def read_yaml(path: Path) -> tuple[Any, dict[tuple[str | int, ...], int]]:
    """Read a YAML file.

    Returns
    -------
    the data, and the line (from 1) of every key and item by its place, such as ``("files", 0, "path")``.

    Raises
    ------
    SettingsError: no such file, not UTF-8, not YAML, a key twice, too large.
    """
    if not path.is_file():
        raise SettingsError(
            path.name, N_("there is no such file"), [path.parent.name], N_("Give a folder that holds a client.yml.")
        )
    if path.stat().st_size > MAX_BYTES:
        raise SettingsError(path.name, N_("the file is larger than {size} MB", size=MAX_BYTES // 1_000_000))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            path.name, N_("the file is not UTF-8 text"), remedy=N_("Save it as UTF-8 in your editor.")
        ) from error
    try:
        if sum(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=_Loader)) > MAX_ALIASES:
            raise SettingsError(path.name, N_("the file holds too many references (*name)"))
        node = yaml.compose(text, Loader=_Loader)
        lines: dict[tuple[str | int, ...], int] = {}
        _walk(path, node, (), lines)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise SettingsError(
            f"{path.name}:{mark.line + 1}" if mark else path.name,
            N_("the file cannot be read as YAML: {problem}", problem=getattr(error, "problem", None) or str(error)),
            remedy=N_("Check the indents, the colons and the quotes near that line."),
        ) from error
    return data, lines


def _walk(path: Path, node: yaml.Node | None, place: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, key.value)
            if here in lines:
                raise SettingsError(
                    f"{path.name}:{key.start_mark.line + 1}",
                    N_("the key «{key}» stands twice", key=key.value),
                    remedy=N_("Keep one of the two."),
                )
            lines[here] = key.start_mark.line + 1
            _walk(path, value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*place, index)] = value.start_mark.line + 1
            _walk(path, value, (*place, index), lines)
