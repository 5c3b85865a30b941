"""The page in a real browser: drawn, quiet, on a phone, on paper, and closed to what is injected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from crmkit.present.tables import Column, Table

pytestmark = pytest.mark.browser

BLANK_SPACE = 400

#: On how many lines each word of the headings stands.
LINES_OF_WORDS = """() => {
  const lines = {};
  for (const head of document.querySelectorAll("thead th")) {
    const text = head.firstChild;
    for (const word of text.data.matchAll(/[\\p{L}\\d]+/gu)) {
      const range = document.createRange();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const tops = [...range.getClientRects()].map(one => Math.round(one.top));
      lines[head.textContent + word.index] = new Set(tops).size;
    }
  }
  return lines;
}"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, hostile_page: str, neutral_page: str) -> Path:
    place = tmp_path_factory.mktemp("pages")
    (place / "hostile.html").write_text(hostile_page, encoding="utf-8")
    (place / "neutral.html").write_text(neutral_page, encoding="utf-8")
    return place


class Watched:
    """A page, and all that it said, asked for and opened."""

    def __init__(self, browser: Browser, path: Path, width: int) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": width, "height": 900})
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.blocked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("requestfailed", lambda request: self.blocked.append(f"{request.failure} {request.url}"))
        self.page.goto(path.as_uri())
        self.page.wait_for_load_state("networkidle")

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()


def test_charts_are_drawn_without_a_word_or_a_request(browser: Browser, folder: Path) -> None:
    watched = Watched(browser, folder / "neutral.html", 1366)
    assert watched.count(".plot") > 20
    assert watched.count(".plot .main-svg:first-child") == watched.count(".plot")
    assert watched.said == []
    assert watched.asked == [(folder / "neutral.html").as_uri()]
    watched.page.close()


def test_pictures_are_seen_with_texts_that_can_be_selected(browser: Browser, folder: Path) -> None:
    watched = Watched(browser, folder / "neutral.html", 1366)
    picture = watched.page.locator(".ck-drawn").first
    picture.scroll_into_view_if_needed()
    text = picture.locator("svg text").first
    box = text.bounding_box()
    assert box is not None and box["width"] > 10 and box["height"] > 5
    whole = "e => { getSelection().selectAllChildren(e); return getSelection().toString().trim() }"
    assert text.evaluate(whole) == "word"
    assert text.evaluate("e => getComputedStyle(e).fill") == "rgb(29, 39, 48)"
    assert watched.said == []
    watched.page.close()


def test_hostile_text_does_nothing_even_under_the_mouse(browser: Browser, folder: Path) -> None:
    watched = Watched(browser, folder / "hostile.html", 1366)
    for plot in watched.page.locator(".plot").all()[:8]:
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box is not None
        for step in range(1, 6):
            watched.page.mouse.move(box["x"] + 30, box["y"] + box["height"] * step / 6)
    assert watched.page.evaluate("window.hacked") is None
    assert watched.said == []
    assert watched.asked == [(folder / "hostile.html").as_uri()]
    assert watched.page.evaluate("document.querySelectorAll('.plot a').length") == 0
    watched.page.close()


@pytest.mark.parametrize("name", ["neutral", "hostile"])
def test_a_phone_is_not_scrolled_sideways(browser: Browser, folder: Path, name: str) -> None:
    watched = Watched(browser, folder / f"{name}.html", 390)
    assert watched.page.evaluate("document.documentElement.scrollWidth") == 390
    assert watched.page.evaluate("document.body.scrollWidth") == 390
    assert watched.said == []
    watched.page.close()


