"""What client.yml says of stages."""

from __future__ import annotations

SETTINGS = """
as_of: 2026-03-31
files:
  - {path: d.csv, table: deals, columns: {Сделка: deal_id, Шаг: stage, Бюджет: amount, Дата: created_at}}
pipelines:
  - name: Sales
    stages:
      - {name: New, required: [бюджет, ЛПР, source]}
      - {name: Offer}
"""


def test_required_fields_may_be_named_by_the_headings_that_feed_them(make):
    made = make(SETTINGS, {"d.csv": "Сделка;Шаг;Бюджет;ЛПР;Дата\n1;New;100;Eve;2026-03-01\n"})
    told = made.stages.set_index("stage")["required_fields"]
    assert told["New"] == "amount, ЛПР, source"
    assert told.isna().tolist() == [False, True]
