"""Description beside data: each mark by a case made for it, with enough cases and with too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from crmkit import Period
from crmkit.process.beside import ASPECTS, MARKS, described_beside_measured
from crmkit.process.description import Process

ALL = Period.parse("all", "UTC")
STAGES = [
    {"name": "New"}, {"name": "Talk"}, {"name": "Pause"}, {"name": "Offer"},
    {"name": "Won", "kind": "won"}, {"name": "Lost", "kind": "lost"},
]  # fmt: skip
STEPS = (
    {"name": "Lead", "crm_stages": ["New"], "norm": "3 days", "responsible": ["Hunter"],
     "expected_conversion": "50 %", "outputs": ["a call booked"]},
    {"name": "Talk", "crm_stages": ["Talk"], "norm": "4 days", "responsible": ["Hunter"],
     "expected_conversion": "100 %", "required_fields": ["amount", "Fax"]},
    {"name": "Offer", "crm_stages": ["Offer"], "norm": "18 working_hours", "responsible": ["Closer"],
     "expected_conversion": "75 %"},
    {"name": "Delivery"},
)  # fmt: skip
ROLES = [{"name": "Hunter", "crm_role": "hunter"}, {"name": "Closer", "crm_role": "closer"}]
PROCESS = Process.model_validate({"name": "Sales", "roles": ROLES, "steps": STEPS})


def department(snapshot, count: int, **rest):
    """Return so many deals, all alike but for every fourth.

    New from Monday to Friday (4 days), Talk for a day, Offer from Monday to Wednesday (18 working hours).
    Every fourth goes from New to Offer at once, stands there as long, has no amount, and is lost. Ann, a
    hunter, owns New and Offer, Bob, a closer, Talk.
    """
    deals, changes = [], []
    for number in range(count):
        short = number % 4 == 3
        moves = [("2026-02-02", "New", "Ann"), ("2026-02-06", "Talk", "Bob"), ("2026-02-09", "Offer", "Ann"),
                 ("2026-02-11", "Lost" if short else "Won", "Ann")]  # fmt: skip
        moves.pop(1) if short else moves.insert(2, ("2026-02-07", "Pause", "Ann"))
        for day, stage, who in moves:
            changes.append({"deal_id": str(number), "changed_at": f"{day} 09:00", "to_stage": stage,
                            "manager_id": who})  # fmt: skip
        deals.append({"deal_id": str(number), "stage": moves[-1][1], "closed_at": "2026-02-11 09:00",
                      "created_at": "2026-02-02 09:00", "amount": "" if short else 5,
                      "manager_id": "Ann"})  # fmt: skip
    managers = [{"name": "Ann", "role": "hunter"}, {"name": "Bob", "role": "closer"}]
    history = {"stage_changes": changes} if rest.pop("has_history", True) else {}
    return snapshot(deals, stages=STAGES, managers=managers, **history, **rest)


def beside(crm, process=PROCESS, period=ALL):
    rows = described_beside_measured(crm, period, process)
    assert set(rows["mark"]) <= set(MARKS)
    return rows.set_index(["step", "aspect"])


def marks(rows, aspect):
    return rows.xs(aspect, level="aspect")["mark"].to_dict()


def test_what_differs_and_what_agrees(snapshot):
    rows = beside(department(snapshot, 160))
    assert marks(rows, "use") == {
        "Lead": "", "Talk": "", "Offer": "", "Delivery": "no_crm_stage", "Pause": "undescribed_stage",
    }  # fmt: skip
    # Lead: 4 days (7 for every fourth) for the 3 that are said. Talk: one day for four. Offer: as said.
    assert marks(rows, "time") == {
        "Lead": "norm_exceeded", "Talk": "faster_than_norm", "Offer": "agrees", "Delivery": "no_crm_stage",
    }  # fmt: skip
    assert rows.loc[("Offer", "time"), ["value", "unit"]].tolist() == [18.0, "working_hours"]
    assert rows.loc[("Lead", "within_norm"), ["value", "n"]].tolist() == [0.0, 160.0]
    assert rows.loc[("Lead", "slow_tenth"), "value"] == 7.0
    # Lead: all go on, half is said. Talk: all, as said. Offer: three of four, as said.
    assert marks(rows, "conversion") == {
        "Lead": "conversion_above", "Talk": "agrees", "Offer": "agrees", "Delivery": "no_crm_stage",
    }  # fmt: skip
    # Talk is a hunter's by the description, and Bob's, a closer's, in truth; so is Offer the other way round
    assert marks(rows, "role") == {
        "Lead": "agrees", "Talk": "other_role_owns", "Offer": "other_role_owns", "Delivery": "no_crm_stage",
    }  # fmt: skip
    assert rows.loc[("Talk", "role"), ["value", "found"]].tolist() == [0.0, "closer"]
    assert rows.loc[("Talk", "owner"), ["value", "found"]].tolist() == [1.0, "Bob"]
    assert rows.loc[("Lead", "output"), "said"] == "a call booked"
    # every deal that went on from Talk has an amount; Fax is in no export
    assert rows.loc[("Talk", "fields"), ["mark", "value", "n"]].tolist() == ["agrees", 1.0, 120.0]
    assert rows.loc[("Talk", "fields"), "said"] == "amount · Fax"
    # one of four deals came to Offer without Talk
    assert marks(rows, "order")["Offer"] == "without_previous"
    assert rows.loc[("Offer", "order"), ["said", "value", "numerator", "n"]].tolist() == [
        "Talk",
        0.25,
        40,
        160,
    ]
    assert marks(rows, "order")["Lead"] == "not_described"  # nothing comes before it


def test_fields_that_are_empty_and_fields_of_no_export(snapshot):
    lead = {"name": "Lead", "crm_stages": ["New"], "required_fields": ["amount", "title"]}
    crm = department(snapshot, 160)
    row = beside(
        crm, Process.model_validate({"name": "S", "steps": [lead | {"required_fields": ["amount"]}]})
    )
    # 120 of 160 that went on have one
    assert row.loc[("Lead", "fields"), ["mark", "value", "found"]].tolist() == [
        "fields_empty",
        0.75,
        "amount",
    ]
    row = beside(crm, Process.model_validate({"name": "S", "steps": [lead | {"required_fields": ["Fax"]}]}))
    assert row.loc[("Lead", "fields"), ["mark", "missing"]].tolist() == [
        "not_in_export",
        "no_required_column",
    ]


@pytest.mark.parametrize(("count", "mark"), [(30, "norm_exceeded"), (29, "cannot_tell")])
def test_the_gate_of_thirty_cases(snapshot, count, mark):
    assert marks(beside(department(snapshot, count)), "time")["Lead"] == mark


def test_a_step_that_nobody_uses_and_a_role_that_nobody_has(snapshot):
    steps = [{"name": "Lead", "crm_stages": ["New"], "responsible": ["Lawyer"]}]
    period = Period.parse("2026-03", "UTC")  # all came in February
    process = Process.model_validate({"name": "S", "steps": steps})
    crm = department(snapshot, 40, activities=[{"activity_id": "1", "deal_id": "1", "at": "2026-03-30"}])
    rows = beside(crm, process, period)
    assert marks(rows, "use") == {"Lead": "unused_step"}
    rows = beside(crm, process)
    assert rows.loc[("Lead", "role"), ["mark", "missing"]].tolist() == ["not_in_export", "role_not_in_list"]
    assert rows.loc[("Lead", "role"), "found"] == "Lawyer" and np.isnan(rows.loc[("Lead", "role"), "value"])


def test_without_a_history_the_description_stands_alone(snapshot):
    rows = beside(department(snapshot, 40, has_history=False))
    lead = rows.loc["Lead"]
    told = dict(zip(lead.index, zip(lead["mark"], lead["missing"], strict=True), strict=True))
    history = ("not_in_export", "stage_changes.to_stage")
    assert told["use"] == told["time"] == told["conversion"] == told["role"] == history
    assert told["output"] == ("", "") and told["fields"][0] == "not_described"
    assert lead["value"].isna().all()


def test_days_without_a_time_tell_no_hours(snapshot):
    crm = department(snapshot, 40)
    crm = replace(crm, whole_days=crm.whole_days | {"stage_changes.changed_at"})
    rows = beside(crm)
    assert rows.loc[("Offer", "time"), ["mark", "missing"]].tolist() == [
        "not_in_export", "stage_changes.changed_at=time",
    ]  # fmt: skip
    assert rows.loc[("Offer", "within_norm"), "n"] == 0 and marks(rows, "time")["Lead"] == "norm_exceeded"


def test_shape_is_the_same_for_every_step(snapshot):
    rows = described_beside_measured(department(snapshot, 12), ALL, PROCESS)
    steps = rows[rows["step_ix"] >= 0]
    assert steps["aspect"].tolist() == list(ASPECTS) * len(PROCESS.steps)
    shares = steps[(steps["unit"] == "share") & steps["value"].notna()]
    pd.testing.assert_series_equal(
        shares["value"], shares["numerator"] / shares["denominator"], check_names=False
    )
