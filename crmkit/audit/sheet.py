"""The weekly sheet: which cards the head of sales walks through, and in what order (METHOD 5.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import SEVERITIES, SUBJECTS, find_check
from crmkit.audit.decided import CARD, STILL, decided
from crmkit.audit.decisions import standing, with_names
from crmkit.audit.examine import Audit
from crmkit.audit.seeing import moments
from crmkit.facts import NEVER, BoolArray, IntArray, is_status, last_action, micros
from crmkit.schema import Snapshot
from crmkit.stages import coded_stages, stage_order
from crmkit.visits import days_in_stage

SEED = "crmkit weekly sheet"


@dataclass(frozen=True, eq=False)
class Walk:
    """The cards of one weekly sheet.

    Attributes
    ----------
    cards: one row a card and rep who answers for it, in the order of the walk: first those on which was
        decided in an earlier week and that still offend, then by ``weight`` (the sum of the weights of its
        violations), then by amount, then by table and id. ``card`` (its table), ``card_id``, ``key`` (its
        name in any export), ``manager_id`` (null: nobody), ``name``, ``stage``, ``pipeline`` (of a deal),
        ``place`` (of the stage among all), ``amount``, ``days_in_stage`` (of an open one),
        ``last_action_at``, ``next_task_at``, ``url``, ``weight``, ``n`` (of violations), ``earlier`` (row of
        ``earlier``, −1).
    wrong: the violations of these cards with ``at``, the position of the card, and ``key``; the heaviest
        first.
    plan: one row a rep: ``manager_id``, ``cards`` (with violations), ``earlier`` (of them: decided before),
        ``drawn`` (of the rest), ``sampled`` (whether not all are on the sheet).
    earlier: what became of what was decided before (see :func:`crmkit.audit.decided.decided`).
    """

    audit: Audit
    cards: pd.DataFrame
    wrong: pd.DataFrame
    plan: pd.DataFrame
    earlier: pd.DataFrame


def walk(audit: Audit, decisions: pd.DataFrame) -> Walk:
    """Return the cards to walk through: all of a rep, or ``audit.sample_per_rep`` of them if there are more.

    Those of an earlier decision that still offend always stand on the sheet; the others are drawn from each
    stage in proportion. What cannot be mended and was decided on before does not come again.

    Parameters
    ----------
    decisions: as :func:`crmkit.audit.decisions.read_decisions` returns them.

    Source: METHOD 5.3
    """
    day = audit.crm.today
    earlier = decided(audit, decisions)
    earlier = earlier[(earlier["as_of"] < pd.Timestamp(day)).to_numpy()].reset_index(drop=True)
    wrong = _still_to_tell(audit, decisions[(decisions["as_of"] < pd.Timestamp(day)).to_numpy()])
    cards, at = _cards(audit, wrong)
    last = standing(decisions, day)
    cards = cards.assign(earlier=_decided_before(len(cards), wrong.assign(at=at), last=last, earlier=earlier))
    codes = cards["manager_id"].cat.codes.to_numpy()
    on_sheet, plan = np.zeros(len(cards), dtype=bool), []
    for code in np.unique(codes):
        mine = np.flatnonzero(codes == code)
        drawn = _drawn(cards.iloc[mine], audit.crm.settings.audit.sample_per_rep, week_of(day))
        before = cards["earlier"].to_numpy()[mine] >= 0
        on_sheet[mine] = drawn | before
        counts = {"cards": len(mine), "earlier": int(before.sum()), "drawn": int(drawn.sum())}
        plan.append(counts | {"sampled": bool((~drawn & ~before).any()), "code": code})
    table = pd.DataFrame(plan, columns=["cards", "earlier", "drawn", "sampled", "code"])
    of_whom = pd.Categorical.from_codes(
        table["code"].to_numpy(np.int64), cards["manager_id"].cat.categories, validate=False
    )
    order = _order(cards)
    order = order[on_sheet[order]]
    place = np.full(len(cards), -1)
    place[order] = np.arange(len(order))
    there = wrong.assign(at=place[at])[place[at] >= 0]
    there = there.sort_values(["at", "rank", "check", "id"], kind="stable", ignore_index=True)
    shown = cards.iloc[order].reset_index(drop=True)
    return Walk(audit, shown, there, table.drop(columns="code").assign(manager_id=of_whom), earlier)


def week_of(day: date) -> str:
    """Return the ISO week of a day: what the draw changes with.

    >>> week_of(date(2026, 12, 31))
    '2026-W53'
    """
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def quotas(sizes: Iterable[int], wanted: int) -> list[int]:
    """Share ``wanted`` among groups in proportion to their sizes, whole: the largest remainders get one more.

    Of equal remainders the larger group is first, then the earlier one.

    >>> quotas([60, 20, 4], 15)
    [11, 3, 1]
    """
    sizes = list(sizes)
    total = sum(sizes)
    wanted = min(max(wanted, 0), total)
    if not total:
        return [0] * len(sizes)
    whole = [wanted * size // total for size in sizes]
    rest = sorted(
        range(len(sizes)), key=lambda ix: (-(wanted * sizes[ix] % total), -sizes[ix], ix)
    )  # in whole numbers, so that no rounding decides
    for ix in rest[: wanted - sum(whole)]:
        whole[ix] += 1
    return whole


def _drawn(cards: pd.DataFrame, wanted: int, week: str) -> BoolArray:
    """Return which cards of a rep are drawn, of those without an earlier decision.

    Each card has a number that its id and the week alone make; the smallest of each stage are taken. So
    neither the order of rows nor other reps' cards change the draw.
    """
    free: BoolArray = (cards["earlier"] < 0).to_numpy()
    if free.sum() <= wanted:
        return free
    rows = np.flatnonzero(free)
    places = cards["place"].to_numpy()[rows]
    keys = zip(cards["card"].to_numpy(object)[rows], cards["card_id"].to_numpy(object)[rows], strict=True)
    lots = [_lot(week, *key) for key in keys]
    strata, sizes = np.unique(places, return_counts=True)
    drawn = np.zeros(len(cards), dtype=bool)
    for stratum, quota in zip(strata, quotas(sizes.tolist(), wanted), strict=True):
        members = [ix for ix, place in enumerate(places) if place == stratum]
        drawn[rows[sorted(members, key=lambda ix: lots[ix])[:quota]]] = True
    return drawn


def _lot(week: str, table: object, name: object) -> bytes:
    text = "\n".join((SEED, week, str(table), str(name)))
    return blake2b(text.encode("utf-8", "backslashreplace"), digest_size=16).digest()


def _still_to_tell(audit: Audit, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return the violations that are not waived, save what is over and was decided on; with their ranks."""
    severity = dict(zip(audit.states["check"], audit.states["severity"], strict=True))
    rank = {check: -SEVERITIES[one] for check, one in severity.items()}
    rows = with_names(audit.crm, audit.violations)
    known = decisions[["check", "table", "id"]].drop_duplicates().rename(columns={"id": "key"})
    told = rows[["check", "table", "key"]].merge(known, how="left", indicator=True)["_merge"] == "both"
    over = rows["check"].isin([check for check in severity if not find_check(check).mendable])
    keep = ~rows["waived"].to_numpy(dtype=bool) & ~(told.to_numpy() & over.to_numpy())
    kept = rows[keep].reset_index(drop=True)
    return kept.assign(rank=kept["check"].map(rank).to_numpy(np.int64))


