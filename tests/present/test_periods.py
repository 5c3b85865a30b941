"""The page of two periods, in both languages: warnings in plain words, no verdict without n and interval."""

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crmkit.compare.control import control, limited, signals
from crmkit.errors import RequestError
from crmkit.periods import Period
from crmkit.present.control import control_chart, control_charts
from crmkit.present.periods import asked, periods, periods_of
from crmkit.present.study import open_study

HOSTILE = "<b>=1+1</b>"


def client(tmp_path, language="en", *, first=date(2016, 6, 1), cut="", days=(10,)):
    """Three deals on every working day, closed after so many days, every third won; from 2017 on six."""
    rows, day, number = ["deal_id,created_at,closed_at,stage,amount,source"], first, 0
    while day < date(2017, 7, 1):
        for _ in range(6 if day.year > 2016 else 3):
            closed = day + timedelta(days=days[number % len(days)])
            stage = "Won" if number % 3 == 0 else "Lost"
            source = HOSTILE if number % 2 else "ads"
            if day.weekday() < 5 and str(closed) >= cut:
                rows.append(f"{number},{day},{closed},{stage},100,{source}")
            number += 1
        day += timedelta(days=1)
    (tmp_path / "deals.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "client.yml").write_text(
        f"format: 1\nname: Client\nlanguage: {language}\ncrm: plain\nas_of: 2017-06-30\n"
        "files: [{path: deals.csv, table: deals}]\n"
        "pipelines: [{name: Sales, stages: [{name: Won, kind: won}, {name: Lost, kind: lost}]}]\n",
        encoding="utf-8",
    )
    return open_study(tmp_path)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_change_that_holds_is_said_with_its_interval_n_and_label(tmp_path, language):
    study = client(tmp_path, language)
    told = repr(periods_of(study, Period.parse("2016-Q4", "UTC"), Period.parse("2017-Q1", "UTC")))
    holds = {"en": "New deals per working day (n = ", "ru": "Новые сделки в рабочий день (n = "}
    assert holds[language] in told
    assert {"en": "(n = 390, holds)", "ru": "(n = 390, держится)"}[language].replace(" = ", " = ") in told
    assert "{" not in told and "n = " in told
    rows = study.found["periods"][0]["rows"]
    new = next(row for row in rows if row["name"] == "new_deals")
    assert (new["verdict"]["label"], new["verdict"]["direction"]) == ("holds", "above")
    assert new["gap_low"] < 3 < new["gap_high"]
    json.dumps(study.found, allow_nan=False)


