"""Answers as amoCRM (API v4) and Bitrix24 (REST) give them, saved as pages of JSON in a client's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from crmkit.simulate.department import Department
from crmkit.simulate.export import write_client, write_planted
from crmkit.simulate.scenario import read_data

Records = list[dict[str, Any]]
PAGE = 250


def captions(department: Department) -> dict[str, str]:
    """Return how the client calls its own fields of deals, by canonical column."""
    told: dict[str, str] = read_data("headings.yml")["api"][department.scenario.language]
    return told


def records(department: Department, table: str, fields: Mapping[str, str], unix: bool = False) -> Records:
    """Return a table as JSON objects: keys of the CRM -> canonical columns; moments as text or as seconds."""
    frame: pd.DataFrame = getattr(department, table)
    columns = [_values(frame[column], unix) for column in fields.values()]
    return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pd.Series, unix: bool) -> Any:
    """Return the values of a column as JSON knows them; numbers of people without their letter."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        at = column.dt.tz_convert("UTC")
        if unix:
            whole = at.dt.tz_localize(None).to_numpy().astype("M8[s]").astype(np.int64)
            return [int(one) if known else None for one, known in zip(whole, at.notna(), strict=True)]
        return at.dt.strftime("%Y-%m-%dT%H:%M:%S+00:00").astype("object").where(at.notna(), None).tolist()
    if column.dtype == "datetime64[us]":
        return column.dt.strftime("%Y-%m-%d").astype("object").where(column.notna(), None).tolist()
    values = [None if pd.isna(one) else one for one in column.astype("object").tolist()]
    if str(column.name).endswith("_id") and column.name != "tax_id":
        return [None if one is None else int(str(one).lstrip("M")) for one in values]
    return values


def named(department: Department, table: str, column: str) -> dict[str, int]:
    """Return a number for each name in a column: what CRMs say in place of names."""
    names = getattr(department, table)[column].dropna().astype("str").unique()
    return {name: place for place, name in enumerate(sorted(names), 1)}


def save(folder: Path, entity: str, found: Records, wrap: Any) -> None:
    """Write records page by page as answers; ``wrap`` puts a page into the answer's frame."""
    place = folder / "api" / entity
    place.mkdir(parents=True, exist_ok=True)
    for number, start in enumerate(range(0, len(found), PAGE), 1):
        answer = json.dumps(wrap(found[start : start + PAGE]), ensure_ascii=False)
        (place / f"0001-{number:05d}.json").write_text(answer, encoding="utf-8", newline="\n")


def finish(department: Department, folder: Path, crm: str) -> Path:
    """Write ``client.yml`` and ``planted.yml`` beside the answers; return the answers' folder."""
    write_client(folder, department, crm, [])
    write_planted(folder, department, crm, ())
    return folder / "api"
