"""Stage visits: hand-worked histories, and what must hold of any log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crmkit.calendars import WorkCalendar
from crmkit.columns import TABLES, typed_nulls
from crmkit.schema import Settings, Snapshot
from crmkit.stages import OUTCOMES
from crmkit.visits import Visits, passed_over, stage_visits, visit_days

SALES = ("New", "Talk", "Offer", "Deal", "Won", "Lost")
KINDS = {"Won": "won", "Lost": "lost"}
STAGES = [
    {"pipeline": "Sales", "stage": name, "position": place, "kind": KINDS.get(name, "open")}
    for place, name in enumerate(SALES, 1)
]
SERVICE = [
    {"pipeline": "Service", "stage": name, "position": place, "kind": KINDS.get(name, "open")}
    for place, name in enumerate(("Call", "Work", "Won", "Lost"), 1)
]


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a canonical table of these rows, moments as ISO text in UTC."""
    given = pd.DataFrame(list(rows))
    columns = {}
    for item in TABLES[name]:
        if item.name not in given:
            columns[item.name] = typed_nulls(item.kind, len(rows), "UTC")
        elif item.kind == "moment":
            columns[item.name] = pd.to_datetime(given[item.name], utc=True, format="ISO8601").dt.as_unit("us")
        else:
            kinds = {"category": "category", "id": "str", "text": "str"}
            columns[item.name] = given[item.name].astype(kinds.get(item.kind, "float64"))
    return pd.DataFrame(columns)


def crm_of(
    deals: Sequence[Mapping[str, Any]],
    changes: Sequence[tuple[Any, ...]],
    stages: Sequence[Mapping[str, Any]] = STAGES,
    self_loops: str = "collapse",
) -> Snapshot:
    """Return a Snapshot; a change is ``(deal, moment, from, to)``, in any order."""
    tables = {name: table(name, []) for name in TABLES}
    tables["deals"] = table("deals", deals)
    tables["deals"]["status"] = pd.Categorical(tables["deals"]["status"], categories=["open", "won", "lost"])
    tables["stages"] = table("stages", stages)
    names = ("deal_id", "changed_at", "from_stage", "to_stage", "manager_id")
    log = table("stage_changes", [dict(zip(names, row, strict=False)) for row in changes])
    ids = tables["deals"]["deal_id"].tolist()
    tables["stage_changes"] = log.assign(
        deal_ix=np.array([ids.index(one) if one in ids else -1 for one in log["deal_id"]], dtype=np.int64)
    )
    as_of = pd.Timestamp("2026-03-31", tz="UTC")
    settings = Settings("UTC", "EUR", WorkCalendar(zone="UTC"), self_loops=self_loops)
    began = {"stage_changes": log["changed_at"].min()} if len(log) else {}
    return Snapshot(as_of, as_of, tables, settings, frozenset(), began=began)


def told(visits: Visits) -> list[tuple[Any, ...]]:
    """Return deal, stage, day entered, day left, outcome and stages skipped on leaving, one per visit."""
    rows = visits.rows
    days = [rows[name].dt.strftime("%m-%d").fillna("") for name in ("entered_at", "left_at")]
    stage = visits.order.table["stage"].to_numpy()[rows["stage"]]
    outcome = np.array(OUTCOMES)[rows["outcome"]]
    return list(zip(rows["deal_ix"], stage, *days, outcome, rows["skipped_after"], strict=True))


def deal(number: int, status: str = "open", created: str = "2026-01-01", **rest: Any) -> dict[str, Any]:
    return {"deal_id": f"D{number}", "pipeline": "Sales", "status": status, "created_at": created} | rest


def test_each_way_in_which_a_visit_can_end() -> None:
    crm = crm_of(
        [deal(0, "won", closed_at="2026-01-20"), deal(1, "lost", closed_at="2026-01-09"), deal(2), deal(3)],
        [
            ("D0", "2026-01-01", None, "New"), ("D0", "2026-01-05", "New", "Talk"),
            ("D0", "2026-01-07", "Talk", "New"), ("D0", "2026-01-20", "New", "Won"),
            ("D1", "2026-01-01", None, "New"), ("D1", "2026-01-04", "New", "Offer"),
            ("D2", "2026-01-01", None, "New"), ("D2", "2026-01-02", "New", "Lost"),
            ("D2", "2026-01-03", "Lost", "Talk"),
            ("D3", "2026-01-02", None, "New"), ("D3", "2026-01-06", "New", "Work"),
        ],
        [*STAGES, *SERVICE],
    )  # fmt: skip
    assert told(stage_visits(crm)) == [
        # D0 went back from Talk; then from New it was won: Talk had been reached, Offer and Deal were skipped
        (0, "New", "01-01", "01-05", "advanced", 0),
        (0, "Talk", "01-05", "01-07", "moved_back", 0),
        (0, "New", "01-07", "01-20", "advanced", 2),
        (0, "Won", "01-20", "", "still_there", 0),
        # D1 skipped Talk, and was lost in Offer without a change of stage
        (1, "New", "01-01", "01-04", "advanced", 1),
        (1, "Offer", "01-04", "01-09", "lost", 0),
        # D2 was lost and reopened: a new visit begins, still going on
        (2, "New", "01-01", "01-02", "lost", 0),
        (2, "Lost", "01-02", "01-03", "moved_back", 0),
        (2, "Talk", "01-03", "", "still_there", 0),
        # D3 was handed to the other pipeline; «Work» stands only there
        (3, "New", "01-02", "01-06", "other_pipeline", 0),
        (3, "Work", "01-06", "", "still_there", 0),
    ]


