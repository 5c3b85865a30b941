"""``crmkit run``: each client's notebooks, report and ``run.json``, published whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from crmkit.batch import index, manifest
from crmkit.batch.children import LOG, Children
from crmkit.batch.index import FAILED
from crmkit.batch.kernels import Job, Outcome
from crmkit.batch.notebooks import checked_parameters, find_notebooks
from crmkit.batch.publish import NEW, locked, move_into_place, recover, refusal, remove, settle
from crmkit.batch.request import (
    BatchResult,
    Checked,
    ClientResult,
    Progress,
    Request,
    check_clients,
    check_request,
    one_place,
)
from crmkit.batch.slugs import allocate
from crmkit.errors import N_, Message

Make = Callable[[Job, Callable[[str], None]], Outcome]
Tell = Callable[[Progress], None]


def run(
    clients: Sequence[Path], request: Request, *, tell: Tell = lambda _: None, make: Make | None = None
) -> BatchResult:
    """Make the reports of clients.

    Every client's settings are read before the first notebook starts; one whose settings are wrong, or whose
    notebooks fail, does not stop the others. An earlier report is replaced only by a whole new one; what a
    failed run left is in ``<slug>.failed``.

    Parameters
    ----------
    clients: folders with ``client.yml``, or such files.
    tell: called, from several threads, when something is done.
    make: runs one job; in a process of its own unless a test says otherwise.

    Raises
    ------
    RequestError: an unknown notebook, language, date or period; unusable options.
    ReportError: another run holds the folder, or it cannot be written.
    """
    request = replace(request, out=request.out.resolve())
    paths = find_notebooks(request.notebooks)
    check_request(request)
    checked, results = check_clients(clients, request)
    if not checked:
        return _ordered(clients, results, None, None)
    with locked(request.out):
        try:
            recover(request.out)
            checked = _with_slugs(checked, request.out)
        except OSError as error:
            raise refusal(request.out, error) from error
        batch = _Batch(request, {name: str(path) for name, path in paths.items()}, tell, len(checked))
        results |= batch.run(checked, make)
        page, problem = _indexed(request.out)
    return _ordered(clients, results, page, problem)


def _indexed(out: Path) -> tuple[Path | None, Message | None]:
    try:
        return index.write_index(out), None
    except OSError as error:
        return None, N_("The index could not be written: {problem}", problem=error.strerror or "?")


def _ordered(
    clients: Sequence[Path], results: dict[Path, ClientResult], page: Path | None, problem: Message | None
) -> BatchResult:
    in_order = tuple(results[place] for place in dict.fromkeys(map(one_place, clients)))
    return BatchResult(in_order, page, problem)


def _with_slugs(checked: list[Checked], out: Path) -> list[Checked]:
    def is_other(slug: str, name: str, folder: str) -> bool:
        for found in (out / slug, out / f"{slug}{FAILED}"):
            run = manifest.read_run(found) if found.exists() else {"client": name, "folder": folder}
            if run is None or (run["client"], run["folder"]) != (name, folder):
                return True
        return False

    slugs = allocate([(item.client.name, item.client.folder.name) for item in checked], is_other)
    return [replace(item, slug=slug) for item, slug in zip(checked, slugs, strict=True)]


class _Batch:
    """One run over clients whose settings are right."""

    def __init__(self, request: Request, notebooks: dict[str, str], tell: Tell, total: int) -> None:
        self.request, self.notebooks, self.tell = request, notebooks, tell
        self.done, self.total, self.guard = 0, total * len(notebooks), threading.Lock()

    def run(self, checked: list[Checked], make: Make | None) -> dict[Path, ClientResult]:
        """Run all clients, ``jobs`` at a time; when interrupted, end what runs and clear up."""
        children = Children()
        with ThreadPoolExecutor(max_workers=max(1, self.request.jobs)) as pool:
            futures = [pool.submit(self.run_client, item, make or children.make) for item in checked]
            try:
                return {item.place: future.result() for item, future in zip(checked, futures, strict=True)}
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                children.close()
                raise

    def run_client(self, item: Checked, make: Make) -> ClientResult:
        """Make one client's folder and publish it; a failing disk fails this client, not the batch."""
        root: Path | None = None
        try:
            root = Path(tempfile.mkdtemp(prefix=NEW, dir=self.request.out))
            result = self._in_folder(item, make, root)
        except OSError as error:
            reason = N_("The report could not be written: {problem}", problem=error.strerror or "?")
            result = ClientResult(item.place, item.client.name, None, reason)
        finally:
            if root is not None:
                shutil.rmtree(root, ignore_errors=True)
        self._say(item, None, result.reason)
        return result

    def _in_folder(self, item: Checked, make: Make, root: Path) -> ClientResult:
        started_at = manifest.moment()
        job = self._job(item, root)
        Path(job.report).mkdir(mode=0o700)
        Path(job.scratch).mkdir(mode=0o700)
        outcome = make(job, lambda name: self._say(item, name, None))
        target = self.request.out / item.slug
        if outcome.reason is not None:
            target = target.with_name(f"{target.name}{FAILED}")
            _keep_evidence(Path(job.report), outcome)
        settle(Path(job.report))
        manifest.write_run(Path(job.report), manifest.describe(item.client, job, outcome, started_at))
        move_into_place(Path(job.report), target)
        if outcome.reason is None:
            with suppress(OSError):
                remove(target.with_name(f"{target.name}{FAILED}"))
        return ClientResult(item.place, item.client.name, target, outcome.reason)

    def _job(self, item: Checked, root: Path) -> Job:
        request, language = self.request, self.request.language or item.client.language
        values = {
            "client": str(item.place),
            "as_of": request.as_of or "",
            "language": language,
            "period": request.period or "",
            "options": str(request.options.resolve()) if request.options else "",
        }
        return Job(
            client=str(item.place),
            language=language,
            parameters=checked_parameters(values),
            inputs=item.inputs,
            notebooks=self.notebooks,
            report=str(root / "report"),
            scratch=str(root / "scratch"),
            timeout=request.timeout,
            read=request.read,
            compose=request.compose,
        )

    def _say(self, item: Checked, notebook: str | None, reason: Message | None) -> None:
        with self.guard:
            self.done += notebook is not None
            self.tell(Progress(item.client.name, notebook, reason, self.done, self.total))


def _keep_evidence(report: Path, outcome: Outcome) -> None:
    """Leave only notebooks and log in a failed client's folder: half a report must not be taken for one."""
    kept = {f"{step.name}.ipynb" for step in outcome.steps if step.state != "not_run"} | {LOG}
    for path in report.iterdir():
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
