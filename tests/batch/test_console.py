from __future__ import annotations

from pathlib import Path

import pytest

from crmkit.batch import console, runner
from crmkit.batch.request import BatchResult, ClientResult, Request
from crmkit.errors import N_, Refusals, SettingsError
from crmkit.present.words import Words


def test_made_and_failed_clients_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mistakes = [
        SettingsError(
            "client.yml:2: crm", N_("there is no such key"), ["x"], N_("Did you mean «{near}»?", near="crm")
        ),
        SettingsError("client.yml: name", N_("this key is missing")),
    ]
    clients = (
        ClientResult(tmp_path, "A", tmp_path / "reports" / "a", None),
        ClientResult(tmp_path, "B", tmp_path / "reports" / "b.failed", N_("it broke: {why}", why="{x}")),
        ClientResult(tmp_path, "C", None, N_("refused"), Refusals(mistakes)),
    )
    result = BatchResult(clients, tmp_path / "reports" / "index.html", N_("no disk"))
    monkeypatch.setattr(runner, "run", lambda clients, request, tell: result)
    assert console.run_and_tell([tmp_path], Request(tmp_path), Words("en")) == 1
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"A: made, {Path('reports/a/report.html')}",
        f"All clients: {Path('reports/index.html')}",
    ]
    assert said.err.splitlines() == [
        "✗ B: it broke: {x}",
        f"  → What it left is in {Path('reports/b.failed')}",
        "✗ C: client.yml:2: crm: there is no such key",
        "  x",
        "  Did you mean «crm»?",
        "  client.yml: name: this key is missing",
        "✗ no disk",
    ]


def test_exit_codes_tell_all_some_none() -> None:
    made, failed = ClientResult(Path(), "A", Path(), None), ClientResult(Path(), "B", None, N_("no"))
    codes = [
        BatchResult(clients, None).exit_code for clients in [(made, made), (made, failed), (failed,), ()]
    ]
    assert codes == [0, 1, 2, 2]
