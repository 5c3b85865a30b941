"""Probable duplicates among cards of contacts and companies, as groups and not as pairs (METHOD 5.1: 20)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, count

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.audit.checks import KEYS, Examined, Ints, check
from crmkit.audit.likeness import Words, alike, firm, plain, same_person, town, words_of
from crmkit.audit.seeing import PARTED, moments
from crmkit.errors import MAX_SAMPLES, N_
from crmkit.facts import NEVER, micros
from crmkit.groups import Groups
from crmkit.limits import Limits
from crmkit.periods import Period
from crmkit.schema import Snapshot

PHONE, EMAIL, TAX, NAME = range(4)
#: So many other cards of a group are named; up to so many names of a shared number are compared in pairs.
NAMED, COMPARED = MAX_SAMPLES, 30
_ADDRESS = re.compile(r"[^\s,;<>\"']+@[^\s,;<>\"'@]+\.[^\s,;<>\"'@]+")
_DIGITS = re.compile(r"[0-9]+")
#: What stands for a tax number that is not known, and how many digits one has at least.
IN_ORDER, FEWEST = "01234567890123456789", 5


class _Found:
    """The groups that were found among a table's cards, and by what each card was."""

    def __init__(self, size: int) -> None:
        self.groups = Groups(size)
        self.kind = np.full(size, NAME + 1, dtype=np.int8)

    def join(self, rows: Sequence[int], kind: int) -> None:
        """Put cards into one group; of several reasons the first kind is told."""
        if len(rows) > 1:
            for row in rows:
                self.groups.join(rows[0], row)
                self.kind[row] = min(self.kind[row], kind)


@check(
    "H20", title="Probable duplicate cards", about="contacts and companies", severity="minor",
    needs={"contacts.phone|contacts.email|companies.tax_id|companies.city"},
    says=[
        N_("the same telephone as: {names}"), N_("the same e-mail as: {names}"),
        N_("the same tax number as: {names}"), N_("nearly the same name in the same city as: {names}"),
    ],
)  # fmt: skip
def probable_duplicates(crm: Snapshot, period: Period) -> Sequence[Examined]:
    """Cards of one client: contacts with the same telephone or e-mail, companies with the same tax number, or
    with nearly the same name in one city and no two tax numbers. All cards of such a group offend.

    People of one company with clearly different names who share a telephone or an e-mail are no duplicates:
    it is the company's. Nor are those who share an office address such as «info@», or a number that many
    differently named people have. Names of people alone tell nothing.

    Evidence: the card, by what it is a duplicate, and the other cards of its group.
    Why: two reps call one client, each sees half of what was agreed, and sums by client are wrong.
    Fix: merge the cards in the CRM; where they are two clients, correct the number, or waive the violation.
    Source: METHOD 5.1
    """
    numbers = count()
    return [_contacts(crm, numbers), _companies(crm, numbers)]


def _contacts(crm: Snapshot, numbering: Iterator[int]) -> Examined:
    rows, limits = crm.tables["contacts"], crm.settings.limits
    found, known = _Found(len(rows)), np.zeros(len(rows), dtype=bool)
    company, names = rows["company_id"].cat.codes.to_numpy(), _names_of(rows)
    for kind, keys in ((PHONE, _parts(rows["phone_e164"])), (EMAIL, _addresses(rows["email"]))):
        known[keys.index] = True
        for key, cards in _shared(keys):
            people = [tuple(plain(names[card]).split()) for card in cards]
            office = kind == EMAIL and key.split("@")[0] in words_of("office_addresses")
            for some in _persons(people, company[cards].tolist(), limits, office=office):
                found.join([cards[place] for place in some], kind)
    lacking = crm.lacks({"contacts.phone", "contacts.email"})
    seen = _examined(crm, "contacts", found, numbering=numbering)
    unknown = {"no_phone_or_email": ~known}
    return replace(seen, checked=known, unknown=unknown, lacking=tuple(lacking))


def _names_of(rows: pd.DataFrame) -> npt.NDArray[np.object_]:
    return np.asarray(rows["name"].where(rows["name"].notna(), ""), dtype=object)


def _parts(cells: pd.Series) -> pd.Series:
    """Return the parts of cells, as many rows each as it has parts; the index is the cell's place."""
    return cells.reset_index(drop=True).dropna().str.split(" ").explode()


def _addresses(cells: pd.Series) -> pd.Series:
    lower = cells.reset_index(drop=True).dropna().str.casefold()
    return pd.Series([_ADDRESS.findall(one) for one in lower], lower.index, dtype="object").explode().dropna()


def _shared(keys: pd.Series) -> Iterator[tuple[str, list[int]]]:
    """Yield each key that several cards have, and their places; the index of ``keys`` is the place."""
    told = pd.DataFrame({"key": keys.to_numpy(), "card": keys.index.to_numpy()}).drop_duplicates()
    told = told[told["key"].duplicated(keep=False)]
    shared: dict[str, list[int]] = {}
    for key, card in zip(told["key"], told["card"].tolist(), strict=True):
        shared.setdefault(key, []).append(card)
    yield from shared.items()


