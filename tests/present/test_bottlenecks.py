"""The page on bottlenecks: one step named with its price and its reason, and what cannot be told."""

from __future__ import annotations

import pytest

from crmkit.present.bottlenecks import (
    bottlenecks_of,
    content,
    focus,
    ranking,
    tiles,
    what_if,
)
from crmkit.present.expected import expected
from crmkit.present.focus import STATES
from crmkit.present.study import open_study
from crmkit.process.description import Process

STAGES = [
    {"name": "Lead"},
    {"name": "<b>Need</b>"},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
#: 40 deals: 20 are lost in Lead, 20 go on, 15 of them are won, each at 100.
PATHS = (
    [["Lead", "Lost"]] * 20 + [["Lead", "<b>Need</b>", "Won"]] * 15 + [["Lead", "<b>Need</b>", "Lost"]] * 5
)
AS_IS = """format: "1"
name: Sales
steps:
- name: Lead
  crm_stages: [Lead]
  expected_conversion: {conversion}
- name: Need
  crm_stages: ["<b>Need</b>"]
"""
TO_BE = {
    "name": "Sales", "version": "to_be",
    "steps": [{"name": "Lead", "crm_stages": ["Lead"], "expected_conversion": 0.75}, {"name": "New one"}],
}  # fmt: skip


def study_of(client, language="en", conversion=0.75, history=True):
    cards, moves = "deal_id,stage,amount,created_at,closed_at\n", "deal_id,changed_at,to_stage\n"
    for number, path in enumerate(PATHS):
        cards += f"{number},{path[-1]},100,2026-01-05 10:00,2026-01-{4 + len(path):02} 10:00\n"
        moves += "".join(f"{number},2026-01-{5 + day:02} 10:00,{stage}\n" for day, stage in enumerate(path))
    files = [{"path": f"{name}.csv", "table": name} for name in ("deals", "stage_changes")[: 1 + history]]
    folder = client(cards, files=files, pipelines=[{"name": "Sales", "stages": STAGES}])
    (folder / "stage_changes.csv").write_text(moves, encoding="utf-8")
    (folder / "process").mkdir()
    (folder / "process" / "as-is.yml").write_text(AS_IS.format(conversion=conversion), encoding="utf-8")
    return open_study(folder, as_of="2026-03-31", language=language, period="2026-01")


def test_one_step_is_named_with_its_price_and_its_reason(client):
    study = study_of(client)
    found = bottlenecks_of(study)
    said = focus(study, found)
    assert said.tone == "finding"
    first, reason, flow = said.paragraphs
    # recorded from the 5th of January, 10 o'clock: 26 days and 14 hours, .8734 months; 7.5 deals more in them
    assert "«Lead»" in first and "75.0%" in first and "50.0%" in first and "$859" in first
    assert "the description states" in reason and "45.8 deals" in flow and "37.5%" in flow and "56.3%" in flow
    assert [tile.value for tile in tiles(study, found).items] == ["Lead", "$859", "50.0%", "75.0%"]


def test_all_steps_stand_beside_one_another(client):
    study = study_of(client)
    found = bottlenecks_of(study)
    table, better = ranking(study, found), what_if(study, found)
    assert [row[0] for row in table.rows] == [row[0] for row in better.rows] == ["Lead", "Need"]
    assert table.rows[1][5] == STATES["few_visits"].text
    assert "<b>" not in table.fragment()
    assert "$" in table.columns[1].heading and "days" in better.columns[7].heading
    told = content(found)
    assert told["focus"] == 0
    assert told["rows"][0]["benchmark_source"] == "norm" and told["rows"][1]["money_month"] is None
    assert told["chain"][0]["p_win"] == pytest.approx(3 / 8)


def test_what_cannot_be_told_says_why(client):
    said = focus(study := study_of(client, conversion=0.5), bottlenecks_of(study))
    assert said.tone == "warning" and said.paragraphs[0] == "No step can be recommended on this data."
    study = study_of(client, history=False)
    for page in (focus, ranking, what_if):
        assert "history of stages" in page(study, bottlenecks_of(study)).paragraphs[1]
    assert "history of stages" in repr(expected(study))


def test_what_the_process_to_be_would_bring(client):
    whole, steps = expected(study_of(client), Process.model_validate(TO_BE)).items
    # P(win) 3/8 and 9/16: 37.5 % and 56.25 %
    assert whole.rows[0][1:4] == (pytest.approx(0.375), pytest.approx(0.5625), "+18.8\u00a0points")
    assert [row[3] for row in steps.rows] == ["stated in the description", "no deal was seen in this step"]
    said = expected(
        study_of(client),
        Process.model_validate(TO_BE | {"steps": [{"name": "Lead", "crm_stages": ["Lead"]}]}),
    )
    assert "states neither" in repr(said)


def test_russian_has_no_english_left(client):
    study = study_of(client, "ru")
    found = bottlenecks_of(study)
    for page in (focus(study, found), tiles(study, found), ranking(study, found), what_if(study, found)):
        assert not any(word in repr(page) for word in ("deals", "step", "month", "interval", "benchmark"))
