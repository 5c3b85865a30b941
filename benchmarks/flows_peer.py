"""pm4py at the same events, run by ``flows.py`` with a Python that has pm4py: it is a peer, never needed.

``python flows_peer.py EVENTS.parquet RESULTS.json WHAT…``: CPU seconds and results of each task.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["PM4PY_SHOW_PROGRESS_BAR"] = "false"
warnings.simplefilter("ignore")

import pandas as pd  # noqa: E402
import pm4py  # noqa: E402
from pm4py.algo.discovery.dfg.adapters.pandas.df_statistics import get_dfg_graph  # noqa: E402

DAY = 86_400
#: Monday to Friday, from nine to six, in seconds of the week.
SLOTS = [((day * 24 + 9) * 3600, (day * 24 + 18) * 3600) for day in range(5)]

Told = dict[str, Any]


def timed(told: Told, name: str, act: Callable[[], Any]) -> Any:
    """Do something, and note the CPU seconds that it took."""
    before = time.process_time()
    result = act()
    told["cpu"][name] = time.process_time() - before
    print(name, round(told["cpu"][name], 2), file=sys.stderr, flush=True)
    return result


def with_times(log: pd.DataFrame) -> Any:
    """Return the graph with times as pm4py's own call gives it, without the counts."""
    return pm4py.discover_performance_dfg(log)[0]


def lean(log: pd.DataFrame) -> Any:
    """Return counts and medians with as little work as pm4py can be asked for: nothing is sorted again."""
    return get_dfg_graph(
        log, measure="both", perf_aggregation_key="median", sort_caseid_required=False,
        sort_timestamp_along_case_id=False,
    )  # fmt: skip


def main(events: str, results: str, *tasks: str) -> None:
    """Do the tasks, write times and results."""
    raw, told = pd.read_parquet(events), Told(cpu={}, edges={}, variants={}, working={})
    small = pm4py.format_dataframe(raw.head(5000).copy())
    for warm in (with_times, lean, pm4py.discover_dfg, pm4py.get_variants):
        warm(small)
    log = timed(told, "format", lambda: pm4py.format_dataframe(raw))
    if "dfg" in tasks:
        counts, _ = timed(told, "lean", lambda: lean(log))
        times = timed(told, "dfg", lambda: with_times(log))
        timed(told, "counts", lambda: pm4py.discover_dfg(log))
        told["edges"] = [
            [*edge, counts[edge], one["median"] / DAY, one["mean"] / DAY] for edge, one in times.items()
        ]
    if "variants" in tasks:
        found = timed(told, "variants", lambda: pm4py.get_variants(log))
        told["variants"] = [[list(path), n] for path, n in found.items()]
    if "working" in tasks:
        times = timed(
            told, "working",
            lambda: pm4py.discover_performance_dfg(log, business_hours=True, business_hour_slots=SLOTS)[0],
        )  # fmt: skip
        told["working"] = [[*edge, one["median"] / 3600, one["mean"] / 3600] for edge, one in times.items()]
    Path(results).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
