"""The pages of the notebooks: they say what is known on any client, and no more than that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import yaml

from crmkit import Period, evaluate, open_study
from crmkit.errors import RequestError, SourceError
from crmkit.measures.cases import REASONS
from crmkit.present import (
    appendix,
    deals,
    intake,
    intake_lacking,
    kpi,
    monitoring,
    parity,
    quality,
    reps,
    stages,
)
from crmkit.present.figures import Figure
from crmkit.present.reasons import LEFT_OUT, missing
from crmkit.present.study import Study, before, latest_months
from crmkit.present.tables import Table
from crmkit.present.tiles import Sentences, Tiles
from crmkit.present.words import Words

SAMPLES = Path(__file__).parents[2] / "data" / "sample"
STAGES = [
    {"name": "New", "probability": 0.1},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
PAGES: list[Callable[[Study], Any]] = [
    kpi.headline, kpi.summary, kpi.months, kpi.revenue_chart,
    deals.win_rates, deals.cycles, deals.funnel, deals.reasons, deals.reasons_table, deals.forecast,
    reps.win_rates, reps.revenue, reps.results, reps.work, monitoring.figures,
    intake.verdict, intake.warnings, intake.files, intake.set_aside, intake.oddities,
    quality.problems, quality.fields, quality.joins, quality.identifiers, quality.dates, quality.masses,
    quality.reach, intake_lacking.asks, intake_lacking.filling,
    intake.columns, intake.stages, intake.managers, parity.screen, stages.visits,
    appendix.not_told, appendix.left_out, appendix.glossary,
]  # fmt: skip


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., Path]:
    """Return ``client(lines, **settings)``: a folder with a deals file of these CSV lines."""

    def make(lines: str, **settings: Any) -> Path:
        folder = tmp_path / f"client{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "deals.csv").write_text(lines, encoding="utf-8")
        whole = {
            "format": 1, "name": "Client", "crm": "plain", "as_of": "2026-03-31", "currency": "USD",
            "files": [{"path": "deals.csv", "table": "deals"}],
            "pipelines": [{"name": "Sales", "stages": STAGES}],
        }  # fmt: skip
        (folder / "client.yml").write_text(
            yaml.safe_dump(whole | settings, allow_unicode=True), encoding="utf-8"
        )
        return folder

    return make


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return ``sample(name)``: a copy of a sample client."""
    whole = tmp_path_factory.mktemp("samples")
    shutil.copytree(SAMPLES, whole, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".crmkit"))
    return lambda name: whole / name


