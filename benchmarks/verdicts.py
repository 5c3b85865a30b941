"""Judge the verdicts: departments and weeks with a known truth, through the kit and through naive tools.

``python benchmarks/verdicts.py`` goes through thousands of departments and prints how often each way of
comparing was wrong, beside what the method promises. ``--only equal,power`` does a part, ``--runs 200`` less.
The seed is fixed: the same figures come out again. Nothing here is a test; a short version is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TypeAlias

import numpy as np
from departments import (
    ATTRIBUTES,
    DESIGNS,
    EXPORTED_DESIGNS,
    JUDGED,
    MANY_KINDS,
    department,
    departments,
    opposite,
)
from judges import JUDGES, WATCHERS, Judge, judged_rows, judged_weeks
from numpy.typing import NDArray
from weeks import BENDS, KINDS, SEASONS, Kind, series

from crmkit.compare.pairs import judged_pair
from crmkit.limits import Limits

SEED = 6
#: How far neighbouring weeks hang together.
TOGETHER = (0.0, 0.25, 0.5)
Rows: TypeAlias = Iterator[tuple[str, ...]]


def equal(judges: dict[str, Judge], runs: int, only: str = "") -> Rows:
    """Tell the departments of equal reps in which anybody is called above or below."""
    yield "equal reps: departments with any verdict, %", *judges, "reps judged"
    chosen = [one for one in DESIGNS if only in ("", one.name)]
    each = max(runs // len(chosen), 1)
    wrong = dict.fromkeys(judges, 0)
    for design in chosen:
        found, reps = dict.fromkeys(judges, 0), 0
        for one in departments(design, each, seed=SEED):
            reps += len(one.gaps)
            for name, judge in judges.items():
                found[name] += bool(judge(one).any())
        for name in judges:
            wrong[name] += found[name]
        yield design.name, *(percent(found[name], each) for name in judges), f"{reps:,}"
    whole = each * len(chosen)
    yield f"all {whole:,}", *(percent(wrong[name], whole) for name in judges), ""


def mirrored(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell how often equal reps with opposite leads are ranked by their leads."""
    yield (
        "opposite leads: departments where somebody with warm leads is above, or with cold ones below, %",
        *judges,
    )
    for reps, deals, others in ((2, 200, 0), (2, 100, 6), (8, 300, 0)):
        found = dict.fromkeys(judges, 0)
        for number in range(runs):
            one = opposite(reps, deals, rng=np.random.default_rng([SEED, number]), others=others)
            for name, judge in judges.items():
                found[name] += bool(judge(one)[:reps].any())
        label = f"{reps} reps × {deals} deals" + (f", {others} with both" if others else "")
        yield label, *(percent(found[name], runs) for name in judges)


