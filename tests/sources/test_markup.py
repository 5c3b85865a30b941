"""HTML tables named .xls."""

from __future__ import annotations

import random

import pytest

from crmkit.errors import SourceError
from crmkit.sources import markup
from crmkit.sources.reading import read_raw


@pytest.fixture
def read(tmp_path):
    def read(content: str | bytes, **options):
        path = tmp_path / "DEAL_20240102_a1.xls"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        raw = read_raw(path, **options)
        assert raw.rows_read == len(raw.frame) + len(raw.set_aside)
        return raw

    return read


def cells(raw):
    return raw.frame.astype(object).where(raw.frame.notna(), None).to_numpy().tolist()


def test_the_table_with_the_most_rows_is_taken(read):
    raw = read(
        "<html><head><meta charset=utf-8></head><body><table><tr><td>Menu</td></tr></table>"
        "<table><thead><tr><th>ID</th><th>Имя</th></tr></thead>"
        "<tbody><tr><td>1</td><td>Иван</td></tr><tr><td>2</td><td></td></tr></tbody></table></body></html>"
    )
    assert raw.headings == ("ID", "Имя")
    assert cells(raw) == [["1", "Иван"], ["2", None]]
    assert raw.lines.tolist() == [2, 3]
    assert raw.decisions == {"kind": "html", "encoding": "utf-8"}


def test_markup_within_cells_is_text(read):
    raw = read(
        "<table><tr><th>ID</th><th>Note</th></tr>"
        "<tr><td> 007 </td><td>a<br>b <b>bold</b> &amp; &lt;c&gt;&nbsp;<!-- no --></td></tr>"
        "<tr><td>2</td><td><script>alert(1)</script><a href='http://example.org/x'>link</a></td></tr></table>"
    )
    assert cells(raw) == [["007", "a\nb bold & <c>"], ["2", "alert(1)link"]]


def test_rows_of_another_width_are_set_aside(read):
    raw = read(
        "<table><tr><th>ID</th><th>Name</th><th>Sum</th></tr><tr><td>1</td><td>x</td><td>5</td></tr>"
        "<tr><td>2</td><td>y</td></tr><tr><td colspan=2>3</td><td>7</td></tr></table>"
    )
    assert cells(raw) == [["1", "x", "5"], ["3", None, "7"]]
    assert raw.set_aside.to_numpy().tolist() == [[3, "fields", "2\ty"]]


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("cp1251", ""),
        ("cp1251", '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'),
        ("koi8-r", "<meta charset='koi8-r'>"),
        ("utf-8", '<meta charset="windows-1251">'),  # the bytes are believed, not the meta
    ],
)
def test_encodings(read, encoding, head):
    page = f"<html><head>{head}</head><table><tr><th>Имя</th></tr><tr><td>Ёжик</td></tr></table></html>"
    raw = read(page.encode(encoding))
    assert raw.headings == ("Имя",)
    assert cells(raw) == [["Ёжик"]]


def test_tags_left_open_are_read(read):
    raw = read("<table><tr><td>ID<td>Name<tr><td>1<td>x")
    assert cells(raw) == [["1", "x"]]


@pytest.mark.parametrize("page", ["<html><body><p>Log in</p></body></html>", "<table></table>", "<!-- x -->"])
def test_a_page_without_a_table_is_refused(read, page):
    with pytest.raises(SourceError, match="no table"):
        read(page)


def test_a_very_large_page_is_refused(read, monkeypatch):
    monkeypatch.setattr(markup, "MAX_BYTES", 10)
    with pytest.raises(SourceError, match="larger"):
        read("<table><tr><td>ID</td></tr></table>")


def test_entities_and_files_are_not_loaded(read, tmp_path):
    (tmp_path / "secret.txt").write_text("canary", encoding="utf-8")
    raw = read(
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'
        "<table><tr><th>ID</th></tr><tr><td>&x;1</td></tr></table>"
    )
    assert "canary" not in str(cells(raw))


def test_mutations_end_in_a_table_or_a_refusal(tmp_path):
    rows = "".join(f"<tr><td>{n}</td><td>Сделка &laquo;{n}&raquo;</td></tr>" for n in range(30))
    original = f"<meta charset=utf-8><table><tr><th>ID</th><th>Имя</th></tr>{rows}</table>".encode()
    path = tmp_path / "deals.xls"
    luck = random.Random(11)
    read_rows = 0
    for _ in range(150):
        data = bytearray(original)
        for _ in range(luck.randint(1, 4)):
            at = luck.randrange(len(data))
            if luck.random() < 0.5:
                data[at] = luck.randrange(256)
            else:
                del data[at : at + luck.randint(1, 200)]
        path.write_bytes(data)
        try:
            raw = read_raw(path)
        except SourceError as refusal:
            assert refusal.remedy is not None
            continue
        assert raw.rows_read == len(raw.frame) + len(raw.set_aside)
        read_rows += raw.rows_read
    assert read_rows > 1000