def _persons(
    people: Sequence[Words], company: Sequence[int], limits: Limits, *, office: bool
) -> Iterator[list[int]]:
    """Yield the groups of places that a telephone or an e-mail makes of cards that share it.

    Cards with like names are one person. Differently named ones are probably one too, unless the key is an
    office's: by its name, by two of them in one company, or by the number of people who have it.
    """
    several = Groups(len(people))
    named: dict[Words, int] = {}
    for place, words in enumerate(people):
        if words:
            several.join(named.setdefault(tuple(sorted(words)), place), place)
    if len(named) <= COMPARED:
        for (one, first), (other, second) in combinations(named.items(), 2):
            if same_person(one, other, limits.similar_name_score):
                several.join(first, second)
    persons: dict[int, list[int]] = {}
    for place in range(len(people)):
        persons.setdefault(several.of(place), []).append(place)
    at_work = {
        (company[place], one)
        for one, places in persons.items()
        for place in places
        if people[place] and company[place] >= 0
    }
    colleagues = len(at_work) > len({firm for firm, _ in at_work})
    known = sum(bool(people[one]) for one in persons)
    if office or colleagues or known > limits.sharing_people:
        yield from persons.values()
    else:
        yield [*range(len(people))]


def _companies(crm: Snapshot, numbering: Iterator[int]) -> Examined:
    rows = crm.tables["companies"]
    found, tax = _Found(len(rows)), _tax_numbers(crm)
    for _, cards in _shared(tax.dropna()):
        found.join(cards, TAX)
    place, names = _names(rows)
    several = Groups(len(names))
    for pair in alike(names, crm.settings.limits.similar_name_score):
        several.join(*pair)
    group = np.append(np.array([several.of(one) for one in range(len(names))], dtype=np.int64), -1)[place]
    known = group >= 0
    numbers = tax.to_numpy(object)
    for _, cards in _shared(pd.Series(group[known], np.flatnonzero(known))):
        found.join(_one_firm(cards, numbers), NAME)
    known |= tax.notna().to_numpy()
    lacking = crm.lacks({"companies.tax_id", "companies.city"})
    seen = _examined(crm, "companies", found, numbering=numbering)
    unknown = {"no_tax_number_or_city": ~known}
    return replace(seen, checked=known, unknown=unknown, lacking=tuple(lacking))


def _names(rows: pd.DataFrame) -> tuple[Ints, list[tuple[int, Words]]]:
    """Return for each company the place of its town and name among all different ones, −1 without both."""
    towns = [town(str(one)) for one in rows["city"].cat.categories]
    coded = np.append(pd.factorize(np.array(towns, dtype=object), sort=True)[0], -1)
    empty = np.append(np.array([not one for one in towns], dtype=bool), True)
    codes = rows["city"].cat.codes.to_numpy()
    where = np.where(empty[codes], -1, coded[codes])
    known: dict[tuple[int, Words], int] = {}
    place = np.full(len(rows), -1)
    for row, (city, name) in enumerate(zip(where.tolist(), _names_of(rows), strict=True)):
        words = firm(name) if city >= 0 else ()
        if words:
            place[row] = known.setdefault((city, words), len(known))
    return place, list(known)


def _one_firm(cards: list[int], tax: npt.NDArray[np.object_]) -> list[int]:
    """Return the cards of like names that are probably one company: no two tax numbers are among them.

    With several numbers, a card without any may be any of them: it is probably one with its like only.
    """
    numbers = {tax[card] for card in cards if tax[card] is not None}
    return cards if len(numbers) < 2 else [card for card in cards if tax[card] is None]


def _tax_numbers(crm: Snapshot) -> pd.Series:
    """Return the tax numbers that are valid by the library's rules for the client's country, else ``None``.

    For a country without rules the digits count. A number of one digit, or of digits in their order, is a
    filler.
    """
    from stdnum import get_cc_module
    from stdnum.exceptions import ValidationError

    country = crm.settings.calendar.country
    rules = get_cc_module(country, "vat") if country else None

    def read(text: str) -> str | None:
        for part in (text, *_DIGITS.findall(text)):
            try:
                told = _digits(part) if rules is None else rules.validate(part)
            except ValidationError:
                continue
            if len({*told}) > 1 and told not in IN_ORDER and len(told) >= FEWEST:
                return told
        return None

    codes, texts = pd.factorize(crm.tables["companies"]["tax_id"])
    told = np.array([*(read(str(text)) for text in texts), None], dtype=object)
    return pd.Series(told[codes], dtype="object")


def _digits(text: str) -> str:
    return "".join(_DIGITS.findall(text))


def _examined(crm: Snapshot, table: str, found: _Found, *, numbering: Iterator[int]) -> Examined:
    """Return the groups of a table; a card is a duplicate since the second of its group was made."""
    rows = crm.tables[table]
    wrong = found.kind <= NAME
    members: dict[int, list[int]] = {}
    for row in np.flatnonzero(wrong).tolist():
        members.setdefault(found.groups.of(row), []).append(row)
    group, since = np.full((2, len(rows)), -1)
    since[:] = NEVER
    names, number = np.full(len(rows), "", dtype=object), np.full(len(rows), np.nan)
    made, ids = micros(rows["created_at"]), rows[KEYS[table]].astype("str").to_numpy(object)
    said = rows["name"].where(rows["name"].notna(), ids).to_numpy(object)
    for cards in members.values():
        group[cards], number[cards] = next(numbering), len(cards)
        since[cards] = np.sort(made[cards])[1] if (made[cards] != NEVER).all() else NEVER
        few = cards[: NAMED + 1]
        for card in cards:
            others = [other for other in few if other != card][:NAMED]
            told = [said[one] if said[one] != said[card] else ids[one] for one in others]
            names[card] = PARTED.join([*told, "…"] if len(cards) > NAMED + 1 else told)
    return Examined(
        table, wrong, wrong, moments(crm, since), np.where(wrong, found.kind, 0), names, number, group=group,
    )  # fmt: skip
