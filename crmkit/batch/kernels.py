"""One client's notebooks, run in a process of their own.

``python -m crmkit.batch.kernels`` takes a job on its input. The process may die of anything a notebook does;
the batch reads only the result file that is written here after each step. The kernel runs this very
interpreter and writes nothing outside the scratch folder.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from crmkit.batch.executed import cleaned, findings_of, last_started, notebook_bytes, read_notebook, trouble
from crmkit.batch.notebooks import checked_parameters, parameter_cell, speaker, translated
from crmkit.errors import N_, CrmkitError, Message
from crmkit.folder import write_whole

RESULT = "result.json"
KIT = Path(__file__).resolve().parents[1]
_SECRET = re.compile(r"token|secret|passw|credential|api_?key|private_?key", re.IGNORECASE)


@dataclass(frozen=True)
class Job:
    """All that the process needs to know, as JSON can carry it."""

    client: str
    language: str
    parameters: dict[str, str]
    inputs: list[dict[str, Any]]
    notebooks: dict[str, str]
    report: str
    scratch: str
    timeout: float
    read: str
    compose: str


@dataclass(frozen=True)
class Step:
    """How one notebook ended: ``done``, ``failed`` or ``not_run``."""

    name: str
    state: str
    reason: Message | None = None
    findings: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a job: its steps, rows read by table, and why the report is not whole (None: it is)."""

    steps: tuple[Step, ...]
    rows: Mapping[str, Any]
    reason: Message | None


def named(dotted: str) -> Callable[..., Any]:
    """Return the function that ``module:name`` names."""
    module, _, name = dotted.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def kernel_environment(scratch: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for a kernel: no secrets, no traces in the user's home, this interpreter.

    A private kernel specification stands first on Jupyter's path, since the one named ``python3`` may belong
    to another environment.
    """
    kept = {name: value for name, value in environment.items() if not _SECRET.search(name)}
    places = {"JUPYTER_PATH": "data", "JUPYTER_DATA_DIR": "data", "JUPYTER_CONFIG_DIR": "config"}
    places |= {"JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython"}
    for variable, name in places.items():
        kept[variable] = str(scratch / name)
    return kept | {"JUPYTER_NO_CONFIG": "1"}


def _lay_out(scratch: Path) -> None:
    for name in ("data/kernels/python3", "config", "runtime", "ipython", "work"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    arguments = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
    spec = {"argv": [sys.executable, *arguments], "display_name": "crmkit", "language": "python"}
    (scratch / "data/kernels/python3/kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def run_job(job: Job, tell: Callable[[str], None]) -> Outcome:
    """Run a job's notebooks, one after the other up to the first that fails, and put the report together.

    Parameters
    ----------
    tell: called with the name of each notebook that is done.
    """
    scratch, report = Path(job.scratch), Path(job.report)
    steps: list[Step] = []

    def outcome(reason: Message | None, rows: Mapping[str, Any]) -> Outcome:
        return Outcome(
            (*steps, *(Step(later, "not_run") for later in list(job.notebooks)[len(steps) :])), rows, reason
        )

    try:
        _lay_out(scratch)
        for name, path in job.notebooks.items():
            steps.append(_run_notebook(job, name, Path(path)))
            if steps[-1].reason is not None:
                return outcome(steps[-1].reason, {})
            _write_result(scratch, outcome(N_("The process that made the report broke off."), {}))
            tell(name)
        executed = [report / f"{name}.ipynb" for name in job.notebooks]
        rows = named(job.compose)(report, executed, named(job.read)(Path(job.client)), job.language)
    except CrmkitError as error:
        return outcome(Message("{problem}", {"problem": str(error)}), {})
    except OSError as error:
        return outcome(N_("The report could not be written: {problem}", problem=error.strerror or "?"), {})
    return outcome(None, rows)


def _places(job: Job) -> dict[Path, str]:
    """Return the places of this machine that must not leave it, each with the word to write for it."""
    scratch, client = Path(job.scratch), Path(job.client)
    places = {client: client.name, scratch / "work": ".", scratch: ".", Path(job.report): "."}
    return places | {KIT: "crmkit", Path(sys.prefix): "python", Path.home(): "~"}


def _run_notebook(job: Job, name: str, path: Path) -> Step:
    scratch = Path(job.scratch)
    source, target = scratch / "source.ipynb", scratch / "executed.ipynb"
    notebook = translated(read_notebook(path), speaker(job.language))
    parameter_cell(notebook, name)
    source.write_bytes(notebook_bytes(notebook))
    target.unlink(missing_ok=True)
    reason = _execute(source, target, job)
    executed = read_notebook(target) if target.exists() else notebook
    clean = cleaned(executed, _places(job))
    if reason is not None and "cell" in reason.params:
        reason = Message(reason.text, {**reason.params, "cell": last_started(executed)})
    if target.exists() and (reason is None or "problem" in reason.params):
        reason = trouble(clean) or reason
    write_whole(Path(job.report) / f"{name}.ipynb", notebook_bytes(clean))
    return Step(name, "failed", reason) if reason else Step(name, "done", None, findings_of(clean))


def _execute(source: Path, target: Path, job: Job) -> Message | None:
    """Run papermill; return why it broke off, if it did so outside of the notebook's own code."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # a grammar that takes 0.9 s to load
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            str(source).replace("{", "{{").replace("}", "}}"),  # papermill formats paths
            str(target).replace("{", "{{").replace("}", "}}"),
            parameters=checked_parameters(job.parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=str(Path(job.scratch) / "work"),
            execution_timeout=job.timeout,
            shutdown_kernel="immediate",
            record_timing=False,
        )
    except PapermillExecutionError as error:
        return N_(
            "Code cell {cell} stopped with an error: {problem}",
            cell=0,
            problem=f"{error.ename}: {error.evalue}",
        )
    except CellTimeoutError:
        return N_("Code cell {cell} took longer than {seconds} seconds.", cell=0, seconds=round(job.timeout))
    except DeadKernelError:
        return N_("The notebook's process died in code cell {cell}: out of memory, or a crash.", cell=0)
    except RuntimeError as error:
        return N_("The notebook's process did not start: {why}", why=str(error))
    return None


def _write_result(scratch: Path, outcome: Outcome) -> None:
    write_whole(scratch / RESULT, json.dumps(asdict(outcome)).encode())


def read_result(scratch: Path) -> Outcome | None:
    """Return what a process left behind, or None if it never came that far."""
    if not (scratch / RESULT).exists():
        return None
    data = json.loads((scratch / RESULT).read_bytes())
    steps = tuple(
        Step(step["name"], step["state"], _message(step["reason"]), step["findings"])
        for step in data["steps"]
    )
    return Outcome(steps, data["rows"], _message(data["reason"]))


def _message(data: Mapping[str, Any] | None) -> Message | None:
    return None if data is None else Message(data["text"], data["params"])


def _die_with_parent(stream: TextIO) -> None:
    """End at once when the batch that holds the other end of ``stream`` is gone."""
    stream.read()
    os._exit(3)


def main() -> None:
    """Run the job that stands on the first line of the input; the kernel's chatter goes to stderr."""
    warnings.simplefilter("ignore")  # papermill, nbclient and zmq warn of their own affairs
    if hasattr(os, "umask"):
        os.umask(0o077)
    tell = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    job = Job(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_die_with_parent, args=(sys.stdin,), daemon=True).start()
    environment = kernel_environment(Path(job.scratch), os.environ)
    os.environ.clear()
    os.environ.update(environment)
    _write_result(Path(job.scratch), run_job(job, lambda name: print(name, file=tell)))


if __name__ == "__main__":
    main()
