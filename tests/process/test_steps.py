"""Which CRM stages belong to which step: found, repaired, unknown, claimed twice, left over."""

from __future__ import annotations

from crmkit.process.description import CrmStage, Process
from crmkit.process.steps import map_steps, stages_as_places

STAGES = [
    {"name": "Заявка"},
    {"name": "Счёт"},
    {"name": "Проверка", "norm_days": 4},
    {"name": "Договор", "process_step": "Agreement"},
    {"name": "Победа", "kind": "won"},
    {"name": "Отказ", "kind": "lost"},
]
DEALS = [{"deal_id": "1", "stage": "Победа", "created_at": "2026-01-01", "closed_at": "2026-01-09"}]
#: Through every stage, a day each.
MOVES = [
    {"deal_id": "1", "changed_at": f"2026-01-0{day} 10:00", "to_stage": stage}
    for day, stage in enumerate(("Заявка", "Счёт", "Проверка", "Договор", "Победа"), 1)
]


def process(*steps: dict) -> Process:
    return Process.model_validate({"name": "Sales", "steps": list(steps)})


def names(places):
    table = places.order.table
    return table["stage"].iloc[places.order.places.argsort()].tolist()


def test_stages_fold_into_steps_and_the_rest_stands_where_it_stood(snapshot):
    crm = snapshot(DEALS, stages=STAGES, stage_changes=MOVES)
    lead = {"name": "Lead", "crm_stages": ["Заявка", "Счёт"], "norm": "2"}
    places = map_steps(crm, process(lead, {"name": "Agreement", "crm_stages": ["Договор"]}))
    assert names(places) == ["Lead", "Проверка", "Agreement", "Победа", "Отказ"]
    assert places.step_ix[places.codes].tolist()[:4] == [0, 0, -1, 1]
    assert [int(one) for one in places.undescribed] == [2]
    norms = dict(
        zip(places.order.table["stage"], zip(places.norm_amount, places.norm_unit, strict=True), strict=True)
    )
    assert norms["Lead"] == (2.0, "working_days") and norms["Проверка"] == (4.0, "days")
    # two stages of one step are one visit, from entering the first to leaving the second
    rows = places.visits(crm).rows
    told = [places.order.table["stage"].iloc[code] for code in rows["stage"]]
    assert told == ["Lead", "Проверка", "Agreement", "Победа"]
    assert (rows["left_at"].iloc[0] - rows["entered_at"].iloc[0]).days == 2


def test_small_letters_and_yo_are_found_and_told(snapshot):
    crm = snapshot(DEALS, stages=STAGES)
    places = map_steps(crm, process({"name": "Bill", "crm_stages": ["счет"]}))
    assert places.repaired == (("счет", "Счёт"),) and not places.unknown
    assert places.step_ix[places.codes].tolist()[1] == 0


def test_a_spelling_that_fits_stages_of_two_pipelines_is_not_guessed(snapshot):
    pipelines = [
        {"name": name, "stages": [{"name": stage}]} for name, stage in (("A", "Счёт"), ("B", "Счет"))
    ]
    deals = [{"deal_id": "1", "pipeline": "A", "stage": "Счёт", "created_at": "2026-01-01"}]
    crm = snapshot(deals, pipelines=pipelines)
    places = map_steps(crm, process({"name": "Bill", "crm_stages": ["СЧЕТ"]}))
    assert places.unknown == (CrmStage(stage="СЧЕТ"),) and not places.is_described
    named = map_steps(crm, process({"name": "Bill", "crm_stages": [{"pipeline": "b", "stage": "СЧЕТ"}]}))
    assert named.repaired == (("СЧЕТ", "Счет"),)
    assert sorted(named.order.table["stage"].iloc[named.codes]) == ["Bill", "Счёт"]


def test_unknown_stages_and_stages_claimed_twice_are_told(snapshot):
    crm = snapshot(DEALS, stages=STAGES)
    first = {"name": "A", "crm_stages": ["Заявка", "Нет такой"]}
    places = map_steps(crm, process(first, {"name": "B", "crm_stages": ["Заявка", "Договор"]}))
    assert places.unknown == (CrmStage(stage="Нет такой"),)
    assert places.doubled == (CrmStage(stage="Заявка"),)
    assert places.step_ix[places.codes].tolist()[:4] == [0, -1, -1, 1]


def test_client_yml_tells_the_step_where_the_description_is_silent(snapshot):
    crm = snapshot(DEALS, stages=STAGES)
    places = map_steps(crm, process({"name": "agreement"}))
    assert places.step_ix[places.codes].tolist()[:4] == [-1, -1, -1, 0]


def test_a_description_that_fits_nothing_leaves_the_stages_as_they_are(snapshot):
    crm = snapshot(DEALS, stages=STAGES)
    places = map_steps(crm, process({"name": "Elsewhere"}))
    assert not places.is_described
    assert names(places) == names(stages_as_places(crm))


def test_steps_of_one_name_are_told_apart(snapshot):
    crm = snapshot(DEALS, stages=STAGES, stage_changes=MOVES)
    places = map_steps(
        crm, process({"name": "Work", "crm_stages": ["Заявка"]}, {"name": "Work", "crm_stages": ["Договор"]})
    )
    assert names(places)[:4] == ["Work", "Счёт", "Проверка", "Work (2)"]
