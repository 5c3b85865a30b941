"""Options of any type are refused in words; nothing that a hand may write ends in a traceback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crmkit import open_study
from crmkit.errors import CrmkitError
from crmkit.present import claims, effect, gap, periods

ANYTHING = (None, 0, True, 1.5, "", [], {}, "x", [None], [[1, 2]], {"a": 1}, {"manager": None}, "\0")
CLAIM = {"claim": "revenue:+24%", "date": "2025-09-01"}
SIDES = {"first": "2025-Q4", "second": "2025-Q3"}
REPS = {"first": "Ann", "second": "Bob", "by": "manager"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    settings = (
        "{format: 1, name: C, crm: plain, as_of: 2026-01-31, files: [{path: d.csv, table: deals}],"
        " pipelines: [{name: S, stages: [{name: Won, kind: won}, {name: Lost, kind: lost}]}]}"
    )
    (folder / "client.yml").write_text(settings, encoding="utf-8")
    rows = [
        f"{rep}{month},{stage},{rep},2025-{month:02}-03,2025-{month:02}-20,100"
        for rep, stage in (("Ann", "Won"), ("Bob", "Lost"), ("Bob", "Won"))
        for month in range(1, 13)
    ]
    lines = ["deal_id,stage,manager_id,created_at,closed_at,amount", *rows]
    (folder / "d.csv").write_text("\n".join(lines), encoding="utf-8")
    return open_study(folder)


def options():
    yield from ({name: one} for name in ("claims", "effects", "gap", "periods") for one in ANYTHING)
    for one in ANYTHING:
        yield from ({"claims": [CLAIM | {name: one}]} for name in claims.ASKED)
        yield from ({"claims": [{"claim": "Ann/Bob:x2", name: one}]} for name in ("period", "outcome"))
        yield from ({"effects": [{"date": "2025-09-01", name: one}]} for name in effect.ASKED)
        yield from ({"gap": side | {name: one}} for side in (SIDES, REPS) for name in gap.ASKED)
    for day in ("0001-01-01", "9999-12-31", "2023-02-29"):
        yield {"claims": [CLAIM | {"date": day}]}
        yield {"claims": [CLAIM | {"claim": "client_retention:x5", "until": day}]}
        yield {"periods": [day, "2025"]}
    for said in ("+1e400%", "x0", "/0", "NaN", "+NaN%", "-100%", "x" + "9" * 400, "/" + "9" * 400):
        yield {"claims": [CLAIM | {"claim": f"revenue:{said}"}]}


def test_whatever_is_asked_for(study):
    pages = {"claims": claims.claims, "effects": effect.effects, "gap": gap.gaps, "periods": periods.periods}
    refused = 0
    for asked in options():
        try:
            pages[next(iter(asked))](replace(study, options=asked, told={}, left_out={}, found={}))
        except CrmkitError as refusal:
            refused += 1
            assert refusal.remedy is not None, asked
    assert refused > 200
