"""The conclusion: one paragraph that accounts for every rep, and says what may not be concluded."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from crmkit import open_study
from crmkit.compare.effect import effect
from crmkit.present.conclusion import MOST, NO_CAUSE, NOT_CONCLUDED, conclusion
from crmkit.present.effect import effects
from crmkit.present.managers import managers_of
from crmkit.present.periods import asked, found_periods
from crmkit.present.study import Study

HEAD = "deal_id,stage,created_at,closed_at,manager_id\n"
EVEN = dict.fromkeys("bcd", (30, 120))


@pytest.fixture
def study_of(client):
    def make(counts, language="en", **more: Any) -> Study:
        rows = []
        for rep, (won, n) in counts.items():
            for one in range(n):
                month, stage = f"2025-{7 + one % 6:02}", "Won" if one < won else "Lost"
                rows.append(f"{rep}{one:04},{stage},{month}-01,{month}-{10 + one % 15},{rep}")
        return open_study(client(HEAD + "\n".join(rows), **more), language=language, period="all")

    return make


@pytest.fixture
def growing(client) -> Study:
    """Two deals a day until September 2025, ten a day from October on; every second one is won at once."""
    rows = []
    for day in range(184):
        at = (date(2025, 7, 1) + timedelta(days=day)).isoformat()
        rows += [
            f"{day}-{one},{('Won', 'Lost')[one % 2]},{at},{at},a" for one in range(2 if day < 92 else 10)
        ]
    return open_study(client(HEAD + "\n".join(rows), as_of="2025-12-31"), language="en", period="all")


def said(study: Study) -> str:
    told = conclusion(study)
    assert len(told.paragraphs) == 1 and told.tone == "finding"
    return told.paragraphs[0].replace("\u00a0", " ")


def test_who_is_better_is_said_with_n_interval_and_label(study_of):
    study = study_of(EVEN | {"a": (80, 120), "e": (5, 20)})
    text = said(study)
    ann = managers_of(study, "win_rate").rows.set_index("manager_id").loc["a"]
    span = f"{100 * ann['gap_low']:.0f}–{100 * ann['gap_high']:.0f}"
    assert "With like deals, some reps differ in the win rate by more than chance." in text
    assert f"better by {span} points" in text and "120" in text and "holds" in text
    assert "Of 3 other reps the data cannot tell a difference." in text
    assert "1 rep has too few closed deals to be compared." in text


def test_where_nothing_holds_nobody_is_called_anything(study_of):
    text = said(study_of(EVEN | {"a": (34, 120)}))
    assert "Of 4 reps compared, the data cannot tell a difference in the win rate" in text
    assert "etter by" not in text and "orse by" not in text.split("What may not be concluded")[0]


@pytest.mark.parametrize("counts", [{"a": (40, 120)}, EVEN, EVEN | {"a": (100, 120)}])
def test_it_ends_in_what_may_not_be_concluded(study_of, counts):
    assert said(study_of(counts)).endswith(NOT_CONCLUDED.text)


def test_one_rep_alone_has_nobody_to_be_compared_with(study_of):
    text = said(study_of({"a": (40, 120)}))
    assert "1 rep has nobody to be compared with." in text and "equally well" not in text


def test_what_cannot_be_told_says_why(study_of, client):
    folder = client("deal_id,stage,created_at,manager_id\n1,Won,2026-01-01,a")
    text = said(open_study(folder, language="en", period="all"))
    assert text.startswith("Win rate by rep: Deals have no closing date in this export.")
    # Only won deals are exported: nobody wins all of theirs.
    text = said(study_of({"a": (60, 60), "b": (50, 50)}))
    assert text.startswith("Win rate by rep: ") and "compared, the data" not in text


def test_of_many_the_first_are_named_and_all_counted(study_of):
    # Eight of sixteen are far above; five are named.
    counts = {f"b{one}": (60, 300) for one in range(8)} | {f"a{one}": (200, 300) for one in range(7)}
    text = said(study_of(counts))
    assert text.count("better by") == MOST and "Beside these, 2 reps more." in text
    assert "Of 8 other reps the data cannot tell a difference." in text


def test_it_speaks_russian(study_of):
    text = said(study_of(EVEN | {"a": (80, 120)}, language="ru"))
    assert "лучше на" in text and "держится" in text and "Ещё 3 менеджеров по данным не отличить" in text
    assert "better" not in text and "What may not" not in text


def test_of_many_changes_the_first_are_told_and_all_counted(growing, monkeypatch):
    monkeypatch.setattr("crmkit.present.conclusion.MOST", 1)
    pair = asked(growing)
    assert pair is not None
    holds = int((found_periods(growing, *pair).rows["label"] == "holds").sum())
    assert holds > 1
    assert f"Beside these, {holds - 1} figure" in said(growing)


@pytest.fixture
def changed(client) -> Study:
    """Three won deals a week of about 1 000 each over 105 weeks, of about 1 500 over the 26 after them."""
    rows, day = [], date(2023, 1, 2)
    for one in range(131 * 3):
        at = (day + timedelta(weeks=one // 3, days=one % 3 * 2)).isoformat()
        amount = (1000 if one < 105 * 3 else 1500) * (0.9 + 0.2 * (one * 7919 % 101) / 100)
        rows.append(f"{one},Won,{at},{at},{amount:.0f},a")
    head = "deal_id,stage,created_at,closed_at,amount,manager_id\n"
    as_of = (day + timedelta(weeks=131, days=-1)).isoformat()
    return open_study(client(head + "\n".join(rows), as_of=as_of), language="en", period="all")


def with_asked(study: Study, **options: Any) -> Study:
    return replace(study, options=options)


def test_changes_and_claims_that_were_asked_for_are_told(changed):
    on = (date(2023, 1, 2) + timedelta(weeks=105)).isoformat()
    study = with_asked(
        changed,
        effects=[{"date": on}, {"date": on, "measure": "margin"}],
        claims=[{"claim": one, "date": on} for one in ("revenue:+24%", "revenue:x5", "margin:+18%")],
    )
    text = said(study)
    # 1 500 instead of 1 000: half as much again, so a quarter is reached and five times are not.
    assert "Revenue, since 6 Jan 2025 (n = 78, holds): it became better by " in text
    told = r"measured \S+ \(from \+\d+% to \+\d+%\) \(n = 78, holds\)"
    assert re.search(rf"Revenue, since 6 Jan 2025, claimed \+24%: supported by the data; {told}", text)
    assert "claimed ×5: contradicted by the data; measured ×1.5" in text
    named = "Margin, since 6 Jan 2025; Margin, since 6 Jan 2025 (claimed +18%)."
    assert f"Of these the data cannot tell; the reasons stand below: {named}" in text
    assert text.endswith(NO_CAUSE.text)


def test_what_was_asked_is_computed_once_for_all_pages(changed, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "crmkit.present.effect.effect", lambda *told, **more: calls.append(told) or effect(*told, **more)
    )
    study = with_asked(changed, effects=[{"date": "2025-01-06"}])
    conclusion(study), effects(study)
    assert len(calls) == 1


def test_without_changes_asked_for_nothing_is_said_of_them(changed):
    assert NO_CAUSE.text not in said(changed)
