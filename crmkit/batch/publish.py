"""Folders of reports that change from one whole state to the next, and the lock that keeps two runs apart."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmkit.errors import N_, ReportError
from crmkit.folder import settle_file, settle_folder

OLD = ".old-"
NEW = ".new-"
LOCK = ".crmkit-lock"


def settle(folder: Path) -> None:
    """Make everything inside ``folder`` survive a power cut, and keep it from other users of the machine."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.chmod(0o600)
            settle_file(path)
        else:
            path.chmod(0o700)
            settle_folder(path)
    settle_folder(folder)


def move_into_place(new: Path, target: Path) -> None:
    """Put the whole folder ``new`` where ``target`` is, on the same disk.

    The old folder is moved aside first and comes back if the new one cannot be moved; a run that dies in
    between leaves it aside, and :func:`recover` brings it back.
    """
    old = target.with_name(f"{OLD}{target.name}")
    had_one = target.exists()
    if had_one:
        target.replace(old)
    try:
        new.replace(target)
    except OSError:
        if had_one:
            old.replace(target)
        raise
    settle_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def remove(folder: Path) -> None:
    """Remove a published folder: first out of sight in one step, then its files."""
    if folder.exists():
        aside = folder.with_name(f"{NEW}{folder.name}")
        folder.replace(aside)
        shutil.rmtree(aside, ignore_errors=True)


def recover(out: Path) -> None:
    """Clear what a run that died left in ``out``: bring moved folders back, remove unfinished ones.

    Raises
    ------
    OSError: the disk refuses.
    """
    for aside in sorted(out.glob(f"{OLD}*")):
        target = aside.with_name(aside.name.removeprefix(OLD))
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.replace(target)
    for unfinished in sorted(out.glob(f"{NEW}*")):
        shutil.rmtree(unfinished, ignore_errors=True)


def refusal(out: Path, error: OSError) -> ReportError:
    """Return what to say when a folder of reports cannot be used."""
    return ReportError(
        out.name, N_("reports cannot be written here: {problem}", problem=error.strerror or "?")
    )


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold ``out`` for this run alone. The system lets go of it when the process ends, however it ends.

    Raises
    ------
    ReportError: the folder cannot be made, or another run holds it.
    """
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise refusal(out, error) from error
    try:
        if not _take(handle):
            raise ReportError(
                out.name,
                N_("another run is writing reports into this folder"),
                remedy=N_("Wait until it ends, or name another folder with --out."),
            )
        yield
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
