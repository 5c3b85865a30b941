"""The measures of the monitoring preset by hand, as ``byhand`` does the others, and for the same purpose.

Written for the simulated departments: one pipeline, a monthly plan, every communication in a deal, every call
with an answer told. What several measures need (visits, first responses, clients, months) is worked out once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import byhand
import numpy as np
import pandas as pd
from byhand import DAY, Array, Figures, Hand

from crmkit.fields import _empty_words
from crmkit.schema import Snapshot
from crmkit.statistics.survival import survival_quantiles

NEVER = np.iinfo(np.int64).min


def stamps(moments: pd.Series) -> Array:
    """Return moments as microseconds since 1970."""
    return np.asarray(moments.array.asi8)


class Preset(Hand):
    """The columns that the preset needs, as plain arrays."""

    @cached_property
    def now(self) -> int:
        """The moment described."""
        return round(self.crm.as_of.timestamp() * 1e6)

    @cached_property
    def acts(self) -> Array:
        """Groups of the communications by month."""
        return self.groups(self.crm.activities["manager_id"], self.month(self.crm.activities["at"]))

    @cached_property
    def said(self) -> Array:
        """Moments of the communications."""
        return stamps(self.crm.activities["at"])

    @cached_property
    def kinds(self) -> dict[str, Array]:
        """Which communications are of a kind."""
        kind = self.crm.activities["kind"].cat
        return {name: (kind.codes == code).to_numpy() for code, name in enumerate(kind.categories)}

    @cached_property
    def out(self) -> Array:
        """Which communications went out; all others came in."""
        direction = self.crm.activities["direction"].cat
        return (direction.codes == direction.categories.get_loc("out")).to_numpy()

    @cached_property
    def seconds(self) -> Array:
        """Lengths of the calls."""
        return self.crm.activities["duration_s"].to_numpy()

    @cached_property
    def answered(self) -> Array:
        """Which calls were answered."""
        return self.crm.activities["answered"].to_numpy(dtype=bool, na_value=False)

    @cached_property
    def not_called_back(self) -> tuple[Array, Array]:
        """Missed calls whose hour is over, and which of them nobody called back within it."""
        acts, deal = self.crm.activities, self.crm.activities["deal_ix"].to_numpy()
        person, firm = (
            acts[name].cat.codes.to_numpy().astype(np.int64) for name in ("contact_id", "company_id")
        )
        people, firms = (len(acts[name].cat.categories) for name in ("contact_id", "company_id"))
        missed = np.flatnonzero(self.kinds["call"] & ~self.out & ~self.answered)
        back = np.flatnonzero(self.kinds["call"] & self.out)
        seconds = self.said // 1_000_000  # the record knows whole seconds
        first = int(seconds.min())
        span = self.now // 1_000_000 - first + 2

        def line(rows: Array) -> Array:
            whom = np.where(firm[rows] >= 0, firm[rows] + people, deal[rows] + people + firms)
            return np.where(person[rows] >= 0, person[rows], whom) * span + seconds[rows] - first

        answers, asked = np.sort(line(back)), line(missed)
        spot = np.searchsorted(answers, asked)
        answer = answers[np.minimum(spot, len(answers) - 1)]
        found = (spot < len(answers)) & (answer // span == asked // span)
        hours = self.hours(self.said[missed], np.where(found, (answer % span + first) * 1_000_000, NEVER))
        old = self.hours(self.said[missed], np.full(len(missed), self.now)) >= 1.0
        return missed[old], ~(hours <= 1.0)[old]

    def hours(self, starts: Array, ends: Array) -> Array:
        """Return working hours between moments."""
        shifts = self.shifts
        worked = shifts(ends) - shifts(starts)
        return np.where((starts == NEVER) | (ends == NEVER), np.nan, worked / 3600e6)

    @cached_property
    def shifts(self) -> Callable[[Array], Array]:
        """A function from moments to the working microseconds before them; Moscow knows no summer time."""
        days = np.arange(np.datetime64("2020-01-01"), np.datetime64("2030-01-01"))
        days = days[self.crm.settings.calendar.is_working(days)]
        opened = days.astype("M8[us]").astype(np.int64) + int((9 - 3) * 3600e6)

        def worked(moments: Array) -> Array:
            place = np.searchsorted(opened, moments, side="right") - 1
            return place * int(9 * 3600e6) + np.clip(moments - opened[place], 0, int(9 * 3600e6))

        return worked

    @cached_property
    def responses(self) -> Array:
        """Working hours to the first outgoing communication of each deal."""
        deal, made = self.crm.activities["deal_ix"].to_numpy(), stamps(self.deals["created_at"])
        rows = np.flatnonzero(self.out & (self.crm.activities["manager_id"].cat.codes.to_numpy() >= 0))
        rows = rows[self.said[rows] >= made[deal[rows]]]
        firsts = rows[np.append(True, np.diff(deal[rows]) > 0)]  # the table is sorted by deal and time
        found = np.full(len(made), NEVER)
        found[deal[firsts]] = self.said[firsts]
        return self.hours(made, found)

    @cached_property
    def waited(self) -> Array:
        """Working hours from the creation of each deal to ``as_of``."""
        made = stamps(self.deals["created_at"])
        return self.hours(made, np.full(len(made), self.now))

    @cached_property
    def clients(self) -> tuple[Array, Array]:
        """Client of each deal (company, else contact), and those with whom somebody was in contact."""
        firm, person = (self.deals[name].cat for name in ("company_id", "contact_id"))
        alone = np.where(person.codes >= 0, person.codes.astype(np.int64) + len(firm.categories), -1)
        clients = np.where(firm.codes >= 0, firm.codes, alone)
        touched = np.zeros(len(firm.categories) + len(person.categories) + 1, dtype=bool)
        touched[clients[self.crm.activities["deal_ix"].to_numpy()]] = True
        tasks = self.crm.tasks
        kinds = [
            tasks["kind"].cat.categories.get_loc(name) for name in ("call", "email", "messenger", "meeting")
        ]
        done = np.isin(tasks["kind"].cat.codes, kinds) & tasks["completed_at"].notna().to_numpy()
        touched[clients[tasks["deal_ix"].to_numpy()[done]]] = True
        return clients, touched

    def latest(self, groups: Array, size: int) -> Array:
        """Return the deal created last in each group, −1 for none."""
        rows = np.flatnonzero(groups >= 0)
        order = rows[np.argsort(stamps(self.deals["created_at"])[rows], kind="stable")]
        found = np.full(size, -1)
        found[groups[order]] = order
        return found

    @cached_property
    def cards(self) -> tuple[Array, Array]:
        """Place of each deal's company among the cards (−1: none), and the owner of each card."""
        cards, firm = self.crm.tables["companies"], self.deals["company_id"].cat
        places = np.append(pd.Index(cards["company_id"]).get_indexer(firm.categories), -1)
        owners = self.deals["manager_id"].cat.categories.get_indexer(cards["manager_id"].cat.categories)
        return places[firm.codes], owners[cards["manager_id"].cat.codes]

    @cached_property
    def waiting(self) -> tuple[Array, Array]:
        """How many open tasks each deal has, and how many of them are overdue."""
        deal, is_open = self.crm.tasks["deal_ix"].to_numpy(), self.open_task
        size = len(self.deals)
        return np.bincount(deal[is_open], minlength=size), np.bincount(deal[self.overdue], minlength=size)

    @cached_property
    def open_task(self) -> Array:
        """Which tasks are not done."""
        return self.crm.tasks["completed_at"].isna().to_numpy()

    @cached_property
    def overdue(self) -> Array:
        """Which tasks are not done and should be."""
        due = stamps(self.crm.tasks["due_at"])
        return self.open_task & (due <= self.now) & (due != NEVER)

    @cached_property
    def stale(self) -> Array:
        """Which open deals nobody has touched for 14 days, and plans to."""
        last = stamps(self.deals["created_at"]).copy()
        for frame, moment in ((self.crm.activities, "at"), (self.crm.tasks, "completed_at")):
            deal = frame["deal_ix"].to_numpy()
            starts = np.flatnonzero(np.append(True, np.diff(deal) > 0))
            here = deal[starts]
            last[here] = np.maximum(last[here], np.maximum.reduceat(stamps(frame[moment]), starts))
        open_tasks, overdue = self.waiting
        return self.status["open"] & (last <= self.now - 14 * DAY) & (open_tasks == overdue)

    @cached_property
    def visits(self) -> dict[str, Array]:
        """Visits to stages: deal, stage, owner, begun, left, whether it advanced, whether it skipped."""
        log, stages = self.crm.tables["stage_changes"], self.crm.tables["stages"]
        deal, begun = log["deal_ix"].to_numpy(), stamps(log["changed_at"])
        names = pd.Index(stages["stage"]).get_indexer(log["to_stage"].cat.categories)
        stage = names.astype(np.int8)[log["to_stage"].cat.codes.to_numpy()]
        new = np.append(True, (deal[1:] != deal[:-1]) | (stage[1:] != stage[:-1]))
        rows = np.flatnonzero(new)
        deal, begun, stage = deal[rows], begun[rows], stage[rows]
        owner = log["manager_id"].cat.codes.to_numpy()[rows]
        first = np.append(True, deal[1:] != deal[:-1])
        last = np.append(first[1:], True)
        following, left = np.append(stage[1:], -1), np.append(begun[1:], NEVER)
        following[last], left[last] = -1, NEVER
        kinds = stages["kind"].astype("object").to_numpy()
        is_open, won = (np.append(kinds == kind, False) for kind in ("open", "won"))
        rank = np.append(np.where(is_open[:-1], np.arange(len(stages)), is_open.sum()), 0)
        run = np.cumsum(first) * 64
        furthest = np.maximum.accumulate(np.where(is_open, rank, 0)[stage] + run) - run
        advanced = (is_open[following] & (rank[following] > rank[stage])) | won[following]
        here = is_open[stage]
        skipped = here & advanced & (rank[following] - furthest > 1)
        return {
            "deal": deal, "stage": stage, "owner": owner, "begun": begun, "left": left,
            "ended": here & (left != NEVER), "advanced": here & advanced, "skipped": skipped,
        }  # fmt: skip

    def moved(self, rows: Array, moment: str) -> Array:
        """Return the groups of visits."""
        moments = self.visits[moment][rows]
        owner = self.visits["owner"][rows] if self.by_rep else np.zeros(len(rows), dtype=np.int64)
        local = (moments + int(3 * 3600e6)).view("M8[us]").astype("M8[D]").astype("M8[M]").astype(np.int64)
        month = local - self.first if self.by_month else 0
        return owner.astype(np.int64) * self.months + month

    @cached_property
    def proposals(self) -> tuple[Array, Array]:
        """Deals at their first entry to the proposal stage, and their groups."""
        step = self.crm.tables["stages"]["process_step"].astype("object").to_numpy() == "proposal agreement"
        rows = np.flatnonzero(step[self.visits["stage"]])
        deal = self.visits["deal"][rows]
        rows = rows[np.append(True, deal[1:] != deal[:-1])]
        rows = rows[~self.technical[self.visits["deal"][rows]]]
        return self.visits["deal"][rows], self.moved(rows, "begun")

    @cached_property
    def plan(self) -> Array:
        """Plan of each group."""
        plans = self.crm.tables["plans"]
        rows = plans["manager_id"].notna().to_numpy()
        return np.bincount(
            self.groups(plans["manager_id"], self.month(plans["period_start"]))[rows],
            weights=plans["value"].to_numpy()[rows],
            minlength=self.size,
        )

    def share(self, groups: Array, values: Array) -> Figures:
        """Return the mean of ones and zeros by group, all rows counting."""
        return self.mean(groups, np.arange(len(groups)), values.astype(np.float64))

    def number(self, groups: Array, values: Array) -> Figures:
        """Return the sum of ones and zeros by group, all rows counting."""
        return self.total(groups, np.arange(len(groups)), values.astype(np.float64))


