"""Measure the audit by one command: all checks together, and each one alone, on 20 and 200 thousand deals.

``python benchmarks/audit.py`` simulates both departments (once; they are kept in ``benchmarks/.data``), with
four tasks and ten communications a deal, and measures in a process of its own for each size. A check alone
reckons what several of them need anew, so the parts add up to more than the whole. Nothing here is a test:
no figure is asserted.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from run import HERE, child, say

SIZES = (20_000, 200_000)
TASKS_PER_DEAL, ACTIONS_PER_DEAL = 4, 10


def main() -> None:
    """Read the command line, prepare, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), metavar="N,N…", help="deals")
    parser.add_argument("--data", type=Path, default=HERE / ".data", help="where the departments are kept")
    told = parser.parse_args()
    found: dict[int, dict[str, Any]] = {}
    for size in sorted(int(one) for one in told.sizes.split(",")):
        folder = told.data / f"audit-{size}"
        if not (folder / "ready").exists():
            say(f"{size:>9,} deals: simulated and read, once")
            told.data.mkdir(parents=True, exist_ok=True)
            (told.data / ".gitignore").write_text("*\n", encoding="utf-8")
            child("audit.py", "prepare", str(folder), str(size))
        say(f"{size:>9,} deals: audited")
        found[size] = child("audit.py", "measure", str(folder))
    print("\n".join(table(found)))


def table(found: dict[int, dict[str, Any]]) -> list[str]:
    """Return a line for all checks and for each one: CPU seconds by size, and how they grow."""
    sizes = list(found)
    lines = [f"{'check':>8}" + "".join(f"{size:>12,}" for size in sizes) + "   growth    wrong of checked"]
    for name in found[sizes[-1]]["seconds"]:
        seconds = [found[size]["seconds"][name] for size in sizes]
        growth = f"{seconds[-1] / seconds[0]:9.1f}" if len(sizes) > 1 else f"{'':9}"
        rows = found[sizes[-1]]["rows"].get(name, "")
        lines.append(f"{name:>8}" + "".join(f"{one:12.3f}" for one in seconds) + f"{growth}    {rows}")
    for size, run in found.items():
        lines.append(
            f"{size:,} deals, {run['tasks']:,} tasks, {run['activities']:,} communications: "
            f"{run['wall']:.1f} s by the clock, peak {run['peak_mb']:.0f} MB"
        )
    return lines


def prepare(folder: Path, size: int) -> None:
    """Simulate a department of so many deals, write it, and read it into the cache."""
    import pandas as pd

    from crmkit import load, read_client
    from crmkit.simulate import read_scenario, scaled, simulate, write_tables

    whole = simulate(scaled(read_scenario("vektor"), size))
    tasks = whole.tasks.sample(TASKS_PER_DEAL * size, random_state=1).sort_index(ignore_index=True)
    more = ACTIONS_PER_DEAL * size - len(whole.activities)
    again = whole.activities.sample(more, random_state=1, replace=True)
    again = again.assign(activity_id=[f"x{number}" for number in range(more)])
    actions = pd.concat([whole.activities, again], ignore_index=True)
    write_tables(replace(whole, tasks=tasks, activities=actions), folder)
    load(read_client(folder))
    (folder / "ready").touch()


def measure(folder: Path) -> dict[str, Any]:
    """Audit a client: everything together, then each check on data of which nothing is known yet."""
    from crmkit import load, read_client
    from crmkit.audit import examine, hygiene_checks

    crm = load(read_client(folder))
    clock, begun = time.perf_counter(), time.process_time()
    audit = examine(crm)
    seconds = {"all": time.process_time() - begun}
    wall = time.perf_counter() - clock
    for one in hygiene_checks():
        fresh = replace(crm)
        begun = time.process_time()
        examine(fresh, checks=[one])
        seconds[one.id] = time.process_time() - begun
    rows = {one.check: f"{one.wrong:,} of {one.checked:,}" for one in audit.states.itertuples()}
    return {
        "seconds": seconds, "wall": wall, "rows": rows, "tasks": len(crm.tasks),
        "activities": len(crm.activities),
    }  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["prepare"]:
        prepare(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1:2] == ["measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    else:
        main()
