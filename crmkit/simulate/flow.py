"""Deals through their pipelines: who comes when, who takes it, how far it gets; vectorised over deals.

A visit's outcome is drawn apart from its length, so that the conversion of finished visits is not bent by
those that are still going on. Existing clients come back in generations: a won deal may lead to one more.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from crmkit.simulate.clock import DAY, WORKING_SHARE, span
from crmkit.simulate.scenario import Pipeline, Stage
from crmkit.simulate.world import LOST, NEVER, OPEN, WON, Array, Columns, World

#: Leads come before 16:12, so that a first answer within the hour falls on the same day.
_LEAD_HOURS = int(0.8 * DAY)
_NIGHT_SHARE = 0.12
_KNOWN_EARLY = 0.6


def run(world: World, rng: Generator) -> tuple[Columns, Columns]:
    """Simulate all deals up to the scenario's end.

    Returns
    -------
    deals, by creation: ``created, work, pipeline, source, rep, card, segment, product, amount, expected``,
    ``status, closed, last, reason, repeat, owner``; visits, by deal and stage: ``deal, stage, enter, exit``
    (working seconds), ``at`` (wall clock), ``owner, p`` (true chance of advancing), ``moved, over, done``.
    """
    batch = _leads(world, rng)
    deal_parts: list[Columns] = []
    visit_parts: list[Columns] = []
    count = 0
    while len(batch["work"]):
        visits = _walk(world, batch, rng)
        _describe(world, batch, rng)
        visits["deal"] += count
        count += len(batch["work"])
        deal_parts.append(batch)
        visit_parts.append(visits)
        batch = _returning(world, batch, rng)
    deals = _joined(deal_parts)
    order = np.argsort(deals["created"], kind="stable")
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    deals = {name: values[order] for name, values in deals.items()}
    visits = _joined(visit_parts)
    visits["deal"] = rank[visits["deal"]]
    by_deal = np.lexsort((visits["stage"], visits["deal"]))
    return deals, {name: values[by_deal] for name, values in visits.items()}


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _choice(rng: Generator, weights: list[float], size: int) -> Array:
    chances = np.array(weights, dtype=float)
    return rng.choice(len(chances), size=size, p=chances / chances.sum())


def _leads(world: World, rng: Generator) -> Columns:
    """Draw new leads month by month, some of them at night, and hand them to the reps."""
    scenario, clock = world.scenario, world.clock
    firsts = np.arange(
        np.datetime64(scenario.start, "M"), clock.as_of.astype("M8[M]") + np.timedelta64(1, "M")
    )
    edges = clock.work(np.maximum(firsts.astype("M8[s]"), np.datetime64(scenario.start, "s"))) // DAY
    edges = np.append(edges, clock.end // DAY)
    works = []
    for first, day, until in zip(firsts, edges[:-1], edges[1:], strict=True):
        mean = scenario.per_month * scenario.season[int(first.astype(int)) % 12]
        whole = np.busday_count(first, first + np.timedelta64(1, "M"))
        count = rng.poisson(mean * min(1.0, (until - day) / (0.9 * whole)))
        works.append(
            rng.integers(day, max(until, day + 1), count) * DAY + rng.integers(0, _LEAD_HOURS, count)
        )
    work = np.sort(np.concatenate(works))
    source = _choice(rng, [source.share for source in scenario.sources], len(work))
    inbound = np.array([source.inbound for source in scenario.sources])[source]
    night = inbound & (rng.random(len(work)) < _NIGHT_SHARE) & (work >= DAY)
    work = np.where(night, work - work % DAY, work)
    created = clock.moment(work) - np.where(night, rng.integers(7200, 39_600, len(work)), 0).astype("m8[s]")
    rep = _assigned(world, source, clock.moment(work), rng)
    return {
        "created": created,
        "work": work,
        "pipeline": np.zeros(len(work), dtype=np.int64),
        "source": source,
        "rep": rep,
        "card": np.arange(len(work)),
        "segment": _choice(rng, [segment.share for segment in scenario.segments], len(work)),
        "repeat": np.zeros(len(work), dtype=bool),
    }


def _assigned(world: World, source: Array, moment: Array, rng: Generator) -> Array:
    """Draw the rep of each lead from those at work that day, by their mix of sources."""
    reps = world.scenario.reps
    names = [one.name for one in world.scenario.sources]
    weights = np.array([[rep.mix.get(name, 1.0) for rep in reps] for name in names], dtype=np.float32)[source]
    hired = np.array([rep.hired_on or "1900-01-01" for rep in reps], dtype="M8[D]").astype("M8[s]")
    for place in range(len(reps)):
        weights[:, place] *= (moment >= hired[place]) & (moment < world.left[place])
    weights = weights.cumsum(axis=1)
    drawn = rng.random(len(source)) * weights[:, -1]
    chosen: Array = (weights <= drawn[:, None]).sum(axis=1)
    return np.minimum(chosen, len(reps) - 1)


def _walk(world: World, batch: Columns, rng: Generator) -> Columns:
    """Take a generation of deals through their stages; adds status, closing, last stage and owner."""
    count = len(batch["work"])
    batch |= {
        "status": np.full(count, OPEN),
        "closed": np.full(count, NEVER),
        "last": np.zeros(count, dtype=np.int64),
    }
    parts = []
    for place, pipeline in enumerate(world.scenario.pipelines):
        alive = np.flatnonzero(batch["pipeline"] == place)
        work, at = batch["work"][alive], batch["created"][alive]
        for number, stage in enumerate(pipeline.open_stages):
            visit = _visit(
                world, pipeline, stage, (batch["rep"][alive], batch["source"][alive]), (work, at), rng
            )
            parts.append({"deal": alive, "stage": np.full(len(alive), number), **visit})
            batch["last"][alive] = number
            ended = visit["done"] & (~visit["moved"] | (number == len(pipeline.open_stages) - 1))
            batch["status"][alive[ended]] = np.where(visit["moved"][ended], WON, LOST)
            batch["closed"][alive[ended]] = world.clock.moment(visit["exit"][ended])
            going = visit["done"] & ~ended
            alive, work = alive[going], visit["exit"][going]
            at = world.clock.moment(work)
    until = np.where(batch["status"] == OPEN, world.clock.as_of, batch["closed"])
    batch["owner"] = world.owner(batch["rep"], until)
    return _joined(parts)


def _visit(
    world: World,
    pipeline: Pipeline,
    stage: Stage,
    who: tuple[Array, Array],
    when: tuple[Array, Array],
    rng: Generator,
) -> Columns:
    """Draw how long each visit of a stage lasts and whether it ends in advancing.

    Honest visits stay below the stage's norm by calendar days; overruns stay above it by their exit.
    """
    (rep, source), (work, at) = who, when
    clock, size, norm = world.clock, len(work), float(stage.norm_days or 0)
    owner = world.owner(rep, at)
    days = np.exp(rng.normal(np.log(stage.median_days), stage.sigma, size)) / world.of_reps("speed")[owner]
    leave = work + np.maximum((days * WORKING_SHARE * 86_400).astype(np.int64), 600)
    bound = clock.work(at + span(norm * (0.7 + 0.25 * rng.random(size))))
    overrun = world.scenario.rate(8) if stage.overrun is None else stage.overrun
    over = (rng.random(size) < overrun) | (bound < work + 600)
    late = clock.work(at + span(norm * (1.15 + rng.exponential(0.4, size)))) + rng.integers(0, DAY, size)
    leave = np.where(over, late, np.minimum(leave, bound))
    change = world.scenario.change
    odds = stage.conversion / (1 - stage.conversion) * world.of_reps("skill")[owner]
    odds = odds * np.array([one.odds for one in world.scenario.sources])[source]
    if change is not None and (change.pipeline, change.stage) == (pipeline.name, stage.name):
        odds = odds * np.where(at >= np.datetime64(change.since, "s"), change.odds, 1.0)
    chance = odds / (1 + odds)
    moved = rng.random(size) < chance
    done = leave < clock.end
    return {
        "enter": work,
        "exit": leave,
        "at": at,
        "owner": owner,
        "p": chance,
        "moved": moved,
        "over": over,
        "done": done,
    }


def _describe(world: World, batch: Columns, rng: Generator) -> None:
    """Give a generation its products, amounts, expected dates and loss reasons.

    Amount and expected date stand on every deal that reached the stage requiring them, and on some before.
    """
    scenario, size = world.scenario, len(batch["work"])
    batch["product"] = _choice(rng, [product.share for product in scenario.products], size)
    price = np.array([product.price for product in scenario.products])[batch["product"]]
    price = price * np.array([segment.amount for segment in scenario.segments])[batch["segment"]]
    amount = price * np.exp(rng.normal(0.0, scenario.amount_sigma, size))
    amount = np.maximum(np.rint(amount / scenario.round_to), 1) * scenario.round_to
    needed = {
        field: np.array([pipeline.position(field) for pipeline in scenario.pipelines])[batch["pipeline"]]
        for field in ("amount", "expected_close_on")
    }
    known = (batch["last"] >= needed["amount"]) | (batch["status"] == WON) | (rng.random(size) < _KNOWN_EARLY)
    batch["amount"] = np.where(known, amount, np.nan)
    ahead = rng.integers(3, 46, size).astype("m8[D]")
    slip = rng.integers(-20, 11, size).astype("m8[D]")
    still = batch["status"] == OPEN
    expected = np.where(
        still, world.clock.as_of.astype("M8[D]") + ahead, batch["closed"].astype("M8[D]") + slip
    )
    expected = np.maximum(expected, batch["created"].astype("M8[D]"))
    known = (batch["last"] >= needed["expected_close_on"]) | (rng.random(size) < _KNOWN_EARLY)
    batch["expected"] = np.where(known, expected, np.datetime64("NaT", "D"))
    weights = [reason.weight for reason in scenario.loss_reasons]
    honest = [0.0 if reason.technical else reason.weight for reason in scenario.loss_reasons]
    reason = np.where(batch["last"] == 0, _choice(rng, weights, size), _choice(rng, honest, size))
    batch["reason"] = np.where(batch["status"] == LOST, reason, -1)


def _returning(world: World, batch: Columns, rng: Generator) -> Columns:
    """Let some of a generation's won deals come back, each no earlier than the day after it was closed."""
    repeat, clock = world.scenario.repeat, world.clock
    won = np.flatnonzero(batch["status"] == WON)
    parent = won[rng.random(len(won)) < repeat.share]
    wait = np.exp(rng.normal(np.log(repeat.after_days), 0.7, len(parent)))
    seen = batch["closed"][parent] + span(wait) < clock.as_of
    parent, wait = parent[seen], wait[seen]
    day = clock.work(batch["closed"][parent] + span(wait)) // DAY + 1
    work = day * DAY + rng.integers(0, _LEAD_HOURS, len(parent))
    parent, work = parent[work < clock.end], work[work < clock.end]
    source = world.source(repeat.source)
    return {
        "created": clock.moment(work),
        "work": work,
        "pipeline": np.full(len(parent), world.pipeline(repeat.pipeline)),
        "source": np.full(len(parent), source),
        "rep": world.owner(batch["owner"][parent], clock.moment(work)),
        "card": batch["card"][parent],
        "segment": batch["segment"][parent],
        "repeat": np.ones(len(parent), dtype=bool),
    }
