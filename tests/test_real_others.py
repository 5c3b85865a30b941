"""Public event logs, replies and table shapes, loaded by a plain mapping; counts worked out elsewhere.

Skipped where the data sets are not beside the project.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from crmkit import read_client
from crmkit.sources.load import load, load_report

REAL = Path(__file__).resolve().parents[1].parent / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the data sets are not beside the project")


@pytest.fixture
def loaded(tmp_path):
    def read(zone: str, *files: str):
        real = Path(os.path.relpath(REAL, tmp_path)).as_posix()
        lines = "".join(f"  - {{{file.replace('@', real)}}}\n" for file in files)
        text = f"format: 1\nname: Real\ntime_zone: {zone}\nfiles:\n{lines}"
        (tmp_path / "client.yml").write_text(text, encoding="utf-8")
        client = read_client(tmp_path)
        return load(client), load_report(client)

    return read


def reference(name: str) -> dict:
    return json.loads((REAL / name).read_text(encoding="utf-8"))


def transitions(changes: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Count the steps from stage to stage in the order of the table."""
    ordered = changes.sort_values("deal_id", kind="stable")
    stage = ordered["to_stage"].astype("str")
    same = ordered["deal_id"].eq(ordered["deal_id"].shift())
    return pd.Series(list(zip(stage.shift()[same], stage[same], strict=True))).value_counts().to_dict()


def test_loan_applications(loaded):
    told = reference("evlog_bpic2012/reference_stage_history.json")
    crm, report = loaded(
        "Europe/Amsterdam",
        "path: '@/evlog_bpic2012/stage_history_A.csv', table: stage_changes, columns: {deal_id: deal_id,"
        " stage: to_stage, entered_at: changed_at, user: manager_id}",
    )
    changes = crm.tables["stage_changes"]
    assert (len(changes), changes["deal_id"].nunique()) == (told["rows"], told["deals"])
    assert report.files["rows_set_aside"].tolist() == [0]
    assert crm.as_of == pd.Timestamp(told["asof_utc"])
    reached = changes.groupby("to_stage", observed=True)["deal_id"].nunique()
    assert {name: reached[name] for name in told["funnel_reached"]} == told["funnel_reached"]
    # offsets of summer and winter, and ties in time that only the order of the file decides
    found = {" -> ".join(pair): count for pair, count in transitions(changes).items()}
    assert found == told["transitions"]


def test_permits(loaded):
    told = reference("evlog_receipt/reference.json")
    log = "path: '@/evlog_receipt/receipt.csv'"
    crm, report = loaded(
        "Europe/Amsterdam",
        f"{log}, table: stage_changes, columns: {{'case:concept:name': deal_id, 'concept:name': to_stage,"
        " 'time:timestamp': changed_at, 'org:resource': manager_id}",
        f"{log}, table: deals, columns: {{'case:concept:name': deal_id, 'case:startdate': created_at,"
        " 'case:enddate': closed_at, 'case:responsible': manager_id}",
    )
    changes = crm.tables["stage_changes"]
    assert (len(changes), len(crm.deals)) == (told["events"], told["cases"])
    assert changes["to_stage"].astype("str").value_counts().to_dict() == told["activity_counts"]
    assert changes["manager_id"].nunique() == told["resources"]
    first, last = (changes["changed_at"].agg(end).tz_convert("UTC") for end in ("min", "max"))
    assert [first, last] == [pd.Timestamp(moment) for moment in told["range_utc"]]
    # one file feeds two tables; the cases stand once in the one and all their events in the other
    files = report.files.set_index("table")
    assert files["rows_kept"].to_dict() == {"stage_changes": 8_577, "deals": 1_434}
    assert (changes["deal_ix"] >= 0).all()
    steps = transitions(changes)
    assert (len(steps), sum(steps.values())) == (told["dfg_edges"], told["dfg_total"])
    assert all(steps[edge["from"], edge["to"]] == edge["n"] for edge in told["dfg_top25"])


def test_bitrix24_replies(loaded):
    told = reference("bitrix_api/reference.json")
    crm, report = loaded(
        "Europe/Moscow",
        "path: '@/bitrix_api/stagehistory.csv', table: stage_changes, columns: {OWNER_ID: deal_id,"
        " CREATED_TIME: changed_at, STAGE_ID: to_stage}",
        "path: '@/bitrix_api/leads_id_title.csv', table: deals, columns: {ID: deal_id, TITLE: title}",
    )
    changes, history = crm.tables["stage_changes"], told["stagehistory"]
    assert (len(changes), changes["deal_id"].nunique()) == (history["rows"], history["owners"])
    months = changes["changed_at"].dt.strftime("%Y-%m").value_counts().to_dict()
    assert months == history["entries_by_month_msk"]
    assert changes["deal_id"].value_counts().value_counts().to_dict() == {
        int(entries): owners for entries, owners in history["entries_distribution"].items()
    }
    assert len(crm.deals) == told["leads_id_title"]["rows"]
    # titles hold commas, per cent signs and Cyrillic; leads have no stage and no date
    assert crm.deals.set_index("deal_id").loc["161", "title"].endswith("17.9 (201%)")
    assert set(report.notes["code"]) == {"no_status", "no_creation_date", "unknown_deal"}


