"""A template takes up the CRM stages that bear the names of its steps."""

from crmkit.process.beginning import choices_of, with_crm_stages
from crmkit.process.description import CrmStage, Process
from crmkit.settings import Pipeline

RUSSIAN = Process(name="Продажа", steps=[{"name": "Квалификация"}, {"name": "Счёт"}, {"name": "Деньги"}])
ENGLISH = Process(name="Sale", steps=[{"name": "Qualification"}, {"name": "Invoice"}, {"name": "Money"}])


def mapped(*pipelines: Pipeline) -> list[list[tuple[str, str]]]:
    fitted = with_crm_stages(RUSSIAN, ENGLISH, pipelines)
    return [[(one.pipeline, one.stage) for one in step.crm_stages] for step in fitted.steps]


def test_stages_are_found_by_their_name_and_by_their_step() -> None:
    sales = Pipeline(
        name="Sales",
        stages=[
            {"name": "New"},
            {"name": "Talk", "process_step": "qualification"},
            {"name": "счет"},
            {"name": "Деньги", "kind": "won"},  # deals do not stand there, they end there
        ],
    )
    repeat = Pipeline(name="Repeat", stages=[{"name": "Деньги"}])
    # The pipeline with more of the steps is described; a template speaks of one way of selling.
    assert mapped(repeat, sales) == [[("Sales", "Talk")], [("Sales", "счет")], []]
    assert mapped(repeat) == [[], [], [("Repeat", "Деньги")]]


def test_without_stages_the_template_stays_as_it_is() -> None:
    assert mapped() == [[], [], []]
    assert mapped(Pipeline(name="Sales", stages=[{"name": "New"}])) == [[], [], []]
    assert with_crm_stages(RUSSIAN, ENGLISH, ()) == RUSSIAN


def test_a_stage_too_long_for_a_description_is_no_choice() -> None:
    assert choices_of([("Sales", "x" * 10_000), ("Sales", "Talk"), ("", "New"), ("y" * 501, "Talk")]) == [
        CrmStage(stage="Talk", pipeline="Sales"), CrmStage(stage="New"),
    ]  # fmt: skip
