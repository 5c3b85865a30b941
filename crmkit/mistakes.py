"""What pydantic finds wrong with a file that people write, as refusals: where, what should stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from crmkit.errors import N_, Message, SettingsError, did_you_mean
from crmkit.yamlfile import Lines

#: The beginnings of pydantic's names for mistakes; a longer one stands before a shorter one.
_WRONG: Mapping[str, Message] = {
    "missing": N_("this key is missing"),
    "nothing_to_read": N_("neither files nor api say what is to be read"),
    "one_figure": N_("exactly one of measure, check, filled, fact should stand here"),
    "literal_error": N_("this is not one of the possible values"),
    "string_pattern_mismatch": N_("this is not written as it should be"),
    "string_too_short": N_("this may not be empty"),
    "string_too_long": N_("the text is longer than {max_length} signs"),
    "string": N_("text should stand here"),
    "int": N_("a whole number should stand here"),
    "norm": N_("a time such as «2 working_days» should stand here"),
    "float": N_("a number should stand here"),
    "finite_number": N_("a number should stand here"),
    "account": N_("this is not the address of an account"),
    "date": N_("a date such as 2026-10-31 should stand here"),
    "bool": N_("yes or no should stand here"),
    "list": N_("a list should stand here, each item behind a dash"),
    "tuple": N_("a list should stand here, each item behind a dash"),
    "dict": N_("keys with values should stand here"),
    "model": N_("keys with values should stand here"),
    "dataclass": N_("keys with values should stand here"),
    "greater_than": N_("the number is too small"),
    "less_than": N_("the number is too large"),
    "too_short": N_("this may not be empty"),
    "too_long": N_("these are too many: at most {max_length} should stand here"),
    "extra_forbidden": N_("there is no such key"),
    "unexpected_keyword_argument": N_("there is no such key"),
}
#: Keys that people write a secret behind; it is neither taken nor shown.
_SECRET = re.compile(r"token|passw|secret|webhook|api_?key|login|auth", re.IGNORECASE)
#: What a sentence above may say of the limit that was not kept.
_IN_WORDS = ("max_length",)
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
#: How a value with a form of its own is written, by the key beside it.
_EXAMPLES = {
    "currency": "RUB",
    "rates": "{USD: 92.50}",
    "id": "X01",
    "leave_out": "A03",
    "yes": '">= 0.9"',
    "partly": '">= 0.6"',
    "hours": "09:00-18:00",
    "account": "https://firm.amocrm.ru",
    "deal": "https://firm.example/deals/{id}",
    "company": "https://firm.example/companies/{id}",
    "contact": "https://firm.example/contacts/{id}",
}


def place_of(place: tuple[str | int, ...], name: str, lines: Lines) -> str:
    """Return how a place of the file is called: the file, the line, the keys down to it."""
    place = _keys(place)
    known = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), None)
    dotted = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{name}{f':{known}' if known else ''}: {dotted}"


def translate(item: Any, where: str, root: type[BaseModel]) -> SettingsError:
    """Return the refusal for one of pydantic's errors.

    Parameters
    ----------
    item: an entry of ``ValidationError.errors()``.
    where: how its place is called, see :func:`place_of`.
    root: the model of the whole file.
    """
    place, kind = _keys(item["loc"]), item["type"]
    unsaid = kind in ("missing", "account", "nothing_to_read") or kind in _UNKNOWN
    samples = [] if unsaid else [str(item["input"])[:80]]
    remedy: Message | None = None
    what = next(
        (
            Message(message.text, {key: item["ctx"][key] for key in _IN_WORDS if key in item.get("ctx", {})})
            for beginning, message in _WRONG.items()
            if kind.startswith(beginning)
        ),
        N_("this value does not fit here"),
    )
    if kind in _UNKNOWN and _SECRET.search(str(place[-1])):
        what = N_("a secret has no place in this file")
        remedy = N_(
            "Delete the line, and put the secret into the environment variable CRMKIT_TOKEN. If others have seen the file, make a new one."  # noqa: E501
        )
    elif kind in _UNKNOWN:
        remedy = did_you_mean(str(place[-1]), _keys_beside(place, root))
    elif kind == "nothing_to_read":
        remedy = N_(
            "Name the files of the export under files, or the folder with the CRM's answers under api."
        )
    elif kind == "literal_error":
        remedy = N_("Possible: {expected}.", expected=str(item["ctx"]["expected"]).replace(" or ", ", "))
    elif kind in ("string_pattern_mismatch", "account"):
        example = next((_EXAMPLES[str(part)] for part in reversed(place) if str(part) in _EXAMPLES), "")
        remedy = N_("Write it so: {example}", example=example)
    return SettingsError(where, what, samples, remedy)


def _keys(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Return a place in the file; «<text>», «<more>» (the tried kind of a value) and «[key]» are none."""
    return tuple(part for part in loc if part not in ("<text>", "<more>", "[key]"))


def _keys_beside(place: tuple[str | int, ...], root: type[BaseModel]) -> list[str]:
    """Return the keys that are known where the last one of a place stands."""
    model: Any = root
    for part in place[:-1]:
        if isinstance(part, str) and part in _fields(model):
            model = _part_of(_fields(model)[part]) or model
    return list(_fields(model))


def _fields(model: Any) -> Mapping[str, Any]:
    if hasattr(model, "model_fields"):
        return {name: field.annotation for name, field in model.model_fields.items()}
    hints = get_type_hints(model)
    return {one.name: hints[one.name] for one in fields(model)}


def _part_of(annotation: Any) -> Any:
    """Return the model or dataclass that a field is made of, alone or in a list; ``None`` if of none."""
    if hasattr(annotation, "model_fields") or hasattr(annotation, "__dataclass_fields__"):
        return annotation
    return next((part for part in map(_part_of, get_args(annotation)) if part), None)
