"""The processes in which clients' notebooks run: started, listened to, and ended with the batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from crmkit.batch.kernels import KIT, Job, Outcome, Step, read_result
from crmkit.errors import N_, Message

LOG = "log.txt"
_START_SECONDS = 180


class Stopped(Exception):  # noqa: N818 (nothing is wrong)
    """The batch is being ended."""


class Children:
    """Runs jobs, each in a process of its own, and can end all of them at once."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._guard = threading.Lock()
        self._closed = False

    def make(self, job: Job, tell: Callable[[str], None]) -> Outcome:
        """Run ``job`` to its end, whatever that is: nothing that happens in the process ends the batch."""
        log = Path(job.scratch) / LOG
        with log.open("w", encoding="utf-8", errors="replace") as errors:
            process = self._start(errors.fileno())
            limit = threading.Timer(_START_SECONDS + job.timeout * 2 * len(job.notebooks), process.kill)
            limit.start()
            try:
                code = _talk(process, job, tell)
            finally:
                limit.cancel()
                with self._guard:
                    self._running.discard(process)
        if self._closed:
            raise Stopped
        outcome = read_result(Path(job.scratch))
        if code == 0 and outcome is not None:
            return outcome
        if log.stat().st_size:
            tail = log.read_text(encoding="utf-8", errors="replace")[-20_000:]
            (Path(job.report) / LOG).write_text(_without_places(tail, job), encoding="utf-8")
        steps = outcome.steps if outcome else tuple(Step(name, "not_run") for name in job.notebooks)
        return Outcome(steps, {}, _why(code))

    def _start(self, errors: int) -> subprocess.Popen[str]:
        environment = dict(os.environ)
        if KIT.parent.name != "site-packages":  # a checkout that is not installed
            paths = [str(KIT.parent), *filter(None, [environment.get("PYTHONPATH")])]
            environment["PYTHONPATH"] = os.pathsep.join(paths)
        with self._guard:
            if self._closed:
                raise Stopped
            process = subprocess.Popen(
                [sys.executable, "-m", "crmkit.batch.kernels"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                encoding="utf-8",
            )
            self._running.add(process)
        return process

    def close(self) -> None:
        """End every process that still runs; their kernels end with them."""
        with self._guard:
            self._closed = True
            for process in self._running:
                process.kill()


def _talk(process: subprocess.Popen[str], job: Job, tell: Callable[[str], None]) -> int:
    """Hand over the job, pass on the names of finished notebooks, return the exit code."""
    with process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError("both are pipes")
        try:
            process.stdin.write(json.dumps(asdict(job)) + "\n")
            process.stdin.flush()
        except OSError:  # it died at once; its exit code tells
            return process.wait()
        for line in process.stdout:
            tell(line.strip())
        return process.wait()


def _why(code: int) -> Message:
    if code < 0:
        return N_("The process that made the report was ended from outside (signal {signal}).", signal=-code)
    return N_("The process that made the report broke off; log.txt tells more.")


def _without_places(text: str, job: Job) -> str:
    places = [(job.scratch, "."), (job.report, "."), (job.client, Path(job.client).name)]
    places += [(str(KIT), "crmkit"), (sys.prefix, "python"), (str(Path.home()), "~")]
    for place, word in places:
        text = text.replace(place, word)
    return text
