"""What ``client.yml`` is made of: its base, names and days, and the report's pages that a client chooses."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(value: object) -> object:
    """Let only one spelling of a date through: pydantic takes 2026 for seconds since 1970."""
    if isinstance(value, date) or (isinstance(value, str) and DAY.fullmatch(value)):
        return value
    raise PydanticCustomError("date", "no date")


def _account(value: object) -> str:
    """Let through where a CRM's account is, and nothing else: an address with a path may hold a secret."""
    try:
        place = urlsplit(str(value).strip())
    except ValueError as error:
        raise PydanticCustomError("account", "no account") from error
    local = place.scheme == "http" and place.hostname in ("127.0.0.1", "localhost")
    rest = place.path.strip("/") or place.query or place.fragment or "@" in place.netloc
    if place.hostname and not rest and (place.scheme == "https" or local):
        return f"{place.scheme}://{place.netloc.lower()}"
    raise PydanticCustomError("account", "no account")


Day = Annotated[date, BeforeValidator(_day)]
Account = Annotated[str, PlainValidator(_account)]
Name = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A mapping of ``client.yml``; a key that it does not know is a mistake."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, coerce_numbers_to_str=True, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: Any) -> Any:
        """Take a key with nothing behind it for one that is left out."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


class RequiredCards(Part):
    """Which fields every card needs; alternatives by ``|``."""

    companies: list[Name] = ["name", "city", "tax_id"]
    contacts: list[Name] = ["name", "phone|email"]


class ParetoPage(Part):
    """Who or what brings most of a measure."""

    measure: Name
    by: Name


class PivotPage(Part):
    """A measure over two slices."""

    measure: Name
    rows: Name
    columns: Name


class ReportSettings(Part):
    """Which pages the KPI report has besides those that all have."""

    pareto: list[ParetoPage] = [
        ParetoPage(measure="revenue", by="company"),
        ParetoPage(measure="revenue", by="manager"),
        ParetoPage(measure="refusals", by="lost_reason"),
    ]
    pivots: list[PivotPage] = [
        PivotPage(measure="win_rate", rows="manager", columns="quarter"),
        PivotPage(measure="new_deals", rows="source", columns="month"),
    ]
