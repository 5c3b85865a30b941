"""Namesakes: which rows with one name stand for one person or company, and which for another.

Rows that share a telephone, an address or a tax number are one card, rows with different ones are several.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.errors import mask
from crmkit.groups import Groups
from crmkit.sources.telephones import normalised

#: What tells namesakes apart; one card may have several of each.
TELLING = {"companies": ("tax_id",), "contacts": ("phone", "email")}
_PARTS = re.compile(r"[\s,;<>]+")
#: So many digits have a telephone or a tax number that the libraries do not know, at least.
_FEWEST = {"phone": 7, "tax_id": 5}
Ints = npt.NDArray[np.int64]
Texts = frozenset[str]
_NOTHING: Texts = frozenset()


def firsts(codes: Ints, size: int) -> Ints:
    """Return where each code first stands."""
    first = np.zeros(size + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return first[:-1]


def told_apart(
    table: str, rows: pd.DataFrame, changed: Ints, *, country: str | None
) -> tuple[Ints, pd.DataFrame]:
    """Return which card each row of names with unlike data stands for, and the cards with their ``sign``."""
    fields = list(rows.columns)
    variant = rows.groupby(fields, dropna=False, sort=False).ngroup().to_numpy()
    variants = rows.take(firsts(variant, int(variant.max()) + 1)).reset_index(drop=True)
    latest = np.full(len(variants), np.iinfo(np.int64).min)
    np.maximum.at(latest, variant, changed)
    variants = variants.assign(latest=latest).sort_values(["latest", *fields], ascending=False)
    telling = [name for name in TELLING[table] if name in fields]
    told = [list(_evidence(name, variants[name], country)) for name in telling]
    evidence = [frozenset[str]().union(*some) for some in zip(*told, strict=True)] or [_NOTHING] * len(
        variants
    )
    group, labels, signs = _persons_of(variants, evidence)
    cards = variants.drop(columns="latest").groupby(group, sort=True).first()
    for name in telling:
        cards[name] = variants[name].groupby(group, sort=True).agg(_all_parts).astype("str")
    which = np.zeros(len(variants), dtype=np.int64)
    which[variants.index] = group
    return which[variant], _identified(cards.reset_index(drop=True), labels, signs)


def _persons_of(variants: pd.DataFrame, evidence: Sequence[Texts]) -> tuple[Ints, list[str], list[str]]:
    """Return the card of each variant, and of each card what tells it from its namesakes, and a digest."""
    firms: list[str | None] = [None] * len(variants)
    if "company_id" in variants:
        firms = [one if isinstance(one, str) else None for one in variants["company_id"]]
    group = np.zeros(len(variants), dtype=np.int64)
    labels: list[str] = []
    signs: list[str] = []
    for places in variants.reset_index(drop=True).groupby("name", sort=True).indices.values():
        members: dict[int, list[int]] = {}
        persons = _persons([(evidence[one], firms[one]) for one in places])
        for one, person in zip(places.tolist(), persons, strict=True):
            members.setdefault(person, []).append(one)
        for some in members.values():
            group[some] = len(signs)
            keys = sorted(_NOTHING.union(*(evidence[one] for one in some)))
            own = sorted({firm for one in some if (firm := firms[one]) is not None})
            label = own[0] if len(own) == 1 else mask(keys[0]) if keys else ""
            labels.append(label if len(members) > 1 else "")
            signs.append("#" + hashlib.sha256("|".join([*keys, *own]).encode()).hexdigest()[:6])
    return group, labels, signs


def _all_parts(cells: pd.Series) -> str | None:
    return ", ".join(dict.fromkeys(part for cell in cells.dropna() for part in cell.split(", "))) or None


def _identified(cards: pd.DataFrame, labels: Sequence[str], signs: Sequence[str]) -> pd.DataFrame:
    """Give cards identifiers: the name, and where it stands for several, what tells them apart."""
    label = pd.Series(labels, dtype="str")
    ids = cards["name"].where(label == "", cards["name"] + " (" + label + ")")
    again = ids.duplicated(keep=False)
    sign = pd.Series(signs, dtype="str")
    cards.insert(0, "id", ids.mask(again, ids + " " + sign))
    return cards.assign(sign=sign)


def _evidence(name: str, cells: pd.Series, country: str | None) -> Iterator[Texts]:
    """Yield what of a cell tells whose card it is: telephones and addresses as they can be compared."""
    if name == "email":
        for cell in cells.fillna(""):
            yield frozenset(part for part in _PARTS.split(cell.casefold()) if "@" in part)
        return
    digits = cells.str.replace(r"\D+", "", regex=True)
    told = digits.where(digits.str.len() >= _FEWEST[name])
    if name == "phone":
        numbers = normalised(cells, country)
        told = numbers.where(numbers.notna(), told)
    for cell in told.fillna(""):
        yield frozenset(cell.split())


def _persons(variants: Sequence[tuple[Texts, str | None]]) -> list[int]:
    """Return for each variant of one name the person, or the company, behind it.

    Variants that share a telephone or an address are one. One without any is the only one of its company who
    has any, or the only one of all where a company is not told; else a person of its own.
    """
    groups, holders = Groups(len(variants)), dict[str, int]()
    for place, (keys, _) in enumerate(variants):
        for key in keys:
            groups.join(holders.setdefault(key, place), place)
    homes: dict[int, set[str]] = {}
    for place, (keys, firm) in enumerate(variants):
        if keys:
            homes.setdefault(groups.of(place), set()).update(() if firm is None else (firm,))
    anywhere = [root for root, firms in homes.items() if not firms and len(homes) == 1]
    at: dict[str, list[int]] = {}
    for root, firms in homes.items():
        for firm in firms:
            at.setdefault(firm, []).append(root)
    bare: dict[str | None, list[int]] = {}
    for place, (keys, firm) in enumerate(variants):
        if not keys:
            bare.setdefault(firm, []).append(place)
    known = [*homes]
    for firm in sorted(bare, key=lambda one: (one is None, one or "")):
        places = bare[firm]
        for place in places:
            groups.join(places[0], place)
        fit = known if firm is None else at.get(firm, anywhere)
        if len(fit) == 1:
            groups.join(fit[0], places[0])
        else:
            known.append(places[0])
    return [groups.of(place) for place in range(len(variants))]