def test_changes_of_one_moment_follow_the_order_of_the_stages_never_that_of_the_rows() -> None:
    rows = [("D0", "2026-01-02", None, name) for name in ("Offer", "New", "Talk")]
    for changes in (rows, rows[::-1], [rows[1], rows[2], rows[0]]):
        stages = [one[1] for one in told(stage_visits(crm_of([deal(0)], changes)))]
        assert stages == ["New", "Talk", "Offer"]


def test_a_stage_changed_to_itself_is_collapsed_and_counted_or_kept() -> None:
    changes = [
        ("D0", "2026-01-02", None, "New"), ("D0", "2026-01-03", "New", "New"),
        ("D0", "2026-01-05", "New", "Talk"),
    ]  # fmt: skip
    whole = stage_visits(crm_of([deal(0)], changes))
    assert told(whole) == [
        (0, "New", "01-02", "01-05", "advanced", 0),
        (0, "Talk", "01-05", "", "still_there", 0),
    ]
    assert whole.self_loops["at"].dt.day.tolist() == [3]
    kept = stage_visits(crm_of([deal(0)], changes, self_loops="keep"))
    assert [one[1:5] for one in told(kept)] == [
        ("New", "01-02", "01-03", "moved_back"),
        ("New", "01-03", "01-05", "advanced"),
        ("Talk", "01-05", "", "still_there"),
    ]
    assert kept.self_loops.empty


def test_a_history_of_moves_begins_at_creation() -> None:
    # D0 stood in New since its creation; D1 never moved, and the history had begun when it came; D2 came
    # before; D3 is closed in a stage that the history does not tell of
    crm = crm_of(
        [
            deal(0, stage="Talk"), deal(1, created="2026-01-15", stage="New"), deal(2, stage="New"),
            deal(3, "lost", "2026-01-20", stage="Lost", closed_at="2026-02-01"),
        ],
        [("D0", "2026-01-10", "New", "Talk")],
    )  # fmt: skip
    visits = stage_visits(crm)
    assert told(visits) == [
        (0, "New", "01-01", "01-10", "advanced", 0),
        (0, "Talk", "01-10", "", "still_there", 0),
        (1, "New", "01-15", "", "still_there", 0),
    ]
    assert visits.without_history.tolist() == [False, False, True, True]


def test_where_creations_are_recorded_a_deal_without_rows_is_without_history() -> None:
    visits = stage_visits(crm_of([deal(0), deal(1, stage="New")], [("D0", "2026-01-01", None, "New")]))
    assert len(visits.rows) == 1
    assert visits.without_history.tolist() == [False, True]


def test_stages_without_a_place_leave_the_outcome_unknown() -> None:
    changes = [("D0", "2026-01-01", None, "Pause"), ("D0", "2026-01-03", "Pause", "Talk")]
    assert [one[4] for one in told(stage_visits(crm_of([deal(0)], changes)))] == ["unknown", "still_there"]


def test_what_is_won_without_passing_the_stages_has_skipped_them() -> None:
    # the status alone says so, at the present stage; the history has no row of it
    crm = crm_of([deal(0, "won", closed_at="2026-02-01")], [("D0", "2026-01-01", None, "Talk")])
    visits = stage_visits(crm)
    assert told(visits) == [(0, "Talk", "01-01", "02-01", "advanced", 2)]
    skipped = passed_over(visits)
    assert visits.order.table["stage"].to_numpy()[skipped["stage"]].tolist() == ["Offer", "Deal"]
    assert skipped["at"].dt.strftime("%m-%d").tolist() == ["02-01", "02-01"]


def test_an_optional_stage_is_passed_over_and_not_skipped() -> None:
    # New → Deal leaves out Talk and Offer; a deal may leave out Offer
    stages = [{**one, "is_optional": one["stage"] == "Offer"} for one in STAGES]
    changes = [("D0", "2026-01-01", None, "New"), ("D0", "2026-01-05", None, "Deal")]
    changes += [("D1", "2026-01-01", None, "Talk"), ("D1", "2026-01-05", None, "Deal")]
    visits = stage_visits(crm_of([deal(0), deal(1)], changes, stages))
    assert visits.rows["passed_over"].tolist() == [2, 0, 1, 0]
    assert visits.rows["skipped_after"].tolist() == [1, 0, 0, 0]
    assert visits.rows["skipped_before"].tolist() == [0, 1, 0, 0]
    left = passed_over(visits)
    assert visits.order.table["stage"].to_numpy()[left["stage"]].tolist() == ["Talk", "Offer", "Offer"]
    assert left["is_optional"].tolist() == [False, True, True]


