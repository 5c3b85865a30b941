"""The mix of deals that a rep received: attributes that are known before the rep's work, and their cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import BoolArray, FloatArray, IntArray, is_status
from crmkit.measures.cases import Rows
from crmkit.measures.slices import coded
from crmkit.schema import Snapshot
from crmkit.statistics.bootstrap import SEED

#: Attributes of a deal that the rep does not choose (METHOD 6.1), and the time since which it was worked.
ATTRIBUTES = ("source", "segment", "product")
AMOUNT, TIMES = "amount_band", ("quarter", "month")
#: Bands of amount: as many as leave so many cases in each, within these bounds.
BANDS, BAND_CASES = (4, 24), 60
MOST_VALUES = 12
#: With so many cases a month deals of one month are alike, not only those of one quarter.
MONTH_CASES, MOST_MONTHS = 200, 36
#: So many cases make a cell in which reps are set side by side without a model.
POOLED = 10
#: A kind of deal that all came out one way is odd if that had less than this chance by the rate of all.
ODD = 1e-3
#: An attribute that lost deals lack so much more often than won ones tells the outcome, not the deal.
LEAK = 0.1


@dataclass(frozen=True, eq=False)
class Mix:
    """Attributes of cases, as codes.

    Attributes
    ----------
    codes: attribute -> one code a case; 0 is «not filled in». left_out: attribute -> why it is not used:
        ``not_in_export``, ``one_value``, ``known_after_the_outcome``.
    """

    codes: dict[str, IntArray]
    left_out: dict[str, str]


def cells_of(attributes: Iterable[IntArray], size: int) -> IntArray:
    """Return the cell of each of ``size`` cases: the combination of its attributes."""
    joint = np.zeros(size, dtype=np.int64)
    for codes in attributes:
        joint = np.unique(joint * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)[1]
    return joint


def kinds_of(attributes: Mapping[str, IntArray], size: int) -> IntArray:
    """Return the kind of each of ``size`` cases: its cell, whatever its amount and its time.

    Where there are not two other attributes that could work together, it is the whole cell.
    """
    kinds = [own for name, own in attributes.items() if name not in (AMOUNT, *TIMES)]
    return cells_of(kinds if len(kinds) > 1 else attributes.values(), size)


def pooled(attributes: Sequence[IntArray], size: int) -> IntArray:
    """Return the cell of each of ``size`` cases: the finest combination of attributes that has cases enough.

    What is left of small cells is put together by all attributes but the last, and so on.
    """
    cells, left, first = np.zeros(size, dtype=np.int64), np.ones(size, dtype=bool), 1
    for many in range(len(attributes), -1, -1):
        level = cells_of(attributes[:many], size)
        enough = left & (np.bincount(level[left], minlength=level.max(initial=0) + 1)[level] >= POOLED)
        cells[enough] = first + level[enough]
        left &= ~enough
        first += int(level.max(initial=0)) + 1
    return cells


def mix_of(
    crm: Snapshot,
    cases: pd.DataFrame,
    outcome: BoolArray | None = None,
    also: Sequence[str] | None = (),
) -> Mix:
    """Return the attributes of the deals behind cases.

    The rarest values are put together, save those of ``also``; amounts are cut into bands of equal numbers.
    An attribute that is filled in for won deals and not for lost ones is left out: it would explain the
    outcome by itself. So is one that all cases share.

    Parameters
    ----------
    cases: with ``deal_ix``, ``at`` and, where it is told, ``began``: the time is then that of the beginning.
        outcome: which cases came out well, where they did so or not. also: further columns of the cases that
        tell their kind; ``None`` where deals have no part in the cases.

    Notes
    -----
    By the time in which deals ended, those of whoever came late, or hands over old deals, are not like those
    of the others: only quick deals can have ended. Of deals that began in one quarter, all reps can have
    closed the same by now.

    Source: METHOD 6.1
    """
    found, left_out = dict[str, IntArray](), dict[str, str]()
    grain, time = _times(crm, cases)
    for name in (grain,) if also is None else (*also, *ATTRIBUTES, AMOUNT, grain):
        codes = time if name == grain else _codes(crm, cases, name)
        if codes is None:
            left_out[name] = "not_in_export"
        elif name != grain and telling(crm, cases, codes > 0, outcome=outcome):
            left_out[name] = "known_after_the_outcome"
        elif len(np.unique(codes)) < 2:
            left_out[name] = "one_value"
        else:
            found[name] = codes
    return Mix(found, left_out)


def _codes(crm: Snapshot, cases: pd.DataFrame, name: str) -> IntArray | None:
    deals: Rows = cases["deal_ix"].to_numpy(dtype=np.int64)
    if name in cases:
        if cases[name].dtype == np.int64:  # codes already
            return np.asarray(cases[name], dtype=np.int64)
        return np.asarray(pd.Categorical(cases[name]).codes.astype(np.int64) + 1)
    column = "amount" if name == AMOUNT else name
    if f"deals.{column}" not in crm.supplied:
        return None
    if name == AMOUNT:
        return _bands(np.append(crm.deals["amount"].to_numpy(np.float64), np.nan)[deals])
    return _gathered(coded(crm, cases, name)[0] + 1)


def _times(crm: Snapshot, cases: pd.DataFrame) -> tuple[str, IntArray]:
    """Return whether quarters or months are told, and that in which each case began, or was counted."""
    if "began" in cases and cases["began"].notna().mean() > 1 - LEAK:
        cases = cases.assign(at=cases["began"])
    months = coded(crm, cases, "month")[0].astype(np.int64)
    if len(months) >= MONTH_CASES * (months.max(initial=0) + 1):
        return "month", _latest(months, MOST_MONTHS)
    return "quarter", _latest(coded(crm, cases, "quarter")[0].astype(np.int64), MOST_VALUES)


def _latest(codes: IntArray, most: int) -> IntArray:
    """Return codes of successive times from 1, the oldest of more than ``most`` as one; 0 for none."""
    return np.where(codes < 0, 0, np.maximum(codes - max(codes.max(initial=0) - most, 0), 0) + 1)


def _gathered(codes: npt.NDArray[np.signedinteger]) -> IntArray:
    """Return codes in which the rarest values are one, the last; 0 stays what it is."""
    sizes = np.bincount(codes, minlength=1)
    filled = np.flatnonzero(sizes[1:]) + 1
    kept = filled[np.argsort(-sizes[filled], kind="stable")][:MOST_VALUES]
    place = np.full(len(sizes), len(kept) + 1)
    place[0] = 0
    place[np.sort(kept)] = np.arange(1, len(kept) + 1)
    return np.asarray(place[codes], dtype=np.int64)


def _bands(amounts: FloatArray) -> IntArray:
    """Return the band of each amount, from 1; 0 where there is none. Equal amounts are in one band."""
    known = amounts > 0
    if not known.any():
        return np.zeros(len(amounts), dtype=np.int64)
    bands = int(np.clip(known.sum() // BAND_CASES, *BANDS))
    edges = np.unique(np.quantile(amounts[known], np.arange(1, bands) / bands))
    return np.where(known, 1 + np.searchsorted(edges, amounts, side="left"), 0).astype(np.int64)


def without_blanks(crm: Snapshot, cases: pd.DataFrame, group: IntArray) -> dict[str, IntArray]:
    """Return the attributes that some cases lack, each blank filled in as in other cases of its group.

    Drawn at random with a fixed seed; in a group that has nothing to draw from, 0 stays.
    """
    found, draw = dict[str, IntArray](), np.random.default_rng(SEED)
    for name in (*ATTRIBUTES, AMOUNT):
        codes = _codes(crm, cases, name)
        if codes is None or codes.all() or not codes.any():
            continue
        found[name] = codes = codes.copy()
        order = np.argsort(group, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
            is_blank = codes[rows] == 0
            if not is_blank.all():
                codes[rows[is_blank]] = draw.choice(codes[rows[~is_blank]], is_blank.sum())
    return found


def telling(
    crm: Snapshot, cases: pd.DataFrame, filled: BoolArray, *, outcome: BoolArray | None = None
) -> bool:
    """Return whether what is filled in tells how cases, or the deals behind them, came out.

    Of the visits to a stage most go on in lost deals too, so the visits alone may hide what the deals show.
    """
    deals: Rows = cases["deal_ix"].to_numpy(dtype=np.int64)
    won, lost = (np.append(is_status(crm, status), False)[deals] for status in ("won", "lost"))
    ended = won | lost
    return leaks(filled, outcome) or leaks(filled[ended], won[ended])


def leaks(filled: BoolArray, outcome: BoolArray | None) -> bool:
    """Return whether what is filled in tells how a case came out: one kind has it much more often."""
    if outcome is None or outcome.all() or not outcome.any():
        return False
    return bool(abs(filled[outcome].mean() - filled[~outcome].mean()) > LEAK)


def deciding(crm: Snapshot, cases: pd.DataFrame) -> list[str]:
    """Return the attributes of which some value has cases that all came out one way, far beyond chance.

    Such a field may be filled in after the outcome («client»), or be a kind of deal that is always won.
    """
    well = (cases["value"] > 0).to_numpy()
    counted = (cases["left_out"] == "").to_numpy()
    rate = well[counted].mean() if counted.any() else 0.0
    found = []
    for name in (one for one in ATTRIBUTES if f"deals.{one}" in crm.supplied):
        codes = coded(crm, cases, name)[0].astype(np.int64) + 1
        n, k = (np.bincount(codes[counted & some], minlength=1)[1:] for some in (np.True_, well))
        k = np.pad(k, (0, len(n) - len(k)))
        if (((k == n) & (rate**n < ODD)) | ((k == 0) & ((1 - rate) ** n < ODD)))[n > 0].any():
            found.append(name)
    return found
