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
    sheets = {sheet.name: sheet for sheet in rows_behind(study)}
    seen = set()
    for table, sheet in sheets.items():
        frame = sheet.frame
        assert len(frame) == len(study.crm.tables[table.removeprefix("rows_")])
        for name in study.names():
            if name not in frame:
                continue
            seen.add(name)
            figures = evaluate(name, study.crm, study.span(name))
            values = frame[name].dropna()
            if study.measure(name).summary == "distribution":
                assert (values.sum(), len(values)) == (figures["numerator"].sum(), figures["n"].iloc[0])
                continue
            row = figures.iloc[0]
            if study.measure(name).summary not in ("median", "censored_median"):
                assert values.sum() == pytest.approx(row["numerator"], rel=1e-12), name
            if name == "sales_actions_per_day":  # its n are working days; its rows are done tasks
                assert len(values) == row["numerator"]
            else:
                assert len(values) == row["n"], name
    told = {name for name in study.names() if not study.crm.lacks(study.measure(name).needs)}
    assert seen == told


def test_a_row_can_be_found_in_the_file(study):
    for sheet in rows_behind(study):
        assert sheet.frame["file"].notna().all()
        assert (sheet.frame["line"] > 1).all()
        keys = [column.key for column in sheet.columns]
        assert keys == list(sheet.frame.columns)
        assert len({column.heading for column in sheet.columns}) == len(keys)
        assert pd.Index(keys).is_unique