def _connected(hand: Preset) -> tuple[Array, Array]:
    rows = np.flatnonzero(hand.kinds["call"] & hand.out)
    return hand.acts[rows], hand.answered[rows] | (hand.seconds[rows] > 15)


def _missed(hand: Preset) -> tuple[Array, Array]:
    rows, late = hand.not_called_back
    return hand.acts[rows], late


def _overdue(hand: Preset) -> Figures:
    return hand.count(hand.groups(hand.crm.tasks["manager_id"]), hand.overdue)


def _talk(hand: Preset) -> Figures:
    rows = np.flatnonzero(hand.kinds["call"])
    return hand.total(hand.acts, rows, np.nan_to_num(hand.seconds) / 60)


def _sent(hand: Preset) -> Figures:
    return hand.count(hand.acts, (hand.kinds["email"] | hand.kinds["messenger"]) & hand.out)


def _meetings(hand: Preset) -> Figures:
    """Count meetings, and meeting tasks that are not logged as meetings of their deal and day."""
    tasks, acts = hand.crm.tasks, hand.crm.activities
    held = np.flatnonzero(hand.kinds["meeting"])
    planned = (tasks["kind"].cat.codes == tasks["kind"].cat.categories.get_loc("meeting")).to_numpy()
    done = np.flatnonzero(planned & ~hand.open_task)
    ended = tasks["completed_at"].iloc[done]
    days = [
        frame["deal_ix"].to_numpy()[rows] * 100_000
        + (stamps(frame[name])[rows] + int(3 * 3600e6)) // int(DAY)
        for frame, name, rows in ((tasks, "completed_at", done), (acts, "at", held))
    ]
    order = np.lexsort((stamps(ended), days[0]))
    day = days[0][order]
    starts = np.flatnonzero(np.append(True, day[1:] != day[:-1]))
    times = np.arange(len(day)) - np.repeat(starts, np.diff(np.append(starts, len(day))))
    met = np.sort(days[1])
    meetings = np.searchsorted(met, day, side="right") - np.searchsorted(met, day)
    extra = done[order[times >= meetings]]
    owner, moment = tasks["manager_id"].iloc[extra], hand.month(tasks["completed_at"].iloc[extra])
    n = np.bincount(hand.acts[held], minlength=hand.size)
    n += np.bincount(hand.groups(owner, moment), minlength=hand.size)
    return hand.told(n, n)


