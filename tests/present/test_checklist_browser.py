"""The form of the checklist in JupyterLab, driven by a real browser: an answer outlives a reload."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import nbformat
import pytest
from playwright.sync_api import Page, TimeoutError, sync_playwright

from crmkit.audit.answers import answers_file, read_answers
from crmkit.audit.questions import read_questions

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "05_sales_system_audit.ipynb"
TOKEN = "t" * 32
DAY = date(2026, 3, 31)
DEALS = "deal_id,stage,amount,manager_id,created_at\n1,New,100,Ann,2026-03-02\n2,New,50,Bob,2026-03-02\n"
BUTTONS = ".jp-OutputArea-output .widget-toggle-buttons"
SEEN = ".jp-OutputArea-output .widget-text input[placeholder^='Что увидели']"
HERE = ("127.0.0.1", "localhost")
PATIENCE = 120.0


@pytest.fixture
def chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "msedge"):
        if path := shutil.which(name):
            return path
    pytest.skip("there is no Chromium on this machine")


@pytest.fixture
def room(client: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder with a client in it, and the cells of the kit's own notebook up to its form, in one cell."""
    room = tmp_path / "room"
    room.mkdir()
    client(DEALS).rename(room / "client")
    book = nbformat.read(NOTEBOOK, as_version=4)
    sources = [cell.source for cell in book.cells if cell.cell_type == "code"]
    last = sources.index("checklist.form(study)")
    code = "\n".join(sources[: last + 1]).replace('"../data/sample/vektor"', '"client"')
    assert 'client = "client"' in code
    book.cells = [nbformat.v4.new_code_cell(code.replace('language = ""', 'language = "ru"'))]
    nbformat.write(book, room / "form.ipynb")
    return room


@pytest.fixture
def lab(room: Path, tmp_path: Path) -> Iterator[str]:
    """JupyterLab at an address of this machine only, in a home of its own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={room}", "--ServerApp.port_retries=0",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=",
    ]  # fmt: skip
    log = tmp_path / "lab.log"
    with log.open("wb") as said:
        server = subprocess.Popen(
            command, stdout=said, stderr=subprocess.STDOUT, env=os.environ | own | {"HOME": str(tmp_path)}
        )
    try:
        address = f"http://127.0.0.1:{port}"
        if not waited(lambda: answers(f"{address}/api/status?token={TOKEN}") or server.poll() is not None):
            pytest.skip("JupyterLab did not answer in time on this machine")
        if server.poll() is not None:
            pytest.skip(f"JupyterLab cannot start on this machine: {log.read_text('utf-8')[-300:]}")
        yield f"{address}/lab/tree/form.ipynb?token={TOKEN}"
    finally:
        server.terminate()
        server.wait(30)


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False


def waited(done: Callable[[], bool]) -> bool:
    """Wait until something is so, or patience is at an end."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.2)
    return False


def run(page: Page) -> None:
    """Run the only cell until the form is there: the first key may come before the page listens."""
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
    for _ in range(5):
        page.locator(".jp-Notebook .jp-InputArea-editor .cm-content").first.click()
        page.keyboard.press("Control+Enter")
        try:
            page.wait_for_selector(BUTTONS, timeout=1000 * PATIENCE / 4)
        except TimeoutError:
            continue
        return
    pytest.fail("the form did not appear: " + page.locator(".jp-Notebook").inner_text()[-2000:])


def test_an_answer_given_in_jupyterlab_is_there_again_after_a_reload(
    lab: str, room: Path, chromium: str, tmp_path: Path
) -> None:
    asked: set[str] = set()
    folder = room / "client"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1300, "height": 1400})
        page.set_default_timeout(1000 * PATIENCE)
        page.on("request", lambda request: asked.add(request.url))
        page.on("websocket", lambda channel: asked.add(channel.url))
        page.goto(lab)
        run(page)
        page.locator(BUTTONS).first.get_by_role("button", name="частично").click()
        page.locator(SEEN).first.fill("Страница «Наш клиент»")
        page.locator(SEEN).first.press("Enter")

        def kept() -> tuple[str, str] | None:
            one = read_answers(folder, DAY, read_questions()).answers.get("A01")
            return (one.answer, one.evidence) if one else None

        assert waited(lambda: kept() == ("partly", "Страница «Наш клиент»")), kept()
        assert 'answer: "partly"' in answers_file(folder, DAY).read_text("utf-8")
        page.reload()
        run(page)
        assert page.locator(BUTTONS).first.locator(".mod-active").inner_text() == "частично"
        assert page.locator(SEEN).first.input_value() == "Страница «Наш клиент»"
        assert "1" in page.locator(".jp-OutputArea-output .widget-html").first.inner_text()
        page.screenshot(path=tmp_path / "form.png")
        browser.close()
    hosts = {urlsplit(url).hostname for url in asked if urlsplit(url).scheme not in ("data", "blob")}
    assert hosts and hosts <= {*HERE}
