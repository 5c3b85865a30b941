"""What a batch is asked for, what it answers, and the checks made before the first notebook starts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from crmkit.batch import manifest
from crmkit.batch.kernels import named
from crmkit.batch.manifest import Client
from crmkit.batch.notebooks import speaker
from crmkit.errors import N_, CrmkitError, Message, RequestError
from crmkit.periods import Period

READ = "crmkit.client:read_client"
CHECK = "crmkit.sources.load:load"
COMPOSE = "crmkit.documents.report:compose_report"

_SECRET = re.compile(r"token|secret|passw|credential|key", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """What is asked of a batch, besides its clients.

    Parameters
    ----------
    out: the folder of the reports, made if missing.
    notebooks: names of notebooks; ``None`` for all.
    as_of, language, period: override what each client's settings say; ``None`` leaves it.
    options: the path of a JSON file that notebooks read.
    jobs: how many clients at a time.
    timeout: seconds that one cell may take.
    read, check, compose: ``module:function`` of what reads a client's settings, what refuses a client whose
        export cannot be read, and what puts the report together.
    """

    out: Path
    notebooks: Sequence[str] | None = None
    as_of: str | None = None
    language: str | None = None
    period: str | None = None
    options: Path | None = None
    jobs: int = 1
    timeout: float = 900
    read: str = READ
    check: str = CHECK
    compose: str = COMPOSE


@dataclass(frozen=True)
class ClientResult:
    """What came of one client.

    Parameters
    ----------
    folder: where its report is, or what a failed run left; ``None`` if nothing was written.
    reason: why it failed; ``None`` if it was made.
    error: the refusal, if its settings were refused before anything ran.
    """

    place: Path
    name: str
    folder: Path | None
    reason: Message | None
    error: CrmkitError | None = None


@dataclass(frozen=True)
class BatchResult:
    """What came of a batch, clients in the order given; ``problem`` is about the index."""

    clients: tuple[ClientResult, ...]
    index: Path | None
    problem: Message | None = None

    @property
    def exit_code(self) -> int:
        """0: every report was made; 1: some were; 2: none."""
        made = sum(client.reason is None for client in self.clients)
        if not made:
            return 2
        return 0 if made == len(self.clients) and self.problem is None else 1


@dataclass(frozen=True)
class Progress:
    """A moment worth telling: a notebook of a client is done, or the client is (``notebook`` None)."""

    client: str
    notebook: str | None
    reason: Message | None
    done: int
    total: int


@dataclass(frozen=True)
class Checked:
    """A client that can be run: where it is, its settings, fingerprints of its inputs, its folder in OUT."""

    place: Path
    client: Client
    inputs: list[dict[str, Any]]
    slug: str = ""


def one_place(place: Path) -> Path:
    """Return one path for all the ways of naming a client."""
    whole = place.resolve()
    return whole.parent if whole.name == "client.yml" else whole


def check_request(request: Request) -> None:
    """Refuse what no client could be run with.

    Raises
    ------
    RequestError: an unknown language, no date, no period, unusable options.
    """
    if request.language is not None:
        speaker(request.language)
    if request.period is not None:
        Period.parse(request.period, "UTC")
    try:
        datetime.fromisoformat(request.as_of or "2000-01-01")
    except ValueError as error:
        remedy = N_("Write one such as 2026-10-31.")
        raise RequestError("--as-of", N_("this is not a date"), [request.as_of], remedy) from error
    check_options(request.options)


def check_options(options: Path | None) -> None:
    """Refuse options that are not one JSON object, or that would carry a secret into the reports.

    Raises
    ------
    RequestError: what is wrong.
    """
    if options is None:
        return
    try:
        values = json.loads(options.read_bytes())
    except (OSError, ValueError) as error:
        raise RequestError("--options", N_("the file cannot be read as JSON"), [options.name]) from error
    if not isinstance(values, dict):
        raise RequestError(
            "--options", N_("the file should hold one object, names with values"), [options.name]
        )
    secret = [name for name in values if _SECRET.search(name)]
    if secret:
        remedy = N_("Put them into an environment variable.")
        raise RequestError("--options", N_("secrets do not belong into a report's options"), secret, remedy)


def check_clients(
    clients: Sequence[Path], request: Request
) -> tuple[list[Checked], dict[Path, ClientResult]]:
    """Read every client's settings and export; return those that can be run, and refusals by place.

    The export is kept as read (``CLIENT/.crmkit``), so the notebooks do not read it again.
    """
    read: Callable[[Path], Client] = named(request.read)
    check: Callable[[Client], object] = named(request.check)
    options = str(request.options.resolve()) if request.options else ""
    checked: list[Checked] = []
    refused: dict[Path, ClientResult] = {}
    for place in dict.fromkeys(map(one_place, clients)):
        settings = place / "client.yml" if place.is_dir() else place
        try:
            client = read(place)
            check(client)
            checked.append(Checked(place, client, manifest.inputs(client, settings, options)))
        except CrmkitError as error:
            reason = Message("{problem}", {"problem": str(error)})
            refused[place] = ClientResult(place, place.name, None, reason, error)
        except OSError as error:
            reason = N_("A file cannot be read: {problem}", problem=error.strerror or "?")
            refused[place] = ClientResult(place, place.name, None, reason)
    return checked, refused