def _touched(hand: Preset) -> tuple[Array, Array]:
    clients, touched = hand.clients
    latest = hand.latest(np.where(hand.technical, -1, clients), len(touched) - 1)
    rows = latest[latest >= 0]
    card, owners = hand.cards
    owner = np.where(card[rows] >= 0, owners[card[rows]], hand.deals["manager_id"].cat.codes.to_numpy()[rows])
    return owner * hand.months, touched[clients[rows]]


def _first_response(hand: Preset) -> Figures:
    answered = ~np.isnan(hand.responses)
    value = np.where(answered, hand.responses, hand.waited)
    told = survival_quantiles(hand.created, value, answered, hand.size)
    return hand.told(told, np.bincount(hand.created, minlength=hand.size))


def _in_norm(hand: Preset) -> Figures:
    rows = ~(np.isnan(hand.responses) & (hand.waited < 1))
    return hand.mean(hand.created, rows, (hand.responses <= 1).astype(np.float64))


def _overdue_age(hand: Preset) -> Figures:
    tasks = hand.crm.tasks
    return hand.mean(
        hand.groups(tasks["manager_id"]), hand.overdue, (hand.now - stamps(tasks["due_at"])) / DAY
    )


def _overdue_only(hand: Preset) -> Figures:
    waiting, overdue = hand.waiting
    return hand.mean(hand.standing, hand.status["open"], ((waiting > 0) & (waiting == overdue)).astype(float))


