"""Measure the process graph, variants and the graph in working hours, beside NumPy by hand and pm4py.

``python benchmarks/flows.py --peer PYTHON`` makes the stage events of 10 thousand, 100 thousand and 1 million
deals, works with them in a process of its own, and prints CPU seconds and ratios of one run. ``PYTHON`` is
that of an environment with pm4py (``python -m venv peer && peer/bin/pip install pm4py pyarrow``): a peer,
never a dependency of crmkit. Results are held against one another. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flows_byhand as byhand
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from crmkit.calendars import WorkCalendar
from crmkit.process.flows import directly_follows, variants
from crmkit.schema import TABLES, Settings, Snapshot, typed_nulls
from crmkit.stagelog import StageLog, stage_log

HERE = Path(__file__).resolve().parent
SIZES = (10_000, 100_000, 1_000_000)
STAGES = [f"Stage {number:02d}" for number in range(1, 11)] + ["Won", "Lost"]
WON, LOST = 10, 11
SEED = 20260301
CALENDAR = WorkCalendar(zone="UTC")  # Monday to Friday, from nine to six
#: What is measured, the work by hand and the task of the peer that it is held against.
TASKS = {
    "graph": ("graph", "dfg"), "cold graph": ("", "cold"), "variants": ("variants", "variants"),
    "working hours": ("working", "working"),
}  # fmt: skip
GOALS = {"graph": 20, "cold graph": 5, "variants": 10, "working hours": 50}

Told = dict[str, Any]


def events(deals: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return deal, moment and stage of some seven events a deal, in no order; no two of a deal at once."""
    rng = np.random.default_rng(SEED)
    start = 1_577_836_800_000_000
    at = start + rng.integers(0, 1_000 * 86_400_000_000, deals)
    deal, stage, parts = np.arange(deals), np.zeros(deals, dtype=np.int64), []
    while len(deal):
        parts.append((deal, at, stage))
        luck, far = rng.random((2, len(deal)))
        going = (stage < WON) & (luck < 0.97)
        deal, at, stage, luck, far = (one[going] for one in (deal, at, stage, luck, far))
        back, ahead = np.maximum(stage - 1 - (far < 0.3), 0), np.minimum(stage + 2, WON)
        onward = np.where(luck < 0.16, back, np.where(luck < 0.23, ahead, stage + 1))
        onward = np.where(luck < 0.09, LOST, onward)
        stage = np.where(onward == stage, stage + 1, onward)
        at = at + 1 + (rng.lognormal(0, 1.7, len(at)) * 86_400e6).astype(np.int64)
    whole = [np.concatenate(one) for one in zip(*parts, strict=True)]
    order = rng.permutation(len(whole[0]))
    return whole[0][order], whole[1][order], whole[2][order]


def as_export(deals: int) -> pd.DataFrame:
    """Return the events as an export has them: names instead of codes."""
    deal, at, stage = events(deals)
    names = pd.Series([f"D{number:07d}" for number in range(deals)], dtype="str")
    return pd.DataFrame(
        {
            "case:concept:name": names.take(deal).reset_index(drop=True),
            "concept:name": pd.Series(STAGES, dtype="str").take(stage).reset_index(drop=True),
            "time:timestamp": pd.to_datetime(at, unit="us", utc=True),
        }
    )


def snapshot(export: pd.DataFrame) -> Snapshot:
    """Return the export as canonical tables: identifiers as positions, stages as codes, rows as they come."""
    coded = as_codes(export["case:concept:name"])
    by_name = pc.sort_indices(coded.dictionary).to_numpy()
    places = np.empty(len(by_name), dtype=np.int64)
    places[by_name] = np.arange(len(by_name))
    tables = {name: nulls(name, 0) for name in TABLES}
    ids = pd.Series(coded.dictionary.take(pa.array(by_name)).to_pandas(), dtype="str")
    tables["deals"] = nulls("deals", len(ids)).assign(deal_id=ids)
    changes = nulls("stage_changes", len(export), "to_stage", "changed_at")
    stages = as_codes(export["concept:name"])
    changes["to_stage"] = pd.Categorical.from_codes(stages.indices.to_numpy(), stages.dictionary.to_pylist())
    changes["changed_at"] = export["time:timestamp"].dt.as_unit("us")
    changes["deal_ix"] = places[coded.indices.to_numpy()]
    tables["stage_changes"] = changes
    kinds = ["open"] * WON + ["won", "lost"]
    listed = {
        "pipeline": "Sales",
        "stage": STAGES,
        "position": np.arange(1.0, len(STAGES) + 1),
        "kind": kinds,
    }
    tables["stages"] = nulls("stages", len(STAGES)).assign(**listed)
    as_of = pd.Timestamp("2030-01-01", tz="UTC")
    settings = Settings("UTC", "EUR", CALENDAR)
    return Snapshot(as_of, as_of, tables, settings, frozenset(["stage_changes.to_stage"]))


