"""The account of the process: ten deals by hand, and agreement with the measures on departments by chance."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest

from crmkit import Period, evaluate
from crmkit.process.accounting import accounting, missing, refusals
from crmkit.process.description import Process
from crmkit.process.steps import map_steps, stages_as_places
from crmkit.stagelog import owners, stage_log
from crmkit.stages import OUTCOMES

STAGES = [
    {"name": "New", "norm_days": 4}, {"name": "Talk", "norm_days": 5}, {"name": "Offer"},
    {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
]  # fmt: skip
#: Deal, amount, present stage, day of closing, then its history: day, stage, owner (Ann if not said).
DEALS = (
    ("clean", 100, "Won", "02-20", "02-02 New", "02-05 Talk", "02-07 Talk Bob", "02-10 Offer Bob",
     "02-20 Won Bob"),
    ("skipped", 300, "Won", "02-25", "02-03 New", "02-08 Offer", "02-25 Won"),
    ("returned", "", "Talk", "", "02-04 New", "02-06 Talk", "02-09 Offer Bob", "02-12 Talk Bob"),
    ("lost in Talk, its history does not say so", 200, "Lost", "02-18", "02-05 New", "02-11 Talk"),
    ("skipped and lost", 400, "Lost", "02-16", "02-06 New", "02-14 Offer", "02-16 Lost"),
    ("reopened", "", "Talk", "", "02-01 New", "02-03 Lost", "02-15 Talk"),
    ("open from before", 250, "Talk", "", "01-10 New", "01-20 Talk"),
    ("won before", 900, "Won", "01-15", "01-05 New", "01-08 Talk", "01-12 Offer", "01-15 Won"),
    ("won after", 900, "Won", "03-10", "01-25 New", "02-17 Talk", "03-05 Offer", "03-10 Won"),
    ("a double: a technical loss", 500, "Lost", "02-11", "02-10 New", "02-11 Lost"),
)  # fmt: skip
OWNERS = {"clean": "Bob", "returned": "Bob", "reopened": "Cid"}
FEBRUARY = Period.parse("2026-02", "UTC")
ALL = Period.parse("all", "UTC")


def _at(day: str) -> str:
    return f"2026-{day[:5]} 10:00" if day else ""


def ten(snapshot, *, turn: int = 0, **rest):
    """Return the ten deals, the rows of every table turned by so many places."""
    deals = [
        {"deal_id": str(number), "title": title, "amount": amount, "stage": stage, "closed_at": _at(closed),
         "created_at": _at(moves[0]), "manager_id": OWNERS.get(title, "Ann"),
         "lost_reason": "" if stage != "Lost" else "Double" if "double" in title else "Price"}
        for number, (title, amount, stage, closed, *moves) in enumerate(DEALS, 1)
    ]  # fmt: skip
    changes = [
        {"deal_id": str(number), "changed_at": _at(move), "to_stage": move.split()[1],
         "manager_id": [*move.split(), "Ann"][2]}
        for number, (_, _, _, _, *moves) in enumerate(DEALS, 1) for move in moves
    ]  # fmt: skip
    # a task done in the minute of entering Talk, one in that of being won, one of another deal long before
    tasks = [
        {"task_id": str(number), "deal_id": deal, "created_at": "2026-01-01", "completed_at": _at(day)}
        for number, (deal, day) in enumerate((("1", "02-05"), ("1", "02-20"), ("8", "01-05")), 1)
    ]
    calls = [{"activity_id": "1", "deal_id": "6", "at": _at("03-28"), "kind": "call"}]
    tables = {"deals": deals, "stage_changes": changes, "tasks": tasks}
    turned = {name: [*rows[turn:], *rows[:turn]] for name, rows in tables.items()}
    return snapshot(**turned, activities=calls, stages=STAGES, technical_losses=["Double"], **rest)


def account(crm, period=FEBRUARY, **more):
    return accounting(crm, period, stages_as_places(crm), **more).set_index("stage")


def told(row, *names):
    return tuple(None if np.isnan(row[name]) else round(row[name], 6) for name in names)


def test_ten_deals_by_hand(snapshot):
    rows = account(ten(snapshot))
    assert rows.index.tolist() == ["New", "Talk", "Offer"]
    # New: all six of February; «reopened» was first lost there; the double is no loss.
    assert told(rows.loc["New"], "entries", *OUTCOMES, "returned", "deals", "skipped") == (
        6, 5, 1, 0, 0, 0, 0, 0, 6, 0,
    )  # fmt: skip
    # Talk: clean, returned (its first visit), won after went on; one lost; two still there, one of these the
    # second visit of «returned»; two more deals passed over it.
    talk = rows.loc["Talk"]
    assert told(talk, "entries", *OUTCOMES, "returned", "deals", "skipped") == (6, 3, 1, 0, 0, 2, 0, 1, 5, 2)
    assert told(talk, "conversion_numerator", "conversion_denominator", "conversion_n") == (5, 6, 6)
    # 5, 3, 7 and 16 days, two still there: the median lies between 7 and 16
    assert told(talk, "days_median", "days_median_numerator", "days_median_n") == (11.5, 4, 6)
    # Of 2, 2, 3, 5, 6, 8 days in New three are over 4. Of those in Talk 7 and 16 are over 5, and both that
    # are still there. Offer has no norm.
    assert [told(rows.loc[name], "over_norm_numerator", "over_norm_n") for name in ("New", "Talk")] == [
        (3, 6), (4, 6),
    ]  # fmt: skip
    assert told(rows.loc["Offer"], "over_norm", "over_norm_n", "norm_amount") == (None, 0, None)
    # The task done on entering Talk and the call count there; the one done on being won counts nowhere.
    assert rows["actions_numerator"].tolist() == [0, 2, 0] and rows["actions_n"].tolist() == [6, 6, 4]
    # In Talk «clean» passed to Bob while there, «returned» by the time of leaving, «reopened» to Cid since.
    assert rows["owner_changes_numerator"].tolist() == [0, 3, 0]


def test_what_stands_now_counts_missing_amounts_apart(snapshot):
    rows = account(ten(snapshot))
    names = ("open_now", "money_now", "money_now_n", "open_without_amount", "open_over_norm",
             "open_over_norm_n", "money_over_norm")  # fmt: skip
    assert told(rows.loc["Talk"], *names) == (3, 250, 1, 2, 3, 3, 250)
    assert told(rows.loc["New"], *names) == (0, 0, 0, 0, 0, 0, 0)
    crm = snapshot(
        [{"stage": "New", "created_at": "2026-03-01", "amount": ""}, {"stage": "Offer", "amount": 5}]
    )
    rows = account(crm)
    assert told(rows.loc["New"], "open_now", "money_now", "open_without_amount") == (1, None, 1)


def test_by_rep_adds_up_to_the_whole(snapshot):
    crm = ten(snapshot)
    rows = account(crm, by_rep=True).reset_index()
    talk = rows[rows["stage"] == "Talk"].set_index("manager_id")
    # by the owner on entering: the second visit of «returned» is Bob's; now «reopened» is Cid's
    assert talk["entries"].to_dict() == {"Ann": 5, "Bob": 1, "Cid": 0}
    assert talk["lost"].to_dict() == {"Ann": 1, "Bob": 0, "Cid": 0}
    assert talk["open_now"].to_dict() == {"Ann": 1, "Bob": 1, "Cid": 1}
    sums = [*OUTCOMES, "entries", "returned", "skipped", "conversion_n", "over_norm_n", "actions_numerator"]
    whole = account(crm).reset_index().set_index("place")
    pd.testing.assert_frame_equal(rows.groupby("place")[sums].sum(), whole[sums])


def test_by_rep_without_reps_names_nobody(snapshot):
    crm = snapshot(
        [{"status": "open", "created_at": "2026-02-02"}],
        stage_changes=[{"deal_id": "1", "changed_at": "2026-02-02", "to_stage": "New"}],
    )
    rows = accounting(crm, FEBRUARY, stages_as_places(crm), by_rep=True)
    assert rows.loc[rows["entries"] > 0, "manager_id"].isna().tolist() == [True]


def test_reasons_of_losses_by_place(snapshot):
    crm = ten(snapshot)
    rows = refusals(crm, FEBRUARY, stages_as_places(crm))
    rows = rows[["stage", "lost_reason", "n", "share", "share_n"]].astype(object)
    assert rows.where(rows.notna(), None).values.tolist() == [
        ["New", None, 1, 1.0, 1.0],  # «reopened»: it is open now
        ["Talk", "Price", 1, 1.0, 1.0],
        ["Offer", "Price", 1, 1.0, 1.0],
    ]


def test_the_order_of_rows_tells_nothing(snapshot):
    one, other = ten(snapshot), ten(snapshot, turn=4)
    for by_rep in (False, True):
        pd.testing.assert_frame_equal(account(one, by_rep=by_rep), account(other, by_rep=by_rep))
    frames = [refusals(crm, FEBRUARY, stages_as_places(crm)) for crm in (one, other)]
    pd.testing.assert_frame_equal(*frames)


def test_nothing_after_as_of_and_period_ends_excluded(snapshot):
    crm = ten(snapshot, as_of="2026-02-10", exported_on="2026-03-31")
    talk = account(crm).loc["Talk"]
    # by the evening of 10 February clean and returned had come to Talk and gone on; skipped had passed it
    assert told(talk, "entries", "advanced", "still_there", "skipped", "open_now") == (2, 2, 0, 1, 1)
    assert np.isnan(talk["money_now"])
    assert missing(crm, FEBRUARY, stages_as_places(crm))["money_now"] == "known_at_export_only"
    edge = Period.parse("2026-02-02..2026-02-11", "UTC")
    assert account(ten(snapshot), edge).loc["Talk", "entries"] == 2  # 5 and 6; that of 11 February is not


@pytest.mark.parametrize(("period", "code"), [("2025", "before_first_record"), ("2027", "after_as_of")])
def test_a_time_without_a_record_is_unknown_not_zero(snapshot, period, code):
    crm = ten(snapshot)
    span = Period.parse(period, "UTC")
    assert missing(crm, span, stages_as_places(crm))["entries"] == code
    assert account(crm, span)["entries"].isna().all() and account(crm, span).loc["Talk", "open_now"] == 3


def test_a_list_of_deals_tells_only_what_stands_now(snapshot):
    crm = snapshot(
        [{"stage": "New", "amount": 5, "created_at": "2026-03-01"}, {"stage": "Offer", "amount": 7}]
    )
    rows = account(crm, ALL)
    assert rows["entries"].isna().all() and rows["conversion"].isna().all()
    assert (rows["open_now"].tolist(), rows["money_now"].tolist()) == ([1, 1], [5, 7])
    why = missing(crm, ALL, stages_as_places(crm))
    assert why["entries"] == why["days_median"] == "stage_changes.to_stage" and "open_now" not in why
    assert refusals(crm, ALL, stages_as_places(crm)).empty


def test_a_description_gives_steps_the_places_that_no_export_tells(snapshot):
    changes = [{"deal_id": "1", "changed_at": f"2026-02-0{day}", "to_stage": stage}
               for day, stage in enumerate(("New", "Offer"), 1)]  # fmt: skip
    crm = snapshot([{"deal_id": "1", "stage": "Offer"}], stage_changes=changes, pipelines=[])
    assert account(crm, ALL).loc["New", "unknown"] == 1
    assert missing(crm, ALL, stages_as_places(crm))["conversion"] == "stages.position"
    steps = [{"name": name, "crm_stages": [name]} for name in ("New", "Offer")]
    places = map_steps(crm, Process.model_validate({"name": "Sales", "steps": steps}))
    (first, _) = accounting(crm, ALL, places).to_dict("records")
    assert (first["advanced"], first["conversion"]) == (1, 1.0) and "conversion" not in missing(
        crm, ALL, places
    )


def test_norms_in_working_time(snapshot):
    # from Friday 17:00 to Monday 10:00: two working hours of nine a day; in a step of two stages
    moves = [("New", "2026-02-06 17:00"), ("Offer", "2026-02-09 09:30"), ("Won", "2026-02-09 10:00")]
    changes = [{"deal_id": "1", "changed_at": at, "to_stage": stage} for stage, at in moves]
    deal = {"deal_id": "1", "stage": "Won", "created_at": moves[0][1], "closed_at": moves[-1][1]}
    crm = snapshot([deal], stage_changes=changes)
    for norm, over in (
        ("2 working_hours", 0),
        ("1.9 working_hours", 1),
        ("0.2 working_days", 1),
        ("3 days", 0),
    ):
        step = {"name": "Sale", "crm_stages": ["New", "Offer"], "norm": norm}
        process = Process.model_validate({"name": "Sales", "steps": [step]})
        (row,) = accounting(crm, ALL, map_steps(crm, process)).to_dict("records")
        assert (row["stage"], row["step_ix"], row["entries"], row["over_norm_numerator"]) == (
            "Sale",
            0,
            1,
            over,
        )
        assert row["working_days_median"] == pytest.approx(2 / 9)


def chance_department(snapshot, seed: int):
    """Return a client whose deals wander about in two pipelines, some reopened, some without a date."""
    chance = Random(seed)
    pipelines = [{"name": name, "stages": [dict(one) for one in STAGES]} for name in ("East", "West")]
    deals, changes = [], []
    for number in range(80):
        day, where = chance.randrange(60), chance.choice(["East", "West"])
        at = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day, minutes=chance.randrange(600, 900))
        created, names = str(at), []
        for _ in range(chance.randrange(1, 6)):
            names.append(chance.choice(["New", "New", "Talk", "Talk", "Offer", "Won", "Lost"]))
            changes.append({"deal_id": str(number), "changed_at": str(at), "to_stage": names[-1],
                            "manager_id": chance.choice(["Ann", "Bob", ""])})  # fmt: skip
            at = min(at + pd.Timedelta(hours=chance.randrange(200)), pd.Timestamp("2026-03-30"))
        closed = str(at) if names[-1] in ("Won", "Lost") else ""
        deals.append({"deal_id": str(number), "pipeline": where, "stage": names[-1], "closed_at": closed,
                      "created_at": created if number % 9 else "",
                      "manager_id": chance.choice(["Ann", "Bob"]),
                      "lost_reason": chance.choice(["Double", "Price", ""])})  # fmt: skip
    return snapshot(
        deals, stage_changes=changes, pipelines=pipelines, technical_losses=["Double"],
        managers=[{"name": "Ann"}, {"name": "Bob"}],
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("period", ["all", "2026-02"])
def test_agrees_with_the_measures_of_stages(snapshot, seed, period):
    crm = chance_department(snapshot, seed)
    span = Period.parse(period, "UTC")
    for by_rep in (False, True):
        by = ["pipeline", "stage", *(["manager"] if by_rep else [])]
        mine = accounting(crm, span, stages_as_places(crm), by_rep=by_rep).rename(
            columns={"manager_id": "manager"}
        )
        mine = mine[mine["pipeline"].notna()].astype(dict.fromkeys(by, "str")).set_index(by).sort_index()
        assert (mine[list(OUTCOMES)].sum(axis=1) == mine["entries"]).all() and mine["entries"].sum() > 40
        for name, key in (("stage_conversion", "conversion"), ("time_in_stage:median", "days_median"),
                          ("time_in_stage:p90", "days_p90")):  # fmt: skip
            figures = evaluate(name, crm, span, by=by).dropna(subset=by)
            figures = figures[figures["n"] > 0].set_index(by).sort_index()
            for part in ("value", "numerator", "denominator", "n"):
                column = key if part == "value" else f"{key}_{part}"
                told_here = mine.loc[mine[f"{key}_n"] > 0, column]
                pd.testing.assert_series_equal(
                    told_here, figures[part], check_names=False, check_dtype=False, check_index_type=False
                )
    if span.is_all:  # without borders both bases are the same, save for those still there beyond the norm
        mine = account(crm, span)
        figure = evaluate("stage_on_time", crm, span).iloc[0]
        going = mine["over_norm_n"].sum() - figure["n"]
        assert mine["over_norm_numerator"].sum() - going == figure["n"] - figure["numerator"]
        assert 0 < going <= mine["still_there"].sum()


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_plain_loops(snapshot, seed):
    crm = chance_department(snapshot, seed)
    places = stages_as_places(crm)
    rows = places.visits(crm).rows
    seen, again = set(), {}
    for deal, stage in zip(rows["deal_ix"], rows["stage"], strict=True):
        again[stage] = again.get(stage, 0) + ((deal, stage) in seen and not _technical(crm, deal))
        seen.add((deal, stage))
    mine = accounting(crm, ALL, places).set_index("place")
    assert mine["returned"].to_dict() == {place: again.get(place, 0) for place in mine.index}


def _technical(crm, deal):
    return crm.deals["lost_reason"].iloc[deal] == "Double" and crm.deals["status"].iloc[deal] == "lost"


def test_owners_at_one_moment_do_not_hang_on_the_order_of_rows(snapshot):
    """New with Ann and Bob, and Talk with Ann, all at ten o'clock; then Offer with Bob.

    Rows of one moment stand in the order of the stages, then of the owners.
    """
    moves = [
        ("New", "Bob", "02-02"),
        ("New", "Ann", "02-02"),
        ("Talk", "Ann", "02-02"),
        ("Offer", "Bob", "02-05"),
    ]
    changes = [
        {"deal_id": "1", "changed_at": _at(day), "to_stage": stage, "manager_id": owner}
        for stage, owner, day in moves
    ]
    deals = [{"deal_id": "1", "stage": "Offer", "manager_id": "Bob"}]
    told = []
    for rows in (changes, changes[::-1]):
        crm = snapshot(deals, stage_changes=rows, stages=STAGES)
        log = stage_log(crm)
        # New with Ann, then with Bob (collapsed), Talk with Ann, Offer with Bob
        assert owners(crm)[2][log.manager].tolist() == ["Ann", "Ann", "Bob"]
        told.append(accounting(crm, ALL, stages_as_places(crm)))
    pd.testing.assert_frame_equal(*told)
