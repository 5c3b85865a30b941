"""The pages on conformance: the share with its n, the kinds with what is missing, the deviations in words."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.present.conformance import (
    KIND_WORDS,
    by_kind,
    by_rep,
    by_step,
    deviations_table,
    examined,
    headings_of,
    summary,
)
from crmkit.present.field_words import role_text
from crmkit.present.study import open_study
from crmkit.present.words import Words
from crmkit.process.conformance import KINDS
from crmkit.process.description import Process

STAGES = [{"name": "New"}, {"name": "Offer"}, {"name": "Bill"}, {"name": "Won", "kind": "won"}]
STEPS = [
    {"name": "Lead", "crm_stages": ["New"], "required_fields": ["amount", "Power"], "norm": "1 working_days"},
    {"name": "Price", "crm_stages": ["Offer"], "responsible": ["closer"]},
    {"name": "Charge", "crm_stages": ["Bill"]},
]
PROCESS = Process.model_validate({"name": "P", "steps": STEPS})
DEALS = (
    "deal_id,stage,amount,manager_id,created_at,url\n"
    "1,Bill,,Ann,2026-03-02,javascript:alert(1)\n"
    "2,New,5,<b>Bob</b>,2026-03-02,https://crm.example/2\n"
)
#: Deal 1 stands in New for two working days, skips Offer, and goes back to it.
MOVES = (
    "deal_id,changed_at,to_stage\n"
    "1,2026-03-02 10:00,New\n1,2026-03-04 10:00,Bill\n1,2026-03-05 10:00,Offer\n1,2026-03-06 10:00,Bill\n"
    "2,2026-03-31 10:00,New\n"
)


def study_of(client, language: str = "en", lines: str = MOVES):
    folder = client(
        DEALS,
        files=[
            {"path": f"{name}.csv", "table": name} for name in ("deals", "stage_changes")[: 1 + bool(lines)]
        ],
        pipelines=[{"name": "Sales", "stages": STAGES}],
    )
    (folder / "stage_changes.csv").write_text(lines, encoding="utf-8")
    return open_study(folder, language=language, period="2026-03")


def test_every_kind_has_words():
    assert set(KIND_WORDS) == set(KINDS)


def test_the_share_is_told_with_its_n_and_the_deviations_in_words(client):
    study = study_of(client)
    found = examined(study, PROCESS)
    assert summary(study, found).paragraphs[0] == (
        "Without any deviation from the description: 1 of 2 deals."
    )
    rows = deviations_table(study, found).rows
    assert [row[:5] for row in rows] == [  # the latest first
        ("1", "Charge", "Went a step back", "back to «Price»", "to be won"),
        ("1", "Lead", "Skipped a step", "went on to «Charge»", "before it: Price"),
        ("1", "Lead", "Left a step with required fields empty", "empty now: Amount", "filled: Amount"),
        (
            "1",
            "Lead",
            "Stood longer than the norm",
            "2.0\u00a0working\u00a0days",
            "at most 1\u00a0working\u00a0days",
        ),
    ]


def test_a_stay_that_goes_on_is_said_to(client):
    study = study_of(client)
    slow = Process.model_validate(
        {"name": "P", "steps": [STEPS[0] | {"norm": "0.5 working_hours"}, *STEPS[1:]]}
    )
    rows = deviations_table(study, examined(study, slow)).rows
    # deal 2 since 10:00 of the day described, whose office hours end at 18:00
    assert [row[3] for row in rows if row[0] == "2"] == ["8.0\u00a0working\u00a0hours so far"]


def test_a_version_that_does_not_hold_yet_is_said_to(client):
    study = study_of(client)
    later = PROCESS.model_copy(update={"version": "to_be", "dated": date(2026, 5, 1)})
    assert "1\u00a0May\u00a02026" in summary(study, examined(study, later)).paragraphs[2]
    assert len(summary(study, examined(study, PROCESS)).paragraphs) == 2


def test_a_link_that_is_no_web_address_is_no_link(client):
    study = study_of(client)
    page = deviations_table(study, examined(study, PROCESS)).fragment()
    assert "href" not in page and "<b>" not in page


def test_what_could_not_be_examined_is_said_beside_its_kind(client):
    study = study_of(client)
    table = by_kind(study, examined(study, PROCESS))
    why = {row[0]: (row[2], row[4]) for row in table.rows}
    assert why["Left a step with required fields empty"] == (
        1,
        "Not in the export, and not examined: Power. Judged by the values at the export.",
    )
    n, said = why["Another role was the owner"]
    assert n == 0 and "role" in said and "client.yml" in said
    assert why["Skipped a step"] == (1, None) or why["Skipped a step"] == (1, "")


def test_reps_stand_in_the_order_of_names_and_steps_in_theirs(client):
    study = study_of(client)
    found = examined(study, PROCESS)
    assert [row[0] for row in by_rep(study, found).rows] == ["<b>Bob</b>", "Ann"]
    # Charge: deal 1 left it backwards; Price was left as described
    steps = by_step(study, found)
    assert [steps.shown_at(row, 1).text.replace("\u00a0", " ") for row in range(3)] == [
        "1 of 2",
        "1 of 1",
        "0 of 1",
    ]


def test_without_a_history_it_is_said_what_is_missing(client):
    study = study_of(client, lines="")
    found = examined(study, PROCESS)
    said = " ".join(summary(study, found).paragraphs)
    assert "No deal can be held against the description." in said
    assert "The history of stages is not in this export." in said


@pytest.mark.parametrize("language", ["en", "ru"])
def test_both_languages_say_all(client, language):
    study = study_of(client, language)
    found = examined(study, PROCESS)
    for page in (summary(study, found), by_kind(study, found), deviations_table(study, found)):
        assert "{" not in repr(page)


def test_a_field_of_the_clients_own_answers_for_the_kits_field_of_that_name():
    told = pd.DataFrame({"heading": ["Скидка", "Бюджет", "Сумма"], "column": [None, "amount", None]})
    assert headings_of(SimpleNamespace(columns=told)) == {
        "discount": "Скидка", "Скидка": "", "Бюджет": "amount", "Сумма": "",
    }  # fmt: skip


def test_roles_of_the_kit_are_told_in_words_and_others_as_they_are():
    words = Words("ru")
    assert [role_text(words, name) for name in ("closer", "KAM", "Инженер", "")] == [
        "Клоузер", "КАМ", "Инженер", "",
    ]  # fmt: skip
