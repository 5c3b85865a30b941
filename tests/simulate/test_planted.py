"""Offenders are exactly those planted: slow and plain checks, after the definitions, find the same ones."""

from __future__ import annotations

import pandas as pd
import pytest

from crmkit.simulate.department import Department, assumed, simulate
from crmkit.simulate.scenario import CHECKS, read_scenario

DAY = pd.Timedelta(days=1)


@pytest.fixture(
    scope="module", params=[("romashka", 1), ("vektor", 2), ("northwind-supply", 3)], ids=lambda one: one[0]
)
def department(request: pytest.FixtureRequest) -> Department:
    name, seed = request.param
    return simulate(read_scenario(name).model_copy(update={"seed": seed, "per_month": 120.0}))


def as_of(department: Department) -> pd.Timestamp:
    return pd.Timestamp(department.scenario.as_of).tz_localize(department.scenario.time_zone)


def ids(department: Department, check: int, table: str = "deals") -> set[str]:
    return set(department.truth.planted.get(check, {}).get(table, ()))


def open_deals(department: Department) -> pd.DataFrame:
    return department.deals[department.deals["status"] == "open"]


def stage_facts(department: Department) -> dict[tuple[str, str], dict]:
    rows = department.stages.astype({"position": int}).to_dict("records")
    return {(row["pipeline"], row["stage"]): row for row in rows}


def open_tasks(department: Department) -> pd.DataFrame:
    return department.tasks[department.tasks["completed_at"].isna()]


def test_every_check_is_planted_and_explained(department: Department) -> None:
    for check in CHECKS:
        assert sum(len(rows) for rows in department.truth.planted[check].values()) > 0, check
        assert assumed(check).endswith("."), check


def test_01_open_deal_without_task(department: Department) -> None:
    having = set(open_tasks(department)["deal_id"])
    assert {one for one in open_deals(department)["deal_id"] if one not in having} == ids(department, 1)


def test_02_and_03_and_18_required_fields(department: Department) -> None:
    facts = stage_facts(department)
    earlier, here, amounts = set(), set(), set()
    for deal in open_deals(department).to_dict("records"):
        now = facts[deal["pipeline"], deal["stage"]]
        for (pipeline, _), stage in facts.items():
            if (
                pipeline != deal["pipeline"]
                or stage["position"] > now["position"]
                or pd.isna(stage["required_fields"])
            ):
                continue
            for field in stage["required_fields"].split(", "):
                if pd.isna(deal[field]):
                    (here if stage["position"] == now["position"] else earlier).add(deal["deal_id"])
                    if field == "amount":
                        amounts.add(deal["deal_id"])
    assert earlier == ids(department, 2)
    assert here == ids(department, 3)
    assert amounts == ids(department, 18)


def test_04_actions_without_words(department: Department) -> None:
    done = department.tasks[department.tasks["completed_at"].notna()]
    assert set(done["task_id"][done["title"].isna() | done["text"].isna()]) == ids(department, 4, "tasks")
    logged = department.activities
    assert set(logged["activity_id"][logged["title"].isna() | logged["text"].isna()]) == ids(
        department, 4, "activities"
    )


def test_05_lost_without_reason(department: Department) -> None:
    deals = department.deals
    found = deals["deal_id"][(deals["status"] == "lost") & deals["lost_reason"].isna()]
    assert set(found) == ids(department, 5)
    assert deals["lost_reason"][deals["status"] != "lost"].isna().all()


def test_06_07_10_cards(department: Department) -> None:
    companies, contacts = department.companies, department.contacts
    blank = companies[["name", "segment", "city", "tax_id"]].isna().any(axis=1)
    assert set(companies["company_id"][blank]) == ids(department, 6, "companies")
    blank = (
        contacts["position"].isna()
        | contacts["name"].isna()
        | (contacts["phone"].isna() & contacts["email"].isna())
    )
    assert set(contacts["contact_id"][blank]) == ids(department, 7, "contacts")
    blank = companies["qualification"].isna()
    assert set(companies["company_id"][blank]) == ids(department, 10, "companies")