def power(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell how often one rep of eight who is truly better is found, with 300 deals each at 25 %.

    The last kind has 5 sources × 4 segments × 6 products, amounts that matter, and very different leads.
    """
    yield "8 reps × 300 deals at 25 %: the better one is found, %", *judges, "others called below (crmkit)"
    for design in (replace(JUDGED, name="power_same_leads", likeness=(100.0, 100.0)), JUDGED, MANY_KINDS):
        for points in (10, 15):
            found, others = dict.fromkeys(judges, 0), 0
            for number in range(runs):
                rng = np.random.default_rng([SEED, number, points])
                one = department(design, rng=rng, skills=np.r_[points / 100, np.zeros(7)])
                for name, judge in judges.items():
                    signs = judge(one)
                    found[name] += bool(signs[0] > 0)
                    others += bool(name == "crmkit" and (signs[1:] != 0).any())
            told = (percent(found[name], runs) for name in judges)
            yield f"{design.name}, +{points} points", *told, percent(others, runs)


def coverage(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell how many of the like-for-like intervals of 95 % hold the truth."""
    yield (
        "like-for-like intervals of 95 % that hold the truth, %",
        "equal reps",
        "unequal (sd 3 points)",
        "reps",
    )
    each = max(runs // len(DESIGNS), 1)
    wholes, reps = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for design in DESIGNS:
        found, count = np.zeros(2, np.int64), np.zeros(2, np.int64)
        for ix, skills in enumerate((0.0, 0.03)):
            for one in departments(replace(design, skills=skills), each, seed=SEED):
                rows = judged_rows(one)
                rows = rows[rows["label"].isin(["holds", "may_be_chance"])]
                truth = rows["expected"] + one.gaps[rows["rep"]]
                ends = [rows[f"adjusted_{end}"] * rows["expected"] / rows["whole"] for end in ("low", "high")]
                found[ix] += ((ends[0] <= truth) & (truth <= ends[1])).sum()
                count[ix] += len(rows)
        wholes, reps = wholes + found, reps + count
        yield design.name, *map(percent, found, count), f"{count.sum():,}"
    yield "all", *map(percent, wholes, reps), f"{reps.sum():,}"


def exports(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell the same of equal reps where the departments go through files, settings and the whole kit.

    The kinds above and, each by itself, those that only files can show: fields that are blank where deals
    were lost, or by chance; amounts and months that matter within what a coarser band or a quarter tells.
    """
    from exports import snapshot_of

    from crmkit.compare.managers import managers

    yield "equal reps, through whole exports: departments with any verdict, %", *judges, "reps"
    usual = [replace(one, reps=(4, 12), deals=(30, 200)) for one in DESIGNS]
    for label, chosen in (("all kinds", usual), *((one.name, [one]) for one in EXPORTED_DESIGNS)):
        each = max(runs // len(usual) if len(chosen) > 1 else runs, 1)
        found, count = dict.fromkeys(judges, 0), 0
        for design in chosen:
            for number, one in enumerate(departments(design, each, seed=SEED)):
                with tempfile.TemporaryDirectory() as folder:
                    rows = managers(snapshot_of(one, Path(folder) / "client", seed=number)).rows
                count += len(rows)
                for name, judge in judges.items():
                    told = rows["label"] == "holds" if name == "crmkit" else judge(one)
                    found[name] += bool(told.any())
        whole = each * len(chosen)
        yield f"{label} {whole}", *(percent(found[name], whole) for name in judges), f"{count:,}"


def pairs(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell how two equal reps of a department are told, set against each other: three pairs of each."""
    yield "pairs of equal reps, %", "interval holds 1", "said to differ", "not compared", "pairs"
    each, wholes = max(runs // len(DESIGNS), 1), np.zeros(4, np.int64)
    for design in DESIGNS:
        found = np.zeros(4, np.int64)
        for one in departments(design, each, seed=SEED):
            reps = one.cases.drop_duplicates("rep").sort_values("rep")
            for _, alike in reps.groupby("role"):
                for pair in list(zip(alike["rep"][::2], alike["rep"][1::2], strict=False))[:3]:
                    told = judged_pair(one.cases, ATTRIBUTES, pair, limits=Limits())
                    covers = told.like.low <= 1 <= told.like.high
                    is_told = told.verdict.reason != "other_deals" and told.like.low == told.like.low
                    found += [is_told and covers, told.verdict.label == "holds", is_told, 1]
        wholes += found
        yield design.name, *_of_pairs(found)
    yield "all", *_of_pairs(wholes)


def _of_pairs(found: NDArray[np.int64]) -> tuple[str, ...]:
    covers, holds, told, every = map(int, found)
    return percent(covers, told), percent(holds, told), percent(every - told, every), f"{every:,}"


def change(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell how often a change that did nothing is said to have done something.

    By themselves, after «all»: levels that drift, and growth that slows down: no straight trend follows.
    """
    yield "a change without effect, 104 + 26 weeks: said to have one, %", *WATCHERS
    each, wholes = max(runs // 27, 1), dict.fromkeys(WATCHERS, 0)
    for season in SEASONS:
        for together in TOGETHER:
            found = said([Kind(figure, together, season) for figure in KINDS], each)
            for name in WATCHERS:
                wholes[name] += found[name]
            told = (percent(found[name], 3 * each) for name in WATCHERS)
            yield f"season {season}, weeks hang together {together}", *told
    yield f"all {27 * each:,}", *(percent(wholes[name], 27 * each) for name in WATCHERS)
    each = max(each // 2, 1)
    for bend in BENDS:
        bent = [Kind(*one, bend=bend) for one in product(KINDS, TOGETHER, SEASONS)]
        found = said(bent, each)
        yield f"{bend} {27 * each:,}", *(percent(found[name], 27 * each) for name in WATCHERS)


def said(kinds: list[Kind], each: int) -> dict[str, int]:
    """Return in how many series of these kinds each watcher says anything."""
    found = dict.fromkeys(WATCHERS, 0)
    for kind in kinds:
        for one in series(kind, each, seed=SEED):
            for name, watcher in WATCHERS.items():
                found[name] += bool(watcher(one))
    return found


def effect(judges: dict[str, Judge], runs: int) -> Rows:
    """Tell how a change that truly raised the level by 15 % is told."""
    yield "a change that brought +15 %, 104 + 26 weeks, %", "interval holds it", "said to hold", "wrong way"
    each, wholes = max(runs // 27, 1), np.zeros(3, np.int64)
    for figure in KINDS:
        for together in TOGETHER:
            found = np.zeros(3, np.int64)
            for season in SEASONS:
                for one in series(Kind(figure, together, season, effect=0.15), each, seed=SEED):
                    told = judged_weeks(one)
                    covers = told.relative_low <= 0.15 <= told.relative_high
                    found += [covers, told.direction == "above", told.direction == "below"]
            wholes += found
            yield f"{figure}, weeks hang together {together}", *(percent(part, 3 * each) for part in found)
    yield f"all {27 * each:,}", *(percent(part, 27 * each) for part in wholes)


TASKS: dict[str, Callable[..., Rows]] = {
    "equal": equal,
    "opposite": mirrored,
    "power": power,
    "coverage": coverage,
    "exports": exports,
    "pairs": pairs,
    "change": change,
    "effect": effect,
}
RUNS = {"equal": 3000, "opposite": 500, "power": 500, "coverage": 600, "exports": 150}
RUNS |= {"pairs": 600, "change": 5400, "effect": 2700}


def percent(part: int, whole: int) -> str:
    """Return a share in per cent with two Monte-Carlo errors."""
    share = part / whole
    return f"{100 * share:.1f} ±{200 * np.sqrt(max(share * (1 - share), 1 / whole) / whole):.1f}"


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Yield the rows as lines, the first column wide."""
    for row in rows:
        yield f"{row[0]:<44}" + "".join(f"{cell:>16}" for cell in row[1:])


def main() -> None:
    """Read the command line, go through the tasks, and print what each found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(TASKS), metavar="TASK,TASK…", help=", ".join(TASKS))
    parser.add_argument("--runs", type=int, help="departments or series a task")
    parser.add_argument("--judges", default=",".join(JUDGES), metavar="NAME,NAME…", help=", ".join(JUDGES))
    parser.add_argument("--design", choices=[one.name for one in DESIGNS], help="equal reps of one kind only")
    told = parser.parse_args()
    judges = {name: JUDGES[name] for name in told.judges.split(",")}
    for name in told.only.split(","):
        begun = time.perf_counter()
        chosen = {"only": told.design} if told.design and name == "equal" else {}
        for line in table(TASKS[name](judges, told.runs or RUNS[name], **chosen)):
            print(line, flush=True)
        print(f"{name}: {time.perf_counter() - begun:.0f} s\n", file=sys.stderr)


if __name__ == "__main__":
    main()