def test_what_is_injected_does_not_run(browser: Browser, folder: Path, neutral_page: str) -> None:
    injected = (
        "<script>window.hacked=1</script><img src=x onerror=window.hacked=1>"
        "<svg onload=window.hacked=1></svg>"
        "<link rel=stylesheet href=https://evil.example/x.css><script src=https://evil.example/x.js></script>"
        "<iframe src=https://evil.example></iframe><a id=bait href=javascript:window.hacked=1>x</a>"
    )
    path = folder / "injected.html"
    path.write_text(neutral_page.replace("</main>", injected + "</main>"), encoding="utf-8")
    watched = Watched(browser, path, 1366)
    watched.page.locator("#bait").click()
    assert watched.page.evaluate("window.hacked") is None
    assert watched.asked[0] == path.as_uri()
    assert sorted(watched.blocked) == sorted(f"csp {url}" for url in watched.asked[1:])
    assert any("Content Security Policy" in text for text in watched.said)
    assert watched.count(".plot .main-svg:first-child") == watched.count(".plot")  # our own still run
    watched.page.close()


def test_on_paper_the_charts_fit_and_come_back(browser: Browser, folder: Path) -> None:
    watched = Watched(browser, folder / "neutral.html", 1366)
    width = "document.querySelector('.plot .main-svg').getBoundingClientRect().width"
    before = watched.page.evaluate(width)
    watched.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert watched.page.evaluate(width) == 680  # A4 without its margins
    watched.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    watched.page.wait_for_timeout(BLANK_SPACE)
    assert watched.page.evaluate(width) == before
    paper = watched.page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) > 10
    watched.page.close()


def test_folded_rows_open_on_request_and_stand_on_paper(browser: Browser, tmp_path: Path) -> None:
    frame = pd.DataFrame({"name": ["first", "second", "third"]})
    made = Table.of(
        frame, name="t", title="T", columns=[Column("name", "Name")], language="en", currency="USD",
        folded=(1, 2),
    )  # fmt: skip
    (tmp_path / "t.html").write_text(made._repr_html_(), encoding="utf-8")
    page = Watched(browser, tmp_path / "t.html", 390).page

    def seen() -> list[bool]:
        return [row.is_visible() for row in page.locator("tbody tr").all()]

    assert seen() == [True, False, False]
    page.emulate_media(media="print")
    assert seen() == [True, True, True]
    assert not page.locator("summary").is_visible()
    page.emulate_media(media="screen")
    page.click("summary")
    assert seen() == [True, True, True]


def test_on_paper_the_headings_of_a_table_stay_with_its_first_row(browser: Browser, folder: Path) -> None:
    page = Watched(browser, folder / "neutral.html", 1200).page
    page.emulate_media(media="print")
    style = "(css) => [...document.querySelectorAll(css)].map((one) => getComputedStyle(one).{})"
    assert set(page.evaluate(style.format("breakAfter"), ".ck-table thead")) == {"avoid"}
    assert set(page.evaluate(style.format("breakBefore"), ".ck-table tbody tr:first-child")) == {"avoid"}


def test_headings_of_a_table_of_many_columns_are_never_broken_inside_a_word(
    browser: Browser, tmp_path: Path
) -> None:
    words = [
        "Выполнение плана, %",
        "Исключения",
        "Выигранные сделки",
        "Доля с нарушением, %",
        "Сумма",
        "Итого",
    ]
    frame = pd.DataFrame({f"c{at}": [12_345_678] for at in range(len(words))} | {"name": ["Роман Угрюмов"]})
    columns = [Column("name", "Менеджер"), *(Column(f"c{at}", one, "count") for at, one in enumerate(words))]
    table = Table.of(frame, name="t", title="T", columns=columns, language="ru", currency="RUB")
    (tmp_path / "t.html").write_text(
        f"<meta charset=utf-8><body style='width:824px;overflow-wrap:break-word'>{table._repr_html_()}",
        encoding="utf-8",
    )
    watched = Watched(browser, tmp_path / "t.html", 1200)
    lines = watched.page.evaluate(LINES_OF_WORDS)
    assert len(lines) == 11 and set(lines.values()) == {1}, lines
    watched.page.close()