def texts(page: Any) -> list[str]:
    """Return all that a page says."""
    if isinstance(page, Table):
        cells = [
            str(page.shown_at(row, column)) for row in page.visible for column in range(len(page.columns))
        ]
        return [page.title, *(column.heading for column in page.columns), *cells, *page.remarks]
    if isinstance(page, Tiles):
        return [text for tile in page.items for text in (tile.name, tile.value, *tile.lines, tile.note)]
    if isinstance(page, Figure):
        return [page.title, page.alt]
    assert isinstance(page, Sentences)
    return list(page.paragraphs)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def tiles_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Return what the tiles say, by name: value, lines, note."""
    return {
        tile.name: tuple(map(plain, (tile.value, *tile.lines, tile.note)))
        for tile in kpi.headline(study).items
    }


def read(study: Study) -> dict[str, list[str]]:
    """Return what every page says; each must be JSON as it stands."""
    said = {}
    for make in PAGES:
        page = make(study)
        json.dumps(page._repr_mimebundle_(), allow_nan=False)
        name = f"{make.__module__.split('.')[-1]}.{make.__name__}"
        said[name] = [plain(text) for text in texts(page) if text]
        assert said[name] or name == "deals.reasons_table", name
        assert not [text for text in said[name] if "{" in text or "nan" in text.split()], name
    return said


TINY = "deal_id,stage\n1,New\n2,Won\n3,Lost\n"
OPEN = "deal_id,stage,created_at,amount,manager_id\n1,New,2026-02-03,10,Ann\n2,New,2026-03-03,,\n"
FEW = "deal_id,stage,created_at,closed_at,amount,manager_id,lost_reason\n" + "".join(
    f"{number},{'Won' if number % 2 else 'Lost'},2026-01-05,2026-03-{number:02d},100,Ann,\n"
    for number in range(1, 8)
)


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("name", ["romashka", "vektor", "northwind-supply"])
def test_pages_of_the_samples(sample, name, language):
    said = read(open_study(sample(name), language=language))
    assert len(said["reps.results"]) > 50


@pytest.mark.parametrize("lines", [TINY, OPEN, FEW], ids=["deals only", "nothing closed", "few"])
def test_pages_of_a_poor_client_say_what_is_missing(client, lines):
    study = open_study(client(lines))
    said = read(study)
    missing = " ".join(said["appendix.not_told"])
    assert "Plan attainment" in missing and "There is no plan." in missing
    assert "The list of tasks is not in this export." in " ".join(said["reps.work"])


def test_a_list_of_deals_without_dates_tells_stages_and_nothing_of_time(client):
    said = read(open_study(client(TINY)))
    assert said["deals.funnel"][0] == "Open deals by stage: the largest group stands in «New», 1 of 1"
    assert said["kpi.summary"] == [
        "The export carries no closed deals with dates: there is no result to tell."
    ]
    assert (
        "Deals have no closing date in this export. Add the column with the closing date."
        in said["kpi.months"]
    )
    assert "Deals have no responsible person in this export. Add that column." in said["reps.results"]


def test_a_client_who_closed_nothing_is_told_so(client):
    said = read(open_study(client(OPEN)))
    assert said["kpi.summary"][0] == "1 Feb 2026 – 31 Mar 2026: no deal was won."
    assert said["deals.reasons"] == [
        "Deals have no reason for the loss in this export. Add that column, or make reps fill it."
    ]


def test_a_file_with_a_heading_only_is_refused_before_any_page(client):
    with pytest.raises(SourceError, match=r"deals\.csv"):
        open_study(client("deal_id,stage\n"))


def test_pages_of_an_earlier_day_say_what_is_known_for_the_export_only(client):
    said = read(open_study(client(FEW + "9,New,2026-02-01,,70,Ann,\n"), as_of="2026-03-04"))
    why = "Amounts, chances and next tasks of open deals are known only for the day of export."
    named = said["appendix.not_told"]
    assert {"Money in open deals", "Weighted forecast"} <= set(named[named.index(why) + 1].split(" · "))
    assert "The export itself reaches further, to 7 Mar 2026 00:00." in " ".join(said["intake.verdict"])


def test_fewer_than_ten_cases_are_never_a_share(client):
    study = open_study(client(FEW))
    said = read(study)
    # Closed in March: won 1, 3, 5, 7; lost 2, 4, 6.
    assert "Only 7 deals were closed (4 won): too few to speak of a share." in said["kpi.summary"]
    assert "4 of 7" in said["kpi.headline"] and "4 of 7" in said["deals.win_rates"]
    assert "4 of 7" in said["reps.results"]
    for name in ("kpi.headline", "kpi.summary", "kpi.months", "deals.win_rates", "reps.results"):
        assert not [text for text in said[name] if "57" in text], name
    # Of money and days the figure is told with its n.
    assert "100 (n = 4)" in said["reps.results"]
    assert (
        said["deals.cycles"].count("58.0 (n = 4)") == 2
    )  # 55, 57, 59 and 61 days from 5 January: mean, median


def test_the_clients_own_limits_hold(client):
    said = read(open_study(client(FEW, limits={"few_cases": 5})))
    assert [text for text in said["kpi.summary"] if "57.1%" in text]
    assert "57.1%" in said["kpi.headline"]


def test_what_stands_open_is_told_for_its_day_whatever_the_period(client):
    lines = OPEN + "3,Won,2026-02-03,50,Ann\n"
    study = open_study(client(lines, as_of="2026-03-10"))
    assert study.period.name == "2026-02-01..2026-03-01"
    assert tiles_of(study)["Money in open deals"] == ("$10", "n = 1", "as of 10 Mar 2026")
    assert deals.funnel(study).table.rows == (("New", 2, 10.0),)


def test_displayed_figures_are_the_evaluated_ones(sample):
    study = open_study(sample("northwind-supply"), period="2026-Q1")
    whole = evaluate(list(reps.BY_REP), study.crm, study.period)
    figures = evaluate(list(reps.BY_REP), study.crm, study.period, by=["manager"])
    table = reps.results(study)
    keys = [column.key for column in table.columns]
    names = [row[0] for row in table.rows]
    assert names == [*sorted(set(figures["manager"].dropna())), "The whole department"]
    for name in reps.BY_REP:
        one = study.measure(name)
        column = keys.index(name.replace(":", "_"))
        for frame, rows in (
            (figures, table.rows[:-1]),
            (whole.assign(manager="The whole department"), table.rows[-1:]),
        ):
            mine = frame[(frame["measure"] == one.id) & (frame["variant"] == one.variant)].set_index(
                "manager"
            )["value"]
            assert [row[column] for row in rows] == [
                None if pd.isna(mine[row[0]]) else mine[row[0]] for row in rows
            ]
    # And what is read of them: dollars without cents, shares to a tenth.
    revenue = whole[whole["measure"] == "revenue"]["value"].item()
    tiles = tiles_of(study)
    assert float(tiles["Revenue"][0].strip("$").replace(",", "")) == round(revenue)
    rate = whole[whole["measure"] == "win_rate"]["value"].item()
    assert tiles["Win rate"][0] == f"{rate * 100:.1f}%"


def test_no_list_of_reps_is_in_the_order_of_a_figure(sample):
    study = open_study(sample("vektor"), language="en")
    names = sorted(study.crm.tables["managers"]["name"])
    for page in (reps.results(study), reps.work(study)):
        assert [row[0] for row in page.rows[:-1]] == names
    for chart in (reps.win_rates(study), reps.revenue(study)):
        assert [row[0] for row in chart.table.rows] == names


def test_a_rep_with_a_plan_and_no_deal_is_in_the_table(client):
    plan = [{"period_start": "2026-03-01", "value": 400}, *(
        {"period_start": "2026-03-01", "value": 200, "manager": name} for name in ("Ann", "Bob")
    )]  # fmt: skip
    table = reps.results(open_study(client(FEW, plan=plan)))
    assert [(row[0], row[5]) for row in table.rows] == [
        ("Ann", 2.0),
        ("Bob", 0.0),
        ("The whole department", 1.0),
    ]


def test_the_plan_is_told_although_cases_are_few(client):
    study = open_study(client(FEW, plan=[{"period_start": "2026-03-01", "value": 500}]))
    assert tiles_of(study)["Plan attainment"] == ("80.0%", "$400 of $500", "")
    assert "On the days that have a plan, $400 of $500 was reached: 80.0%." in kpi.summary(study).paragraphs


def test_the_period_before_stands_beside_only_where_the_records_cover_it(client):
    lines = "deal_id,stage,created_at,closed_at,amount\n"
    lines += "1,Won,2025-09-01,2025-10-05,70\n2,Won,2025-10-01,2026-03-05,90\n"
    folder = client(lines)
    covered = tiles_of(open_study(folder, period="2026-Q1"))
    assert covered["Revenue"] == ("$90", "n = 1", "the period before: $70", "")
    assert covered["Won deals"] == ("1", "the period before: 1", "")
    # July and August 2025 are before the first record.
    assert tiles_of(open_study(folder, period="2025-Q4"))["Won deals"] == ("1", "")


def test_money_without_lost_deals_money_is_no_win_rate(client):
    lines = "deal_id,stage,created_at,closed_at,amount\n" + "".join(
        f"{number},{'Won' if number % 2 else 'Lost'},2026-01-05,2026-03-05,{100 if number % 2 else 0}\n"
        for number in range(40)
    )
    table = deals.win_rates(open_study(client(lines)))
    assert [row[1] for row in table.rows] == [0.5, None, None]
    assert "Lost deals carry no money in this export: the win rate in money would say nothing." in table.notes


def test_what_is_left_out_is_that_of_the_whole_period(client):
    lines = "deal_id,stage,created_at,closed_at,amount,lost_reason,manager_id\n" + "".join(
        f"{number},Lost,2026-01-02,2026-0{1 + number % 3}-20,,Test,Ann\n" for number in range(6)
    ) + "9,New,2026-01-02,,,,\n"  # fmt: skip
    study = open_study(client(lines, technical_losses=["Test"]), period="2026-Q1")
    read(study)  # the months are told too, and January alone leaves out two
    table = appendix.left_out(study)
    assert ("Refusals", "technical loss: named so in the settings", 6) in table.rows
    assert (
        "Money in open deals",
        "no amount, or no rate for its currency",
        1,
    ) not in table.rows  # no amount at all


def test_the_glossary_has_every_measure_of_the_report(sample):
    study = open_study(sample("vektor"))
    read(study)
    assert {row[-1] for row in appendix.glossary(study).rows} == set(study.names())


def test_each_reason_has_its_sentence():
    assert set(REASONS.categories) - {""} <= set(LEFT_OUT)


def test_findings_hold_each_figure_once_and_as_evaluated(sample):
    study = open_study(sample("romashka"))
    read(study)
    content = study.findings("06_kpi_report").content
    about = [
        json.dumps([row[key] for key in ("measure", "variant", "period_start", "period_end", "by")])
        for row in content["rows"]
    ]
    assert len(set(about)) == len(about)
    told = dict(zip(about, content["rows"], strict=True))
    figures = evaluate(["revenue", "win_rate"], study.crm, study.period)
    for row in figures.to_dict("records"):
        key = json.dumps(
            [
                row["measure"],
                row["variant"] or None,
                *(row[part].isoformat() for part in ("period_start", "period_end")),
                {},
            ]
        )
        assert told[key]["value"] == row["value"]


def moment(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="Europe/Moscow")


@pytest.mark.parametrize(
    ("as_of", "began", "name"),
    [
        (
            "2026-10-31 18:00",
            "2024-01-15",
            "2025-11-01..2026-11-01",
        ),  # the last day of a month: October is whole
        ("2026-10-30 23:00", "2024-01-15", "2025-10-01..2026-10-01"),  # one day less: it is not
        ("2026-10-15", "2026-08-20", "2026-08-01..2026-10-01"),  # not before the first record
        ("2026-10-15", "2026-10-02", "all"),  # no whole month yet
        ("2024-02-29", "2023-12-31", "2023-12-01..2024-03-01"),
    ],
)
def test_the_period_is_the_latest_whole_months(as_of, began, name):
    at, zone = moment(as_of), SimpleNamespace(zone="Europe/Moscow")
    began = {"deals": moment(began)}
    crm = SimpleNamespace(as_of=at, today=at.date(), began=began, settings=zone)
    assert latest_months(crm).name == name


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("2026-03", "2026-02-01", "2026-03-01"),  # a month, though it is longer than the one before
        ("2026-Q1", "2025-10-01", "2026-01-01"),
        ("2025-11-01..2026-11-01", "2024-11-01", "2025-11-01"),
        ("2026-W10", "2026-02-23", "2026-03-02"),
        ("2026-03-10..2026-03-13", "2026-03-07", "2026-03-10"),
        ("2024", "2023-01-01", "2024-01-01"),
    ],
)
def test_the_period_before_is_as_long_and_whole_months_stay_whole(period, first, after):
    earlier = before(Period.parse(period, "UTC"))
    assert earlier.days() == (date.fromisoformat(first), date.fromisoformat(after))


def test_all_time_has_no_period_before():
    assert before(Period.parse("all", "UTC")) is None


def test_a_month_that_is_not_over_is_shown_as_such(client):
    lines = "deal_id,stage,created_at,closed_at,amount\n"
    lines += "1,Won,2026-01-20,2026-02-05,70\n2,Won,2026-01-25,2026-03-05,\n"
    study = open_study(client(lines, as_of="2026-03-10"), period="2026-02-01..2026-03-01")
    table = kpi.months(study)
    assert [row[0].replace("\u00a0", " ") for row in table.rows] == ["Feb 2026", "Mar 2026"]
    assert table.notes == ("A month that is not over yet is shown with what it has so far.",)
    assert kpi.months(open_study(study.client.folder, period="2026-02")).notes == ()
    # The deal of March has no amount: its revenue is not known, and February is not «the best» of one.
    chart = kpi.revenue_chart(study)
    assert (chart.title, [row[1] for row in chart.table.rows]) == ("Revenue by month", [70.0, None])


def test_won_deals_without_an_amount_are_said_to_add_nothing(client):
    lines = "deal_id,stage,created_at,closed_at,amount\n"
    lines += "1,Won,2026-01-20,2026-02-05,70\n2,Won,2026-01-25,2026-02-06,\n"
    said = [plain(text) for text in kpi.summary(open_study(client(lines), period="2026-02")).paragraphs]
    assert said[:2] == [
        "February 2026: 2 deals won, worth $70.",
        "1 of them has no amount and adds nothing to the money.",
    ]
    unpriced = [
        plain(text) for text in kpi.summary(open_study(client(lines), period="2026-02-06")).paragraphs
    ]
    assert unpriced[0] == "6 Feb 2026: 1 deal won."


def test_an_export_without_its_old_closings_is_warned_of(client):
    lines = "deal_id,stage,created_at,closed_at,amount\n0,New,2025-10-01,,\n" + "".join(
        f"{number},Won,2026-02-0{number},2026-03-0{number},5\n" for number in range(1, 6)
    )
    study = open_study(client(lines))
    warned = plain(intake.warnings(study).paragraphs[0])
    assert warned.startswith(
        "The first deals were created on 1 Oct 2025, and nothing closes before 1 Mar 2026:"
    )
    assert plain(kpi.months(study).notes[0]).startswith("Nothing in this export closes before 1 Mar 2026:")
    assert not kpi.months(open_study(study.client.folder, period="2026-03")).notes


def test_losses_without_reasons_are_said_to_have_none(client):
    lines = "deal_id,stage,created_at,closed_at,lost_reason\n"
    lines += "1,Lost,2026-01-20,2026-02-05,\n2,Lost,2026-01-20,2026-03-05,Price\n"
    folder = client(lines)
    assert deals.reasons(open_study(folder, period="2026-02")).title == "Lost deals without a reason: 1 of 1"
    whole = deals.reasons(open_study(folder))
    assert whole.title == "The most frequent reason: «Price», 1 of 2 lost deals"


@pytest.mark.parametrize(
    ("supplied", "code", "said"),
    [
        ("", "before_first_record", "The CRM had not begun to record this yet."),
        ("", "deals.lost_reason", "Deals have no reason for the loss in this export."),
        (
            "deals.amount",
            "deals.amount",
            "Not filled for any of these: what the deal is worth (deals.amount).",
        ),
        ("", "tasks.due_at, tasks.completed_at", "The list of tasks is not in this export."),
        (
            "tasks.title",
            "tasks.due_at",
            "Not in this export, or never filled: when it is due (tasks.due_at).",
        ),
        ("stages.stage", "deals.probability|stages.default_probability", "No stage has a chance of winning."),
        ("", "deals.Region.2", "Not in this export, or never filled: Region.2 (deals.Region.2)."),
    ],
)
def test_what_is_missing_is_said_as_it_is(supplied, code, said):
    (found,) = missing(SimpleNamespace(supplied=frozenset([supplied])), code)
    assert Words("en").message(found).startswith(said)


def test_nothing_is_missing_where_nothing_is():
    assert missing(SimpleNamespace(supplied=frozenset()), "") == []


@pytest.mark.parametrize("content", [None, "[1]", "{"])
def test_options_that_are_no_json_object_are_refused(client, content):
    folder = client(FEW)
    if content is not None:
        (folder / "options.json").write_text(content, encoding="utf-8")
    with pytest.raises(RequestError, match="the file of options cannot be read as JSON"):
        open_study(folder, options=str(folder / "options.json"))


def test_the_crms_screen_stands_beside_our_figure_with_the_reason(sample):
    study = open_study(sample("vektor"), language="en", period="2026-Q3")
    page = parity.screen(study)
    whole = " ".join(texts(page))
    assert "Our figure and the screen of Bitrix24" in whole and "Sales funnel, with conversion" in whole
    assert page.rows[0][1:3] == ("all pipelines", "all stages")
    assert {"win_rate:bitrix24_conversion", "stage_conversion:bitrix24_funnel"} <= set(study.names())
    assert "is not known" in " ".join(texts(parity.screen(study, "1c")))


def test_the_visits_to_each_stage_end_in_ways_that_add_up(sample):
    page = stages.visits(open_study(sample("vektor"), language="en", period="2026-Q3"))
    keys = [column.key for column in page.columns]
    ways = [keys.index(name) for name in ("advanced", "lost", "moved_back", "still_there")]
    for row in page.rows:
        assert sum(row[place] for place in ways) == row[keys.index("entries")]
    assert page.rows[4][:3] == ("Новые клиенты", "Новая заявка", 89)  # 92 came, 3 of them doubles
