"""The rows behind the figures are the very cases of each figure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from crmkit import evaluate, open_study
from crmkit.documents.behind import rows_behind
from crmkit.present import deals, kpi, reps
from crmkit.present.study import Study

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
NOT_OF_ROWS = {"stage_distribution"}  # told by stage only


@pytest.fixture(scope="module", params=["romashka", "vektor"])
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("behind") / request.param
    shutil.copytree(SAMPLES / request.param, folder, ignore=shutil.ignore_patterns(".crmkit"))
    study = open_study(folder, language="en")
    for page in (kpi.headline, kpi.months, deals.win_rates, deals.cycles, deals.funnel, deals.reasons_table,
                 deals.forecast, reps.results, reps.work):  # fmt: skip
        page(study)
    return study


def test_a_measures_column_holds_its_cases(study):
    parts: dict[str, list[pd.Series]] = {}
    for sheet in rows_behind(study):
        frame, table = sheet.frame, sheet.name.removeprefix("rows_")
        # of communications only those that count are there
        assert len(frame) == len(study.crm.tables[table]) or table == "activities"
        for name in set(study.names()) & set(frame):
            parts.setdefault(name, []).append(frame[name].dropna())
    for name, columns in parts.items():
        figures = evaluate(name, study.crm, study.span(name))
        values = pd.concat(columns)  # done tasks and communications stand on sheets of their own
        if study.measure(name).summary == "distribution":
            assert (values.sum(), len(values)) == (figures["numerator"].sum(), figures["n"].iloc[0])
            continue
        row = figures.iloc[0]
        if study.measure(name).summary not in ("median", "censored_median"):
            assert values.sum() == pytest.approx(row["numerator"], rel=1e-12), name
        if name == "sales_actions_per_day":  # its n are working days; its rows are actions
            assert len(values) == row["numerator"]
        else:
            assert len(values) == row["n"], name
    told = {name for name in study.names() if not study.crm.lacks(study.measure(name).needs)}
    assert set(parts) == told


def test_a_row_can_be_found_in_the_file(study):
    for sheet in rows_behind(study):
        assert sheet.frame["file"].notna().all()
        assert (sheet.frame["line"] > 1).all()
        keys = [column.key for column in sheet.columns]
        assert keys == list(sheet.frame.columns)
        assert len({column.heading for column in sheet.columns}) == len(keys)
        assert pd.Index(keys).is_unique


def test_communications_that_count_have_a_sheet(tmp_path):
    (tmp_path / "client.yml").write_text(
        "format: 1\nname: Client\nas_of: 2026-03-31\nfiles:\n"
        "  - {path: d.csv, table: deals}\n  - {path: a.csv, table: activities}\n",
        encoding="utf-8",
    )
    (tmp_path / "d.csv").write_text("deal_id,created_at,status\n1,2026-03-01,open\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text(
        "activity_id,deal_id,kind,direction,at,duration_s\n"
        "7,1,call,out,2026-03-02 10:00,60\n8,1,call,in,2026-03-02 11:00,30\n9,,call,out,2026-03-03 10:00,0\n",
        encoding="utf-8",
    )
    study = open_study(tmp_path, language="en")
    study.evaluate(["calls_out", "calls_out_connected:count"])
    sheets = {sheet.name: sheet.frame for sheet in rows_behind(study)}
    assert "calls_out" not in sheets["rows_deals"]  # a deal has many calls, or one: they are no rows of deals
    rows = sheets["rows_activities"]
    assert rows["activity_id"].tolist() == [
        "9",
        "7",
    ]  # those of no deal first; the incoming one counts nowhere
    assert rows["calls_out"].tolist() == [1, 1] and rows["calls_out_connected:count"].tolist() == [0, 1]
    assert rows["line"].tolist() == [4, 2]
