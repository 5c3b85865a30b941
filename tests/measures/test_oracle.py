"""A second, naive implementation in plain Python agrees on clients made by chance, money to the kopeck."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from crmkit import Period, evaluate

AS_OF = datetime.fromisoformat("2026-03-31 23:59:59.999999")
CHANCES = {"New": 0.1, "Offer": 0.5}
STATUS = {"New": "open", "Offer": "open", "Won": "won", "Lost": "lost"}


class Oracle:
    """Numerator, denominator and n of every measure for one rep (or all) and a span of days."""

    def __init__(self, client: dict[str, Any], rep: str | None, first: date, after: date) -> None:
        self.zone, self.first, self.after, self.client, self.rep = (
            client["time_zone"],
            first,
            after,
            client,
            rep,
        )
        self.deals = [dict(deal) for deal in client["deals"] if rep is None or deal["manager_id"] == rep]
        for deal in self.deals:
            deal["status"] = STATUS[deal["stage"]]
            deal["money"] = None if deal["amount"] == "" else round(deal["amount"] * 100)
            deal["technical"] = deal["status"] == "lost" and deal["lost_reason"] == "Double"
        self.won, self.lost = self.closed("won"), self.closed("lost")
        self.open = [deal for deal in self.deals if deal["status"] == "open"]

    def moment(self, text: str) -> datetime:
        return datetime.fromisoformat(text)

    def inside(self, text: str) -> bool:
        return bool(text) and self.first <= self.moment(text).date() < self.after

    def days(self, deal: dict[str, Any]) -> float:
        ends = [
            self.moment(deal[name]).replace(tzinfo=ZoneInfo(self.zone))
            for name in ("created_at", "closed_at")
        ]
        begun, ended = (end.astimezone(ZoneInfo("UTC")) for end in ends)
        return (ended - begun).total_seconds() / 86_400

    def closed(self, status: str) -> list[dict[str, Any]]:
        found = [deal for deal in self.deals if deal["status"] == status and self.inside(deal["closed_at"])]
        return [deal for deal in found if not deal["technical"]]

    def money(self, deals: list[dict[str, Any]]) -> tuple[float, int]:
        known = [deal["money"] for deal in deals if deal["money"] is not None]
        return sum(known) / 100, len(known)

    def told(self) -> dict[str, tuple[float | None, float | None, int]]:
        new = sum(self.inside(deal["created_at"]) for deal in self.deals)
        revenue, paid = self.money(self.won)
        refused, priced = self.money(self.lost)
        closed = len(self.won) + len(self.lost)
        wins = [self.days(deal) for deal in self.won if deal["created_at"] and self.days(deal) >= 0]
        return {
            "new_deals": (new, None, new),
            "won_deals": (len(self.won), None, len(self.won)),
            "lost_deals": (len(self.lost), None, len(self.lost)),
            "refusals:count": (len(self.lost), None, len(self.lost)),
            "refusals:value": (refused, None, priced),
            "revenue": (revenue, None, paid),
            "average_check:mean": (revenue, paid, paid),
            "average_check:median": (None, None, paid),
            "win_rate:closed_count": (len(self.won), closed, closed),
            "win_rate:closed_value": (revenue, round(revenue * 100 + refused * 100) / 100, paid + priced),
            "win_rate:cohort": self.cohort(),
            "deal_cycle:won_mean": (sum(wins), len(wins), len(wins)),
            "deal_cycle:won_median": (None, None, len(wins)),
            "deal_cycle:censored_median": self.aged(),
            "tasks_on_time": self.tasks(),
            "sales_actions_per_day": self.actions(),
            "plan_attainment": self.plan(),
        }

    def cohort(self) -> tuple[int, int, int]:
        mature, won = 0, 0
        for deal in self.deals:
            if not self.inside(deal["created_at"]) or deal["technical"]:
                continue
            created = (
                self.moment(deal["created_at"])
                .replace(tzinfo=ZoneInfo(self.zone))
                .astimezone(ZoneInfo("UTC"))
            )
            if created + timedelta(days=90) > AS_OF.replace(tzinfo=ZoneInfo(self.zone)):
                continue
            if deal["status"] == "won" and not deal["closed_at"]:
                continue
            mature += 1
            won += deal["status"] == "won" and self.days(deal) <= 90
        return won, mature, mature

    def aged(self) -> tuple[int, int, int]:
        made = [deal for deal in self.deals if self.inside(deal["created_at"]) and not deal["technical"]]
        ended = [
            deal for deal in made if deal["status"] != "open" and deal["closed_at"] and self.days(deal) >= 0
        ]
        count = len(ended) + sum(deal["status"] == "open" for deal in made)
        return sum(deal["status"] == "won" for deal in ended), count, count

    def tasks(self) -> tuple[int, int, int]:
        due = [
            task
            for task in self.client["tasks"]
            if (self.rep is None or task["manager_id"] == self.rep)
            and self.inside(task["due_at"])
            and self.moment(task["due_at"]) <= AS_OF
        ]
        done = sum(bool(task["completed_at"]) and task["completed_at"] <= task["due_at"] for task in due)
        return done, len(due), len(due)

    def actions(self) -> tuple[int, int, int]:
        acts = [
            (task["manager_id"], task["completed_at"])
            for task in self.client["tasks"]
            if task["completed_at"]
        ]
        acts += [(action["manager_id"], action["at"]) for action in self.client["activities"]]
        acts = [(who, self.moment(at).date()) for who, at in acts if who]
        count = days = 0
        hired = {"Ann": date(2025, 11, 3), "Eve": date(2026, 1, 12), "Dan": date(2024, 1, 9)}
        begun = min((at for _, at in acts), default=self.after)
        for rep in {who for who, _ in acts} | {*hired} if self.rep is None else {self.rep}:
            mine = [at for who, at in acts if who == rep]
            start = max(hired[rep], begun) if rep in hired else min(mine, default=self.after)
            end = AS_OF.date() if rep in hired else max(mine, default=self.first)
            span = (start + timedelta(days=step) for step in range((end - start).days + 1))
            days += sum(day.weekday() < 5 and self.first <= day < self.after for day in span)
            count += sum(self.first <= at < self.after for at in mine)
        return count, days, days

    def plan(self) -> tuple[float, float, int]:
        """Only whole months are asked for: no month is cut."""
        rows = [
            row
            for row in self.client["plan"]
            if self.first <= date.fromisoformat(row["period_start"]) < self.after and "metric" not in row
        ]
        whole = {row["period_start"][:7]: round(row["value"] * 100) for row in rows if "manager" not in row}
        own = {
            (row["period_start"][:7], row["manager"]): round(row["value"] * 100)
            for row in rows
            if "manager" in row
        }
        if self.rep is None:
            total = sum(whole.values()) + sum(
                value for (month, _), value in own.items() if month not in whole
            )
        else:
            total = sum(value for (_, who), value in own.items() if who == self.rep)
        priced = [deal for deal in self.won if deal["money"] is not None]
        on_plan = [
            deal for deal in priced
            if deal["closed_at"][:7] in whole or (deal["closed_at"][:7], deal["manager_id"]) in own
        ]  # fmt: skip
        return sum(deal["money"] for deal in on_plan) / 100, total / 100, len(on_plan)


SPANS = [("2025-10", "2025-11"), ("2025-11", "2026-01"), ("2026-02", "2026-04"), ("2025-10", "2026-04")]


@pytest.mark.parametrize("rep", [None, "Ann", "Bob"])
def test_every_measure_agrees_with_plain_python(snapshot, client, rep):
    crm = snapshot(**client)
    for first, after in SPANS:
        span = Period.parse(f"{first}-01..{after}-01", crm.settings.zone)
        oracle = Oracle(client, rep, *(date.fromisoformat(f"{month}-01") for month in (first, after)))
        expected = oracle.told()
        figures = evaluate(list(expected), crm, span, by=["manager"] if rep else [])
        figures = figures[figures["manager"] == rep] if rep else figures
        keys = figures["measure"] + figures["variant"].where(
            figures["variant"] == "", ":" + figures["variant"]
        )
        for key, row in zip(keys, figures.to_dict("records"), strict=True):
            wanted = expected.pop(key)
            found = [row[name] for name in ("numerator", "denominator", "n")]
            if row["state"] == "not_in_export":  # none of the group's deals has an amount
                assert (row["missing"], wanted[2]) == ("deals.amount", 0) and pd.isna(row["value"])
                continue
            wanted = [float("nan") if part is None else part for part in wanted]
            assert found == pytest.approx(wanted, rel=1e-12, nan_ok=True), (key, first, after)
        assert not expected


def test_medians_and_standing_figures_agree_too(snapshot, client):
    crm = snapshot(**client)
    oracle = Oracle(client, None, date(2025, 1, 1), date(2027, 1, 1))
    wins = [oracle.days(deal) for deal in oracle.won if deal["created_at"] and oracle.days(deal) >= 0]
    checks = [deal["money"] / 100 for deal in oracle.won if deal["money"] is not None]
    amount, priced = oracle.money(oracle.open)
    waiting = {task["deal_id"] for task in client["tasks"] if not task["completed_at"]}
    without = sum(deal["deal_id"] not in waiting for deal in oracle.open)
    weights = [
        round(deal["money"] * (deal["probability"] or CHANCES[deal["stage"]])) / 100
        for deal in oracle.open
        if deal["money"] is not None
    ]
    wanted = {
        "deal_cycle:won_median": median(wins),
        "average_check:median": median(checks),
        "open_deals": len(oracle.open),
        "open_amount": amount,
        "deals_without_task": without / len(oracle.open),
        "weighted_forecast": sum(weights),
    }
    assert priced
    for name, value in wanted.items():
        assert evaluate(name, crm)["value"].item() == pytest.approx(value, rel=1e-12), name
    stages = evaluate("stage_distribution", crm).set_index("stage")["numerator"].to_dict()
    assert stages == {name: sum(deal["stage"] == name for deal in oracle.open) for name in stages}
