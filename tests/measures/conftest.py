"""Figures of one row, figures by group, and a department by chance."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pandas as pd
import pytest

from crmkit import Period, evaluate
from crmkit.measures import evaluate_fully
from crmkit.schema import Snapshot

STAGES = [
    {"name": "New", "probability": 0.1},
    {"name": "Offer", "probability": 0.5},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
STAGE_OF = {"open": "New", "won": "Won", "lost": "Lost"}


@pytest.fixture
def tell() -> Callable[..., dict[str, Any]]:
    """Return ``tell(crm, name, period="all")``: the one row of a measure; ``left`` counts by reason."""

    def told(crm: Snapshot, name: str, period: str = "all") -> dict[str, Any]:
        figures, left = evaluate_fully(name, crm, Period.parse(period, crm.settings.zone))
        assert len(figures) == 1
        row = figures.astype("object").where(figures.notna(), None).iloc[0].to_dict()
        return row | {"left": dict(zip(left["reason"], left["n"], strict=True))}

    return told


@pytest.fixture
def by() -> Callable[..., dict[Any, Any]]:
    """Return ``by(crm, name, *slices, period="all")``: the values by group; ``None`` is «not set»."""

    def told(
        crm: Snapshot, name: str, *slices: str, period: str = "all", column: str = "value"
    ) -> dict[Any, Any]:
        figures = evaluate(name, crm, Period.parse(period, crm.settings.zone), by=slices)
        figures = figures.astype("object").where(figures.notna(), None)
        keys = figures[list(slices)].itertuples(index=False, name=None)
        return {
            key if len(slices) > 1 else key[0]: value
            for key, value in zip(keys, figures[column], strict=True)
        }

    return told


def department(seed: int) -> dict[str, Any]:
    """Return a client by chance: some 30 deals with all that is missing, late or double in real ones."""
    chance = Random(seed)
    zone = chance.choice(["UTC", "Europe/Berlin", "America/Havana", "Europe/Moscow", "Pacific/Chatham"])

    def some(*values: object) -> object:
        return chance.choice([*values, ""])

    def moment(first: str = "2025-10-01", days: int = 182) -> str:
        return str(pd.Timestamp(first) + pd.Timedelta(minutes=chance.randrange(days * 1440)))[:16]

    deals = []
    for number in range(30):
        status = chance.choice(["open", "won", "won", "lost", "lost"])
        created = moment()
        closed = str(pd.Timestamp(created) + pd.Timedelta(minutes=chance.randrange(-2000, 100_000)))[:16]
        closed = min(closed, "2026-03-31 20:00") if status != "open" and chance.random() < 0.93 else ""
        deals.append(
            {"deal_id": str(100 + number), "created_at": created if chance.random() < 0.93 else "",
            "closed_at": closed,
             "stage": chance.choice(["New", "Offer"]) if status == "open" else STAGE_OF[status],
             "amount": some(*(chance.randrange(10_000_000) / 100 for _ in range(6))),
             "manager_id": some("Ann", "Bob", "Cid"), "source": some("Web", "Fair"), "Region": some("North",
             "South"), "lost_reason": some("Price", "Double") if status == "lost" else "",
             "expected_close_on": some(moment("2026-03-01", 60)[:10]), "probability": some(0.5, 0.25)}
        )  # fmt: skip
    tasks = [
        {"task_id": str(number), "deal_id": str(chance.randrange(95, 130)), "manager_id": some("Ann", "Bob",
        "Dan"),
         "due_at": some(moment(days=200)), "completed_at": some(moment(), moment())} for number in range(40)
    ]  # fmt: skip
    activities = [
        {"activity_id": str(number), "deal_id": str(chance.randrange(95, 130)), "manager_id": some("Ann",
        "Bob"),
         "at": moment(), "kind": "call"} for number in range(30)
    ]  # fmt: skip
    managers = [{"name": "Ann", "team": "A", "hired_on": "2025-11-03"}, {"name": "Bob", "team": "A"},
                {"name": "Cid", "left_on": "2026-02-01"}, {"name": "Eve", "hired_on": "2026-01-12"},
                {"name": "Dan", "hired_on": "2024-01-09"}]  # fmt: skip
    months = [f"{year}-{month:02d}-01" for year, month in ((2025, 11), (2025, 12), (2026, 1), (2026, 3))]
    plan = [{"period_start": month, "value": chance.randrange(10_000_000) / 100} for month in months]
    plan += [{"period_start": month, "value": chance.randrange(900_000) / 100, "manager": who}
             for month in [*months[1:], "2026-02-01"] for who in ("Ann", "Bob")]  # fmt: skip
    trade = _trade(Random(seed + 100), deals, moment)
    for deal in deals[:9]:  # leads that somebody turns to at once, or nearly
        if deal["created_at"]:
            at = str(pd.Timestamp(deal["created_at"]) + pd.Timedelta(minutes=chance.randrange(400)))[:16]
            activities.append({"activity_id": f"{deal['deal_id']}a", "deal_id": deal["deal_id"],
                               "manager_id": "Bob", "at": min(at, "2026-03-31 23:59")})  # fmt: skip
    trade |= _work(Random(seed + 200), tasks, activities, moment)
    plan += [{"period_start": months[-1], "value": chance.randrange(99), "metric": metric}
             for metric in ("margin", "won_deals", "new_deals")]  # fmt: skip
    return trade | _history(Random(seed + 200), deals, moment) | {
        "deals": deals, "tasks": tasks, "activities": activities, "managers": managers, "plan": plan,
        "time_zone": zone, "technical_losses": ["Double"], "exported_on": "2026-03-31",
    }  # fmt: skip


def _history(chance: Random, deals: list[dict[str, Any]], moment: Callable[..., str]) -> dict[str, Any]:
    """Return stages with norms and steps, and moves between them in any order, some at one moment."""
    names = ["New", "Offer", "Pause", "Won", "Lost", "New"]
    changes = [
        {"deal_id": str(chance.randrange(97, 100 + len(deals))),
         "changed_at": chance.choice([moment(), moment()[:10]]),
         "from_stage": chance.choice(["New", "", "", ""]), "to_stage": chance.choice(names),
         "manager_id": chance.choice(["Ann", "Bob", "", ""])} for _ in range(90)
    ]  # fmt: skip
    more: list[dict[str, Any]] = [
        {"norm_days": 10, "required": ["source", "Region"]},
        {"norm_days": 20, "process_step": "proposal agreement", "required": ["amount", "Fax"]},
        {},
        {},
    ]
    return {"stage_changes": changes, "stages": [a | b for a, b in zip(STAGES, more, strict=True)]}


def _trade(chance: Random, deals: list[dict[str, Any]], moment: Callable[..., str]) -> dict[str, Any]:
    """Give deals buyers, margins and discounts; return payments, costs and where deals are qualified."""
    for deal in deals:
        price = float(deal["amount"] or 0)
        deal |= {
            "margin": chance.choice([round(price / 3, 2), ""]),
            "discount": chance.choice([round(price / 10, 2), 0, ""]),
            "is_repeat": chance.choice(["yes", "no", "", ""]),
            "company_id": chance.choice(["1", "2", "3", "4", ""]),
            "contact_id": chance.choice(["7", "8", ""]),
            "utm_campaign": chance.choice(["spring", "autumn", ""]),
        }
    payments = [
        {"deal_id": str(chance.randrange(95, 130)), "due_on": moment(days=200)[:10],
         "amount_due": chance.choice([chance.randrange(10_000_000) / 100, ""]),
         "paid_on": chance.choice([moment()[:10], "", ""]), "amount_paid": chance.choice([100.01, "", ""])}
        for _ in range(25)
    ]  # fmt: skip
    costs = [
        {"period_start": f"2026-0{month}-01", "source": source, "campaign": campaign,
         "amount": chance.randrange(1_000_000) / 100}
        for month in (1, 3) for source, campaign in (("Web", "spring"), ("Web", "autumn"), ("Post", ""))
    ]  # fmt: skip
    costs += [{"period_start": moment()[:10], "source": "Fair", "amount": 10.01} for _ in range(9)]
    return {"payments": payments, "costs": costs}


def _work(
    chance: Random, tasks: list[dict[str, Any]], activities: list[dict[str, Any]], moment: Callable[..., str]
) -> dict[str, Any]:
    """Give actions kinds, directions, answers, people and words; return cards."""

    def some(*values: object) -> object:
        return chance.choice([*values, ""])

    kinds = ("call", "call", "email", "messenger", "meeting")
    more: list[dict[str, Any]] = [
        {"activity_id": str(number), "deal_id": some("101", "103"), "manager_id": some("Ann"), "at": moment()}
        for number in range(100, 160)
    ]
    for row in activities + more:
        row |= {
            "kind": some(*kinds), "direction": some("in", "in", "out", "out"), "answered": some("yes", "no"),
            "duration_s": some(0, 12, 17, chance.randrange(600)), "contact_id": some("7", "8", "9"),
            "company_id": some("1", "2", "5"), "title": some("About it"), "text": some("What was said"),
        }  # fmt: skip
    for back in chance.sample([row for row in more if row["direction"] == "in"], 9):
        at = str(pd.Timestamp(back["at"]) + pd.Timedelta(minutes=chance.randrange(900)))[:16]
        answer = {"activity_id": f"{back['activity_id']}b", "at": min(at, "2026-03-31 23:59")}
        more.append(back | answer | {"direction": "out"})
    activities += more
    for row in tasks:
        row |= {
            "kind": some(*kinds, "task"), "title": some("Call"), "result": some("Done"),
            "created_at": some(moment(), moment()), "company_id": some("1", "5"), "contact_id": some("7"),
        }  # fmt: skip
    companies = [{"company_id": str(number), "name": f"Firm {number}", "city": some("Bonn"),
                  "manager_id": some("Ann", "Cid")} for number in range(1, 6)]  # fmt: skip
    contacts = [{"contact_id": str(number), "name": some("Eve"), "email": some("e@x.example"),
                 "company_id": some("1", "6")} for number in range(7, 11)]  # fmt: skip
    return {"companies": companies, "contacts": contacts}


@pytest.fixture(params=[1, 2, 3])
def client(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the arguments of ``snapshot`` for a client made by chance."""
    return department(request.param)
