"""YAML as people mean it: values stay text as written, repeated keys are refused, places are kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from crmkit.errors import N_, SettingsError

MAX_BYTES = 4_000_000
MAX_DEPTH = 50
#: Signs that YAML would not read back from inside double quotes.
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_OPENING = (
    yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken, yaml.FlowSequenceStartToken,
    yaml.FlowMappingStartToken,
)  # fmt: skip
_CLOSING = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)

Lines = dict[tuple[str | int, ...], int]


class _Loader(yaml.SafeLoader):
    """A safe loader to which ``no``, ``012``, ``1.10`` and ``12:30`` are text; only nothing is not."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|)\Z"), ["~", "n", ""])


def read_yaml(path: Path) -> tuple[Any, Lines]:
    """Read a YAML file.

    Returns
    -------
    the data, all values of it text; the line (from 1) of every key and item by its place, such as
    ``("files", 0, "path")``.

    Raises
    ------
    SettingsError: no such file, not UTF-8, not YAML, a key twice, too large.
    """
    if not path.is_file():
        raise SettingsError(
            path.name,
            N_("there is no such file"),
            [path.parent.name],
            N_("Give a folder that holds a client.yml."),
        )
    if path.stat().st_size > MAX_BYTES:
        raise SettingsError(path.name, N_("the file is larger than {size} MB", size=MAX_BYTES // 1_000_000))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            path.name, N_("the file is not UTF-8 text"), remedy=N_("Save it as UTF-8 in your editor.")
        ) from error
    lines: Lines = {}
    try:
        _refuse_references(path, text)
        _walk(path, yaml.compose(text, Loader=_Loader), (), lines)
        return yaml.load(text, Loader=_Loader), lines  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        if tab := _tabbed(text, mark.line if mark else 0):
            raise SettingsError(
                f"{path.name}:{tab}",
                N_("a tab stands at the beginning of the line, where only spaces may"),
                remedy=N_("Put two spaces in place of each tab; many editors can do that for a whole file."),
            ) from error
        raise SettingsError(
            f"{path.name}:{mark.line + 1}" if mark else path.name,
            N_(
                "the file cannot be read as YAML: {problem}",
                problem=getattr(error, "problem", None) or str(error),
            ),
            remedy=N_("Check the indents, the colons and the quotes near that line."),
        ) from error


def _refuse_references(path: Path, text: str) -> None:
    """Refuse references, and lists within lists within lists, which take long to read."""
    depth = 0
    for token in yaml.scan(text, Loader=_Loader):
        depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
        if depth > MAX_DEPTH:
            raise SettingsError(
                f"{path.name}:{token.start_mark.line + 1}",
                N_("lists and keys stand within one another more than {limit} deep", limit=MAX_DEPTH),
                remedy=N_("Check the indents, the colons and the quotes near that line."),
            )
        if isinstance(token, yaml.AliasToken):
            raise SettingsError(
                f"{path.name}:{token.start_mark.line + 1}",
                N_("references (*{name}) are not read here", name=token.value),
                remedy=N_("Write the words out; put quotes around a value that begins with a star."),
            )


def _tabbed(text: str, line: int) -> int:
    """Return the line (from 1) with a tab in its indent at which YAML gave up, 0 if there is none."""
    rows = text.splitlines()
    near = [row for row in (line - 1, line, line + 1) if 0 <= row < len(rows)]
    return next((row + 1 for row in near if "\t" in rows[row][: -len(rows[row].lstrip()) or None]), 0)


def _walk(path: Path, node: yaml.Node | None, place: tuple[str | int, ...], lines: Lines) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused when the values are made
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


def quoted(value: object) -> str:
    """Return a value as YAML reads it back: text in double quotes.

    >>> quoted("Nick «7»\\x85")
    '"Nick «7»\\\\u0085"'
    """
    text = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