def _skips(hand: Preset) -> Figures:
    rows = np.flatnonzero(hand.visits["advanced"] & (hand.visits["left"] != NEVER))
    deal = hand.visits["deal"][rows]
    first = np.flatnonzero(np.append(True, deal[1:] != deal[:-1]))
    once = np.logical_or.reduceat(hand.visits["skipped"][rows], first)
    real = ~hand.technical[deal[first]]
    return hand.share(hand.moved(rows[first], "left")[real], once[real])


def _on_norm(hand: Preset) -> Figures:
    visits, norms = hand.visits, hand.crm.tables["stages"]["norm_days"].to_numpy(dtype=np.float64)
    rows = np.flatnonzero(visits["ended"] & ~hand.technical[visits["deal"]])
    days = (visits["left"][rows] - visits["begun"][rows]) / DAY
    return hand.share(hand.moved(rows, "left"), days <= norms[visits["stage"][rows]])


def _fields(hand: Preset) -> Figures:
    stages = hand.crm.tables["stages"]
    stage, sums, n = hand.deals["stage"].cat, np.zeros(hand.size), np.zeros(hand.size)
    for name, field in zip(stages["stage"], stages["required_fields"], strict=True):
        if isinstance(field, str):
            rows = np.flatnonzero(hand.status["open"] & (stage.codes == stage.categories.get_loc(name)))
            filled = hand.deals[field].iloc[rows].notna() & ((hand.amount[rows] != 0) | (field != "amount"))
            sums += np.bincount(hand.standing[rows], weights=filled, minlength=hand.size)
            n += np.bincount(hand.standing[rows], minlength=hand.size)
    return hand.told(np.divide(sums, n, out=np.full(hand.size, np.nan), where=n > 0), n)


