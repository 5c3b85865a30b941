"""Presets are data: the kit's own is whole, a client's own is read, unknown names are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from crmkit import Period, evaluate
from crmkit.errors import RequestError, SettingsError
from crmkit.measures import find
from crmkit.measures.catalog import STANDING
from crmkit.measures.presets import fitting, presets, read_preset
from crmkit.present.words import Words

HERE = Path("nowhere")
#: KPI23.md, in its order: how many figures stand in each group.
IDS = {
    "communications": [
        "calls_out", "calls_out_connected", "calls_in_missed", "talk_time", "messages_out", "meetings_held",
        "clients_touched", "first_response_time",
    ],
    "quality": [
        "tasks_on_time", "tasks_overdue_open", "deals_without_task", "deals_stale", "stage_skips",
        "stage_on_time", "required_fields_filled", "lost_with_reason",
    ],
    "sales": [
        "new_deals", "won_deals", "plan_attainment", "win_rate", "average_check", "deal_cycle",
        "proposals_sent",
    ],
}  # fmt: skip


def test_the_preset_of_23_is_whole_and_every_measure_is_known() -> None:
    preset = read_preset("monitoring-23", HERE)
    assert [(row.group, row.id) for row in preset.rows] == [
        (group, name) for group, names in IDS.items() for name in names
    ]
    for row in preset.rows:
        assert find(row.measures[0]).id == row.id
    assert {"won_deals", "revenue", "average_check:median", "deal_cycle:won_median"} <= set(preset.measures)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_says_that_it_is_our_own_reconstruction(language: str) -> None:
    preset = read_preset("monitoring-23", HERE)
    told = Words(language).say(preset.note)
    assert ("our own reconstruction" in told) if language == "en" else ("составлен нами" in told)
    assert presets() == [preset]


def test_a_list_of_measures_is_a_preset() -> None:
    preset = read_preset(["revenue", "win_rate:cohort"], HERE)
    assert [(row.group, row.measures) for row in preset.rows] == [
        ("sales", ("revenue",)), ("sales", ("win_rate:cohort",)),
    ]  # fmt: skip
    assert preset.note == ""
    with pytest.raises(RequestError, match="Did you mean «revenue»"):
        read_preset(["revenu"], HERE)


def test_a_file_of_the_clients_own(tmp_path: Path) -> None:
    text = "title: Ours\nfigures:\n- {group: Money, measures: [revenue, 'average_check:median']}\n"
    text += "- {measures: [%s]}\n"
    (tmp_path / "ours.yml").write_text(text % "new_deals", encoding="utf-8")
    preset = read_preset("ours.yml", tmp_path)
    assert (preset.name, preset.title) == ("ours", "Ours")
    assert [(row.id, row.group) for row in preset.rows] == [("revenue", "Money"), ("new_deals", "sales")]
    assert preset.measures == ("revenue", "average_check:median", "new_deals")
    (tmp_path / "ours.yml").write_text(text % "new_dealz", encoding="utf-8")
    with pytest.raises(RequestError, match=r"ours.yml:4: new_dealz: there is no such measure") as refused:
        read_preset("ours.yml", tmp_path)
    assert "new_deals" in str(refused.value.remedy)


@pytest.mark.parametrize("text", ["", "figures: []", "figures: [revenue]", "figures: [{id: revenue}]", "[1]"])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ours.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="this is not how a list of figures is written"):
        read_preset("ours.yml", tmp_path)


def test_an_unknown_preset_is_told_with_the_nearest() -> None:
    with pytest.raises(RequestError, match="Did you mean «monitoring-23»"):
        read_preset("monitorng-23", HERE)


def test_a_distribution_is_no_figure_to_watch() -> None:
    with pytest.raises(RequestError, match="a distribution is no single figure"):
        read_preset(["stage_distribution"], HERE)


def test_what_cannot_be_told_by_a_slice_is_left_out() -> None:
    names = ["revenue", "plan_attainment", "clients_touched:share"]
    assert fitting(names, ["manager"]) == names
    assert fitting(names, ["source"]) == ["revenue", "clients_touched:share"]  # plans know no sources
    assert fitting(names, ["manager", "month"]) == ["revenue", "plan_attainment"]  # told of a whole period


def test_the_preset_by_rep_and_month(snapshot, client) -> None:
    crm = snapshot(**client)
    names = [name for name in read_preset("monitoring-23", HERE).measures if find(name).basis not in STANDING]
    figures = evaluate(names, crm, Period.parse("2026-Q1", crm.settings.zone), by=["manager"], each="month")
    assert set(figures["measure"]) == {find(name).id for name in names}
