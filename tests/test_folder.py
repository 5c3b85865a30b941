"""Files that several processes write at once: each whole, none lost."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from crmkit.folder import whole, write_whole

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be renamed there")


def test_the_second_writer_of_a_file_waits_for_the_first(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    second = threading.Thread(target=write_whole, args=(target, b"second"))
    with whole(target) as place:
        second.start()
        second.join(0.2)
        assert second.is_alive()
        place.write_bytes(b"first")
    second.join(10)
    assert target.read_bytes() == b"second"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_what_a_writer_that_died_has_left_is_thrown_away(tmp_path: Path) -> None:
    left, elsewhere = tmp_path / ".a.json.part", tmp_path / "other"
    left.write_bytes(b"half of what was to be written")
    left.chmod(0o644)
    write_whole(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
    elsewhere.write_bytes(b"kept")
    left.symlink_to(elsewhere)
    write_whole(tmp_path / "a.json", b"newer")
    assert elsewhere.read_bytes() == b"kept" and not (tmp_path / "a.json").is_symlink()


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", b"old")
    with pytest.raises(KeyboardInterrupt), whole(tmp_path / "a.json") as place:
        place.write_bytes(b"ne")
        raise KeyboardInterrupt
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"old"
