"""How far a pull came: ``.crmkit/pull.json``, written after every page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crmkit.errors import N_, SourceError
from crmkit.folder import write_whole


@dataclass
class Place:
    """How far one entity came; times are seconds since 1970, as the CRM itself tells them.

    Parameters
    ----------
    since: the latest change that finished pulls have seen: the next one asks from there on.
    begun: the server's time when this pull asked first; a change behind it is the next pull's.
    seen: the latest change seen in this pull.
    at: the position to ask next, None at the beginning; ``pages`` and ``records``: what came so far.
    """

    since: int | None = None
    begun: int | None = None
    seen: int | None = None
    at: int | None = None
    pages: int = 0
    records: int = 0
    done: bool = False

    def finished(self) -> Place:
        """Return where the next pull begins."""
        known = [moment for moment in (self.seen, self.begun) if moment is not None]
        through = min(known) if self.seen is not None else None
        return Place(since=max((one for one in (self.since, through) if one is not None), default=None))


@dataclass
class State:
    """All entities of one account. ``pull`` is the number of the latest pull, ``running`` if it was cut."""

    crm: str
    account: str
    pull: int = 0
    running: bool = False
    entities: dict[str, Place] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the state."""
        content = json.dumps({"format": 1} | asdict(self), ensure_ascii=False, indent=1)
        write_whole(path, content.encode("utf-8"))


def read_state(path: Path, crm: str, account: str) -> State:
    """Return the state that a folder holds, or a new one.

    Raises
    ------
    SourceError: the file is damaged, or tells of another account.
    """
    if not path.is_file():
        return State(crm, account)
    remedy = N_("Move the folder of answers and .crmkit/pull.json away, then pull again.")
    try:
        kept = json.loads(path.read_bytes())
        places = {name: Place(**place) for name, place in kept["entities"].items()}
        state = State(kept["crm"], kept["account"], int(kept["pull"]), bool(kept["running"]), places)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(path.name, N_("the file is damaged"), remedy=remedy) from error
    if (state.crm, state.account) != (crm, account):
        what = N_("the answers in this folder come from another account: {account}", account=state.account)
        raise SourceError(path.name, what, remedy=remedy)
    return state
