"""Where the notebooks and templates lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent


def resource(name: Literal["notebooks", "templates"]) -> Path:
    """Return the folder of the kit's notebooks or templates.

    Raises
    ------
    FileNotFoundError: the installation is not whole.
    """
    beside = _PACKAGE.parent / name
    if beside.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return beside
    inside = _PACKAGE / name
    if inside.is_dir():
        return inside
    raise FileNotFoundError(f"crmkit is not installed whole: its folder {name} is missing; install it again")