def test_08_over_the_norm(department: Department) -> None:
    facts, now = stage_facts(department), as_of(department)
    found = {
        deal["deal_id"]
        for deal in open_deals(department).to_dict("records")
        if now - deal["stage_entered_at"] > facts[deal["pipeline"], deal["stage"]]["norm_days"] * DAY
    }
    assert found == ids(department, 8)
    last = department.stage_changes.groupby("deal_id")["changed_at"].max()
    deals = department.deals.set_index("deal_id")
    assert (deals["stage_entered_at"] == last.reindex(deals.index)).all()


def test_09_without_client(department: Department) -> None:
    deals = department.deals
    assert set(deals["deal_id"][deals["company_id"].isna() & deals["contact_id"].isna()]) == ids(
        department, 9
    )


def test_11_overdue_tasks(department: Department) -> None:
    late = open_tasks(department)
    late = late[late["due_at"] < as_of(department)]
    assert set(late["task_id"]) == ids(department, 11, "tasks")
    assert set(late["deal_id"]) == ids(department, 11)


def test_12_closed_without_next(department: Department) -> None:
    having = set(open_tasks(department)["deal_id"])
    done = set(department.tasks["deal_id"][department.tasks["completed_at"].notna()])
    assert (set(open_deals(department)["deal_id"]) & done) - having == ids(department, 12)


@pytest.mark.parametrize(("days", "planless"), [(14, True), (14, False), (21, False)])
def test_13_stale(department: Department, days: int, planless: bool) -> None:
    now = as_of(department)
    latest = department.deals.set_index("deal_id")[["stage_entered_at", "last_activity_at"]].max(axis=1)
    planned = set(open_tasks(department).loc[lambda rows: rows["due_at"] >= now, "deal_id"])
    found = {
        one for one in open_deals(department)["deal_id"]
        if now - latest[one] > days * DAY and not (planless and one in planned)
    }  # fmt: skip
    assert found == ids(department, 13)


def test_14_and_15_skips_and_returns(department: Department) -> None:
    position = {key: row["position"] for key, row in stage_facts(department).items()}
    optional = {(p.name, s.name) for p in department.scenario.pipelines for s in p.stages if s.optional}
    pipelines = department.deals.set_index("deal_id")["pipeline"].astype(str)
    lost = {
        stage.name
        for pipeline in department.scenario.pipelines
        for stage in pipeline.stages
        if stage.kind == "lost"
    }
    skipped, back = set(), set()
    moves = department.stage_changes.dropna(subset=["from_stage"])
    for deal, before, after in zip(moves["deal_id"], moves["from_stage"], moves["to_stage"], strict=True):
        pipeline = pipelines[deal]
        start, end = position[pipeline, before], position[pipeline, after]
        if end < start:
            back.add(deal)
        if after not in lost:
            between = [key for key, place in position.items() if key[0] == pipeline and start < place < end]
            if any(key not in optional for key in between):
                skipped.add(deal)
    assert skipped == ids(department, 14)
    assert back == ids(department, 15)


def working_seconds(start: pd.Timestamp, end: pd.Timestamp, days_off: tuple[str, ...]) -> float:
    """Count Monday to Friday, 9 to 18, day by day."""
    total = 0.0
    for day in pd.date_range(start.normalize(), end.normalize()):
        if day.day_of_week < 5 and day.strftime("%m-%d") not in days_off:
            begin, until = max(start, day + pd.Timedelta(hours=9)), min(end, day + pd.Timedelta(hours=18))
            total += max((until - begin).total_seconds(), 0.0)
    return total


def test_16_first_response(department: Department) -> None:
    inbound = {source.name for source in department.scenario.sources if source.inbound}
    actions = department.activities[department.activities["direction"] == "out"][["deal_id", "at"]]
    done = department.tasks.dropna(subset=["completed_at"])[["deal_id", "completed_at"]].set_axis(
        ["deal_id", "at"], axis=1
    )
    first = pd.concat([actions, done]).groupby("deal_id")["at"].min()
    found = {
        deal["deal_id"]
        for deal in department.deals.to_dict("records")
        if deal["source"] in inbound
        and working_seconds(deal["created_at"], first[deal["deal_id"]], department.scenario.days_off) > 3600
    }
    assert found == ids(department, 16)


