"""Notebooks 02 and 03: what they tell of a client with a history, one without, and one not described."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crmkit import open_study
from crmkit.present import accounting as account_page
from crmkit.present import as_is, to_be
from crmkit.present.drawing import Diagram
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences
from crmkit.process.accounting import accounting
from crmkit.process.steps import map_steps

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
AS_IS: list[Callable[[Study], Any]] = [
    as_is.headline, as_is.summary, as_is.flow, as_is.described, as_is.lint, as_is.maps, as_is.ways,
    as_is.funnel, as_is.steps, as_is.times, as_is.refusals, as_is.by_rep, as_is.beside, as_is.conformance,
    as_is.deviations, as_is.not_told,
]  # fmt: skip
TO_BE: list[Callable[[Study], Any]] = [
    to_be.headline, to_be.focus, to_be.ranking, to_be.chances, to_be.changes, to_be.lint, to_be.effect,
    to_be.cards, to_be.flow, to_be.described, to_be.documents,
]  # fmt: skip


@pytest.fixture(scope="module")
def vektor() -> Study:
    return open_study(SAMPLES / "vektor", language="en")


@pytest.fixture(scope="module")
def deals_only() -> Study:
    return open_study(SAMPLES / "northwind-supply")


def kinds(study: Study, pages: list[Callable[[Study], Any]]) -> dict[str, type]:
    return {page.__name__: type(page(study)) for page in pages}


def test_a_described_client_with_a_history_is_told_everything(vektor):
    assert {name for name, kind in kinds(vektor, AS_IS).items() if kind is Sentences} == {
        "summary",
        "not_told",
    }
    # there are no cards of improvement yet; the focus is told in sentences
    assert {name for name, kind in kinds(vektor, TO_BE).items() if kind is Sentences} == {"focus", "cards"}


def test_the_picture_the_map_and_the_table_tell_of_the_same_deals(vektor):
    # every deal of the map began in the period, without technical losses: as many as on the first page
    begun = next(item for item in as_is.headline(vektor).items if item.name.startswith("Deals begun"))
    maps = as_is.maps(vektor).items
    starts = [re.search(r"began here: ([\d,]+)", one.alt) for one in maps]
    assert sum(int(found[1].replace(",", "")) for found in starts if found) == int(begun.value)
    paths = as_is.ways(vektor).items[0]
    assert {row[2] for row in paths.rows} == {int(begun.value)}


def test_the_process_is_measured_by_its_steps_and_recorded_for_programs(vektor):
    as_is.funnel(vektor)
    to_be.ranking(vektor)
    found = vektor.findings("02_process_as_is").content
    places = map_steps(vektor.crm, vektor.processes.as_is)
    rows = accounting(vektor.crm, vektor.period, places)
    told = {row["stage"]: row["entries"] for row in found["accounting"]}
    assert told["Квалификация"] == rows.set_index("stage")["entries"]["Квалификация"] > 100
    assert [row["stage"] for row in found["accounting"]][:7] == [
        step.name for step in vektor.processes.as_is.steps
    ]
    assert {"money_month", "benchmark_source", "state"} <= set(found["bottlenecks"][0])
    assert vektor.findings("02_process_as_is").sentence.split()[0].isdigit()


def test_a_deals_list_shows_the_description_and_says_how_to_get_the_rest(deals_only):
    told = kinds(deals_only, AS_IS)
    assert told["flow"] is Diagram and told["described"] is Table and told["lint"] is Table
    for name in ("maps", "ways", "funnel", "steps", "refusals", "by_rep", "conformance"):
        assert told[name] is Sentences, name
        said = repr(getattr(as_is, name)(deals_only))
        assert "history" in said and len(said.splitlines()) == 1, said  # what is missing
    for page in (as_is.summary, as_is.not_told, to_be.headline):  # how to get it: at the top, at the end
        assert "«crmkit pull» fetches it" in repr(page(deals_only)), page.__name__
    state = {item.name: item.state for item in as_is.headline(deals_only).items}
    assert state["History of stages"] == "not_in_export"
    # what stands in the stages today is known without a history
    standing = [one for one in as_is.times(deals_only).items if isinstance(one, Table)]
    assert [one.name for one in standing] == ["account_standing"]
    assert sum(row[1] for row in standing[0].rows) == int((deals_only.crm.deals["status"] == "open").sum())
    assert kinds(deals_only, TO_BE)["ranking"] is Sentences


def test_a_client_that_is_not_described_is_told_how_to_begin():
    study = open_study(SAMPLES / "romashka", language="ru")
    for page in (as_is.summary, to_be.changes):
        assert "crmkit process new romashka" in repr(page(study)), page.__name__
    for page in (as_is.flow, as_is.described, as_is.lint, to_be.flow, to_be.documents):  # once on a page
        assert repr(page(study)) == "Процесс ещё не описан.", page.__name__


@pytest.mark.parametrize("name", ["vektor", "northwind-supply", "romashka"])
@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_page_can_be_shown_in_both_languages(name, language):
    study = open_study(SAMPLES / name, language=language)
    for page in [*AS_IS, *TO_BE]:
        made = page(study)
        parts = made.items if isinstance(made, Several) else [made]
        assert parts
        for part in parts:
            assert repr(part).strip() and "nan" not in repr(part).split(), page.__name__


def test_a_description_whose_stages_are_none_of_the_crm_is_said_to_be_so(tmp_path):
    folder = shutil.copytree(
        SAMPLES / "vektor", tmp_path / "vektor", ignore=shutil.ignore_patterns(".crmkit")
    )
    (folder / "process" / "to-be-2026-12-01.yml").unlink()
    one = {"format": 1, "name": "Other", "steps": [{"name": "Nothing", "crm_stages": ["Нет такого этапа"]}]}
    (folder / "process" / "as-is.yml").write_text(yaml.safe_dump(one, allow_unicode=True), encoding="utf-8")
    client = (folder / "client.yml").read_text(encoding="utf-8")
    (folder / "client.yml").write_text(re.sub(r"process_step: \w[\w ]*", "process_step: other", client))
    study = open_study(folder, language="en")
    assert "No CRM stage is tied to a step" in repr(as_is.summary(study))
    assert "Нет такого этапа" in repr(as_is.lint(study))


def test_the_table_of_the_process_holds_what_is_said_of_each_step(vektor):
    table = as_is.described(vektor)
    rows = [row for row in table.rows if row[0].startswith("2. Квалификация")]
    said = {row[1]: row[2] for row in rows}
    step = vektor.processes.as_is.steps[1]
    assert said["Output"].startswith(step.outputs[0].text) and "→" in said["Output"]
    assert said["Key success factor"] == step.key_success_factor
    assert (said["Time norm"], said["Expected conversion"]) == ("3 working days", "60%")
    assert list(said)[:3] == ["Input", "Output", "Responsible"]  # METHOD's order


def test_two_conversions_of_one_step_are_said_to_differ(vektor):
    # a deal that passed over «Обследование» counts as gone on in the account, and is no visit of the funnel
    account = next(row for row in as_is.steps(vektor).rows if "Обследование" in row)
    ranking = to_be.ranking(vektor)
    funnel = next(row for row in ranking.rows if "Обследование" in row)
    shares = [[one for one in row if isinstance(one, float) and 0.5 < one < 1] for row in (account, funnel)]
    assert shares[0] and shares[0][0] not in shares[1]
    for table in (ranking, to_be.effect(vektor).items[1]):
        assert any("passed over a step did not visit it" in note for note in table.notes), table.name


def test_a_wish_of_the_description_is_not_told_as_what_others_reach(vektor):
    told = {row[0]: row for row in to_be.ranking(vektor).rows}
    assert "stated in the description" in told["Договор"]
    assert "surely fewer go on than the description states" in told["Договор"]
    assert "costs more than chance alone explains" in told["Выявление потребности"]
    assert to_be.headline(vektor).items[0].lines == ("surely fewer go on than the description states",)


def test_the_account_is_reckoned_once_for_all_pages(vektor, monkeypatch):
    study = open_study(SAMPLES / "vektor", language="en")
    made = []
    real = account_page.accounting
    monkeypatch.setattr(account_page, "accounting", lambda *a, **k: made.append(k) or real(*a, **k))
    for page in (as_is.funnel, as_is.steps, as_is.times):
        page(study)
    assert len(made) == 1


def test_what_a_rep_was_given_is_not_told_as_his_doing(vektor):
    # every step of the sample belongs to closers, so no deal of its one hunter is without a deviation
    parts = {getattr(one, "name", ""): one for one in as_is.conformance(vektor).items}
    assert any("a matter of who is given the deals" in note for note in parts["conformance_reps"].notes)
