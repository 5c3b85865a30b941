"""What pydantic finds wrong with ``client.yml``, as refusals: the line, the key, what should stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from crmkit.errors import N_, Message, SettingsError, did_you_mean
from crmkit.limits import Limits
from crmkit.parts import ParetoPage, PivotPage, ReportSettings
from crmkit.settings import (
    CalendarSettings,
    Client,
    ExportFile,
    Join,
    Links,
    Manager,
    Pipeline,
    PlanRow,
    Stage,
)
from crmkit.yamlfile import Lines

#: The beginnings of pydantic's names for mistakes; a longer one stands before a shorter one.
_WRONG: Mapping[str, Message] = {
    "missing": N_("this key is missing"),
    "nothing_to_read": N_("neither files nor api say what is to be read"),
    "literal_error": N_("this is not one of the possible values"),
    "string_pattern_mismatch": N_("this is not written as it should be"),
    "string_too_short": N_("this may not be empty"),
    "string": N_("text should stand here"),
    "int": N_("a whole number should stand here"),
    "float": N_("a number should stand here"),
    "finite_number": N_("a number should stand here"),
    "account": N_("this is not the address of an account"),
    "date": N_("a date such as 2026-10-31 should stand here"),
    "list": N_("a list should stand here, each item behind a dash"),
    "dict": N_("keys with values should stand here"),
    "model": N_("keys with values should stand here"),
    "dataclass": N_("keys with values should stand here"),
    "greater_than": N_("the number is too small"),
    "less_than": N_("the number is too large"),
    "too_short": N_("this may not be empty"),
    "too_long": N_("only one should stand here"),
    "extra_forbidden": N_("there is no such key"),
    "unexpected_keyword_argument": N_("there is no such key"),
}
#: Keys that people write a secret behind; it is neither taken nor shown.
_SECRET = re.compile(r"token|passw|secret|webhook|api_?key|login|auth", re.IGNORECASE)
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
#: How a value with a form of its own is written, by the key beside it.
_EXAMPLES = {
    "currency": "RUB",
    "rates": "{USD: 92.50}",
    "hours": "09:00-18:00",
    "account": "https://firm.amocrm.ru",
    "deal": "https://firm.example/deals/{id}",
    "company": "https://firm.example/companies/{id}",
    "contact": "https://firm.example/contacts/{id}",
}
_PARTS: Mapping[str, type[BaseModel]] = {
    "files": ExportFile, "join": Join, "pipelines": Pipeline, "stages": Stage, "managers": Manager,
    "plan": PlanRow, "calendar": CalendarSettings, "links": Links, "report": ReportSettings,
    "pareto": ParetoPage, "pivots": PivotPage,
}  # fmt: skip


def place_of(place: tuple[str | int, ...], name: str, lines: Lines) -> str:
    """Return how a place of the file is called: the file, the line, the keys down to it."""
    known = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None)
    dotted = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{name}{f':{known}' if known else ''}: {dotted}"


def translate(item: Any, name: str, lines: Lines) -> SettingsError:
    """Return the refusal for one of pydantic's errors.

    Parameters
    ----------
    item: an entry of ``ValidationError.errors()``.
    name: how the file is called; ``lines``: where its keys stand.
    """
    # «<text>», «<more>»: the tried kind of a value that may be of two; «[key]»: a key; these are no places
    place = tuple(part for part in item["loc"] if part not in ("<text>", "<more>", "[key]"))
    kind = item["type"]
    unsaid = kind in ("missing", "account", "nothing_to_read") or kind in _UNKNOWN
    samples = [] if unsaid else [str(item["input"])[:80]]
    remedy: Message | None = None
    what = next(
        (message for beginning, message in _WRONG.items() if kind.startswith(beginning)),
        N_("this value does not fit here"),
    )
    if kind in _UNKNOWN and _SECRET.search(str(place[-1])):
        what = N_("a secret has no place in this file")
        remedy = N_(
            "Delete the line, and put the secret into the environment variable CRMKIT_TOKEN. If others have seen the file, make a new one."  # noqa: E501
        )
    elif kind in _UNKNOWN:
        remedy = did_you_mean(str(place[-1]), _keys_beside(place))
    elif kind == "nothing_to_read":
        remedy = N_(
            "Name the files of the export under files, or the folder with the CRM's answers under api."
        )
    elif kind == "literal_error":
        remedy = N_("Possible: {expected}.", expected=str(item["ctx"]["expected"]).replace(" or ", ", "))
    elif kind in ("string_pattern_mismatch", "account"):
        example = next((_EXAMPLES[str(part)] for part in reversed(place) if str(part) in _EXAMPLES), "")
        remedy = N_("Write it so: {example}", example=example)
    return SettingsError(place_of(place, name, lines), what, samples, remedy)


def _keys_beside(place: tuple[str | int, ...]) -> list[str]:
    if place[0] == "limits":
        return list(Limits.__dataclass_fields__)
    model: type[BaseModel] = Client
    for part in place[:-1]:
        model = _PARTS.get(str(part), model)
    return list(model.model_fields)
