"""The checks of CRM hygiene: every one is declared once, with its card (METHOD 5.1)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.errors import N_, Message, RequestError, did_you_mean
from crmkit.facts import BoolArray, FloatArray
from crmkit.periods import Period
from crmkit.schema import Snapshot

Ints = npt.NDArray[np.signedinteger]

#: How much a check weighs in the score.
SEVERITIES: Mapping[str, int] = {"critical": 3, "major": 2, "minor": 1}
#: The tables whose rows can offend: what a row's number and its name are.
KEYS = {
    "deals": "deal_id", "tasks": "task_id", "activities": "activity_id", "companies": "company_id",
    "contacts": "contact_id",
}  # fmt: skip
NAMES = {"deals": "title", "tasks": "title", "activities": "title", "companies": "name", "contacts": "name"}
SUBJECTS = tuple(KEYS)


@dataclass(frozen=True, eq=False)
class Examined:
    """What a check saw in one table; every array has one entry per row of it.

    Attributes
    ----------
    table: one of ``SUBJECTS``.
    checked: the rows that the check is about and could judge; wrong: those of them that offend.
    since: the moment since which a row offends, or at which it did; ``None`` or NaT where it is not known.
    kind: place of the sentence in the check's ``says`` that tells what exactly; ``None``: the first.
    names, number, norm: what the sentence is filled with: texts (several parted by `` · ``) and figures.
    group: rows that offend together, such as duplicates, bear one number ≥ 0; −1 elsewhere.
    owner: who answers for a row where that is not its owner (categories are manager_ids).
    unknown: rows that the check is about and cannot judge, by the reason.
    lacking: columns that the check would also look at, and the export lacks.
    """

    table: str
    checked: BoolArray
    wrong: BoolArray
    since: pd.Series | None = None
    kind: Ints | None = None
    names: npt.NDArray[np.object_] | None = None
    number: FloatArray | None = None
    norm: FloatArray | None = None
    group: Ints | None = None
    owner: pd.Categorical | None = None
    unknown: Mapping[str, BoolArray] = field(default_factory=dict)
    lacking: tuple[str, ...] = ()


Rule = Callable[[Snapshot, Period], Sequence[Examined]]


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    id: its name for ever, ``H01`` to ``H23``; number: its place in METHOD 5.1.
    title: what a head of sales calls it; definition: what offends, in a sentence.
    evidence, why, fix: its card: what a row of evidence shows, what it costs, what to do.
    severity: one of ``SEVERITIES``.
    needs: columns without which it cannot be examined (see :meth:`Snapshot.lacks`).
    says: sentences that tell what exactly is wrong, with ``{names}``, ``{number}``, ``{norm}``, ``{since}``.
    mendable: whether it can still be put right; a deal that went back stays one.
    at_export: it judges fields that are known only as they are on the day of export.
    about: what its population is called in the plural, such as «open deals».
    """

    id: str
    number: int
    title: str
    definition: str
    evidence: str
    why: str
    fix: str
    severity: str
    needs: frozenset[str]
    about: str
    says: tuple[Message, ...]
    mendable: bool
    at_export: bool
    rule: Rule


_CHECKS: dict[str, Check] = {}


def check(
    name: str,
    *,
    title: str,
    about: str,
    severity: str,
    needs: Iterable[str],
    says: Sequence[Message],
    mendable: bool = True,
    at_export: bool = False,
) -> Callable[[Rule], Rule]:
    """Declare a check; the docstring is its card: the definition, then ``Evidence:``, ``Why:``, ``Fix:``.

    Raises
    ------
    ValueError: the code is taken, the severity unknown, or the card incomplete.
    """
    if name in _CHECKS or severity not in SEVERITIES:
        raise ValueError(f"{name}: the code is taken, or there is no severity {severity}")

    def declare(rule: Rule) -> Rule:
        card = facts_of(inspect.getdoc(rule) or "")
        told, evidence, why, fix = (card.get(label, "") for label in ("", "Evidence", "Why", "Fix"))
        if not (told and evidence and why and fix):
            raise ValueError(f"{name}: the card needs a definition, Evidence, Why and Fix")
        _CHECKS[name] = Check(
            name, int(name.removeprefix("H")), title, told, evidence, why, fix, severity, frozenset(needs),
            about, tuple(says), mendable, at_export, rule,
        )  # fmt: skip
        return rule

    return declare


def facts_of(card: str) -> dict[str, str]:
    """Return what a docstring says under its labels; its first paragraph under ""."""
    told: dict[str, str] = {}
    label = ""
    for line in card.split("\n"):
        head, colon, rest = line.partition(": ")
        if colon and head in ("Evidence", "Why", "Fix", "Source"):
            label, line = head, rest
        told[label] = f"{told.get(label, '')} {line.strip()}".strip()
    return told


def hygiene_checks() -> tuple[Check, ...]:
    """Return all checks in the order of METHOD 5.1."""
    return tuple(sorted(_CHECKS.values(), key=lambda one: one.number))


def find_check(name: str) -> Check:
    """Return a check by its code or its number.

    Raises
    ------
    RequestError: there is no such check, with the nearest code.
    """
    code = f"H{int(name):02d}" if name.isdecimal() else name.upper()
    if code not in _CHECKS:
        what = N_("there is no such check")
        raise RequestError(f"--check {name}", what, remedy=did_you_mean(code, sorted(_CHECKS)))
    return _CHECKS[code]
