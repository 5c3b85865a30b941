"""One pull: every entity page by page, each answer into a file of its own, the place remembered."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from crmkit.errors import N_, CrmkitError, SettingsError
from crmkit.folder import write_whole
from crmkit.pull import amocrm, bitrix24
from crmkit.pull.api import Api, Entity
from crmkit.pull.secret import find_token
from crmkit.pull.state import Place, State, read_state
from crmkit.pull.wire import Bucket, Clock, Denied, Wire
from crmkit.settings import Client

APIS: Mapping[str, Api] = {"amocrm": amocrm.API, "bitrix24": bitrix24.API}


@dataclass(frozen=True)
class Pulled:
    """What came of an entity so far; ``refusal`` says why nothing did."""

    entity: str
    pages: int
    records: int
    done: bool = False
    refusal: CrmkitError | None = None


def pull(
    client: Client,
    *,
    full: bool = False,
    tell: Callable[[Pulled], None] = lambda step: None,
    clock: Clock = Clock(),  # noqa: B008 (frozen)
    environ: Mapping[str, str] = os.environ,
) -> list[Pulled]:
    """Save what has changed in the client's CRM since the last pull; go on with one that was cut.

    Parameters
    ----------
    client: its ``crm`` and ``account`` say whom to ask; answers go to ``api/ENTITY/PULL-PAGE.json``.
    full: ask for everything again.
    tell: is told each step.

    Returns
    -------
    what came, entity by entity.

    Raises
    ------
    SettingsError: no account or token. PullError: the CRM refuses, or its answers stay broken; what came is
        kept, and the next pull goes on from there.
    """
    api, account = _whom(client)
    token = find_token(client.folder, account, environ)
    path = client.state / "pull.json"
    folder = answers_of(client)
    state = read_state(path, client.crm, account)
    _begin(state, api, folder, full)
    plain = urlsplit(account).scheme == "http"  # this machine only: no proxy need see it
    with httpx.Client(timeout=60.0, follow_redirects=False, trust_env=not plain) as http:
        wire = Wire(account, api.door(token, account), Bucket(api.rate, api.burst, clock), http)
        shelf = _Shelf(state, path, folder, tell)
        came = [_of_entity(wire, api, entity, shelf) for entity in api.entities]
    state.running = False
    state.entities = {name: place.finished() for name, place in state.entities.items()}
    state.save(path)
    return came


def answers_of(client: Client) -> Path:
    """Return the folder of a client's answers: what ``api`` names, else ``api``."""
    return client.answers or client.folder / "api"


@dataclass(frozen=True)
class _Shelf:
    state: State
    path: Path
    folder: Path
    tell: Callable[[Pulled], None]


def _whom(client: Client) -> tuple[Api, str]:
    if client.crm not in APIS:
        raise SettingsError(
            "client.yml: crm",
            N_("a live pull is not known for this CRM"),
            [client.crm],
            N_("Possible: {expected}.", expected=", ".join(APIS)),
        )
    if client.account is None:
        raise SettingsError(
            "client.yml: account",
            N_("this key is missing"),
            remedy=N_("Write it so: {example}", example="https://firm.amocrm.ru"),
        )
    return APIS[client.crm], client.account


def _begin(state: State, api: Api, folder: Path, full: bool) -> None:
    """Start a new pull, unless one was cut; forget what the folder no longer holds."""
    if state.running and not full:
        return
    numbers = [int(name.stem[:4]) for name in folder.glob("*/[0-9][0-9][0-9][0-9]-*.json")]
    state.pull = max([state.pull, *numbers]) + 1
    state.running = True
    kept = state.entities
    for entity in api.entities:
        known = not full and any((folder / entity.name).glob("*.json"))
        state.entities[entity.name] = kept.get(entity.name, Place()) if known else Place()
    if not folder.exists():
        write_whole(folder / ".gitignore", b"*\n")


def _of_entity(wire: Wire, api: Api, entity: Entity, shelf: _Shelf) -> Pulled:
    place = shelf.state.entities.setdefault(entity.name, Place())
    while not place.done:
        at = api.start if place.at is None else place.at
        since = None if place.since is None or not entity.changed else place.since - entity.lag
        try:
            answer = wire.ask(api.question(entity, since, at), partial(api.read, entity, at))
        except Denied as error:
            if entity is api.entities[0]:
                raise
            place.done, place.seen = True, None  # what came before the refusal is asked for again
            shelf.state.save(shelf.path)
            return _told(shelf, Pulled(entity.name, place.pages, place.records, True, error))
        if answer.content:
            place.pages += 1
            name = f"{shelf.state.pull:04d}-{place.pages:05d}.json"
            write_whole(shelf.folder / entity.name / name, answer.content)
        place.records += answer.page.records
        place.begun = answer.told_at if place.begun is None else place.begun
        place.seen = max((one for one in (place.seen, answer.page.seen) if one is not None), default=None)
        place.at, place.done = answer.page.next, answer.page.next is None
        shelf.state.save(shelf.path)
        _told(shelf, Pulled(entity.name, place.pages, place.records, place.done))
    return Pulled(entity.name, place.pages, place.records, True)


def _told(shelf: _Shelf, step: Pulled) -> Pulled:
    shelf.tell(step)
    return step
