"""The figures of a public data set, worked out elsewhere with plain pandas, out of its files as they are.

Skipped where the data set is not beside the project.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from crmkit import Period, evaluate, examine, read_client
from crmkit.compare.periods import compared_periods
from crmkit.measures import evaluate_fully
from crmkit.present.quality import examined
from crmkit.sources.load import load, load_report

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "real" / "maven_crm"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the data set is not beside the project")

SETTINGS = """
format: 1
name: Maven Computer Hardware
language: en
currency: USD
country: US
time_zone: UTC
files:
  - path: {real}/{pipeline}
    table: deals{more}
    columns:
      {number}sales_agent: manager_id
      product: product
      account: company_id
      deal_stage: stage
      engage_date: created_at
      close_date: closed_at
      close_value: amount
  - path: {real}/sales_teams.csv
    table: managers
    columns: {{sales_agent: name, manager: team}}
  - path: {real}/accounts.csv
    table: companies
    columns: {{account: name, sector: segment}}
  - path: {real}/products.csv
    table: products
    columns: {{product: product, series: group, sales_price: list_price}}
pipelines:
  - name: Sales
    stages:
      - {{name: Prospecting, kind: open}}
      - {{name: Engaging, kind: open}}
      - {{name: Won, kind: won}}
      - {{name: Lost, kind: lost}}