def _cards(audit: Audit, wrong: pd.DataFrame) -> tuple[pd.DataFrame, IntArray]:
    """Return one row a card and rep, and for each violation the position of its card."""
    crm, deal = audit.crm, wrong["deal_ix"].to_numpy(np.int64)
    table = pd.Categorical(wrong["table"], categories=list(SUBJECTS)).codes.astype(np.int64)
    table[deal >= 0] = 0
    row = np.where(deal >= 0, deal, wrong["row"].to_numpy(np.int64))
    rep = wrong["manager_id"].cat.codes.to_numpy(np.int64)
    rows, reps = int(row.max(initial=0)) + 1, len(wrong["manager_id"].cat.categories) + 1
    keys, first, at = np.unique((table * rows + row) * reps + rep + 1, return_index=True, return_inverse=True)
    of_table, place = keys // reps // rows, keys // reps % rows
    is_deal = of_table == 0
    cards = _told_of_deals(crm, np.where(is_deal, place, -1))
    heads = wrong.iloc[first].reset_index(drop=True)
    for name, own in (("card_id", "id"), ("name", "name"), ("url", "url")):
        cards[name] = cards[name].where(is_deal, heads[own].astype("str"))
    weights = np.bincount(at, -wrong["rank"].to_numpy(np.float64), minlength=len(keys))
    named = with_names(crm, pd.DataFrame({"table": np.array(SUBJECTS, dtype=object)[of_table], "row": place}))
    return cards.assign(
        card=named["table"].array,
        key=named["key"].array,
        manager_id=heads["manager_id"].array,
        weight=weights.astype(np.int64),
        n=np.bincount(at, minlength=len(keys)),
    ), at


