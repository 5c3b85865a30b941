"""Companies and people, a card of each per new lead; their names, numbers and addresses belong to nobody."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from crmkit.simulate.scenario import read_data
from crmkit.simulate.world import Array, Columns, World

_PRIVATE_SHARE = 0.06
_STRIDE = 7_919  # a prime: neighbours in the list of cards differ in every word
_INN_WEIGHTS = np.array([2, 4, 10, 3, 5, 9, 4, 6, 8])


def make_cards(world: World, deals: Columns, rng: Generator) -> Columns:
    """Return the columns of companies and contacts, one row per card.

    ``private`` cards have a contact and no company; ``owner`` is the present owner of the latest deal, and
    ``rep`` had it first.
    """
    words = read_data("words.yml")[world.scenario.language]
    count = int(deals["card"].max()) + 1
    number = np.arange(count)
    rep, segment, created = (
        np.zeros(count, dtype=deals[name].dtype) for name in ("rep", "segment", "created")
    )
    rep[deals["card"]] = deals["rep"]  # of several deals the latest one stays
    segment[deals["card"]] = deals["segment"]
    created[deals["card"][::-1]] = deals["created"][::-1]
    position = rng.integers(0, len(words["positions"]), count)
    return {
        "private": rng.random(count) < _PRIVATE_SHARE,
        "name": _column([words["firm_name"].format(name=name) for name in firm_names(count, words)]),
        "city": rng.integers(0, len(words["cities"]), count),
        "tax": tax_numbers(number, world.scenario.country),
        "qualification": rng.choice(len(words["qualifications"]), size=count, p=[0.2, 0.5, 0.3]),
        "segment": segment,
        "rep": rep,
        "owner": world.owner(rep, np.full(count, world.clock.as_of)),
        "created": created,
        "person": _column(person_names(count, words)),
        "position": position,
        "phone": phones(number, words, 0),
        "email": _column([f"client{one}@firm{one}.example" for one in number.tolist()]),
    }


def _column(values: list[str]) -> Array:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def firm_names(count: int, words: Any) -> list[str]:
    """Return different names of firms; numbered once the words run out."""
    first, second = words["firm_first"], words["firm_second"]
    whole = len(first) * len(second)
    place = (np.arange(count) * _STRIDE) % whole
    names = [
        words["firm_pair"].format(first[one % len(first)], second[one // len(first)])
        for one in place.tolist()
    ]
    return [f"{name} {k // whole + 1}" if k >= whole else name for k, name in enumerate(names)]


def person_names(count: int, words: Any) -> list[str]:
    """Return different names of people; once the words run out, with an initial or a number."""
    lists = words["people"]
    names = []
    for k in range(count):
        group = lists[k % len(lists)]
        first, last = group["first"], group["last"]
        whole = len(first) * len(last)
        turn, place = divmod(k // len(lists), whole)
        place = place * _STRIDE % whole
        initial = f" {chr(ord(last[0][0]) + turn - 1)}." if 0 < turn <= 20 else f" {turn}" if turn else ""
        names.append(f"{first[place % len(first)]}{initial} {last[place // len(first)]}")
    return names


def phones(number: Array, words: Any, style: int) -> Array:
    """Return telephone numbers, different for different cards, in the first or the second way of writing."""
    pattern, areas = words["phone"][style], words.get("areas", [""])
    parts = zip(
        (number % 100).tolist(), (1 + number // 10_000).tolist(), (number // 100 % 100).tolist(), strict=True
    )
    return _column([pattern.format(*one, area=areas[one[0] % len(areas)]) for one in parts])


def tax_numbers(number: Array, country: str) -> Array:
    """Return tax numbers of no existing region: Russian ones with a right check digit, else nine digits."""
    if country != "RU":
        return _column([f"00-{one:07d}" for one in number.tolist()])
    digits = number[:, None] // 10 ** np.arange(8, -1, -1) % 10
    check = (digits * _INN_WEIGHTS).sum(axis=1) % 11 % 10
    return _column([f"{one:09d}{last}" for one, last in zip(number.tolist(), check.tolist(), strict=True)])


def titles_of_deals(deals: Columns, cards: Columns, products: list[str], words: Any) -> list[str]:
    """Return what the deals' cards are called: product and client, or the client alone."""
    client = np.where(cards["private"], cards["person"], cards["name"])[deals["card"]].tolist()
    pairs = zip(deals["product"].tolist(), client, strict=True)
    return [
        words["title"].format(product=products[one], client=name) if one >= 0 else name for one, name in pairs
    ]
