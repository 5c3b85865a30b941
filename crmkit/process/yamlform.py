"""A description as YAML: written to be read by people, and read with all its mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from crmkit.errors import N_, Refusals, SettingsError
from crmkit.folder import write_whole
from crmkit.mistakes import place_of, translate
from crmkit.process.description import CrmStage, Process, Result, Role
from crmkit.yamlfile import read_yaml

#: What a part is written as where it says nothing else: a text.
_ALONE = {Result: "text", CrmStage: "stage", Role: "name"}


class _Dumper(yaml.SafeDumper):
    """Writes lists in the indent of their key's items, texts of several lines as they stand."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists too."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write a text that stands twice out twice."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_bytes(process: Process) -> bytes:
    """Return a description as YAML: what is said, in the order of the table, the same bytes each time."""
    return dumped({"format": 1, "name": process.name, "version": process.version} | _plain(process))


def dumped(said: Mapping[str, Any]) -> bytes:
    """Return keys and values as YAML; parts among them are written as what they say."""
    text = yaml.dump(
        {key: _plain(value) for key, value in said.items()}, Dumper=_Dumper, allow_unicode=True,
        sort_keys=False, default_flow_style=False, width=110,
    )  # fmt: skip
    return text.encode("utf-8")


def write_yaml(path: Path, process: Process) -> None:
    """Write a description; the file appears whole or not at all."""
    write_whole(path, yaml_bytes(process))


def read_description(path: Path) -> Process:
    """Read a description from YAML.

    Raises
    ------
    Refusals or SettingsError: what is wrong, all of it, each with its line, key and what to do.
    """
    data, lines = read_yaml(path)
    if not isinstance(data, dict):
        remedy = N_("Make one with «crmkit process new CLIENT».")
        raise SettingsError(path.name, N_("the file holds no description of a process"), remedy=remedy)
    try:
        return Process.model_validate(data)
    except ValidationError as error:
        raise Refusals(
            [translate(item, place_of(item["loc"], path.name, lines), Process) for item in error.errors()]
        ) from error


def _plain(value: Any) -> Any:
    """Return what YAML writes for a value: parts as mappings of what they say, or as a text."""
    if not isinstance(value, BaseModel):
        return [_plain(one) for one in value] if isinstance(value, tuple) else value
    fields = type(value).model_fields
    said = {name: getattr(value, name) for name in fields if name in _said(value)}
    alone = _ALONE.get(type(value))
    if "amount" in fields:
        return str(value)
    return said[alone] if alone and set(said) == {alone} else {key: _plain(one) for key, one in said.items()}


def _said(value: BaseModel) -> set[str]:
    return {
        name
        for name, field in type(value).model_fields.items()
        if getattr(value, name) != field.get_default()
    }
