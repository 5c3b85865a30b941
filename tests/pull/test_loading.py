"""What was pulled loads, and is what the reader gets from answers saved by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from crmkit.client import read_client
from crmkit.pull import pull
from crmkit.pull.bitrix24 import ENTITIES
from crmkit.sources.load import load
from tests.pull.conftest import CODE, Portal, amo_answer, bitrix_answer, make_client

FIXTURES = Path(__file__).parents[1] / "sources" / "fixtures"


def number(record: Any) -> Any:
    return record.get("id", record.get("ID"))


def lists(part: Any) -> list[Any]:
    """Return the records in an answer: they lie under a name, those of a batch deeper."""
    if isinstance(part, list):
        return part
    return [record for one in part.values() for record in lists(one)] if isinstance(part, dict) else []


def records(crm: str, entity: str) -> Any:
    """Return all records of the reader's fixtures, older versions too, in the order of their ids."""
    found: list[Any] = []
    for path in sorted((FIXTURES / f"api_{crm}" / entity).glob("*.json")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        if entity == "fields":
            return answer["result"]
        found += lists(answer["_embedded" if crm == "amocrm" else "result"])
    return sorted(found, key=lambda one: str(number(one)).rjust(30))


def portal_of(crm: str) -> Portal:
    if crm == "amocrm":
        folders = [path.name for path in (FIXTURES / "api_amocrm").iterdir()]
        return Portal(amo_answer({name: records(crm, name) for name in folders}))
    return Portal(bitrix_answer({entity.path: records(crm, entity.name) for entity in ENTITIES}))


@pytest.mark.parametrize("crm", ["amocrm", "bitrix24"])
def test_a_pulled_folder_loads_as_one_saved_by_hand(serve, tmp_path, patience, crm):
    portal = serve(portal_of(crm))
    pulled, by_hand = tmp_path / "pulled", tmp_path / "by_hand"
    environ = {"CRMKIT_TOKEN": f"1/{CODE}" if crm == "bitrix24" else CODE}
    for _ in range(2):  # the second pull brings some records again
        pull(make_client(pulled, crm, portal.address), clock=patience.clock, environ=environ)
    make_client(by_hand, crm, portal.address)
    shutil.copytree(FIXTURES / f"api_{crm}", by_hand / "api")
    ours, theirs = load(read_client(pulled)), load(read_client(by_hand))
    assert ours.as_of == theirs.as_of and len(ours.deals) == 4
    for name in ("deals", "stage_changes", "tasks", "activities", "contacts", "companies", "stages"):
        got, want = (one.tables[name].astype("str") for one in (ours, theirs))
        shown = [column for column in got.columns if column not in ("file", "line")]
        assert list(got.columns) == list(want.columns)
        assert sorted(got[shown].to_numpy().tolist()) == sorted(want[shown].to_numpy().tolist()), name
