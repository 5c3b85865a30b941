"""Every write that fails, one after the other: a folder is absent, the old one or the new one, and whole."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crmkit.batch.kernels import Job, Outcome, Step
from crmkit.batch.manifest import fingerprint, read_run
from crmkit.batch.publish import LOCK, NEW, OLD, move_into_place, recover
from crmkit.batch.request import Request
from crmkit.batch.runner import run
from crmkit.errors import CrmkitError
from crmkit.folder import write_whole

OPERATIONS = [
    (os, "open"),
    (os, "write"),
    (os, "fsync"),
    (os, "replace"),
    (os, "mkdir"),
    (os, "chmod"),
    (io, "open"),
]


class Disk:
    """Counts the operations that write, and makes the k-th fail, or all from the k-th on."""

    def __init__(self, fails_at: int = 0, for_good: bool = False) -> None:
        self.count, self.fails_at, self.for_good = 0, fails_at, for_good

    def wrap(self, real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def operation(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self.fails_at or (self.for_good and self.count > self.fails_at > 0):
                raise OSError(errno.ENOSPC, "No space left on device")
            return None if name == "fsync" else real(*arguments, **named)  # a real fsync only takes time

        return operation

    @contextmanager
    def failing(self) -> Iterator[Disk]:
        with pytest.MonkeyPatch.context() as patch:
            for module, name in OPERATIONS:
                patch.setattr(module, name, self.wrap(getattr(module, name), name))
            yield self


def make(job: Job, tell: Callable[[str], None]) -> Outcome:
    for name in ("01_stub.ipynb", "report.html"):
        write_whole(Path(job.report) / name, f"{name} {job.client[-1]} {job.parameters['period']}".encode())
    return Outcome((Step("01_stub", "done", None, {}),), {}, None)


def contents(out: Path) -> dict[str, bytes]:
    files = [path for path in out.rglob("*") if path.is_file() and path.name not in ("run.json", LOCK)]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(files)}


def check_whole(out: Path, allowed: set[bytes]) -> None:
    """Every published folder's files are those that its record names, all of one run."""
    for folder in (path for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")):
        record = read_run(folder)
        assert record is not None, folder
        if record["state"] == "done":
            assert record["outputs"] == [
                fingerprint(folder / item["file"], item["file"]) for item in record["outputs"]
            ]
            assert len(record["outputs"]) == 2
            assert (folder / "report.html").read_bytes().split()[-1] in allowed


@pytest.mark.parametrize("for_good", [False, True])
def test_the_kth_operation_fails(
    for_good: bool, on_path: None, new_client: Callable[..., Path], kit_notebooks: Path, tmp_path: Path
) -> None:
    (kit_notebooks / "01_stub.ipynb").touch()
    clients = [new_client(name, name) for name in ("a", "b", "c")]

    def start(out: Path, period: str) -> int:
        result = run(
            clients,
            Request(out, period=period, read="crmkit_stubs:read", check="crmkit_stubs:check"),
            make=make,
        )
        return sum(client.reason is None for client in result.clients)

    with Disk().failing() as counting:
        start(tmp_path / "old", "2016")
        operations_first = counting.count
        start(tmp_path / "old", "2017")
        operations = counting.count - operations_first
    expected = contents(tmp_path / "old")
    assert operations > 60 and len(expected) == 3 * 2 + 2

    for k in range(1, operations + 1):
        out = tmp_path / f"out{k}"
        with Disk().failing():
            start(out, "2016")
        with Disk(k, for_good).failing() as disk:
            try:
                assert start(out, "2017") >= 2 or for_good  # one failure costs one client at most
            except CrmkitError as refusal:
                assert "No space left" in str(refusal)
        assert disk.count >= k
        check_whole(out, {b"2016", b"2017"})
        with Disk().failing():
            assert start(out, "2017") == 3
        assert contents(out) == expected, k


def test_a_run_that_died_between_two_moves_is_put_right(tmp_path: Path) -> None:
    (tmp_path / f"{OLD}a").mkdir()  # moved aside, the new one never came
    (tmp_path / f"{OLD}a" / "old").touch()
    (tmp_path / f"{OLD}b").mkdir()  # moved aside, the new one is there
    (tmp_path / "b").mkdir()
    (tmp_path / f"{NEW}x").mkdir()
    recover(tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "a",
        "a/old",
        "b",
    ]


def test_the_old_folder_comes_back_if_the_new_one_cannot_be_moved(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").touch()
    with pytest.raises(FileNotFoundError):
        move_into_place(tmp_path / "missing", tmp_path / "target")
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["old"]
