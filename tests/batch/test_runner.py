"""The batch around stub jobs: what is published, what is kept, what an index says. No kernel starts here."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmkit.batch.kernels import Job, Outcome, Step
from crmkit.batch.manifest import read_run
from crmkit.batch.publish import LOCK, locked
from crmkit.batch.request import BatchResult, Request
from crmkit.batch.runner import run
from crmkit.errors import N_, ReportError, RequestError

pytestmark = pytest.mark.usefixtures("on_path", "kit_notebooks")

YEAR = ("2017-01-01T00:00:00+03:00", "2018-01-01T00:00:00+03:00")
REVENUES = [
    (YEAR[0], "2017-02-01T00:00:00+03:00", {}, 10.0),  # a month of the period
    (*YEAR, {"manager": "Ann"}, 40.0),  # a slice
    (*YEAR, {}, 1234.0),  # the whole department, the whole period
]
COLUMNS = ("measure", "variant", "unit", "state", "period_start", "period_end", "by", "value")
FINDINGS = {
    "as_of": "2017-12-31T23:59:59+03:00",
    "period": {"start": "2017-01-01", "end": "2018-01-01", "name": "2017"},
    "rows": [dict(zip(COLUMNS, ("revenue", "", "money", "ok", *row), strict=True)) for row in REVENUES],
}


def made(job: Job, tell: Callable[[str], None]) -> Outcome:
    """A job that goes well, or fails if the client's folder holds ``fail.py``."""
    report = Path(job.report)
    (report / "01_stub.ipynb").write_bytes(b"{}")
    if (Path(job.client) / "fail.py").exists():
        (report / "report.html").write_bytes(b"half")
        reason = N_("Code cell {cell} stopped with an error: {problem}", cell=3, problem="<b>{x}</b>")
        return Outcome((Step("01_stub", "failed", reason),), {}, reason)
    (report / "report.html").write_bytes(f"<p>{job.parameters['period']}".encode())
    tell("01_stub")
    return Outcome((Step("01_stub", "done", None, FINDINGS),), {"deals": {"read": 3}}, None)


@pytest.fixture(autouse=True)
def one_notebook(kit_notebooks: Path) -> None:
    (kit_notebooks / "01_stub.ipynb").write_text("{}", encoding="utf-8")


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., BatchResult]:
    def start(*clients: Path, make: Any = made, **asked: Any) -> BatchResult:
        asked = {
            "out": tmp_path / "reports",
            "read": "crmkit_stubs:read",
            "check": "crmkit_stubs:check",
            **asked,
        }
        return run(clients, Request(**asked), make=make)

    return start


def test_a_report_is_published_with_its_record(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    options = tmp_path / "options.json"
    options.write_text('{"top": 5}', encoding="utf-8")
    place = new_client("ООО «Ромашка»", "romashka")
    result = batch(place / "client.yml", place, options=options, period="2017", language="ru")
    assert result.exit_code == 0 and len(result.clients) == 1  # one client named in two ways
    folder = result.clients[0].folder
    assert folder is not None and folder.name.startswith("ooo-romashka-")
    record = read_run(folder)
    assert record is not None
    started, finished = record.pop("started_at"), record.pop("finished_at")
    assert started <= finished and started.endswith("+00:00")
    outputs, inputs = record.pop("outputs"), record.pop("inputs")
    assert [item["file"] for item in outputs] == ["01_stub.ipynb", "report.html"]
    # sha256 of the two bytes {}
    assert outputs[0]["sha256"] == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert [(item["file"], item["bytes"]) for item in inputs] == [
        ("--options", 10),
        ("client.yml", len("ООО «Ромашка»".encode())),
    ]
    assert record == {
        "format": 1,
        "crmkit": "0.1.0",
        "state": "done",
        "reason": None,
        "client": "ООО «Ромашка»",
        "folder": "romashka",
        "language": "ru",
        "currency": "RUB",
        "parameters": {
            "client": "romashka", "as_of": "", "language": "ru", "period": "2017", "options": "options.json"
        },
        "rows": {"deals": {"read": 3}},
        "notebooks": [{"name": "01_stub", "state": "done", "reason": None, "findings": FINDINGS}],
    }  # fmt: skip
    assert str(tmp_path) not in (folder / "run.json").read_text(encoding="utf-8")
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".") and path.name != LOCK]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps rights otherwise")
def test_files_are_for_their_owner_only(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    batch(new_client("acme", "acme"))
    made = [tmp_path / "reports", *(tmp_path / "reports").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in made} <= {0o600, 0o700}


def test_a_failing_client_stops_nobody_and_leaves_its_earlier_report(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    good, bad = new_client("good", "good"), new_client("bad", "bad")
    assert batch(good, bad, period="2016").exit_code == 0
    (bad / "fail.py").touch()
    result = batch(good, bad, period="2017")
    assert result.exit_code == 1
    out = tmp_path / "reports"
    assert (out / "good/report.html").read_bytes() == b"<p>2017"
    assert (out / "bad/report.html").read_bytes() == b"<p>2016"
    # the broken notebook is kept, half a report is not
    assert sorted(path.name for path in (out / "bad.failed").iterdir()) == ["01_stub.ipynb", "run.json"]
    record = read_run(out / "bad.failed")
    assert record is not None and record["state"] == "failed" and record["notebooks"][0]["state"] == "failed"
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "the last run failed; the report is an earlier one" in page
    assert "&lt;b&gt;{x}&lt;/b&gt;" in page and "<b>" not in page

    (bad / "fail.py").unlink()
    assert batch(bad, period="2018").exit_code == 0
    assert (out / "bad/report.html").read_bytes() == b"<p>2018" and not (out / "bad.failed").exists()


def test_settings_are_checked_before_anything_runs(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    broken, unreadable = new_client("broken", "b"), new_client("unreadable", "u")
    result = batch(broken, unreadable, new_client("good", "g"))
    assert result.exit_code == 1
    assert result.clients[0].folder is None and "this key is missing" in str(result.clients[0].error)
    assert result.clients[1].folder is None and "the file is empty" in str(result.clients[1].error)
    assert result.clients[2].reason is None

    # with nobody left nothing is written
    nothing = batch(broken, unreadable, out=tmp_path / "other")
    assert nothing.exit_code == 2 and nothing.index is None and not (tmp_path / "other").exists()
    assert batch(tmp_path / "nowhere", out=tmp_path / "other").exit_code == 2


def test_no_report_made_is_2(batch: Callable[..., BatchResult], new_client: Callable[..., Path]) -> None:
    assert batch(new_client("bad", "bad", fail="")).exit_code == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"period": "last week"}, "last week"),
        ({"as_of": "31.12.2017"}, "not a date"),
        ({"language": "de"}, "language"),
        ({"notebooks": ["07"]}, "no such notebook"),
        ({"options": "missing.json"}, "cannot be read as JSON"),
        ({"options": '["list"]'}, "should hold one object"),
        ({"options": '{"bitrix_token": "x"}'}, "secrets do not belong"),
    ],
)
def test_what_no_client_can_be_run_with_is_refused(
    batch: Callable[..., BatchResult],
    new_client: Callable[..., Path],
    tmp_path: Path,
    asked: dict[str, Any],
    words: str,
) -> None:
    if "options" in asked:
        path = tmp_path / "options.json"
        if asked["options"] != "missing.json":
            path.write_text(asked["options"], encoding="utf-8")
        asked = {"options": path}
    with pytest.raises(RequestError, match=words):
        batch(new_client("acme", "acme"), **asked)
    assert not (tmp_path / "reports").exists()


