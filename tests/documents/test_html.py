"""The page of a report: whole, offline, the same each time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from lxml import html

from crmkit.documents.blocks import Markdown, Section, Verbatim
from crmkit.documents.html import Cover, render_report, write_report
from crmkit.folder import whole
from crmkit.present.charts import group_bars
from crmkit.present.figures import Figure, Plate
from crmkit.present.formats import Formats
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences, Tile, Tiles

COVER = Cover("Northern Wind", "en", [("Data as of", "5 Mar 2017"), ("Currency", "USD")], "0.1.0")
TABLE = Table.of(
    pd.DataFrame({"a": ["x"]}),
    name="one",
    title="One",
    columns=[Column("a", "A")],
    language="en",
    currency="USD",
)


def chart(name: str = "bars") -> Figure:
    frame = pd.DataFrame(
        {"manager": ["Ann"], "unit": "count", "value": [3.0], "numerator": [3.0], "denominator": [None],
         "n": [3], "low": [None], "high": [None]}
    )  # fmt: skip
    return group_bars(frame, "manager", Plate(name, "Ann won three", "Deals", "Rep", Formats("en", "USD")))


def page(*blocks: object, cover: Cover = COVER) -> html.HtmlElement:
    return html.document_fromstring(render_report(cover, [Section("Key figures", blocks)]))  # type: ignore[arg-type]


def test_the_cover_the_contents_and_how_to_read() -> None:
    made = page(Markdown("How did it go?\n\n## Month by month\n\nText.\n\n### Detail\n\n## Reps"))
    assert made.xpath("string(//title)") == "Northern Wind: sales department report"
    assert made.xpath("string(//header//h1)") == "Northern Wind"
    assert made.xpath("//header//dd/text()") == ["5 Mar 2017", "USD"]
    assert made.xpath("//nav//a/text()") == [
        "Key figures",
        "Month by month",
        "Reps",
        "How to read this report",
    ]
    for target in made.xpath("//nav//a/@href"):
        assert made.xpath(f"//*[@id='{target[1:]}']")
    assert made.get("lang") == "en"
    assert "0.1.0" in made.xpath("string(//footer)")


def test_a_russian_report_says_everything_in_russian() -> None:
    cover = Cover("Клиент", "ru", [], "0.1.0")
    made = html.document_fromstring(render_report(cover, [Section("Итоги", (chart(),))]))
    made.xpath("//figure")[0].drop_tree()
    said = " ".join(made.xpath("//body//text()[not(ancestor::script)]"))
    english = set(re.findall("[A-Za-z]{2,}", said)) - {"crmkit", "report", "xlsx", "CRM", "XLSX"}
    assert english == set()


def test_charts_stand_once_each_with_their_data_and_table() -> None:
    made = page(chart("a"), chart("b"), TABLE)
    plots = made.xpath("//*[@class='plot']")
    assert [plot.get("id") for plot in plots] == ["chart-1", "chart-2"]
    assert plots[0].get("aria-label").startswith("Chart: Ann won three.")
    assert made.xpath("//figcaption/text()") == ["Ann won three"] * 2
    for plot in plots:
        (data,) = made.xpath(f"//script[@id='{plot.get('id')}-data']")
        assert data.get("type") == "application/json"
        spec = json.loads(data.text)
        assert spec["data"][0]["x"] == [3.0] and "title" not in spec["layout"]
        assert spec["config"]["displayModeBar"] is False
    assert len(made.xpath("//figure//details//table")) == 2


def test_the_chart_library_stands_once_and_only_where_it_is_needed() -> None:
    with_chart, without = render_report(COVER, [Section("a", (chart(), chart()))]), render_report(COVER, [])
    assert with_chart.count("plotly.js v") == 1
    assert "plotly" not in without.lower()
    assert len(without) < 40_000
    assert "script-src &#39;none&#39;" in without


def test_the_policy_allows_our_own_scripts_only() -> None:
    text = render_report(COVER, [Section("a", (chart(),))])
    made = html.document_fromstring(text)
    (policy,) = made.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    bodies = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert len(bodies) == 2
    for body in bodies:
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "connect-src" not in policy


def test_nothing_is_loaded_from_anywhere() -> None:
    made = page(chart(), TABLE, Tiles((Tile("a", "1"),)), Sentences(("x",)), Verbatim("y"))
    assert not made.xpath("//*[@src] | //link | //iframe | //object | //embed | //form | //base | //img")
    assert "url(" not in "".join(made.xpath("//style/text()"))
    assert "@import" not in "".join(made.xpath("//style/text()"))


def test_markdown_is_prose_without_html_pictures_and_strange_links() -> None:
    made = page(
        Markdown(
            "<b onclick=x()>raw</b> ![pic](https://x.example/a.png) [bad](javascript:alert(1)) "
            "[local](file:///etc/passwd) [good](https://crm.example/help)\n\n"
            "| a | b |\n|---|---|\n| 1 | 2 |\n\nПлата $1,000 до $2,000"
        )
    )
    prose = made.xpath("//*[@class='prose']")[0]
    assert {element.tag for element in prose.iter()} == {
        "div", "p", "a", "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert prose.xpath(".//@href") == ["https://crm.example/help"]
    assert "<b onclick=x()>raw</b> pic bad local good" in prose.text_content()
    assert "$1,000 до $2,000" in prose.text_content()


def test_the_same_input_gives_the_same_bytes_and_no_time_of_the_run(tmp_path: Path) -> None:
    sections = [Section("a", (chart(), TABLE, Markdown("## x")))]
    write_report(tmp_path / "a.html", COVER, sections)
    write_report(tmp_path / "b.html", COVER, sections)
    content = (tmp_path / "a.html").read_bytes()
    assert content == (tmp_path / "b.html").read_bytes()
    assert b"\r" not in content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html"]


def test_a_file_appears_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("the old one")

    def fail() -> None:
        with whole(target) as place:
            place.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert target.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_without_sections_is_still_a_page() -> None:
    made = html.document_fromstring(render_report(COVER, []))
    assert made.xpath("//nav//a/text()") == ["How to read this report"]
