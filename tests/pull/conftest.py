"""Two CRMs on this machine that answer as the real ones do, and misbehave where a test says so."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from crmkit.client import read_client
from crmkit.pull.wire import Clock

TOKEN = "eyJ0eXAi.secretsecret.Zm9v_YmFy"  # as long-lived tokens of amoCRM look
CODE = "a1b2c3d4secret99"  # as the code of a Bitrix24 webhook looks
NOW = 1_790_000_000  # the servers' clock: 2026-09-21T14:13:20Z
CUT = "cut"


@dataclass
class Asked:
    """One request as it came."""

    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass
class Portal:
    """An account. ``answer`` gives status and body; ``troubles`` come instead, by number of request."""

    answer: Callable[[Asked], tuple[int, bytes]]
    troubles: dict[int, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    now: str = "Mon, 21 Sep 2026 14:13:20 GMT"
    address: str = ""

    def paths(self, part: str) -> list[Asked]:
        return [one for one in self.asked if one.path.endswith(part)]


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        portal: Portal = self.server.portal
        place = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        asked = Asked(place.path, dict(parse_qsl(place.query)), body, dict(self.headers))
        portal.asked.append(asked)
        trouble = portal.troubles.get(len(portal.asked), portal.troubles.get(0))
        if trouble == CUT:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"half":')
            self.close_connection = True
            return
        status, content, *more = trouble if trouble is not None else portal.answer(asked)
        self.send_response(status)
        for name, value in (more[0] if more else {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.portal.now

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[[Portal], Portal]]:
    """Let a portal answer on this machine until the test is over."""
    running = []

    def start(portal: Portal) -> Portal:
        server = HTTPServer(("127.0.0.1", 0), _Handler)
        server.portal = portal  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        portal.address = f"http://127.0.0.1:{server.server_port}"
        return portal

    yield start
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def dumped(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


#: amoCRM's lists; ids are in order, times of change are not.
AMO: dict[str, list[dict[str, Any]]] = {
    "leads": [
        {"id": 10 + i, "name": f"Сделка {i}", "price": 100 * i, "updated_at": NOW - t}
        for i, t in enumerate((500, 90, 4000, 100, 300))
    ],
    "contacts": [{"id": 1, "name": "Анна", "updated_at": NOW - 800}],
    "companies": [{"id": 2, "name": "Вектор", "updated_at": NOW - 700}],
    "tasks": [{"id": i, "text": "", "updated_at": NOW - 600 + i} for i in (3, 4, 5)],
    "events": [
        {"id": f"01e{i}", "type": "lead_added", "created_at": NOW - 50 * i} for i in range(1, 4)
    ],
    "notes": [],
    "users": [{"id": 7, "name": "Иван", "email": "i@firm.example"}],
    "pipelines": [{"id": 8, "name": "Продажи", "_embedded": {"statuses": []}}],
    "loss_reasons": [{"id": 9, "name": "Дорого"}],
}  # fmt: skip


def amo_answer(lists: dict[str, list[dict[str, Any]]], size: int = 2) -> Callable[[Asked], tuple[int, bytes]]:
    """Return answers as amoCRM gives them, ``size`` records a page."""

    def answer(asked: Asked) -> tuple[int, bytes]:
        name = asked.path.rsplit("/", 1)[-1]
        records = lists[name]
        for key in ("updated_at", "created_at"):
            since = int(asked.query.get(f"filter[{key}][from]", 0))
            records = [one for one in records if one.get(key, since) >= since]
        page = int(asked.query.get("page", 1))
        shown = records[(page - 1) * size : page * size] if "page" in asked.query else records
        if not shown:
            return 204, b""
        links = {"self": {"href": "https://firm.amocrm.ru" + asked.path}}
        if "page" in asked.query and len(records) > page * size:
            links["next"] = {"href": f"https://evil.example{asked.path}?page={page + 1}"}
        return 200, dumped({"_page": page, "_links": links, "_embedded": {name: shown}})

    return answer


def stamp(moment: int) -> str:
    """Return a time as Bitrix24 writes it: in the zone of the portal."""
    from datetime import datetime, timedelta, timezone

    return datetime.fromtimestamp(moment, timezone(timedelta(hours=3))).isoformat()


#: Bitrix24's lists: 120 deals are two full pages and a rest.
BITRIX: dict[str, Any] = {
    "crm.deal.list": [
        {"ID": str(i), "TITLE": f"Сделка {i}", "DATE_MODIFY": stamp(NOW - 1000 + i)} for i in range(1, 121)
    ],
    "crm.stagehistory.list": [{"ID": 5, "OWNER_ID": 1, "CREATED_TIME": stamp(NOW - 900), "STAGE_ID": "NEW"}],
    "crm.activity.list": [{"ID": "6", "OWNER_ID": "1", "LAST_UPDATED": stamp(NOW - 800)}],
    "tasks.task.list": [{"id": "7", "title": "", "changedDate": stamp(NOW - 700)}],
    "crm.company.list": [],
    "crm.contact.list": [{"ID": "9", "NAME": "Анна", "DATE_MODIFY": stamp(NOW - 600)}],
    "user.get": [{"ID": "1", "NAME": "Иван"}],
    "crm.category.list": [{"id": 0, "name": "Продажи"}],
    "crm.status.list": [{"ID": "3", "STATUS_ID": "WON"}, {"ID": "2", "STATUS_ID": "NEW"}],
    "crm.deal.fields": {"ID": {"type": "integer"}, "UF_CRM_1": {"type": "string", "listLabel": "Город"}},
    "voximplant.statistic.get": [{"ID": "4", "CALL_START_DATE": stamp(NOW - 500)}],
}
_INSIDE = {"crm.stagehistory.list": "items", "tasks.task.list": "tasks", "crm.category.list": "categories"}


def bitrix_answer(lists: dict[str, Any]) -> Callable[[Asked], tuple[int, bytes]]:
    """Return answers as Bitrix24 gives them."""
    from datetime import datetime

    def answer(asked: Asked) -> tuple[int, bytes]:
        method = asked.path.rsplit("/", 1)[-1]
        chosen = asked.body.get("filter") or asked.body.get("FILTER") or {}
        records = lists[method]
        if isinstance(records, dict):
            return 200, dumped({"result": records, "time": {"start": NOW}})
        for key, value in chosen.items():
            if key == ">ID":
                records = [one for one in records if int(one.get("ID", one.get("id"))) > value]
            else:
                name = {">=CHANGED_DATE": "changedDate"}.get(key, key[2:])
                start = datetime.fromisoformat(value)
                records = [one for one in records if datetime.fromisoformat(one[name]) >= start]
        shown: Any = records[:50]
        result = {_INSIDE[method]: shown} if method in _INSIDE else shown
        return 200, dumped({"result": result, "total": 0, "time": {"start": NOW}})

    return answer


@dataclass
class Patience:
    """A clock that goes on by waiting only."""

    now: float = 0.0
    waited: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(tick=lambda: self.now, wait=self.wait)


@pytest.fixture
def patience() -> Patience:
    return Patience()


def make_client(folder: Path, crm: str, address: str) -> Any:
    """Write a client's settings, as if made for a pull, and read them."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f"format: 1\nname: Firm\ncrm: {crm}\naccount: {address}\napi: api\n"
    (folder / "client.yml").write_text(text, encoding="utf-8")
    return read_client(folder)


def saved(folder: Path) -> dict[str, bytes]:
    """Return the answers that a folder holds, by their names."""
    return {
        path.relative_to(folder / "api").as_posix(): path.read_bytes()
        for path in sorted((folder / "api").rglob("*.json"))
    }
