"""The pages and documents of a process whose every name is hostile; the same bytes wherever they are made."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from crmkit.documents.blocks import Section
from crmkit.documents.handover import FILES, write_handover
from crmkit.documents.html import Cover, render_report
from crmkit.present import as_is, to_be
from crmkit.present.several import Several
from crmkit.present.study import Study, open_study
from crmkit.process.description import Process
from crmkit.process.yamlform import read_description, write_yaml
from crmkit.schema import Snapshot

TO_BE = (
    "headline", "focus", "ranking", "chances", "changes", "lint", "effect", "cards", "flow", "described",
    "documents",
)  # fmt: skip
#: What the hostile names bring and no page of ours holds.
FOREIGN = {
    "img", "iframe", "object", "embed", "form", "base", "link", "math", "mi", "textarea", "noscript", "br",
    "sup", "input", "r", "t",
}  # fmt: skip
VERSIONS = (("as-is", {"version": "as_is"}), ("to-be", {"version": "to_be", "dated": "2026-12-01"}))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every attempt to reach a network fail the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network was asked for")

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.fixture
def study(snapshot: Callable[..., Snapshot], payloads: list[str], tmp_path: Path) -> Callable[[str], Study]:
    """Return what opens a client of 60 deals, with a payload wherever its CRM or description takes a text."""
    words = [text.encode("utf-8", "ignore").decode().replace("\0", "") for text in payloads]
    words = [text for text in words if any(sign.isalpha() for sign in text)] + ["{x} {0} %s", "x" * 9000]
    names = list(dict.fromkeys(" ".join(text.split())[:400] for text in words if text.isprintable()))
    stages = [{"name": name} for name in names[:4]] + [{"name": names[4], "kind": "won"}]
    stages.append({"name": names[5], "kind": "lost"})
    deals: list[dict[str, Any]] = []
    moves = []
    for number in range(60):
        path = [0, 1, 2, 3, 4] if number % 3 else [0, 2, 1, 5]
        path = path[: 2 + number % 4]
        for day, place in enumerate(path):
            at = f"2026-0{1 + number % 2}-{1 + 5 * day:02}T09:00:00"
            moves.append({"deal_id": number + 1, "changed_at": at, "to_stage": names[place]})
        word = words[number % len(words)]
        row = {
            "created_at": f"2026-0{1 + number % 2}-01T09:00:00",
            "stage": names[path[-1]],
            "amount": number,
        }
        row |= {
            "closed_at": at if path[-1] > 3 else "",
            "title": word,
            "manager_id": word,
            "lost_reason": word,
        }
        deals.append(row | {"url": word, f"Own {names[7]}": word})
    snapshot(deals, stages=stages, stage_changes=moves, managers=[{"name": names[8], "role": names[9]}])
    for file, version in VERSIONS:
        process = Process.model_validate(described(names, version["version"]) | version)
        write_yaml(tmp_path / "1" / "process" / f"{file}.yml", process)
    return lambda language: open_study(tmp_path / "1", language=language)


def described(names: list[str], version: str) -> dict[str, Any]:
    """Return a description with another name in every field."""

    def name(number: int) -> str:
        return names[number % len(names)]

    def step(ix: int) -> dict[str, Any]:
        lines = {
            key: [name(ix * 9 + place), name(ix + place)]
            for place, key in enumerate(
                ("inputs", "responsible", "result_users", "tasks", "actions", "crm_entities",
                 "required_fields", "automations", "variables", "problems")
            )
        }  # fmt: skip
        texts = ("stage", "task_setter", "goal", "key_success_factor", "kpi", "target")
        goes = {"text": name(ix + 30), "next_step": f"{ix + 1} {name(ix + 1)}"}
        under = {"name": name(ix), "department": name(ix + 1), "owner": name(ix + 2), "kpi": name(ix + 3)}
        return lines | {key: name(ix * 7 + place) for place, key in enumerate(texts)} | {
            "name": f"{ix} {name(ix)}" + ("!" if version == "to_be" and ix == 2 else ""),
            "outputs": [goes, name(ix + 40)], "norm": "2 working_days", "expected_conversion": 0.9,
            "crm_stages": [name(ix)], "sub_processes": [under],
        }  # fmt: skip

    return {
        "name": name(50), "steps": [step(ix) for ix in range(4)],
        "roles": [{"name": name(ix), "crm_role": name(ix + 9)} for ix in range(3)],
        "stages": [{"name": name(ix * 7), "owner": name(ix), "exit": name(ix + 5)} for ix in range(4)],
    }  # fmt: skip


def pages(study: Study) -> Iterator[Any]:
    for module, names in ((as_is, as_is.__all__), (to_be, TO_BE)):
        for name in names:
            made = getattr(module, name)(study)
            yield from made.items if isinstance(made, Several) else [made]


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_hostile_names_stay_names_on_pages_and_in_documents(
    study: Callable[[str], Study], tmp_path: Path, language: str
) -> None:
    opened = study(language)
    blocks = list(pages(opened))
    assert len(blocks) > 30 and opened.found["accounting"] and opened.found["bottlenecks"]
    json.dumps([opened.findings("02").content, *(one._repr_mimebundle_() for one in blocks)], allow_nan=False)
    page = render_report(Cover("<b>", language, [], "0"), [Section("x", tuple(blocks))])
    for part in [page, *(one._repr_mimebundle_()["text/html"] for one in blocks)]:
        for element in html.document_fromstring(part).iter():
            assert element.tag not in FOREIGN and isinstance(element.tag, str)
            assert not [name for name in element.attrib if name.startswith("on")]
            assert element.get("href", "#").startswith("#") or element.get("target") == "_blank"
    written = write_handover(opened, tmp_path / "handed")
    assert [path.name for path in written] == list(FILES)
    for path in written:
        assert path.stat().st_mode & 0o77 == 0 or sys.platform == "win32"
        if path.suffix in (".docx", ".xlsx"):
            with zipfile.ZipFile(path) as parts:
                roots = {name: etree.fromstring(parts.read(name)) for name in parts.namelist()}
            assert not [root for root in roots.values() if root.xpath("//*[@TargetMode='External']")]
            formulas = [one for name, root in roots.items() if "sheet" in name for one in root.iter("{*}f")]
            assert not formulas
        elif path.suffix == ".svg":
            tags = {etree.QName(one).localname for one in etree.parse(path).iter()}
            assert tags <= {"svg", "title", "desc", "rect", "path", "polygon", "text"}
    assert read_description(tmp_path / "handed" / "process.yml") == opened.processes.target


@pytest.mark.slow
def test_neither_place_nor_user_nor_clock_changes_a_byte(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    made = []
    for place, zone, seed in (("one", "America/New_York", "1"), ("другой дом", "Asia/Kamchatka", "2")):
        home = tmp_path / place
        shutil.copytree(root / "data/sample/northwind-supply", home / "client", ignore=lambda *_: [".crmkit"])
        told = {"TZ": zone, "PYTHONHASHSEED": seed, "HOME": str(home), "USER": place, "PYTHONPATH": str(root)}
        line = [sys.executable, "-m", "crmkit", "process", "documents", "client", "--to", "out"]
        subprocess.run(line, cwd=home, env=os.environ | told, check=True, capture_output=True, timeout=120)
        made.append({name: (home / "out" / name).read_bytes() for name in FILES})
    assert made[0] == made[1]
