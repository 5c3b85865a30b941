"""The files of a CRM's saved answers: found, and parsed strictly."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, NoReturn

from crmkit.errors import N_, SourceError

MAX_BYTES = 256_000_000
AGAIN = N_("Take it out of the folder, or fetch it again.")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def answer_files(place: Path, api: str) -> list[tuple[str, Path]]:
    """Return the answers in a folder in order of their path, each as it is shown and its path.

    Parameters
    ----------
    place: the client's folder; api: how ``client.yml`` names the one with the answers.

    Raises
    ------
    SourceError: there is no such folder, or no answer in it.
    """
    folder = Path(os.path.normpath(place / api))
    fill = N_("Fill it with «crmkit pull», or put the CRM's answers into it as JSON files.")
    if not folder.is_dir():
        raise SourceError(f"client.yml: {api}", N_("there is no such folder"), (), fill)
    inner = ((path.relative_to(folder), path) for path in folder.rglob("*") if path.is_file())
    found = {
        f"{folder.name}/{inner.as_posix()}": path
        for inner, path in inner
        if inner.suffix.lower() == ".json" and not any(part.startswith(".") for part in inner.parts)
    }
    if not found:
        raise SourceError(f"client.yml: {api}", N_("no answer of a CRM is in the folder"), (), fill)
    return sorted(found.items())


def parse(shown: str, path: Path) -> Any:
    """Return the content of an answer; ``None`` of an empty one (amoCRM answers so where there is nothing).

    Raises
    ------
    SourceError: it is no JSON, damaged, too large, or nested too deeply.
    """
    if path.stat().st_size > MAX_BYTES:
        what = N_("the file is larger than {size} MB", size=MAX_BYTES // 1_000_000)
        raise SourceError(shown, what, (), AGAIN)
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip()
    if data.startswith(b"<"):
        page = data[:80].decode("utf-8", "replace")
        raise SourceError(shown, N_("this is a web page, not an answer of the CRM"), [page], AGAIN)
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse) if data else None
    except UnicodeDecodeError as error:
        raise SourceError(shown, N_("the file is not UTF-8 text"), (), AGAIN) from error
    except RecursionError as error:
        raise SourceError(shown, N_("the answer is nested too deeply"), (), AGAIN) from error
    except ValueError as error:
        what = N_("the answer cannot be read as JSON; it may be cut off: {problem}", problem=str(error))
        raise SourceError(shown, what, (), AGAIN) from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
