"""The options of a notebook: what is asked for beyond its five parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmkit.errors import N_, Message, RequestError

#: How something is asked for that a notebook does not tell by itself.
HOW_TO_ASK = N_(
    "Write into a file options.json, all that is asked for in one pair of braces: {example}. Then run the"
    " notebook anew with it: add «--options options.json» to the command «crmkit run»; in JupyterLab give the"
    " file's path as «options» in the first cell."
)


def how_to_ask(example: Mapping[str, Any]) -> Message:
    """Return how something is asked for in the file of options."""
    return Message(HOW_TO_ASK.text, {"example": json.dumps(example, ensure_ascii=False)})


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
