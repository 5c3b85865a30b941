"""What reps do: a chain of tasks through every visit, a return to lost clients, and logged communications.

Each task of a chain is set when the one before is done, so that an open deal always has exactly one open
task, due after ``as_of``, and its latest action is never older than the scenario's ``action_days``.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from crmkit.simulate.clock import DAY, WORKING_SHARE, span
from crmkit.simulate.scenario import read_data
from crmkit.simulate.world import LOST, NEVER, OPEN, Array, Columns, World

KINDS = ("call", "email", "messenger", "meeting", "task")
PLAIN, FIRST_RESPONSE, PROPOSAL = 0, 1, 2
#: Losses that are older than this are followed up (check 22).
SETTLED = np.timedelta64(7, "D")
_LOGGED_SHARE = 0.7
_HOUR = 3600


def make_tasks(world: World, deals: Columns, visits: Columns, rng: Generator) -> Columns:
    """Return tasks by deal: ``deal, created, due, completed, owner, kind, title, text, result, follow``.

    ``title``, ``text`` and ``result`` are positions in the scenario's words; −1 is blank.
    """
    clock, end = world.clock, world.clock.end
    gap = int(world.scenario.action_days * WORKING_SHARE * 86_400)
    pieces = np.maximum(-(-(visits["exit"] - visits["enter"]) // gap), 1)
    visit = np.repeat(np.arange(len(pieces)), pieces)
    turn = np.arange(len(visit)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    enter, length, of = visits["enter"][visit], (visits["exit"] - visits["enter"])[visit], pieces[visit]
    begun, ended = enter + length * turn // of, enter + length * (turn + 1) // of
    seen = begun < end
    visit, begun, ended = visit[seen], begun[seen], ended[seen]
    size = len(visit)
    deal = visits["deal"][visit]
    done = ended < end
    at = clock.moment(np.minimum(ended, end))
    owner = world.owner(deals["rep"][deal], np.minimum(at, clock.as_of))
    punctual = rng.random(size) < world.of_reps("discipline")[owner]
    due = np.where(
        punctual,
        ended + rng.integers(0, DAY, size),
        begun + (ended - begun) * rng.integers(30, 90, size) // 100,
    )
    due = np.where(done, due, end + rng.integers(2 * _HOUR, 4 * DAY, size))
    chain = {
        "deal": deal,
        "created": clock.moment(begun),
        "due": clock.moment(due),
        "completed": np.where(done, at, NEVER),
        "owner": owner,
        "follow": np.zeros(size, dtype=bool),
    }
    both = _joined_by_deal(chain, _follow_ups(world, deals, rng))
    return both | _wording(world, both, rng)


def _follow_ups(world: World, deals: Columns, rng: Generator) -> Columns:
    """Return to clients lost for no technical reason, three and a half to five and a half months later."""
    clock = world.clock
    technical = np.array([reason.technical for reason in world.scenario.loss_reasons])
    lost = (
        (deals["status"] == LOST) & ~technical[deals["reason"]] & (deals["closed"] <= clock.as_of - SETTLED)
    )
    deal = np.flatnonzero(lost)
    due = clock.work(deals["closed"][deal] + span(rng.integers(105, 166, len(deal)))) + rng.integers(
        _HOUR, 6 * _HOUR, len(deal)
    )
    due_at = clock.moment(due)
    done_at = clock.moment(due - rng.integers(300, _HOUR, len(deal)))
    completed = np.where(due_at < clock.as_of, done_at, NEVER)
    return {
        "deal": deal,
        "created": clock.moment(clock.work(deals["closed"][deal]) + rng.integers(300, DAY, len(deal))),
        "due": due_at,
        "completed": completed,
        "owner": world.owner(deals["rep"][deal], np.where(np.isnat(completed), clock.as_of, completed)),
        "follow": np.ones(len(deal), dtype=bool),
    }


def _joined_by_deal(chain: Columns, follow: Columns) -> Columns:
    order = np.argsort(np.concatenate([chain["deal"], follow["deal"]]), kind="stable")
    return {name: np.concatenate([values, follow[name]])[order] for name, values in chain.items()}


def _wording(world: World, tasks: Columns, rng: Generator) -> Columns:
    words, size = read_data("words.yml")[world.scenario.language], len(tasks["deal"])
    kind = np.where(
        tasks["follow"], 0, rng.choice(len(KINDS), size=size, p=[0.45, 0.2, 0.1, 0.1, 0.15])
    ).astype(np.int8)
    title = kind * 3 + rng.integers(0, 3, size)
    result = rng.integers(0, len(words["results"]), size)
    return {
        "kind": kind,
        "title": np.where(tasks["follow"], len(titles(words)) - 1, title).astype(np.int8),
        "text": rng.integers(0, len(words["texts"]), size).astype(np.int8),
        "result": np.where(np.isnat(tasks["completed"]), -1, result).astype(np.int8),
        "keep": np.ones(size, dtype=bool),
    }


def titles(words: Columns) -> list[str]:
    """Return the titles of tasks by position: three of each kind, then the return to a lost client."""
    return [title for kind in KINDS for title in words["tasks"][kind]] + [str(words["follow_up"])]


def make_activities(world: World, deals: Columns, visits: Columns, tasks: Columns, rng: Generator) -> Columns:
    """Return communications: ``deal, at, owner, kind, out, duration, answered, title, text, role, visit``.

    The first ones are the first answers, one per deal, within 40 working minutes; then the proposals, within
    six working hours of entering the proposal stage; then what was logged of done tasks.
    """
    words = read_data("words.yml")[world.scenario.language]
    count = len(titles(words))
    deal = np.arange(len(deals["work"]))
    soon = world.clock.moment(deals["work"] + rng.integers(180, 2400, len(deal)))
    sent, sent_at = _proposals(world, deals, visits, rng)
    talked = (tasks["kind"] != KINDS.index("task")) & (rng.random(len(tasks["deal"])) < _LOGGED_SHARE)
    logged = np.flatnonzero(~np.isnat(tasks["completed"]) & talked)
    deal = np.concatenate([deal, visits["deal"][sent], tasks["deal"][logged]])
    at = np.concatenate([soon, sent_at, tasks["completed"][logged]])
    sizes = [len(soon), len(sent), len(logged)]
    role = np.repeat(np.array([FIRST_RESPONSE, PROPOSAL, PLAIN], dtype=np.int8), sizes)
    ours, size = role != PLAIN, len(role)
    kind, title = np.where(role == PROPOSAL, 1, 0), np.where(role == PROPOSAL, count + 1, count)
    kind[~ours], title[~ours] = tasks["kind"][logged], tasks["title"][logged]
    call, answered = kind == 0, ours | (rng.random(size) < 0.85)
    length = np.rint(np.exp(rng.normal(5.0, 0.8, size)))
    return {
        "deal": deal,
        "at": at,
        "owner": world.owner(deals["rep"][deal], at),
        "kind": kind.astype(np.int8),
        "out": ours | (rng.random(size) < 0.85),
        "duration": np.where(call & answered, length, np.where(call, 0.0, np.nan)),
        "answered": np.where(call, answered, -1).astype(np.int8),
        "title": title.astype(np.int8),
        "text": rng.integers(0, len(words["texts"]), size).astype(np.int8),
        "role": role,
        "visit": np.concatenate([np.full(len(soon), -1), sent, np.full(len(logged), -1)]),
        "keep": np.ones(size, dtype=bool),
    }


def _proposals(world: World, deals: Columns, visits: Columns, rng: Generator) -> tuple[Array, Array]:
    """Return the visits to the proposal stage whose proposal has been sent, and when."""
    found = np.flatnonzero(is_proposal(world, deals["pipeline"][visits["deal"]], visits["stage"]))
    enter, leave = visits["enter"][found], visits["exit"][found]
    sent = np.minimum(enter + rng.integers(1800, 6 * _HOUR, len(found)), enter + (leave - enter) // 2)
    past = sent < world.clock.end
    return found[past], world.clock.moment(sent[past])


def is_proposal(world: World, pipeline: Array, stage: Array) -> Array:
    """Tell which stages are the one where the proposal is prepared."""
    steps = [
        [one.process_step == "proposal preparation" for one in p.stages] for p in world.scenario.pipelines
    ]
    table = np.zeros((len(steps), max(len(row) for row in steps)), dtype=bool)
    for place, row in enumerate(steps):
        table[place, : len(row)] = row
    return table[pipeline, stage]


def open_tasks(deals: Columns, tasks: Columns) -> Array:
    """Return the position of each open deal's one open task; −1 for closed deals."""
    found = np.full(len(deals["work"]), -1)
    still = np.flatnonzero(np.isnat(tasks["completed"]) & ~tasks["follow"])
    still = still[deals["status"][tasks["deal"][still]] == OPEN]
    found[tasks["deal"][still]] = still
    return found
