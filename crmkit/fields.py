"""Fields that must be filled: which they are, where they are, and which reasons of a loss say something."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from crmkit.facts import BoolArray, is_status, once_per_snapshot
from crmkit.places import resource
from crmkit.schema import Snapshot, column
from crmkit.stages import stage_order


def filled_rows(crm: Snapshot, table: str, name: str) -> BoolArray | None:
    """Return in which rows a field is filled; ``None`` if the export does not have it.

    A field is a name, or alternatives by ``|``, of which one is enough. A field of the client's own that is
    never filled is there. An amount of zero is not filled; one in a currency without a rate is.
    """
    told = [one for each in name.split("|") if (one := _filled(crm, table, each)) is not None]
    return np.logical_or.reduce(told) if told else None


def _filled(crm: Snapshot, table: str, name: str) -> BoolArray | None:
    rows = crm.tables[table]
    if name not in rows:
        same = {str(one).strip().casefold(): str(one) for one in rows.columns}
        name = same.get(name.strip().casefold(), "")
    if not name or (column(table, name) is not None and f"{table}.{name}" not in crm.supplied):
        return None
    filled = rows[name].notna()
    if name != "amount":
        return np.asarray(filled, dtype=bool)
    return np.asarray(filled & (rows[name] != 0), dtype=bool) | unrated(crm)


@once_per_snapshot
def unrated(crm: Snapshot) -> BoolArray:
    """Return for each deal whether its amount may be missing only because its currency has no rate.

    It may if it is in another currency in which no deal has an amount.
    """
    currency = crm.deals["currency"].cat
    rated = np.isin(np.arange(len(currency.categories)), currency.codes[crm.deals["amount"].notna()])
    rated |= currency.categories == crm.settings.currency
    return np.asarray(np.append(~rated, values=False)[currency.codes], dtype=bool)


@once_per_snapshot
def required_fields(crm: Snapshot) -> list[tuple[str, ...]]:
    """Return the fields that each stage of the order of stages requires."""
    stages = crm.tables["stages"]
    pairs = zip(stages["pipeline"].astype("str"), stages["stage"].astype("str"), strict=True)
    told = dict(zip(pairs, stages["required_fields"], strict=True))
    listed = stage_order(crm).table
    pairs = zip(listed["pipeline"].astype("str"), listed["stage"].astype("str"), strict=True)
    texts = [told.get(pair) for pair in pairs]
    return [
        tuple(filter(None, re.split(r"\s*[,;]\s*", text))) if isinstance(text, str) else () for text in texts
    ]


@once_per_snapshot
def tells_reason(crm: Snapshot) -> BoolArray:
    """Return for each deal whether it is lost for a reason that says something.

    It does if it has a letter or a digit and is none of ``empty_reasons`` of client.yml.
    """
    empty = crm.settings.empty_reasons
    empty = _empty_words() if empty is None else empty
    reasons = crm.deals["lost_reason"].cat
    telling = [
        any(letter.isalnum() for letter in one) and one.strip(" .!?-–—").casefold() not in empty
        for one in reasons.categories
    ]
    says = np.append(np.array(telling, dtype=bool), values=False)[reasons.codes]
    return np.asarray(says & is_status(crm, "lost"))


@cache
def _empty_words() -> frozenset[str]:
    from crmkit.yamlfile import read_yaml

    words, _ = read_yaml(resource("templates") / "reasons.yml")
    return frozenset(str(word).casefold() for word in words["empty"])