def test_bitrix24_replies_as_they_came(loaded, tmp_path):
    """The moves in replies of the recorded shape: a page of 50, and the other pages in one batch."""
    told = reference("bitrix_api/reference.json")["stagehistory"]
    moves = pd.read_csv(REAL / "bitrix_api/stagehistory.csv", dtype=str).to_dict("records")
    pages = [{"items": moves[start : start + 50]} for start in range(0, len(moves), 50)]
    first = {"result": pages[0], "next": 50, "total": len(moves)}
    batch = {"result": {"result": {f"cmd{n}": page for n, page in enumerate(pages[1:])}, "result_error": []}}
    folder = tmp_path / "api" / "stagehistory"
    folder.mkdir(parents=True)
    # both pages lie there twice, as after a pull that was cut off and begun again
    for number, reply in enumerate((first, batch, batch, first), 1):
        (folder / f"0001-{number:05d}.json").write_text(json.dumps(reply), encoding="utf-8")
    crm, report = loaded(
        "Europe/Moscow\ncrm: bitrix24\napi: api",
        "path: '@/bitrix_api/leads_id_title.csv', table: deals, columns: {ID: deal_id, TITLE: title}",
    )
    changes, files = crm.tables["stage_changes"], report.files.set_index("table").loc["stage_changes"]
    assert (len(changes), changes["deal_id"].nunique()) == (told["rows"], told["owners"])
    assert (files["rows_read"].sum(), files["rows_kept"].sum()) == (2 * told["rows"], told["rows"])
    assert set(report.set_aside["reason"]) == {"same_row"}
    months = changes["changed_at"].dt.strftime("%Y-%m").value_counts().to_dict()
    assert months == told["entries_by_month_msk"]
    entries = changes["deal_id"].value_counts().value_counts().to_dict()
    assert entries == {int(n): owners for n, owners in told["entries_distribution"].items()}
    # the replies tell of one stage only: what was left for it is not known, and none is invented
    assert changes["from_stage"].isna().all()
    assert set(changes["to_stage"]) == {"UC_KW9988"}


def test_shapes_with_hashed_values(loaded):
    crm, report = loaded(
        "UTC",
        "path: '@/dbt_hubspot/deal_data.csv', table: deals, columns: {deal_id: deal_id,"
        " property_amount: amount, property_createdate: created_at, property_closedate: closed_at,"
        " deal_pipeline_stage_id: stage}",
        "path: '@/dbt_hubspot/deal_stage_data.csv', table: stage_changes, columns: {deal_id: deal_id,"
        " date_entered: changed_at, value: to_stage}",
        "path: '@/dbt_hubspot/engagement_task_data.csv', table: tasks, columns: {engagement_id: task_id,"
        " property_hs_createdate: created_at, property_hs_timestamp: due_at,"
        " property_hubspot_owner_id: manager_id}",
    )
    told = reference("dbt_hubspot/reference.json")
    assert len(crm.deals) == told["deal"]["rows"]
    assert crm.deals["amount"].notna().sum() == told["deal"]["amount_non_null"] == 0
    # hours of one digit are read too; none of the deals that moved is among those exported
    assert len(crm.tables["stage_changes"]) == told["deal_stage"]["rows"]
    notes = report.notes.set_index("code")["count"]
    assert notes["unknown_deal"] == told["deal_stage"]["deals_not_in_deal_table"]
    # two tasks with the owner beside the number, and 2050-01-01 that means «never» in a column not mapped
    assert crm.tasks["task_id"].is_unique
    assert crm.tasks["due_at"].notna().all()


def test_opportunities_with_odd_chances(loaded):
    crm, report = loaded(
        "UTC",
        "path: '@/dbt_salesforce/sf_opportunity_data.csv', table: deals, columns: {id: deal_id,"
        " amount: amount, created_date: created_at, close_date: closed_at, owner_id: manager_id,"
        " stage_name: stage, probability: probability}",
    )
    told = reference("dbt_salesforce/reference.json")["opportunity"]
    assert crm.deals["deal_id"].is_unique == told["id_unique"]
    assert set(crm.deals["amount"].dropna()) == {float(amount) for amount in told["amount"]}
    # 1000 per cent is no chance
    chances = {str(round(chance * 100)): n for chance, n in crm.deals["probability"].value_counts().items()}
    assert chances == {chance: n for chance, n in told["probability"].items() if chance != "1000"}
    assert report.notes.set_index("code").loc["no_share", "samples"] == "1000"
    assert crm.whole_days == {"deals.closed_at"}
