"""The pages on a client's data where it came as answers: thousands of them are told by their folders."""

from __future__ import annotations

import json

from crmkit.present import intake
from crmkit.present.study import open_study


def test_answers_are_told_by_their_folders(tmp_path):
    lead = {"id": 1, "name": "A", "pipeline_id": 1, "status_id": 142, "created_at": 1_767_252_600}
    for number in (1, 2):
        page = {"_page": number, "_links": {}, "_embedded": {"leads": [{**lead, "id": number}, lead]}}
        place = tmp_path / "api" / "leads" / f"0001-0000{number}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(page), encoding="utf-8")
    settings = "format: 1\nname: Client\ncrm: amocrm\napi: api\n"
    (tmp_path / "client.yml").write_text(settings, encoding="utf-8")
    study = open_study(tmp_path, language="en")
    table = intake.files(study)
    # lead 1 stands in both pages, and twice in the first: 2 of 4 rows are kept
    assert table.rows == (("api/leads/…", "deals", 4, 2, 2, "format: json"),)
    assert "2 files were read." in repr(intake.verdict(study))
    first = intake.columns(study).rows[0]
    assert first[:3] == ("api/deals", "deal_id", "the CRM's number of the deal (deal_id)")
