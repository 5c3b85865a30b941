"""``run.json``: what a folder was made from and what was found; written last, the only sign of done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, Protocol

from crmkit import __version__
from crmkit.audit.decisions import FILE as DECIDED
from crmkit.audit.questions import FOLDER as AUDITS
from crmkit.audit.questions import OWN
from crmkit.audit.waivers import WAIVERS
from crmkit.batch.kernels import Job, Outcome
from crmkit.errors import Message
from crmkit.folder import write_whole
from crmkit.process.cards import cards_file
from crmkit.process.store import description_files
from crmkit.sources.saved import answer_files

RUN = "run.json"
FORMAT = 1


class Client(Protocol):
    """What the batch needs to know of ``crmkit.client.Client``."""

    @property
    def name(self) -> str:
        """The name, as people write it."""

    @property
    def language(self) -> str:
        """``ru`` or ``en``."""

    @property
    def currency(self) -> str:
        """Three letters."""

    @property
    def folder(self) -> Path:
        """Where ``client.yml`` and the export lie."""

    @property
    def files(self) -> Sequence[Any]:
        """The files of the export, each with a ``path`` from the folder."""

    @property
    def api(self) -> str | None:
        """The folder of the CRM's answers, if there is one."""

    @property
    def plan(self) -> Any:
        """The path of the plan's file, or its rows."""


def moment() -> str:
    """Return the present moment; ``started_at`` and ``finished_at`` are the only places it stands in."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def fingerprint(path: Path, name: str) -> dict[str, Any]:
    """Return name, size and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return {"file": name, "bytes": file.tell(), "sha256": digest.hexdigest()}


def inputs(client: Client, settings: Path, options: str) -> list[dict[str, Any]]:
    """Return the fingerprints of what a report comes from: settings, export, plan, process, audits, options.

    The audits that were kept before are not among them: the run itself adds to them.
    """
    written = [str(entry.path) for entry in client.files] + (
        [client.plan] if isinstance(client.plan, str) else []
    )
    named = {(settings.name, settings)} | {(_told(path), client.folder / path) for path in written}
    if client.api is not None:
        named |= set(answer_files(client.folder, client.api))
    described = [*description_files(client.folder), cards_file(client.folder), *_of_audits(client.folder)]
    named |= {(path.relative_to(client.folder).as_posix(), path) for path in described if path.is_file()}
    if options:
        named.add(("--options", Path(options)))
    return [fingerprint(path, name) for name, path in sorted(named)]


def _of_audits(folder: Path) -> list[Path]:
    """Return what people said for the audits: exceptions, decisions, questions of their own, answers."""
    place = folder / AUDITS
    return [folder / WAIVERS, place / DECIDED, place / OWN, *(place / "answers").glob("*.yml")]


def _told(path: str) -> str:
    """Return a path as it may be told: from the client's folder; of a file elsewhere only its name."""
    inside = PurePath(path)
    return inside.name if inside.is_absolute() or ".." in inside.parts else inside.as_posix()


def outputs(folder: Path) -> list[dict[str, Any]]:
    """Return the fingerprints of the files in a report's folder and below, other than ``run.json``."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [fingerprint(folder / name, name) for name in sorted(files) if name != RUN]


def as_data(message: Message | None) -> dict[str, Any] | None:
    """Return a message as JSON data."""
    return (
        None if message is None else {"text": message.text, "params": message.params, "english": str(message)}
    )


def describe(client: Client, job: Job, outcome: Outcome, started_at: str) -> dict[str, Any]:
    """Return the content of ``run.json``; paths of this machine do not stand in it."""
    parameters = {**job.parameters, "client": client.folder.name}
    if parameters["options"]:
        parameters["options"] = Path(parameters["options"]).name
    return {
        "format": FORMAT,
        "crmkit": __version__,
        "state": "done" if outcome.reason is None else "failed",
        "reason": as_data(outcome.reason),
        "client": client.name,
        "folder": client.folder.name,
        "language": job.language,
        "currency": client.currency,
        "parameters": parameters,
        "inputs": job.inputs,
        "rows": outcome.rows,
        "notebooks": [
            {
                "name": step.name,
                "state": step.state,
                "reason": as_data(step.reason),
                "findings": step.findings,
            }
            for step in outcome.steps
        ],
        "outputs": outputs(Path(job.report)),
        "started_at": started_at,
        "finished_at": moment(),
    }


def write_run(folder: Path, run: Mapping[str, Any]) -> None:
    """Write ``run.json`` into a folder in which everything else is settled."""
    text = json.dumps(run, ensure_ascii=False, indent=1) + "\n"
    write_whole(folder / RUN, text.encode("utf-8", "backslashreplace"))


def read_run(folder: Path) -> dict[str, Any] | None:
    """Return the content of a folder's ``run.json``, or None if the kit did not make the folder.

    Raises
    ------
    OSError: the disk fails; whose folder it is is not known then.
    """
    try:
        run = json.loads((folder / RUN).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return run if isinstance(run, dict) and run.get("format") == FORMAT and "client" in run else None