def _told_of_deals(crm: Snapshot, ix: IntArray) -> pd.DataFrame:
    """Return what the sheet tells of deals by position; nothing at −1."""
    order, deals = stage_order(crm), crm.deals
    codes = np.append(coded_stages(crm, order, deals["stage"], np.arange(len(deals))), -1)[ix]
    texts = {"card_id": deals["deal_id"], "name": deals["title"], "url": deals["url"]}
    told = {name: column.array.take(ix, allow_fill=True).astype("str") for name, column in texts.items()}
    return pd.DataFrame(told).assign(
        stage=order.labels("stage", codes).astype("str"),
        pipeline=order.labels("pipeline", codes).astype("str"),
        place=np.append(order.places, len(order.places))[codes],
        amount=np.append(deals["amount"].to_numpy(np.float64), np.nan)[ix],
        days_in_stage=np.append(np.where(is_status(crm, "open"), days_in_stage(crm), np.nan), np.nan)[ix],
        last_action_at=moments(crm, np.append(last_action(crm), NEVER)[ix]),
        next_task_at=moments(crm, np.append(_next_tasks(crm), NEVER)[ix]),
    )


def _next_tasks(crm: Snapshot) -> IntArray:
    """Return for each deal when the first of its open tasks is due, ``NEVER`` if that is not known."""
    if "tasks.deal_id" not in crm.supplied:
        return micros(crm.deals["next_task_at"])
    ix, due = crm.tasks["deal_ix"].to_numpy(), micros(crm.tasks["due_at"])
    waits = crm.tasks["completed_at"].isna().to_numpy() & (ix >= 0) & (due != NEVER)
    first = np.full(len(crm.deals), np.iinfo(np.int64).max)
    np.minimum.at(first, ix[waits], due[waits])
    return np.where(first == np.iinfo(np.int64).max, NEVER, first)


def _order(cards: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the order of the walk (see :class:`Walk`)."""
    amount = np.nan_to_num(cards["amount"].to_numpy(np.float64), nan=-1.0)
    texts = [pd.factorize(cards[name], sort=True)[0] for name in ("card_id", "card", "manager_id")]
    return np.lexsort((*texts[::-1], -amount, -cards["weight"].to_numpy(), cards["earlier"].to_numpy() < 0))


def _decided_before(size: int, wrong: pd.DataFrame, *, last: pd.DataFrame, earlier: pd.DataFrame) -> IntArray:
    """Return for each card the row of the latest decision on any of its violations, −1 if there is none."""
    keys = ["as_of", *CARD]
    due = earlier[earlier["became"].isin(STILL).to_numpy()]
    rows = last.merge(due[keys].assign(decision_row=due.index), on=keys, how="inner")
    keys = ["check", "table", "key"]
    told = wrong[[*keys, "at"]].merge(rows.rename(columns={"id": "key"}), on=keys, how="inner")
    found = np.full(size, -1)
    np.maximum.at(found, told["at"].to_numpy(), told["decision_row"].to_numpy(np.int64))
    return found
