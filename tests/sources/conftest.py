"""A client's folder out of a few lines: what ``client.yml`` says, and files as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.client import read_client
from crmkit.sources.load import load, load_tables

FIXTURES = Path(__file__).parent / "fixtures"

HEAD = "format: 1\nname: Client\ncurrency: RUB\ntime_zone: Europe/Moscow\ncrm: plain\n"


def _written(folder: Path, files: Mapping[str, str | bytes | Path]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            content = content.read_bytes()
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return FIXTURES


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SimpleNamespace]:
    """Write a client and load it: ``client``, ``crm``, its tables, ``notes`` by code, ``aside``."""

    def made(
        settings: str, files: Mapping[str, str | bytes | Path], as_of: str | None = None
    ) -> SimpleNamespace:
        folder = tmp_path_factory.mktemp("client")
        _written(folder, files)
        keys = {line.split(":")[0] for line in settings.splitlines()}
        head = "".join(line + "\n" for line in HEAD.splitlines() if line.split(":")[0] not in keys)
        (folder / "client.yml").write_text(head + settings, encoding="utf-8")
        client = read_client(folder)
        crm = load(client, as_of)
        report = load_tables(client)[2]
        notes = {(row.code, row.column): (row.count, row.samples) for row in _rows(report.notes)}
        aside = [(row.line, row.reason) for row in _rows(report.set_aside)]
        return SimpleNamespace(client=client, crm=crm, report=report, notes=notes, aside=aside, **crm.tables)

    return made


def answers(folder: Path) -> dict[str, Path]:
    """Return the answers in a folder as files of a client's folder ``api``."""
    return {f"api/{path.relative_to(folder).as_posix()}": path for path in sorted(folder.rglob("*.json"))}


def rows(frame: pd.DataFrame, names: str) -> list[tuple]:
    """Return the named columns row by row; moments as local text, missing cells as None."""
    cells = frame[names.split()].copy()
    for name, kind in cells.dtypes.items():
        if isinstance(kind, pd.DatetimeTZDtype):
            cells[name] = cells[name].dt.strftime("%m-%d %H:%M")
    return [tuple(None if pd.isna(cell) else cell for cell in row) for row in cells.itertuples(index=False)]


def _rows(frame: pd.DataFrame) -> list[SimpleNamespace]:
    return [SimpleNamespace(**row) for row in frame.to_dict("records")]
