from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from crmkit.batch.manifest import inputs, read_run


def test_inputs_are_all_that_the_figures_come_from_named_without_telling_the_machine(tmp_path: Path) -> None:
    folder = tmp_path / "ann" / "acme"
    folder.mkdir(parents=True)
    for name in ("client.yml", "deals.csv", "plan.csv", "../deals.csv", "../options.json"):
        (folder / name).write_text(name, encoding="utf-8")
    files = [
        SimpleNamespace(path=path)
        for path in ("deals.csv", "../deals.csv", str(folder / "deals.csv"), "deals.csv")
    ]
    client = SimpleNamespace(folder=folder, files=files, plan="plan.csv", api=None)
    found = inputs(client, folder / "client.yml", str(folder / "../options.json"))
    # deals.csv twice: the one inside (9 bytes) and the one outside (12); a file named twice is told once
    assert [(item["file"], item["bytes"]) for item in found] == [
        ("--options", 15), ("client.yml", 10), ("deals.csv", 12), ("deals.csv", 9), ("plan.csv", 8),
    ]  # fmt: skip
    client.plan = []
    assert len(inputs(client, folder / "client.yml", "")) == 3


def test_what_people_told_the_audits_is_an_input(tmp_path: Path) -> None:
    (tmp_path / "audit" / "answers").mkdir(parents=True)
    (tmp_path / "audit" / "history").mkdir()
    told = ["audit/answers/2026-10-31.yml", "audit/decisions.csv", "audit/questions.yml", "exceptions.csv"]
    for name in ("client.yml", "audit/history/2026-10-31.json", *told):
        (tmp_path / name).write_text(name, encoding="utf-8")
    client = SimpleNamespace(folder=tmp_path, files=[], plan=[], api=None)
    found = [item["file"] for item in inputs(client, tmp_path / "client.yml", "")]
    assert sorted(found) == sorted([*told, "client.yml"])  # what an audit of this day kept is no input of it


def test_only_our_own_record_makes_a_folder_ours(tmp_path: Path) -> None:
    for text in ("{}", "[]", "not json", '{"format": 2, "client": "x"}'):
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
        assert read_run(tmp_path) is None
    (tmp_path / "run.json").write_text('{"format": 1, "client": "x"}', encoding="utf-8")
    assert read_run(tmp_path) is not None
    assert read_run(tmp_path / "missing") is None
    assert read_run(tmp_path / "run.json") is None
