"""Real kernels that die in every way: what they leave is failed with the right reason, never done."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from crmkit.batch import kernels
from crmkit.batch.executed import FINDINGS
from crmkit.batch.kernels import Job, kernel_environment, read_result, run_job
from crmkit.batch.publish import LOCK, locked, recover
from crmkit.batch.request import Progress, Request
from crmkit.batch.runner import run

GOOD = "answer = 42"
FAULTS = {
    "error": ("1 / 0", "Code cell 4 stopped with an error: ZeroDivisionError: division by zero"),
    "refusal": (
        "from crmkit.errors import N_, SourceError\nraise SourceError('deals.csv', N_('the file is empty'))",
        "deals.csv: the file is empty",
    ),
    "exit": ("import sys; sys.exit(0)", "Code cell 4 ended the notebook (sys.exit)."),
    "gone": (
        "import os; os._exit(1)",
        "The notebook's process died in code cell 4: out of memory, or a crash.",
    ),
    "killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "The notebook's process died in code cell 4: out of memory, or a crash.",
    ),
    "endless": ("while True: pass", "Code cell 4 took longer than 6 seconds."),
    "silent": ("quiet = True", "The notebook ran to its end without recording its findings."),
    "parent": (
        "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
        "The process that made the report was ended from outside (signal 9).",
    ),
}
LAST = '''
from IPython.display import display
import os, sys
found = {"python": sys.prefix, "home": os.environ["IPYTHONDIR"], "cwd": os.getcwd()}
found["secret"] = os.environ.get("CRM_TOKEN")
if not globals().get("quiet"):
    display({"application/vnd.crmkit.findings+json": found, "text/plain": "found"}, raw=True)
'''  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="the faults are those of POSIX")
def test_a_kernel_may_die_of_anything(
    on_path: None,
    new_client: Callable[..., Path],
    kit_notebooks: Path,
    write_notebook: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "canary")
    write_notebook(
        kit_notebooks / "01_stub.ipynb",
        "import pathlib",
        "exec(pathlib.Path(client, 'cell.py').read_text())",
        LAST,
    )
    clients = [new_client(name, name, cell=text) for name, (text, _) in FAULTS.items()]
    clients += [new_client("good", "good", cell=GOOD)]
    told: list[Progress] = []
    request = Request(
        tmp_path / "{out}",
        jobs=2,
        timeout=6,
        read="crmkit_stubs:read",
        check="crmkit_stubs:check",
        compose="crmkit_stubs:compose",
    )
    result = run(clients, request, tell=told.append)

    assert result.exit_code == 1
    for client, (name, (_, reason)) in zip(result.clients, FAULTS.items(), strict=False):
        assert str(client.reason) == reason, name
        assert client.folder is not None and client.folder.name == f"{name}.failed"
        record = json.loads((client.folder / "run.json").read_bytes())
        assert (record["state"], record["reason"]["english"]) == ("failed", reason)
        assert not (tmp_path / "{out}" / name).exists()
        files = {path.name for path in client.folder.iterdir()} - {"log.txt"}
        assert files == ({"run.json"} if name == "parent" else {"run.json", "01_stub.ipynb"})
    assert told[-1].done == told[-1].total - len(FAULTS) == 1

    good = result.clients[-1].folder
    assert good == tmp_path / "{out}" / "good"
    assert {path.name for path in good.iterdir()} == {
        "01_stub.ipynb",
        "report.html",
        "report.xlsx",
        "run.json",
    }
    record = json.loads((good / "run.json").read_bytes())
    # this interpreter, its own temporary places, no secrets, and the places are not told
    found = {"python": "python", "home": "./ipython", "secret": None, "cwd": "."}
    assert record["notebooks"][0]["findings"] == found
    assert record["rows"] == {"deals": {"read": 3, "kept": 2, "set_aside": 1}}
    before = {path.name: path.read_bytes() for path in good.iterdir() if path.name != "run.json"}
    assert str(tmp_path).encode() not in b"".join(before.values())
    assert b'client = \\"good\\"' in before["01_stub.ipynb"]

    # alone, elsewhere, in another folder of reports: the same bytes
    again = run(
        clients[-1:],
        Request(tmp_path / "b", timeout=60, read=request.read, check=request.check, compose=request.compose),
    )
    assert again.exit_code == 0 and again.clients[0].folder is not None
    assert {name: (again.clients[0].folder / name).read_bytes() for name in before} == before


def test_a_kernel_gets_no_secrets_and_no_place_at_home(tmp_path: Path) -> None:
    before = {
        "PATH": "/bin",
        "CRM_TOKEN": "1",
        "AWS_SECRET_ACCESS_KEY": "2",
        "DB_PASSWORD": "3",
        "IPYTHONDIR": "/home/ann",
    }
    after = kernel_environment(tmp_path, before)
    assert not {"CRM_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"} & set(after)
    assert after["PATH"] == "/bin"
    assert all(
        Path(after[name]).is_relative_to(tmp_path)
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_PATH")
    )


@pytest.fixture
def job(
    on_path: None, new_client: Callable[..., Path], write_notebook: Callable[..., None], tmp_path: Path
) -> Job:
    """A job of two notebooks."""
    for name in ("report", "scratch"):
        (tmp_path / name).mkdir()
    for name in ("01_a", "02_b"):
        write_notebook(tmp_path / f"{name}.ipynb", "client")
    notebooks = {name: str(tmp_path / f"{name}.ipynb") for name in ("01_a", "02_b")}
    where = {"report": str(tmp_path / "report"), "scratch": str(tmp_path / "scratch")}
    stubs = {"read": "crmkit_stubs:read", "compose": "crmkit_stubs:compose"}
    return Job(str(new_client("acme", "acme")), "en", {}, [], notebooks, timeout=5, **where, **stubs)


def pretend(monkeypatch: pytest.MonkeyPatch, fails: OSError | None = None) -> None:
    """Let papermill be: every cell has run, and the last one recorded findings."""

    def execute(source: Path, target: Path, job: Job) -> None:
        if fails:
            raise fails
        notebook = json.loads(source.read_bytes())
        for cell in notebook["cells"][1:]:
            found = {"output_type": "display_data", "data": {FINDINGS: {"rows": []}}, "metadata": {}}
            cell |= {"execution_count": 1, "outputs": [found]}
        target.write_text(json.dumps(notebook), encoding="utf-8")

    monkeypatch.setattr(kernels, "_execute", execute)


def test_a_report_is_put_together_after_the_last_notebook(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    told: list[str] = []
    outcome = run_job(job, told.append)
    assert outcome.reason is None and told == ["01_a", "02_b"]
    assert [(step.state, step.findings) for step in outcome.steps] == [("done", {"rows": []})] * 2
    assert (Path(job.report) / "report.html").read_bytes() == b"<p>en 2"
    # what the process leaves behind if it dies now: the notebooks are done, the report is not
    left = read_result(Path(job.scratch))
    assert (
        left is not None
        and left.reason is not None
        and [step.state for step in left.steps] == ["done", "done"]
    )


def test_a_full_disk_is_named(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))
    outcome = run_job(job, print)
    assert str(outcome.reason) == "The report could not be written: No space left on device"
    assert [step.state for step in outcome.steps] == ["not_run", "not_run"]


def test_a_refusal_while_the_report_is_put_together_is_told(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch)
    text = "from crmkit.errors import N_, ReportError\nraise ReportError('report.xlsx', N_('too many rows'))"
    (Path(job.client) / "compose.py").write_text(text, encoding="utf-8")
    outcome = run_job(job, lambda name: None)
    assert str(outcome.reason) == "report.xlsx: too many rows"
    assert [step.state for step in outcome.steps] == ["done", "done"]


RUNNER = """
import sys
from pathlib import Path
from crmkit.batch import notebooks
from crmkit.batch.request import Request
from crmkit.batch.runner import run
notebooks.resource = lambda name: Path(sys.argv[1])
stubs = {name: f"crmkit_stubs:{name}" for name in ("read", "check", "compose")}
run([Path(sys.argv[2])], Request(Path(sys.argv[3]), **stubs))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
def test_a_killed_batch_leaves_no_process_and_no_lock(
    on_path: None,
    new_client: Callable[..., Path],
    kit_notebooks: Path,
    write_notebook: Callable[..., None],
    tmp_path: Path,
) -> None:
    marker = tmp_path / "pids"
    who = f"open({str(marker)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}} ')"
    cell = f"import os, time\n{who}\ntime.sleep(60)"
    write_notebook(kit_notebooks / "01_stub.ipynb", cell)
    arguments = [str(kit_notebooks), str(new_client("acme", "acme")), str(tmp_path / "out")]
    with subprocess.Popen([sys.executable, "-c", RUNNER, *arguments]) as runner:
        wait_until(lambda: marker.exists() and marker.read_text().endswith(" "), 30)
        runner.kill()
    processes = [int(pid) for pid in marker.read_text().split()]
    wait_until(lambda: not any(alive(pid) for pid in processes), 10)
    with locked(tmp_path / "out"):
        recover(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [LOCK]


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    for _ in range(int(seconds * 20)):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it never came true")


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