def test_like_deals_have_a_line_of_their_own(tmp_path):
    # 2016: half warm leads, of which every second is won, of cold ones every tenth: 30 %. Since then a
    # quarter is warm, and of them 60 % are won, of cold ones 15 %: 26 %. Both became better, all fell.
    won = {("warm", 2016): 5, ("cold", 2016): 1, ("warm", 2017): 6, ("cold", 2017): 1.5}
    rows, seen = ["deal_id,created_at,closed_at,stage,amount,source"], dict.fromkeys(won, 0)
    for number in range(4000):
        day = date(2016, 6, 1) + timedelta(days=number * 395 // 4000)
        kind = ("warm" if number % (2 if day.year == 2016 else 4) == 0 else "cold", day.year)
        seen[kind] += 1
        is_won = seen[kind] * won[kind] // 10 > (seen[kind] - 1) * won[kind] // 10
        rows.append(f"{number},{day},{day},{'Won' if is_won else 'Lost'},100,{kind[0]}")
    study = client(tmp_path)
    (tmp_path / "deals.csv").write_text("\n".join(rows), encoding="utf-8")
    study = open_study(tmp_path)
    page = periods_of(study, Period.parse("2016-Q4", "UTC"), Period.parse("2017-Q2", "UTC"))
    table = next(one for one in page.items if getattr(one, "name", "") == "periods")
    told = {str(row[0]).replace("\xa0", " "): row for row in table.rows}
    raw, alike = told["Win rate"], told["Win rate, like deals (by source)"]
    assert (raw[1], raw[2]) == (pytest.approx(0.3, abs=0.01), pytest.approx(0.2625, abs=0.01))
    assert raw[3].startswith("−") and raw[4] is None and raw[6] is None
    # Of both mixes' mean, 3 of 8 warm: .3 + (3 × .1 + 5 × .05) ÷ 8 = .37
    assert alike[2] == pytest.approx(0.369, abs=0.01)
    assert alike[3].startswith("+") and "−" not in alike[4] and alike[6] == "holds"
    assert "Win rate, like deals (by source) (n = " in repr(page).replace("\xa0", " ")
    (rate,) = [row for row in study.found["periods"][0]["rows"] if row["name"] == "win_rate:closed_count"]
    assert rate["adjusted"] == pytest.approx(alike[2])


def test_an_artefact_is_warned_of_in_plain_words(tmp_path):
    # Deals take 5 to 45 days; those closed before March were not exported.
    study = client(tmp_path, first=date(2017, 1, 2), cut="2017-03-01", days=(5, 15, 25, 35, 45))
    told = repr(periods_of(study, Period.parse("2017-Q1", "UTC"), Period.parse("2017-Q2", "UTC")))
    told = told.replace("\xa0", " ")
    assert "Q1 2017: nothing in this export was closed before 1 Mar 2017." in told
    assert "The win rate of 33" in told and "not to be believed" in told
    assert "No change can be judged" in told


def test_records_that_begin_with_the_period_hold_only_quick_deals(tmp_path):
    study = client(tmp_path, first=date(2017, 1, 2))
    told = repr(periods_of(study, Period.parse("2017-01", "UTC"), Period.parse("2017-02", "UTC")))
    # Closed on day t are those that took no longer than t: none in the first ten of thirty-one days.
    assert "deals are recorded only from shortly before it on" in told
    assert "about 65% of what usually closes in such a time" in told


def test_which_periods_are_compared(tmp_path):
    study = client(tmp_path)
    assert [one.name for one in asked(study)] == ["2017-Q1", "2017-Q2"]
    study.options["periods"] = ["2016-Q4", "2017-Q1"]
    assert [one.name for one in asked(study)] == ["2016-Q4", "2017-Q1"]
    study.options["periods"] = ["2016-Q4"]
    with pytest.raises(RequestError):
        periods(study)


def test_too_short_an_export_says_so(tmp_path):
    study = client(tmp_path, first=date(2017, 2, 1))
    assert "less than two whole quarters" in repr(periods(study))


def test_limits_are_the_mean_and_the_mean_moving_range():
    # Mean 10, steps of 2: 10 ± 2.66 × 2; no count is below 0, no share above 1.
    values = np.array([9.0, 11, 9, 11, 9, 11, 9, 11])
    rows = pd.DataFrame({"week": pd.date_range("2017-01-02", periods=8, freq="7D"), "value": values})
    rows = rows.assign(n=9, working_days=5.0)
    told = limited(rows, name="won_deals", unit="per_day", floor=0.0)
    assert (told.mean, told.moving_range) == (10.0, 2.0)
    assert (told.low, told.high) == pytest.approx((10 - 5.32, 10 + 5.32))
    share = limited(rows.assign(value=values / 11), name="win_rate", unit="share", floor=0.0)
    assert share.high == 1.0
    few = limited(rows.head(7), name="won_deals", unit="per_day")
    assert few.reason == "few_weeks" and np.isnan(few.high)


def test_signals_are_weeks_outside_and_runs_of_eight():
    values = np.array([5.0] * 7 + [20] + [1] * 9)
    told = signals(values, 6.0, (0.5, 15.0)).tolist()
    assert told == [""] * 7 + ["above"] + [""] * 7 + ["run_below"] * 2


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_control_chart_has_all_weeks_in_its_table(tmp_path, language):
    study = client(tmp_path, language)
    told = control(study.crm, "new_deals", Period.parse("2017", "UTC"))
    figure = control_chart(study, told)
    # Six deals on each working day of every week: nothing moves.
    assert set(told.rows["value"]) == {6.0} and set(told.rows["signal"]) == {""}
    assert len(figure.table.rows) == len(told.rows) == 25
    assert len(figure.spec["data"][3]["x"]) == 25
    whole = control_chart(study, control(study.crm, "new_deals"))
    signals_seen = set(control(study.crm, "new_deals").rows["signal"])
    assert {"above", "below"} <= signals_seen
    assert whole.spec["data"][4]["showlegend"]


def test_of_few_cases_a_week_no_week_is_asked_to_explain_itself(snapshot):
    # One deal in every other week: 26 weeks, of which chance alone would mark many.
    rows = [
        {"created_at": f"{day.date()}", "status": "open"}
        for day in pd.date_range("2025-09-01", periods=13, freq="14D")
    ]
    told = control(snapshot(rows, as_of="2026-03-01"), "new_deals")
    assert told.reason == "sparse_weeks" and np.isnan(told.high) and set(told.rows["signal"]) == {""}


def test_a_measure_without_data_says_what_is_missing(tmp_path):
    told = repr(control_charts(client(tmp_path), ["tasks_completed", "new_deals"]))
    assert "Tasks completed" in told and "list of tasks is not in this export" in told
