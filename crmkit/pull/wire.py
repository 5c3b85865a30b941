"""The wire to one account: asked at the pace it allows, asked again where that may help, never elsewhere."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from crmkit.errors import N_, Message, PullError
from crmkit.pull.secret import Secret

#: Tries before giving up: some seconds for a broken answer, a quarter of an hour for a busy CRM.
BROKEN, BUSY = 5, 20
LONGEST_WAIT, LONGEST_ASKED = 60.0, 900.0
_BUSY = {"QUERY_LIMIT_EXCEEDED", "OPERATION_TIME_LIMIT"}
_NO_ENTRY = {
    "NO_AUTH_FOUND", "INVALID_CREDENTIALS", "EXPIRED_TOKEN", "INVALID_TOKEN", "USER_ACCESS_ERROR",
    "PORTAL_DELETED", "OVERLOAD_LIMIT",
}  # fmt: skip
GO_ON = N_("Run «crmkit pull» again: it goes on where it stopped.")


@dataclass(frozen=True)
class Clock:
    """How waiting is done and measured, in seconds; tests put their own here."""

    tick: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Door:
    """How an account is entered: what stands before every path, which headers, and what must not be seen."""

    secret: Secret
    prefix: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Question:
    """One request: ``body`` is sent as JSON by POST, without it ``params`` by GET."""

    entity: str
    path: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Page:
    """What an answer holds: how many records, where to go on, the latest change in seconds since 1970."""

    records: int = 0
    next: int | None = None
    seen: int | None = None


@dataclass(frozen=True)
class Answer:
    """A good answer: its bytes, what is in them, and the server's own time in seconds since 1970."""

    content: bytes
    page: Page
    told_at: int | None


@dataclass(frozen=True)
class Again:
    """Why to ask once more, and after how many seconds (0: it was not said)."""

    what: Message
    busy: bool = False
    after: float = 0.0


class Denied(PullError):  # noqa: N818 (a refusal of one part)
    """The CRM does not give this entity; it may give the others."""


@dataclass
class Bucket:
    """A leaky bucket: ``rate`` requests a second flow out of it, more than ``size`` do not go in."""

    rate: float
    size: float
    clock: Clock
    level: float = 0.0
    last: float = 0.0

    def enter(self) -> None:
        """Wait until one more request fits."""
        self._leak()
        if self.level + 1 > self.size:
            self.clock.wait((self.level + 1 - self.size) / self.rate)
            self._leak()
        self.level += 1

    def _leak(self) -> None:
        now = self.clock.tick()
        self.level = max(0.0, self.level - (now - self.last) * self.rate)
        self.last = now


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep httpx from writing addresses and headers, which hold the token, into anybody's log."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@dataclass
class Wire:
    """Questions to one account. ``read`` of ``ask`` turns parsed JSON into a page, or raises ValueError."""

    account: str
    door: Door
    bucket: Bucket
    http: httpx.Client

    def ask(self, question: Question, read: Callable[[Any], Page]) -> Answer:
        """Return the answer to a question, asked as often as it makes sense.

        Raises
        ------
        Denied: this entity is not given. PullError: the account is closed to us, or the answers stay broken.
        """
        tries = {True: 0, False: 0}
        while True:
            came = self._once(question, read)
            if isinstance(came, Answer):
                return came
            tries[came.busy] += 1
            if tries[came.busy] >= (BUSY if came.busy else BROKEN) or came.after > LONGEST_ASKED:
                raise PullError(self._where(question), came.what, remedy=GO_ON)
            self.bucket.clock.wait(came.after or min(LONGEST_WAIT, 2.0 ** (tries[came.busy] - 1)))

    def _once(self, question: Question, read: Callable[[Any], Page]) -> Answer | Again:
        self.bucket.enter()
        with _unlogged():
            try:
                response = self._send(question)
            except httpx.RequestError as error:
                reason = self.door.secret.hide(str(error) or type(error).__name__)
                return Again(N_("the CRM cannot be reached: {reason}", reason=reason))
        if response.status_code == 204:
            return Answer(b"", Page(), _told_at(response))
        if response.is_redirect:
            raise self._elsewhere(question, response)
        content = self.door.secret.hide_in(response.content)
        try:
            data = json.loads(content)
        except ValueError:
            data = None
        again = self._judge(question, response, data)
        if again is not None:
            return again
        try:
            return Answer(content, read(data), _told_at(response))
        except ValueError:
            return Again(N_("the answer is cut off, or is no answer of this CRM"))

    def _send(self, question: Question) -> httpx.Response:
        address = f"{self.account}/{self.door.prefix}{question.path}"
        headers = dict(self.door.headers)
        if question.body is not None:
            return self.http.post(address, json=question.body, headers=headers)
        return self.http.get(address, params=dict(question.params), headers=headers)

    def _judge(self, question: Question, response: httpx.Response, data: Any) -> Again | None:
        """Return why to ask again, None for a good answer; raise for a final refusal."""
        status = response.status_code
        code = str(data.get("error") or "") if isinstance(data, dict) else ""
        failed = status >= 400 or (isinstance(data, dict) and "error" in data)
        if not failed:
            return None
        told = self._told(status, code, data)
        if status in (401, 402) or code.upper() in _NO_ENTRY:
            what, remedy = _closed(status, code)
            raise PullError(self._where(question), what, told, remedy)
        if status in (429, 503) or code in _BUSY:
            after = response.headers.get("Retry-After", "")
            return Again(N_("the CRM is busy"), busy=True, after=float(after) if after.isdecimal() else 0.0)
        if status >= 500:
            return Again(N_("the CRM answers with an error of its own ({status})", status=status))
        what = N_("the CRM does not give this: the token has no right to it, or the account has no such part")
        raise Denied(self._where(question), what, told, N_("Give the token this right, then pull again."))

    def _elsewhere(self, question: Question, response: httpx.Response) -> PullError:
        there = urlsplit(response.headers.get("Location", "")).hostname or urlsplit(self.account).hostname
        return PullError(
            self._where(question),
            N_("the CRM sends us on to {there}, and the token is not taken there", there=there),
            remedy=N_("If the account has moved, correct account in client.yml."),
        )

    def _told(self, status: int, code: str, data: Any) -> list[str]:
        text = ""
        if isinstance(data, dict):
            text = str(data.get("error_description") or data.get("detail") or data.get("title") or "")
        return [self.door.secret.hide(f"HTTP {status} {code} {text}").strip()[:200]]

    def _where(self, question: Question) -> str:
        return f"{urlsplit(self.account).netloc}: {question.entity}"


def _closed(status: int, code: str) -> tuple[Message, Message]:
    if status == 402:
        remedy = N_("Ask the client to pay for the account, then pull again.")
        return N_("the account is not paid for"), remedy
    if code.upper() == "OVERLOAD_LIMIT":
        return N_("the CRM has shut its REST API"), N_("Ask the CRM's support to open it again.")
    remedy = N_("Make a new token in the CRM (docs/pull.md), put it in place of the old one, pull again.")
    return N_("the CRM does not accept the token: it is wrong, expired or withdrawn"), remedy


def _told_at(response: httpx.Response) -> int | None:
    try:
        return int(parsedate_to_datetime(response.headers.get("Date", "")).timestamp())
    except ValueError:
        return None