def test_17_late_proposals(department: Department) -> None:
    scenario, now = department.scenario, as_of(department)
    stages = {
        s.name for p in scenario.pipelines for s in p.stages if s.process_step == "proposal preparation"
    }
    titles = {"ru": "Отправлено коммерческое предложение", "en": "Commercial proposal sent"}
    sent = (
        department.activities[department.activities["title"] == titles[scenario.language]]
        .groupby("deal_id")["at"]
        .min()
    )
    found = set()
    for row in department.stage_changes[department.stage_changes["to_stage"].isin(stages)].to_dict("records"):
        day = row["changed_at"].normalize() + DAY
        while day.day_of_week > 4 or day.strftime("%m-%d") in scenario.days_off:
            day += DAY
        deadline = day + pd.Timedelta(hours=18)
        if sent.get(row["deal_id"], now) > deadline:
            found.add(row["deal_id"])
    assert found == ids(department, 17)


def test_19_expected_close_in_the_past(department: Department) -> None:
    deals = open_deals(department)
    found = deals["deal_id"][deals["expected_close_on"] < pd.Timestamp(department.scenario.as_of).normalize()]
    assert set(found) == ids(department, 19)


def test_20_duplicates(department: Department) -> None:
    contacts, companies = department.contacts, department.companies
    phone = contacts["phone"].str.replace(r"\D", "", regex=True).str[-10:]
    same = phone.notna() & phone.duplicated(keep=False) | contacts["email"].notna() & contacts[
        "email"
    ].duplicated(keep=False)
    assert set(contacts["contact_id"][same]) == ids(department, 20, "contacts")
    bare = (
        companies["name"].str.casefold().str.replace(r"ооо|inc\w*\b|\W", "", regex=True)
        + "|"
        + companies["city"].astype(str)
    )
    tax = companies["tax_id"]
    same = tax.notna() & tax.duplicated(keep=False) | bare.notna() & bare.duplicated(keep=False)
    assert set(companies["company_id"][same]) == ids(department, 20, "companies")


def test_21_owned_by_one_who_left(department: Department) -> None:
    reps = department.managers
    gone = set(reps["manager_id"][reps["left_on"] <= pd.Timestamp(department.scenario.as_of)])
    deals, tasks = open_deals(department), open_tasks(department)
    assert gone
    assert set(deals["deal_id"][deals["manager_id"].isin(gone)]) == ids(department, 21)
    assert set(tasks["task_id"][tasks["manager_id"].isin(gone)]) == ids(department, 21, "tasks")
    companies = department.companies
    assert set(companies["company_id"][companies["manager_id"].isin(gone)]) == ids(
        department, 21, "companies"
    )


def test_22_lost_and_forgotten(department: Department) -> None:
    technical = {reason.name for reason in department.scenario.loss_reasons if reason.technical}
    due = department.tasks.groupby("deal_id")["due_at"].apply(list)
    found = set()
    for deal in department.deals[department.deals["status"] == "lost"].to_dict("records"):
        closed = deal["closed_at"]
        if deal["lost_reason"] in technical or closed > as_of(department) - 7 * DAY:
            continue
        first, last = closed + pd.DateOffset(months=3), closed + pd.DateOffset(months=6)
        if not any(first <= one <= last for one in due.get(deal["deal_id"], [])):
            found.add(deal["deal_id"])
    assert found == ids(department, 22)


def test_23_several_open_deals(department: Department) -> None:
    deals = open_deals(department).dropna(subset=["company_id", "product"])
    same = deals.duplicated(["company_id", "product", "pipeline"], keep=False)
    assert set(deals["deal_id"][same]) == ids(department, 23)


def test_innocents_are_none_of_the_offenders(department: Department) -> None:
    for check, reasons in department.truth.innocents.items():
        for why, tables in reasons.items():
            for table, rows in tables.items():
                assert rows, why
                assert not set(rows) & ids(department, check, table), why
