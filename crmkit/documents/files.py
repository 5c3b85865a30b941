"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary place beside ``path``, private to its owner, for the file to be written to.

    At the end the file takes its name in one step; if anything fails, ``path`` stays as it was.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole(target) as place:
    ...     _ = place.write_text("done")
    >>> target.read_text()
    'done'
    """
    place = path.with_name(f".{path.name}.part")
    place.unlink(missing_ok=True)
    place.touch(mode=0o600)
    try:
        yield place
        with place.open("rb+") as written:
            os.fsync(written.fileno())
        place.replace(path)
    finally:
        place.unlink(missing_ok=True)
