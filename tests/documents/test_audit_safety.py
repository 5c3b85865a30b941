"""Pages and workbooks of the audits where every name is hostile; the same bytes wherever they are made."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from crmkit.audit.answers import Answer, save_answer
from crmkit.audit.questions import read_questions
from crmkit.documents.audit_sheet import write_audit_sheet
from crmkit.documents.blocks import Section
from crmkit.documents.board import write_board
from crmkit.documents.checklist_book import write_checklist
from crmkit.documents.html import Cover, render_report
from crmkit.present import checklist
from crmkit.present.several import Several
from crmkit.present.study import Study, open_study
from crmkit.schema import Snapshot

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 31)
#: What the hostile names bring and no page of ours holds.
FOREIGN = {
    "img", "iframe", "object", "embed", "form", "base", "link", "math", "mi", "textarea", "noscript",
    "sup", "input", "r", "t"
}  # fmt: skip
CALL = re.compile(r"^(\w+)\.(\w+)\(study\)$", re.MULTILINE)


@pytest.fixture
def study(
    snapshot: Callable[..., Snapshot], payloads: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Study:
    """Return a client of 70 deals, with a payload wherever CRM, people or questions say a text."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    words = [text.encode("utf-8", "ignore").decode().replace("\0", "") for text in payloads] + ["x" * 40_000]
    names = [" ".join(text.split())[:300] for text in words if text.isprintable()]
    names = list(dict.fromkeys(text for text in names if any(sign.isalpha() for sign in text)))

    def word(number: int) -> str:
        return words[number % len(words)]

    rows = range(70)
    deals = [
        {"deal_id": f"{word(ix)}{ix}", "title": word(ix + 1), "manager_id": word(ix // 3), "url": word(ix),
         "stage": names[ix % 4], "created_at": "2026-01-05", "lost_reason": word(ix) if ix % 8 == 3 else "",
         "closed_at": "2026-02-01" if ix % 4 > 1 else "", "expected_close_on": "2026-02-01",
         "company_id": str(ix), "contact_id": str(ix)}
        for ix in rows
    ]  # fmt: skip
    cards = [
        {"name": word(ix // 2), "phone": word(ix), "email": f"{word(ix // 2)}@x", "url": word(ix)}
        for ix in rows
    ]
    tasks = [
        {"task_id": word(ix), "deal_id": deals[ix]["deal_id"], "manager_id": deals[ix]["manager_id"],
         "title": word(ix + 2), "created_at": "2026-01-06", "due_at": "2026-01-09"}
        for ix in range(1, 70, 3)
    ]  # fmt: skip
    snapshot(
        deals, tasks=tasks, name=names[9], audit={"names": "full"},
        companies=[card | {"company_id": str(ix), "tax_id": word(ix)} for ix, card in enumerate(cards)],
        contacts=[card | {"contact_id": str(ix)} for ix, card in enumerate(cards)],
        managers=[{"name": name, "team": names[ix + 5]} for ix, name in enumerate(names[:9])],
        stages=[{"name": names[ix], "kind": kind} for ix, kind in enumerate(("open", "open", "won", "lost"))],
    )  # fmt: skip
    folder = tmp_path / "1"
    (folder / "audit").mkdir()
    texts = ("text", "why", "good", "action", "where")
    own = [
        {"id": f"X{ix:02}", "area": "leads"} | {key: names[ix % 9 + k] for k, key in enumerate(texts)}
        for ix in rows
    ]
    (folder / "audit" / "questions.yml").write_text(
        json.dumps({"format": "1", "questions": own}), encoding="utf-8"
    )
    said = {
        one["id"]: Answer(answer="no", evidence=word(ix)[:9000], note=word(ix)[:9000])
        for ix, one in enumerate(own)
    }
    for day in (date(2026, 3, 1), DAY):
        save_answer(folder, day, read_questions(folder), answered_by=names[0], **said)
    waived = [("H01", deals[33]["deal_id"].strip(), names[3], "2026-12-31")]
    with (folder / "exceptions.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("check", "id", "reason", "until"), *waived])
    return open_study(folder, language="ru")


def pages(study: Study) -> Iterator[Any]:
    """Make all that the notebooks of the two audits show, but the form."""
    for name in ("04_crm_audit", "05_sales_system_audit"):
        cells = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        for module, page in CALL.findall("\n".join("".join(cell["source"]) for cell in cells)):
            if page not in ("findings", "form"):
                made = getattr(import_module(f"crmkit.present.{module}"), page)(study)
                yield from made.items if isinstance(made, Several) else [made]


def checked(page: str) -> None:
    """Refuse any tag, attribute or address that a name has brought."""
    for element in html.document_fromstring(page).iter():
        assert isinstance(element.tag, str) and element.tag not in FOREIGN, element
        assert not [name for name in element.attrib if name.startswith("on")]
        assert element.get("href", "#").startswith(("#", "https://evil.example/?a=1"))


def test_hostile_names_stay_names_on_pages_and_in_workbooks(study: Study, tmp_path: Path) -> None:
    blocks = list(pages(study))
    assert len(study.audit.violations) > 80 and len(blocks) > 20
    json.dumps([study.findings("04").content, *(one._repr_mimebundle_() for one in blocks)], allow_nan=False)
    checked(render_report(Cover("<b>", "ru", [], "0"), [Section("x", tuple(blocks))]))
    for one in blocks:
        checked(one._repr_mimebundle_().get("text/html", "<p>"))
    for box in checklist.form(study).shown.children:
        checked(box.children[0].value)
    write_board(study, tmp_path / "board.html")
    checked((tmp_path / "board.html").read_text(encoding="utf-8"))
    assert write_audit_sheet(tmp_path / "sheet.xlsx", study) > 50
    write_checklist(study, tmp_path / "checklist.xlsx")
    for name in ("sheet.xlsx", "checklist.xlsx"):
        with zipfile.ZipFile(tmp_path / name) as parts:
            roots = {part: etree.fromstring(parts.read(part)) for part in parts.namelist()}
        outside = {
            one.get("Target") for root in roots.values() for one in root.xpath("//*[@TargetMode='External']")
        }
        assert outside <= {"https://evil.example/?a=1&b=2"}  # a card's address on the web, and no other kind
        assert not [one for part, root in roots.items() if "sheet" in part for one in root.iter("{*}f")]


@pytest.mark.slow
def test_neither_place_nor_user_nor_clock_changes_a_byte(tmp_path: Path) -> None:
    made = []
    for place, zone, seed in (("one", "America/New_York", "1"), ("другой дом", "Asia/Kamchatka", "2")):
        home = tmp_path / place
        shutil.copytree(ROOT / "data/sample/vektor", home / "client", ignore=lambda *_: [".crmkit", "audit"])
        told = {"TZ": zone, "PYTHONHASHSEED": seed, "HOME": str(home), "USER": place, "PYTHONPATH": str(ROOT)}
        for line in (
            ["audit", "client", "--as-of", "2026-09-30"], ["audit", "client", "--format", "json"],
            ["sheet", "make", "client"], ["checklist", "make", "client"],
            ["board", "client", "--to", "client/audit/board.html"],
        ):  # fmt: skip
            command = [sys.executable, "-m", "crmkit", *line]
            done = subprocess.run(
                command, cwd=home, env=os.environ | told, check=True, capture_output=True, timeout=300
            )
        files = [path for path in (home / "client/audit").rglob("*") if path.is_file()]
        made.append({path.relative_to(home): path.read_bytes() for path in files})
        assert done.returncode == 0 and len(files) == 5
    assert made[0] == made[1]
