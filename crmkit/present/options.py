"""The options of a notebook: what is asked for beyond its five parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmkit.errors import N_, RequestError


def read_options(path: str) -> Mapping[str, Any]:
    """Read the options of a notebook: one JSON file; none without a path.

    Raises
    ------
    RequestError: the file cannot be read, or holds no object.
    """
    if not path:
        return {}
    what = N_("the file of options cannot be read as JSON")
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(
            "options", what, [Path(path).name], N_("Give the path of one JSON file.")
        ) from error
    if not isinstance(content, dict):
        raise RequestError("options", what, [Path(path).name])
    return content
