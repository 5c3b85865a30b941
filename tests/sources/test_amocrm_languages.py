"""Kommo in Portuguese and Spanish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from crmkit.sources.known import SOURCES
from crmkit.sources.mapping import recognise
from crmkit.sources.reading import read_raw

PORTUGUESE, SPANISH = "kommo_pt_export_leads_2026-03-31.csv", "kommo_es_export_leads_2026-03-31.csv"


def _load(make: Callable[..., SimpleNamespace], fixtures: Path, name: str) -> pd.DataFrame:
    settings = f"crm: amocrm\ntime_zone: America/Sao_Paulo\nfiles:\n  - {{path: {name}, table: deals}}\n"
    deals: pd.DataFrame = make(settings, {name: fixtures / name}).deals
    return deals


@pytest.mark.parametrize("name", [PORTUGUESE, SPANISH])
def test_a_file_is_known_by_its_headings(fixtures: Path, name: str) -> None:
    assert recognise(read_raw(fixtures / name).headings, SOURCES.values()) == [("amocrm", "deals")]


def test_portuguese(make: Callable[..., SimpleNamespace], fixtures: Path) -> None:
    deals = _load(make, fixtures, PORTUGUESE)
    assert deals["title"].tolist() == ["Pipas", "Tambores", "Sinos"]
    assert deals["status"].tolist() == ["won", "lost", "open"]
    # the reason is glued to the stage, with brackets of its own
    assert deals["stage"].tolist() == ["Venda ganha", "Venda perdida", "Proposta"]
    assert deals["lost_reason"].iloc[1] == "Preço (alto)"
    assert deals["amount"].tolist() == [1000, 800, 500]
    assert deals["manager_id"].tolist() == ["Ana Luz", "Ana Luz", "Beto Rio"]
    assert deals["closed_at"].isna().tolist() == [False, False, True]  # «nao fechado»
    # the third has no company of its own, but its contact's
    assert deals["company_id"].tolist() == ["Delta", "Eco", "Fox"]
    assert deals["created_at"].iloc[0] == pd.Timestamp("2026-01-05 09:00", tz="America/Sao_Paulo")


def test_spanish(make: Callable[..., SimpleNamespace], fixtures: Path) -> None:
    deals = _load(make, fixtures, SPANISH)
    assert deals["title"].tolist() == ["Cometas", "Tambores"]
    assert deals["amount"].tolist() == [1000, 800]
    assert deals["manager_id"].tolist() == ["Eva Paz", "Eva Paz"]
    assert deals["contact_id"].tolist() == ["Ana Gil", "Leo Rey"]
    assert deals["company_id"].tolist() == ["Delta", "Eco"]
    assert deals["stage"].tolist() == ["Logrado con éxito", "Propuesta"]
    assert deals["status"].astype("object").where(deals["status"].notna(), None).tolist() == ["won", None]