"""
NUMBER = "opportunity_id: deal_id\n      "
WHOLE = ("sales_pipeline.csv", "", NUMBER)
SHORT = ("variant_ddmmyy_sales_pipeline.csv", '\n    dates: "%d-%m-%y"', NUMBER)
CLOSED = ("variant_mdy_closedonly_sales_pipeline.csv", "\n    key: row", "")


def client_of(folder: Path, pipeline: str, more: str, number: str):
    real = Path(os.path.relpath(REAL, folder)).as_posix()
    text = SETTINGS.format(real=real, pipeline=pipeline, more=more, number=number)
    (folder / "client.yml").write_text(text, encoding="utf-8")
    return read_client(folder)


@pytest.fixture(scope="module")
def reference():
    return json.loads((REAL / "reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module", params=[WHOLE, SHORT], ids=["ISO dates", "DD-MM-YY"])
def client(request, tmp_path_factory):
    return client_of(tmp_path_factory.mktemp("maven"), *request.param)


@pytest.fixture(scope="module")
def crm(client):
    return load(client)


def one(crm, name, period="all"):
    return evaluate(name, crm, Period.parse(period, "UTC"))["value"].item()


def test_counts_by_stage(crm):
    assert len(crm.deals) == 8_800
    assert crm.deals["stage"].value_counts().to_dict() == {
        "Won": 4_238, "Lost": 2_473, "Engaging": 1_589, "Prospecting": 500,
    }  # fmt: skip
    assert crm.deals["status"].value_counts().to_dict() == {"won": 4_238, "lost": 2_473, "open": 2_089}
    assert crm.as_of == pd.Timestamp("2017-12-31", tz="UTC")
    assert (one(crm, "won_deals"), one(crm, "lost_deals")) == (4_238, 2_473)
    stages = evaluate("stage_distribution", crm).set_index("stage")["numerator"]
    assert stages[["Engaging", "Prospecting"]].tolist() == [1_589, 500]


def test_money_and_win_rate(crm):
    assert one(crm, "revenue") == 10_005_534
    assert one(crm, "average_check:mean") == pytest.approx(2360.909391, abs=5e-7)
    assert one(crm, "average_check:median") == 1_117
    assert one(crm, "win_rate:closed_count") == pytest.approx(0.631501, abs=5e-7)


def test_cycles(crm):
    assert one(crm, "deal_cycle:won_mean") == pytest.approx(51.781973, abs=5e-7)
    assert one(crm, "deal_cycle:won_median") == 57


def test_revenue_by_quarter(crm):
    figures = evaluate("revenue", crm, Period.parse("2017", "UTC"), each="quarter")
    assert figures["value"].tolist() == [1_134_672, 3_086_111, 2_982_255, 2_802_496]


def test_by_rep_and_team(crm, reference):
    names = ["win_rate:closed_count", "revenue", "won_deals", "deal_cycle:won_mean", "deal_cycle:won_median"]
    for slice_, told in (("team", reference["by_manager"]), ("manager", reference["by_sales_agent"])):
        figures = evaluate(names, crm, by=[slice_])
        wide = figures.assign(name=figures["measure"] + ":" + figures["variant"]).pivot(
            index=slice_, columns="name", values="value"
        )
        assert set(wide.index) == set(told)
        for who, row in told.items():
            assert wide.loc[who, "won_deals:"] == row["won"]
            assert wide.loc[who, "revenue:"] == row["won_value"]
            assert wide.loc[who, "win_rate:closed_count"] == pytest.approx(row["win_rate_closed"], abs=5e-7)
            assert wide.loc[who, "deal_cycle:won_mean"] == pytest.approx(row["mean_won_cycle_days"], abs=5e-7)
            assert wide.loc[who, "deal_cycle:won_median"] == row["median_won_cycle_days"]
    team = evaluate(names[:2], crm, by=["team"]).set_index(["measure", "team"])["value"]
    assert team["win_rate", "Melvin Marxen"] == pytest.approx(0.622003, abs=5e-7)
    assert team["revenue", "Melvin Marxen"] == 2_251_930


def test_deals_without_an_engage_date_are_kept_and_counted(client, crm):
    figures, left = evaluate_fully("new_deals", crm, Period.parse("2017", "UTC"))
    assert left[["reason", "n"]].to_numpy().tolist() == [["no_creation_date", 500]]
    assert figures["n"].item() == pd.Series(crm.deals["created_at"]).between("2017", "2018", "left").sum()
    notes = load_report(client).notes.set_index(["code", "column"])
    assert notes.loc[("no_creation_date", "created_at"), "count"] == 500


def test_names_that_differ_lose_no_row(client, crm, reference):
    report = load_report(client)
    assert report.files["rows_set_aside"].sum() == 0
    notes = report.notes.set_index(["code", "column"])
    assert notes.loc[("unmatched_product", "product"), "count"] == reference["GTXPro_rows"] == 1_480
    assert notes.loc[("unmatched_product", "product"), "samples"] == "GTXPro (1480) ≈ GTX Pro"
    assert ("unmatched_company", "company_id") not in notes.index
    # 35 in the list of teams, 30 of them with deals
    assert len(crm.tables["managers"]) == 35
    assert notes.loc[("manager_without_deals", "manager_id"), "count"] == 5
    assert "unknown_manager" not in report.notes["code"].tolist()


def test_the_known_troubles_are_told_and_no_other(client, reference):
    found = examined(client)
    told = found.problems[found.problems["weight"] != "note"]
    assert told[["code", "column", "count", "of"]].to_numpy().tolist() == [
        ["lost_link", "product", reference["GTXPro_rows"], 8_800],
        ["seldom_filled", "company_id", 1_425, 8_800],  # open deals, of which nobody knows the account
        ["begins_without_closings", "closed_at", 1_185, 8_300],
        ["no_creation_date", "created_at", 500, 8_800],
    ]
    assert set(told["weight"]) == {"distorts"}
    products = found.joins.set_index("to").loc["products"]
    assert (products["matched"], products["samples"]) == (7_320, "GTXPro (1480) ≈ GTX Pro")
    accounts = found.joins.set_index("to").loc["companies"]
    assert (accounts["filled"], accounts["unmatched"]) == (7_375, 0)


def test_by_sector_and_product(crm, reference):
    for slice_, told in (("segment", reference["by_sector"]), ("product", reference["by_product"])):
        figures = evaluate("revenue", crm, by=[slice_]).dropna(subset=[slice_]).set_index(slice_)["value"]
        assert figures.to_dict() == {name: row["won_value"] for name, row in told.items()}


def test_closed_deals_alone_in_the_american_order(tmp_path):
    client = client_of(tmp_path, *CLOSED)
    crm = load(client)
    # 3/1/2017 and 3/11/2017 decide nothing, 10/20/2016 does: the month stands first
    dates = load_report(client).columns.set_index("column").loc["closed_at", "decision"]
    assert dates == "%m/%d/%Y"
    assert crm.deals["deal_id"].is_unique
    assert crm.deals["status"].value_counts().to_dict() == {"won": 4_238, "lost": 2_473, "open": 0}
    assert (one(crm, "revenue"), one(crm, "deal_cycle:won_median")) == (10_005_534, 57)
    assert one(crm, "deal_cycle:won_mean") == pytest.approx(51.781973, abs=5e-7)
    assert one(crm, "win_rate:closed_count") == pytest.approx(0.631501, abs=5e-7)


def test_a_joined_file_tells_the_office(tmp_path, reference):
    number, pipeline = NUMBER.strip(), "sales_pipeline.csv"
    real = Path(os.path.relpath(REAL, tmp_path)).as_posix()
    (tmp_path / "client.yml").write_text(
        "format: 1\nname: Maven\nfiles:\n"
        f"  - path: {real}/{pipeline}\n    table: deals\n    columns: {{{number}, sales_agent: manager_id,"
        " deal_stage: stage, engage_date: created_at, close_date: closed_at, close_value: amount}\n"
        f"  - {{path: {real}/sales_teams.csv, table: deals, join: {{on: sales_agent}}}}\n"
        "pipelines: [{name: Sales, stages: [{name: Won, kind: won}, {name: Lost, kind: lost}]}]\n",
        encoding="utf-8",
    )
    figures = evaluate("revenue", load(read_client(tmp_path)), by=["regional_office"])
    told = {name: row["won_value"] for name, row in reference["by_regional_office"].items()}
    assert figures.set_index("regional_office")["value"].to_dict() == told


def test_the_audit_finds_what_plain_pandas_finds(crm):
    raw = pd.read_csv(REAL / "sales_pipeline.csv")
    open_ = raw[raw["deal_stage"].isin(["Prospecting", "Engaging"])]
    known = open_.dropna(subset=["account"])
    twice = known[known.duplicated(["account", "product"], keep=False)]
    found = examine(crm)
    states = found.states.set_index("check")
    assert states.loc["H23", ["checked", "wrong"]].tolist() == [len(known), len(twice)] == [664, 481]
    ids = found.violations[found.violations["check"] == "H23"]["id"]
    assert set(ids) == set(twice["opportunity_id"])
    # Cards of accounts have neither a city nor a tax number: judged by the name alone, and told so.
    assert states.loc["H06", ["checked", "wrong", "lacking"]].tolist() == [
        85, 0, "companies.city, companies.tax_id",
    ]  # fmt: skip
    assert states.loc["H02", "state"] == "ask" and states.loc["H01", "state"] == "not_applicable"
    assert not states["state"].isin(["passed"])[states["checked"] == 0].any()


def test_the_first_quarter_is_not_compared_and_the_report_says_why(crm):
    first, second, third = (Period.parse(f"2017-Q{number}", "UTC") for number in (1, 2, 3))
    found = compared_periods(crm, first, second, ["win_rate", "won_deals", "revenue"])
    rate = found.rows.set_index("name").loc["win_rate:closed_count"]
    assert rate["before"] == pytest.approx(531 / 647)  # .82, of March alone
    assert set(found.rows["label"]) == {"cannot_be_computed"}
    assert set(found.rows["reason"]) == {"first_records"}
    told = found.warnings.set_index(["code", "measure"]).loc[("first_records", "closed_in")]
    assert told["day"].date().isoformat() == "2017-03-01"
    assert told["share"] == pytest.approx(31 / 90, abs=0.01)
    later = compared_periods(crm, second, third, ["win_rate", "won_deals", "revenue"])
    assert "first_records" not in later.warnings["code"].tolist()
    assert set(later.rows["label"]) == {"may_be_chance"}
