"""Files and folders that appear whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary place beside ``path``, private to its owner, for the file to be written to.

    At the end the file takes its name in one step; if anything fails, ``path`` stays as it was. Others that
    write the same file wait for their turn (on Windows one of them fails).

    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole(target) as place:
    ...     _ = place.write_text("done")
    >>> target.read_text()
    'done'
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = path.with_name(f".{path.name}.part")
    held = _begin(place)
    try:
        yield place
        settle_file(place)
        place.replace(path)
    except BaseException:
        with suppress(OSError):
            place.unlink(missing_ok=True)
        raise
    finally:
        if held is not None:
            os.close(held)
    settle_folder(path.parent)


def _begin(place: Path) -> int | None:
    """Begin an empty file that only this process writes to; return what holds the others back.

    What a process that died has left there is thrown away.
    """
    if sys.platform == "win32":  # an open file cannot be renamed there
        place.unlink(missing_ok=True)
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return None
    while True:
        if place.is_symlink():
            place.unlink(missing_ok=True)
        held = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        _wait(held)
        with suppress(FileNotFoundError):  # the one before has finished its file: begin another
            if os.path.samestat(os.fstat(held), place.stat()):
                os.ftruncate(held, 0)
                os.fchmod(held, 0o600)
                return held
        os.close(held)


def _wait(handle: int) -> None:
    """Wait until nobody else holds an open file, and hold it; where the disk knows no locks, nobody waits."""
    with suppress(OSError):
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold others back that would change ``path`` too, while it is read and written anew.

    Another process waits for its turn; where the disk knows no locks, nobody waits. A process that ends lets
    go, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_name(f".{path.name}.lock").open("ab") as held:
        _wait(held.fileno())
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name never holds half of it."""
    with whole(path) as place:
        place.write_bytes(content)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a temporary folder that becomes ``target`` when the block ends well, and vanishes otherwise.

    Where ``target`` exists already (another process was first), it is kept.
    """
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=target.parent))
    try:
        yield place
        try:
            place.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(place, ignore_errors=True)


def settle_file(path: Path) -> None:
    """Make what a file holds survive a power cut."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut, where the system can do that (Windows cannot)."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
