"""When names are alike: of companies without their legal forms, of people with initials and in any order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import combinations

from crmkit.errors import fold
from crmkit.groups import Groups
from crmkit.places import resource

Words = tuple[str, ...]
#: In larger blocks each name is compared with so many next to it in order.
NEXT = 30
_NO_LETTER = re.compile(r"[\W_]+")


@cache
def words_of(kind: str) -> frozenset[str]:
    """Return the words of a kind in ``templates/duplicates.yml``."""
    from crmkit.yamlfile import read_yaml

    told, _ = read_yaml(resource("templates") / "duplicates.yml")
    return frozenset(str(one) for one in told[kind])


def plain(name: str) -> str:
    """Return the letters and digits of a name, in small letters, words parted by one space.

    >>> plain(" ALPHA-Service, Ltd. «North» ")
    'alpha service ltd north'
    """
    return _NO_LETTER.sub(" ", fold(name).replace(".", "")).strip()


def firm(name: str) -> Words:
    """Return the words of a company's name without its legal form; nothing if it names nobody."""
    text = plain(name)
    if text in words_of("no_names"):
        return ()
    own, of_person = f" {text} ", False
    for phrase, person in _phrases():
        if phrase in own:
            own, of_person = own.replace(phrase, " "), of_person or person
    words = own.split()
    left = [one for one in words if one not in words_of("legal_forms") and one not in words_of("persons")]
    of_person = of_person or not words_of("persons").isdisjoint(words)
    return () if " ".join(left) in words_of("no_names") or len(left) < 1 + of_person else tuple(left)


@cache
def _phrases() -> tuple[tuple[str, bool], ...]:
    """Return the legal forms of several words, longer ones first, and whether a person trades so."""
    both = [(f" {one} ", kind == "persons") for kind in ("legal_forms", "persons") for one in words_of(kind)]
    return tuple(sorted((one for one in both if " " in one[0].strip()), key=lambda one: (-len(one[0]), one)))


def town(name: str) -> str:
    """Return a town's name as it is compared.

    >>> town("St. Louis"), town(" st louis")
    ('st louis', 'st louis')
    """
    return " ".join(one for one in plain(name.replace(".", ". ")).split() if one not in words_of("towns"))


def same_word(one: str, other: str, score: float) -> bool:
    """Tell whether two words are spellings of one; numbers have but one spelling."""
    from rapidfuzz import fuzz

    if one == other:
        return True
    return one.isalpha() and other.isalpha() and fuzz.ratio(one, other) >= score


def same_person(one: Sequence[str], other: Sequence[str], score: float) -> bool:
    """Tell whether each word of the shorter name is in the longer one: itself, its initial, or misspelt."""
    few, many = sorted((one, other), key=len)

    def initial(word: str, longer: str) -> bool:
        return min(len(word), len(longer)) == 1 and word[0] == longer[0]

    return bool(few) and all(
        any(initial(word, longer) or same_word(word, longer, score) for longer in many) for word in few
    )


def alike(names: Sequence[tuple[int, Words]], score: float) -> list[tuple[int, int]]:
    """Return the pairs of names, by their places, that are alike in one town.

    Two names are alike if all their words are, or if they differ only in where a name is parted into words.

    Parameters
    ----------
    names: the town and the words of each, all different. score: likeness of words, 0 to 100.

    Notes
    -----
    Only names that have as many words of the same families (see :func:`families`) are compared, so that the
    time grows with the names and not with their pairs.
    """
    family = families({word for _, words in names for word in words}, score)
    blocks: dict[tuple[object, ...], list[tuple[Words, int]]] = {}
    whole: dict[tuple[int, str], int] = {}
    found = []
    for place, (where, words) in enumerate(names):
        ordered = tuple(sorted(words, key=lambda word: (family[word], word)))
        blocks.setdefault((where, *(family[word] for word in ordered)), []).append((ordered, place))
        first = whole.setdefault((where, "".join(words)), place)
        if first != place:
            found.append((first, place))
    for block in blocks.values():
        for one, other in _neighbours(sorted(block)):
            if all(same_word(*pair, score) for pair in zip(one[0], other[0], strict=True)):
                found.append((one[1], other[1]))
    return found


def _neighbours(block: Sequence[tuple[Words, int]]) -> Iterable[tuple[tuple[Words, int], tuple[Words, int]]]:
    if len(block) <= NEXT:
        return combinations(block, 2)
    return ((one, other) for k, one in enumerate(block) for other in block[k + 1 : k + NEXT])


def families(words: Iterable[str], score: float) -> dict[str, int]:
    """Return for each word a number that spellings of one word share.

    Spellings are looked for among words that are one letter apart: one more, one less, another one, two
    swapped; what is further apart is another word. Of chains all links are one family.
    """
    ordered = sorted(words)
    place_of = {word: place for place, word in enumerate(ordered)}
    group = Groups(len(ordered))
    room = 1 - min(score, 99.9) / 100  # 2n / (2n + 1) reaches the score from 1/2room - 1/2 letters on
    first: dict[str, int] = {}
    near: dict[str, list[int]] = {}
    for word, place in place_of.items():
        if len(word) < 1 / (2 * room) - 0.5 or not word.isalpha():
            continue
        for variant in {word[:k] + word[k + 1 :] for k in range(len(word))}:
            if variant in place_of and same_word(word, variant, score):
                group.join(place, place_of[variant])
            # (2n - 2) / 2n: another letter, or two swapped
            if len(word) + 0.001 >= 1 / room and first.setdefault(variant, place) != place:
                near.setdefault(variant, [first[variant]]).append(place)
    for places in near.values():
        for one, other in combinations(places, 2):
            if same_word(ordered[one], ordered[other], score):
                group.join(one, other)
    return {word: group.of(place) for place, word in enumerate(ordered)}
