"""Measure the comparison of notebook 07 by one command: all that it computes, on 20 and 200 thousand deals.

``python benchmarks/compare.py`` simulates both departments (once; they are kept in ``benchmarks/.data``) with
98 reps, three years, four tasks and ten communications a deal, and measures each size in a process of its
own: CPU time, time by the clock, and what share of the whole each part is. Before the clock starts, all of
it is done once with a small department, so that imports are not counted. Nothing here is a test: no figure
is asserted.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from run import HERE, child, say

SIZES = (20_000, 200_000)
SMALL, TIMES_REPS, START = 2_000, 14, date(2023, 9, 1)
TASKS_PER_DEAL, ACTIONS_PER_DEAL = 4, 10
CHANGED = date(2026, 2, 2)
CLAIMS = ("revenue:+24%", "win_rate:20%->25%")


def main() -> None:
    """Read the command line, prepare, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), metavar="N,N…", help="deals")
    parser.add_argument("--data", type=Path, default=HERE / ".data", help="where the departments are kept")
    told = parser.parse_args()
    found: dict[int, dict[str, Any]] = {}
    small = prepared(told.data, SMALL)
    for size in sorted(int(one) for one in told.sizes.split(",")):
        folder = prepared(told.data, size)
        say(f"{size:>9,} deals: compared")
        found[size] = child("compare.py", "measure", str(folder), str(small))
    print("\n".join(table(found)))


def prepared(data: Path, size: int) -> Path:
    """Return the folder of a department of so many deals; it is simulated and read once."""
    folder = data / f"compare-{size}"
    if not (folder / "ready").exists():
        say(f"{size:>9,} deals: simulated and read, once")
        data.mkdir(parents=True, exist_ok=True)
        (data / ".gitignore").write_text("*\n", encoding="utf-8")
        child("compare.py", "prepare", str(folder), str(size))
    return folder


def table(found: dict[int, dict[str, Any]]) -> list[str]:
    """Return a line for each part: CPU seconds by size, how they grow, what share of the largest it is."""
    sizes = list(found)
    last = found[sizes[-1]]
    lines = [f"{'part':>34}" + "".join(f"{size:>12,}" for size in sizes) + "   growth    share    clock"]
    for name in [*last["cpu"], "all"]:
        cpu = [run["cpu"].get(name, sum(run["cpu"].values())) for run in found.values()]
        clock = last["clock"].get(name, sum(last["clock"].values()))
        growth = f"{cpu[-1] / cpu[0]:9.1f}" if len(sizes) > 1 else f"{'':9}"
        share = cpu[-1] / sum(last["cpu"].values())
        lines.append(
            f"{name:>34}" + "".join(f"{one:12.2f}" for one in cpu) + f"{growth}{share:9.2f}{clock:9.2f}"
        )
    for size, run in found.items():
        lines.append(
            f"{size:,} deals: {run['deals']:,} deals, {run['reps']} reps, {run['tasks']:,} tasks, "
            f"{run['activities']:,} communications, peak {run['peak_mb']:.0f} MB; all is "
            f"{sum(run['cpu'].values()) / run['load']:.0f} × reading it from the cache"
        )
    return lines


def prepare(folder: Path, size: int) -> None:
    """Simulate a department of so many deals, write it, and read it into the cache."""

    from crmkit import load, read_client
    from crmkit.simulate import read_scenario, scaled, simulate, write_tables

    sample = read_scenario("vektor")
    reps = [
        rep.model_copy(update={"name": f"{rep.name} {number}"}, deep=True)
        for number in range(1, TIMES_REPS + 1)
        for rep in sample.reps
    ]
    whole = simulate(scaled(sample.model_copy(update={"reps": tuple(reps), "start": START}), size))
    deals = len(whole.deals)
    tasks = whole.tasks.sample(TASKS_PER_DEAL * deals, random_state=1, replace=True)
    tasks = tasks.assign(task_id=[f"t{number}" for number in range(len(tasks))])
    actions = whole.activities.sample(ACTIONS_PER_DEAL * deals, random_state=1, replace=True)
    actions = actions.assign(activity_id=[f"x{number}" for number in range(len(actions))])
    shutil.rmtree(folder, ignore_errors=True)
    sorted_by_row = {"tasks": tasks.sort_index(), "activities": actions.sort_index()}
    write_tables(replace(whole, **{k: v.reset_index(drop=True) for k, v in sorted_by_row.items()}), folder)
    load(read_client(folder))
    (folder / "ready").touch()


def parts(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield everything that notebook 07 computes, with its name."""
    from crmkit import open_study
    from crmkit.compare.answers import answer
    from crmkit.compare.association import association
    from crmkit.compare.champions import champions
    from crmkit.compare.control import control
    from crmkit.compare.effect import effect
    from crmkit.compare.gap import gap
    from crmkit.compare.managers import managers
    from crmkit.compare.outcomes import OUTCOMES
    from crmkit.compare.periods import compared_periods
    from crmkit.present.gap import usual
    from crmkit.present.periods import asked

    study = open_study(folder)
    crm = study.crm
    for name in OUTCOMES:
        yield f"managers {name}", lambda name=name: managers(crm, study.period, name)
    yield "champions", lambda: champions(crm, study.period)
    yield "association", lambda: association(crm, study.period)
    yield "gaps: which", lambda: usual(study)
    for first, second, chain in usual(study):
        of = "reps" if first.by else "periods"
        yield (
            f"gap of two {of}, {chain}",
            lambda pair=(first, second), chain=chain: gap(crm, *pair, chain=chain),
        )
    pair = asked(study)
    assert pair is not None
    yield "two periods", lambda: compared_periods(crm, *pair)
    for name in ("new_deals", "won_deals", "revenue"):
        yield f"control chart {name}", lambda name=name: control(crm, name)
    for name in ("revenue", "win_rate"):
        yield f"effect on {name}", lambda name=name: effect(crm, CHANGED, name)
    for text in CLAIMS:
        yield f"claim {text}", lambda text=text: answer(crm, text, day=CHANGED)


def measure(folder: Path, small: Path) -> dict[str, Any]:
    """Compute everything of a client, part after part, as the notebook does; of another one before."""
    from crmkit import load, read_client

    for _, one in parts(small):
        one()
    begun = cpu()
    crm = load(read_client(folder))
    told: dict[str, Any] = {"cpu": {}, "clock": {}, "load": cpu() - begun}
    for name, one in parts(folder):
        begun, clock = cpu(), time.perf_counter()
        one()
        told["cpu"][name], told["clock"][name] = cpu() - begun, time.perf_counter() - clock
    sizes = {"tasks": len(crm.tasks), "activities": len(crm.activities), "deals": len(crm.deals)}
    return told | sizes | {"reps": int(crm.deals["manager_id"].nunique())}


def cpu() -> float:
    """Return the CPU seconds of this process and of its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    if sys.argv[1:2] == ["prepare"]:
        prepare(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(Path(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main()