def test_the_owner_is_that_of_entering_else_the_present_one() -> None:
    deals = [deal(0, manager_id="Ann")]
    changes = [("D0", "2026-01-01", None, "New", "Bob"), ("D0", "2026-01-04", "New", "Talk", None)]
    assert stage_visits(crm_of(deals, changes)).rows["manager_id"].tolist() == ["Bob", "Ann"]


def test_a_client_without_history_has_no_visits() -> None:
    visits = stage_visits(crm_of([deal(0, stage="New")], []))
    assert visits.rows.empty and visits.without_history.tolist() == [True]
    assert passed_over(visits).empty


def test_the_days_of_a_visit() -> None:
    # from Thursday noon to Monday noon: 4 days; of the working hours 9 to 18, 6 on Thursday, 9 on Friday and
    # 3 on Monday: 18 hours, 2 working days. The next visit lasts until as_of, midnight of 31 March: 77.5 days
    changes = [("D0", "2026-01-08T12:00", None, "New"), ("D0", "2026-01-12T12:00", None, "Talk")]
    crm = crm_of([deal(0)], changes)
    rows = stage_visits(crm).rows
    assert visit_days(crm, rows).tolist() == [4.0, 77.5]
    assert visit_days(crm, rows, working=True)[0] == 2.0


def naive(crm: Snapshot) -> list[tuple[Any, ...]]:
    """Return deal, stage, outcome and skips by plain loops over a deal's rows: the reference."""
    place = {one["stage"]: one["position"] for one in STAGES}
    opens = [name for name in SALES if name not in KINDS]
    found = []
    log = crm.tables["stage_changes"]
    for ix, (status, _) in enumerate(zip(crm.deals["status"], crm.deals["deal_id"], strict=True)):
        mine = log[log["deal_ix"] == ix]
        rows = sorted(zip(mine["changed_at"], (place[one] for one in mine["to_stage"]), strict=True))
        names = [SALES[int(one) - 1] for _, one in rows]
        names = [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]
        reached = 0
        for at, name in enumerate(names):
            then = names[at + 1] if at + 1 < len(names) else None
            reached = max(reached, opens.index(name) if name in opens else 0)
            if then is None:
                how = {"won": "advanced", "lost": "lost", "open": "still_there"}[status]
                how = "still_there" if name in KINDS else how
            elif then in KINDS:
                how = {"Won": "advanced", "Lost": "lost"}[then]
            else:
                how = "advanced" if place[then] > place[name] and name not in KINDS else "moved_back"
            target = opens.index(then) if then in opens else len(opens)
            skips = max(0, target - reached - 1) if how == "advanced" and name in opens else 0
            found.append((ix, name, how, skips))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_random_logs_agree_with_plain_loops_and_the_outcomes_add_up(seed: int) -> None:
    chance = np.random.default_rng(seed)
    deals = [
        deal(number, str(chance.choice(["open", "won", "lost"])), closed_at="2026-03-30")
        for number in range(40)
    ]
    changes = [
        (f"D{chance.integers(40)}", f"2026-01-{chance.integers(1, 29):02d}", None, str(chance.choice(SALES)))
        for _ in range(300)
    ]
    crm = crm_of(deals, changes)
    visits = stage_visits(crm)
    assert [(one[0], one[1], one[4], one[5]) for one in told(visits)] == naive(crm)
    five = np.bincount(visits.rows["outcome"], minlength=len(OUTCOMES))[:5]
    assert five.sum() == len(visits.rows), "every entry ends in exactly one of five ways"
    assert len(visits.rows) + len(visits.self_loops) == len(changes)
    ended = visits.rows["left_at"].notna().to_numpy()
    assert (visits.rows["left_at"] >= visits.rows["entered_at"])[ended].all()


def test_a_deal_won_in_another_pipeline_skips_nothing_in_its_own():
    """Sales has more open stages than Service: none of them lies between Work and the end of Sales."""
    sales = [{**one, "stage": f"{one['stage']}!"} for one in STAGES]
    deals = [{"deal_id": "1", "pipeline": "Sales", "stage": "Won!", "status": "won"}]
    moves = [("1", "2026-01-01", None, "Work"), ("1", "2026-01-02", None, "Won!")]
    visits = stage_visits(crm_of(deals, moves, [*sales, *SERVICE]))
    assert [OUTCOMES[one] for one in visits.rows["outcome"]] == ["advanced", "still_there"]
    assert visits.rows["skipped_after"].tolist() == [0, 0]
    assert passed_over(visits).empty