def as_codes(names: pd.Series) -> pa.DictionaryArray:
    """Return names as codes and the different ones."""
    array = pa.array(names)
    return (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).dictionary_encode()


def nulls(table: str, count: int, *without: str) -> pd.DataFrame:
    """Return a canonical table of so many rows in which nothing is known."""
    columns = [one for one in TABLES[table] if one.name not in without]
    return pd.DataFrame({one.name: typed_nulls(one.kind, count, "UTC") for one in columns}, copy=False)


def least(act: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Return the least CPU seconds of several runs, and the last result."""
    seconds, result = [], None
    for _ in range(times):
        result = None
        before = time.process_time()
        result = act()
        seconds.append(time.process_time() - before)
    return min(seconds), result


def measure(deals: int, times: int, folder: Path) -> Told:
    """Do all tasks of one size; leave the export in the folder for the peer."""
    export = as_export(deals)
    export.to_parquet(folder / "events.parquet", index=False)
    told: Told = {"events": len(export), "cpu": {}, "byhand": {}}
    cpu, hand = told["cpu"], told["byhand"]

    cpu["cold graph"], _ = least(lambda: directly_follows(stage_log(snapshot(export))), min(times, 2))
    crm = snapshot(export)
    log = stage_log(crm)
    crm.tables["stage_changes"] = sorted_changes(crm, log)
    cpu["log"], log = least(lambda: stage_log.__wrapped__(crm), times)
    size, opened = len(STAGES), byhand.Office(9, 18)
    names = log.order.table["stage"].to_numpy(object)
    cpu["graph"], edges = least(lambda: directly_follows(log), times)
    hand["graph"], mine = least(lambda: byhand.graph(log.deal, log.at, log.stage, size), times)
    told["same_graph"] = same_edges(edges, mine)
    cpu["variants"], paths = least(lambda: variants(log), times)
    hand["variants"], ours = least(lambda: byhand.variants(log.deal, log.stage, size), times)
    told["same_variants"] = dict(zip(paths["path"], paths["n"], strict=True)) == ours
    cpu["working hours"], worked = least(lambda: directly_follows(log, working=CALENDAR), times)
    hand["working"], mine = least(lambda: byhand.working(log.deal, log.at, log.stage, size, opened), times)
    told["same_working"] = same_edges(worked, mine, days=CALENDAR.hours_per_day / 24)
    for name, frame in (("edges", edges), ("worked", worked)):
        pairs = [(names[a], names[b]) for a, b in zip(frame["stage"], frame["next_stage"], strict=True)]
        values = frame[["n", "median_days", "mean_days"]].values.tolist()
        told[name] = {" → ".join(pair): one for pair, one in zip(pairs, values, strict=True)}
    told["paths"] = {
        " → ".join(names[code] for code in path): int(n)
        for path, n in zip(paths["path"], paths["n"], strict=True)
    }
    return told


def sorted_changes(crm: Snapshot, log: StageLog) -> pd.DataFrame:
    """Return the table of changes in its canonical order: by deal and time."""
    changes = crm.tables["stage_changes"]
    at = changes["changed_at"].to_numpy()
    return changes.take(np.lexsort((at, changes["deal_ix"]))).reset_index(drop=True)


def same_edges(frame: pd.DataFrame, mine: Told, days: float = 1.0) -> bool:
    """Tell whether two graphs are equal: all counts, medians and means to the ninth digit."""
    edges = frame["stage"].to_numpy() * len(STAGES) + frame["next_stage"].to_numpy()
    order = np.argsort(edges)
    same = np.array_equal(edges[order], mine["edge"]) and np.array_equal(
        frame["n"].to_numpy()[order], mine["n"]
    )
    for name in ("median", "mean"):
        same = same and np.allclose(frame[f"{name}_days"].to_numpy()[order] * days, mine[name], rtol=1e-9)
    return bool(same)


def child(*command: str) -> None:
    """Run something, and stop if it fails."""
    if subprocess.run(command, check=False, cwd=HERE, stdout=subprocess.DEVNULL).returncode:
        sys.exit(f"{' '.join(command)}: failed")


def with_peer(told: Told, peer: Told) -> Told:
    """Add the peer's times, and whether it found the same."""
    cpu = peer["cpu"]
    told["peer"] = cpu | {"cold": cpu["format"] + cpu["dfg"]}
    for mine, theirs, unit in (("edges", "edges", 1.0), ("worked", "working", CALENDAR.hours_per_day)):
        found = {f"{one[0]} → {one[1]}": one[-2:] for one in peer[theirs]}
        same = found.keys() == told[mine].keys() and all(
            np.allclose(np.array(told[mine][edge][1:]) * unit, times, rtol=1e-6, atol=1e-9)
            for edge, times in found.items()
        )
        told[f"peer_{mine}"] = same
    counts = {f"{one[0]} → {one[1]}": one[2] for one in peer["edges"]}
    told["peer_edges"] = told["peer_edges"] and counts == {
        edge: one[0] for edge, one in told["edges"].items()
    }
    told["peer_paths"] = told["paths"] == {" → ".join(path): n for path, n in peer["variants"]}
    return told


def lines(found: dict[int, Told]) -> list[str]:
    """Return the table: CPU seconds, ratios to the work by hand and to the peer, growth."""
    rows = [
        ["task", "deals", "events", "CPU s", "by hand", "x hand", "pm4py", "x faster", "goal", "x smaller"]
    ]
    for task, (hand, peer) in {"log": ("", ""), **TASKS}.items():
        before = None
        for size, told in found.items():
            cpu = told["cpu"][task]
            bare, other = told["byhand"].get(hand), told.get("peer", {}).get(peer)
            rows.append([task, f"{size:,}", f"{told['events']:,}", f"{cpu:.3f}"])
            rows[-1] += [f"{bare:.3f}", f"{cpu / bare:.2f}"] if bare else ["", ""]
            rows[-1] += [f"{other:.2f}", f"{other / cpu:.0f}", f"{GOALS[task]}"] if other else ["", "", ""]
            rows[-1] += [f"{cpu / before:.1f}" if before else ""]
            before = cpu
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    for size, told in found.items():
        same = {name: value for name, value in told.items() if name.startswith(("same_", "peer_"))}
        table.append(f"{size:,}: " + ", ".join(f"{name} {value}" for name, value in same.items()))
        if "peer" in told:
            cpu, peer = told["cpu"], told["peer"]
            both = cpu["graph"] + cpu["log"]
            table.append(
                f"{size:,}: with our log counted {peer['dfg'] / both:.0f} x; against counts and "
                f"medians only, of which nothing is sorted ({peer['lean']:.2f} s), "
                f"{peer['lean'] / cpu['graph']:.0f} x"
            )
    return table


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), metavar="N,N…", help="deals")
    parser.add_argument("--peer", metavar="PYTHON", help="a Python that has pm4py")
    parser.add_argument("--peer-most", type=int, default=1_000_000, help="the peer does no larger size")
    parser.add_argument("--repeat", type=int, default=5, help="the least CPU of so many runs counts")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        folder = Path(told.one)
        measure(200, 1, folder)  # imports, and what is worked out once a process
        content = measure(int(told.sizes), told.repeat, folder)
        (folder / "ours.json").write_text(json.dumps(content), encoding="utf-8")
        return
    found: dict[int, Told] = {}
    for size in sorted(int(one) for one in told.sizes.split(",")):
        with tempfile.TemporaryDirectory() as place:
            command = (__file__, "--one", place, "--sizes", str(size), "--repeat", str(told.repeat))
            child(sys.executable, *command)
            found[size] = json.loads((Path(place) / "ours.json").read_text(encoding="utf-8"))
            if told.peer and size <= told.peer_most:
                files = [str(Path(place) / name) for name in ("events.parquet", "peer.json")]
                child(told.peer, "flows_peer.py", *files, "dfg", "variants", "working")
                found[size] = with_peer(found[size], json.loads(Path(files[1]).read_text(encoding="utf-8")))
    print("\n".join(lines(found)))


if __name__ == "__main__":
    main()