def test_namesakes_and_strange_folders_keep_their_own(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    north, south, beta = new_client("acme", "north"), new_client("acme", "south"), new_client("beta", "beta")
    (tmp_path / "reports/beta").mkdir(parents=True)
    (tmp_path / "reports/beta/mine.txt").write_text("mine", encoding="utf-8")
    first = batch(south, period="2016").clients[0].folder
    second = batch(north, period="2017").clients[0].folder  # in another run: still two folders
    third = batch(beta).clients[0].folder
    assert first is not None and second is not None and third is not None
    assert first.name == "acme" and second.name.startswith("acme-") and third.name.startswith("beta-")
    assert (first / "report.html").read_bytes() == b"<p>2016"
    assert (tmp_path / "reports/beta/mine.txt").read_text(encoding="utf-8") == "mine"
    assert [item.folder for item in batch(north, south).clients] == [second, first]


def test_hostile_names_stay_inside_and_escaped(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    names = [
        "../../esc",
        "/etc",
        "CON",
        "a\0b",
        "{x.__class__}",
        "<img src=x onerror=alert(1)>",
        "x" * 300,
        "\ud800",
    ]
    result = batch(*(new_client(name, f"c{number}") for number, name in enumerate(names)))
    out = tmp_path / "reports"
    assert result.exit_code == 0
    assert len({item.folder for item in result.clients}) == len(names)
    assert all(item.folder is not None and item.folder.parent == out for item in result.clients)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<img" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page
    assert len(json.loads((out / "index.json").read_bytes())["clients"]) == len(names)


def test_the_index_says_the_same_whatever_the_order_and_speaks_the_clients_language(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    a, b = new_client("alpha", "a"), new_client("beta", "b", fail="")
    one, two = batch(a, b, out=tmp_path / "one"), batch(b, a, out=tmp_path / "two", jobs=2)
    assert one.index is not None and two.index is not None
    for name in ("index.html", "index.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    entries = json.loads((tmp_path / "one/index.json").read_bytes())["clients"]
    assert [(entry["client"], entry["folder"]) for entry in entries] == [("alpha", "alpha"), ("beta", None)]
    # of three revenue rows the one for the whole department and the whole period
    assert [row["value"] for row in entries[0]["figures"]] == [1234.0]
    page = one.index.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert '<html lang="en">' in page and 'href="alpha/report.html"' in page and ">2017<" in page
    assert "1,234" in page and "31 Dec 2017" in page
    russian = batch(a, out=tmp_path / "three", language="ru").index
    assert russian is not None and '<html lang="ru">' in russian.read_text(encoding="utf-8")


def test_a_second_run_on_the_folder_is_refused_and_the_lock_is_let_go(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    client = new_client("acme", "acme")
    with locked(tmp_path / "reports"), pytest.raises(ReportError, match="another run"):
        batch(client)
    assert batch(client).exit_code == 0


def test_an_interrupted_batch_leaves_nothing_half_made(
    batch: Callable[..., BatchResult], new_client: Callable[..., Path], tmp_path: Path
) -> None:
    def interrupted(job: Job, tell: Callable[[str], None]) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch(new_client("acme", "acme"), make=interrupted)
    assert [path.name for path in (tmp_path / "reports").iterdir()] == [LOCK]