def _cards(hand: Preset) -> Figures:
    """Three fields of a company, two of a contact: a telephone number or an address is one."""
    firms, people = hand.crm.tables["companies"], hand.crm.tables["contacts"]
    owner = hand.cards[1]
    of_firm = np.append(pd.Index(firms["company_id"]).get_indexer(people["company_id"].cat.categories), -1)
    firm = of_firm[people["company_id"].cat.codes]
    contact = hand.deals["contact_id"].cat
    places = np.append(pd.Index(people["contact_id"]).get_indexer(contact.categories), -1)
    latest = hand.latest(places[contact.codes], len(people))
    own = np.append(hand.deals["manager_id"].cat.codes.to_numpy(), -1)[latest]
    theirs = np.where(firm >= 0, owner[firm], own)
    groups = np.where(theirs < 0, len(hand.reps), theirs)
    filled = np.sum([firms[name].notna().to_numpy() for name in ("name", "city", "tax_id")], axis=0)
    reached = people["phone"].notna().to_numpy() | people["email"].notna().to_numpy()
    filled = np.concatenate([filled, reached.astype(int) + people["name"].notna().to_numpy()])
    weights = np.repeat([3.0, 2.0], [len(firms), len(people)])
    groups = np.concatenate([owner, groups]) * hand.months
    return hand.mean(groups, np.arange(len(groups)), filled.astype(np.float64), weights)


def _reasons(hand: Preset) -> Figures:
    reason = hand.deals["lost_reason"].cat
    telling = [name.casefold() not in _empty_words() for name in reason.categories]
    value = np.append(telling, False)[reason.codes]
    return hand.mean(hand.closed, byhand._closed(hand, "lost"), value.astype(np.float64))


def _plan(hand: Preset, kind: str = "") -> Figures:
    fact = hand.total(hand.closed, byhand._priced(hand, "won"), hand.amount)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = fact.value - hand.plan if kind == "difference" else fact.value / hand.plan
    return hand.told(np.where(hand.plan > 0, value, np.nan), fact.n)


def _paid(hand: Preset) -> Figures:
    deals, groups = hand.proposals
    return hand.share(groups, hand.status["won"][deals])


MEASURES = byhand.MEASURES | {
    "calls_out": lambda hand: hand.count(hand.acts, hand.kinds["call"] & hand.out),
    "calls_out_connected:count": lambda hand: hand.number(*_connected(hand)),
    "calls_out_connected:share": lambda hand: hand.share(*_connected(hand)),
    "calls_in_missed:count": lambda hand: hand.number(*_missed(hand)),
    "calls_in_missed:share": lambda hand: hand.share(*_missed(hand)),
    "talk_time": _talk,
    "messages_out": _sent,
    "meetings_held": _meetings,
    "clients_touched:share": lambda hand: hand.share(*_touched(hand)),
    "clients_touched:count": lambda hand: hand.number(*_touched(hand)),
    "first_response_time:median": _first_response,
    "first_response_time:share_in_norm": _in_norm,
    "tasks_overdue_open:count": _overdue,
    "tasks_overdue_open:mean_age": _overdue_age,
    "deals_with_overdue_task_only": _overdue_only,
    "deals_stale:idle_without_plan": lambda hand: hand.mean(
        hand.standing, hand.status["open"], hand.stale.astype(np.float64)
    ),
    "deals_stale_amount": lambda hand: hand.total(
        hand.standing, hand.stale & ~np.isnan(hand.amount), hand.amount
    ),
    "stage_skips": _skips,
    "stage_on_time": _on_norm,
    "required_fields_filled:deals": _fields,
    "required_fields_filled:cards": _cards,
    "lost_with_reason": _reasons,
    "new_deals_amount": lambda hand: hand.total(hand.created, ~np.isnan(hand.amount), hand.amount),
    "plan_attainment": _plan,
    "plan_attainment:difference": lambda hand: _plan(hand, "difference"),
    "plan_attainment:run_rate": _plan,
    "proposals_sent:count": lambda hand: hand.count(hand.proposals[1], slice(None)),
    "proposals_sent:paid_share": _paid,
}  # fmt: skip


def figures(crm: Snapshot, slices: dict[str, tuple[str, ...]]) -> dict[str, Figures]:
    """Return the figures of measures by group; each measure has slices of its own."""
    hands = {by: Preset(crm, by) for by in dict.fromkeys(slices.values())}
    return {name: MEASURES[name](hands[by]) for name, by in slices.items()}
