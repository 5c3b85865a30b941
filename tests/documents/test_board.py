"""The board's own page: nothing from outside, hostile texts as text, every figure with its n."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import html
from typer.testing import CliRunner

from crmkit.cli import app
from crmkit.documents.board import page_of
from crmkit.present.gates import Cases
from crmkit.present.tables import Column, Table

HOSTILE = "<script>alert(1)</script>"
COLUMNS = (
    Column("name", "Rep"), Column("open", "Open violations", "count"),
    Column("checked", "Rows checked", "count"), Column("H01", f"No task {HOSTILE}", "count", counted=True),
    Column("H05", "No reason", "count", counted=True),
)  # fmt: skip
ROWS = ((HOSTILE, 3, 12, 3, None), ("=B. O.", 0, 7, 0, None), ("All", 3, 19, 3, 0))
CASES = {
    "H01": (Cases(n=12), Cases(n=7), Cases(n=19)),
    "H05": (Cases(), Cases(n=0), Cases(n=5)),
}


def page() -> str:
    table = Table("audit_board", "Open violations", COLUMNS, ROWS, (f"Note {HOSTILE}",), cases=CASES, foot=1)
    return page_of(table, f"Client {HOSTILE}")


def test_texts_of_the_crm_stay_texts() -> None:
    text = page()
    assert "<script" not in text
    assert HOSTILE in html.fromstring(text).text_content()


def test_every_figure_stands_with_its_n_and_nothing_examined_is_empty() -> None:
    cells = [
        [" ".join(cell.text_content().split()) for cell in row.xpath("td")]
        for row in html.fromstring(page()).xpath("//tbody/tr")
    ]
    assert cells == [
        ["3", "12", "3 of 12", ""], ["0", "7", "0 of 7", ""], ["3", "19", "3 of 19", "0 of 5"],
    ]  # fmt: skip
    marks = html.fromstring(page()).xpath("//tbody/tr[1]/td/@class")
    assert marks == ["sum", "sum", "some", "blank"]


def test_the_page_asks_nothing_of_the_network() -> None:
    text = page()
    assert "default-src 'none'" in text
    assert not re.search(r"https?://|url\(|@import|<link|<img", text)
    assert page() == text


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "deals.csv").write_text(
        "deal_id,title,manager_id,created_at,stage,next_task_at\n1,A,Ann Elk,2026-03-05,New,\n"
        "2,B,Ann Elk,2026-03-05,New,2026-04-09\n"
    )
    (folder / "client.yml").write_text(
        "format: 1\nname: Firm\nlanguage: ru\ncrm: plain\nas_of: 2026-03-31\n"
        "files: [{path: deals.csv, table: deals}]\n"
        "pipelines: [{name: S, stages: [{name: New}]}]\n"
    )
    to = tmp_path / "board.html"
    result = CliRunner().invoke(app, ["board", str(folder), "--to", str(to)])
    assert result.exit_code == 0, result.output
    page = html.fromstring(to.read_text(encoding="utf-8"))
    assert page.get("lang") == "ru"
    assert "A. E." in page.text_content()
    assert "Ann Elk" not in page.text_content()


def test_without_anything_to_check_the_page_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "deals.csv").write_text("deal_id,created_at\n1,2026-03-05\n")
    (folder / "client.yml").write_text(
        "format: 1\nname: Firm\nlanguage: en\ncrm: plain\nas_of: 2026-03-31\n"
        "files: [{path: deals.csv, table: deals}]\n"
    )
    to = tmp_path / "board.html"
    assert CliRunner().invoke(app, ["board", str(folder), "--to", str(to)]).exit_code == 0
    assert not html.fromstring(to.read_text(encoding="utf-8")).xpath("//table")
