"""Our figure beside the CRM's screen, on three deals."""

from __future__ import annotations

import json
from itertools import chain

import pytest
from typer.testing import CliRunner

from crmkit import Period
from crmkit.cli import app
from crmkit.errors import RequestError
from crmkit.measures import find
from crmkit.measures.parity import PAIRS, parity

RUNNER = CliRunner()
DEALS = [
    {"stage": "Won", "created_at": "2026-01-05", "closed_at": "2026-02-03"},
    {"stage": "Lost", "created_at": "2026-01-05", "closed_at": "2026-02-04"},
    {"stage": "Offer", "created_at": "2026-02-06"},
]
CHANGES = [
    {"deal_id": "1", "changed_at": "2026-01-05", "to_stage": "New"},
    {"deal_id": "1", "changed_at": "2026-02-01", "to_stage": "Offer"},
    {"deal_id": "1", "changed_at": "2026-02-03", "to_stage": "Won"},
    {"deal_id": "2", "changed_at": "2026-01-05", "to_stage": "New"},
    {"deal_id": "2", "changed_at": "2026-02-04", "to_stage": "Lost"},
    {"deal_id": "3", "changed_at": "2026-02-06", "to_stage": "New"},
    {"deal_id": "3", "changed_at": "2026-02-07", "to_stage": "Offer"},
]


def test_both_figures_and_their_difference_stand_side_by_side(snapshot):
    rows = parity(snapshot(DEALS, stage_changes=CHANGES), "bitrix24", Period.parse("2026-02", "UTC"))
    told = rows[["stage", "value_ours", "n_ours", "value_theirs", "n_theirs"]].astype("object")
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        # one of two closed deals was won; one of three that were there
        [None, 0.5, 2, pytest.approx(1 / 3), 3],
        # in February the third deal alone came to New, and went on; all three count there
        ["New", 1.0, 1, 1.0, 3],
        # the first was won from Offer, the third is still there; the lost one never was
        ["Offer", 1.0, 1, pytest.approx(2 / 3), 3],
        ["Won", None, None, pytest.approx(1 / 3), 3],
    ]
    assert rows["difference"].iloc[0] == pytest.approx(1 / 3 - 1 / 2)
    assert (rows["missing_ours"] == "").all()


def test_what_is_missing_is_told_and_the_other_figure_stays(snapshot):
    rows = parity(snapshot(DEALS), "bitrix24").set_index("stage")
    assert rows["value_theirs"].dropna().size == 4  # the rule of this CRM needs no history
    assert rows["value_ours"].dropna().size == 1
    assert set(rows["missing_ours"]) >= {"stage_changes.to_stage"}


def test_every_pair_is_of_measures_of_the_catalogue():
    for pair in chain.from_iterable(PAIRS.values()):
        assert find(pair.ours).within == find(pair.theirs).within
        assert find(pair.ours).name != find(pair.theirs).name and str(pair.why) and str(pair.where)


def test_of_other_crms_nothing_is_known(snapshot):
    with pytest.raises(RequestError, match="--crm 1c: what this CRM shows on its screen is not known"):
        parity(snapshot(DEALS), "1c")


def test_the_command_prints_rows_with_the_reason(snapshot, tmp_path, monkeypatch):
    monkeypatch.setenv("CRMKIT_LANGUAGE", "en")
    snapshot(DEALS, stage_changes=CHANGES)
    options = ["--crm", "bitrix24", "--period", "2026-02", "--format", "json"]
    result = RUNNER.invoke(app, ["parity", str(tmp_path / "1"), *options])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    first = told["rows"][0]
    assert (told["crm"], first["theirs"], first["n_theirs"]) == (
        "bitrix24",
        "win_rate:bitrix24_conversion",
        3,
    )
    assert first["stage"] is None and first["missing_ours"] is None
    assert first["why"].startswith("Bitrix24 divides the deals won") and "Analytics" in first["where"]
