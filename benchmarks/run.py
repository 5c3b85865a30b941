"""Measure crmkit by one command: reading, loading, measures and imports, each in a process of its own.

``python benchmarks/run.py`` simulates departments of 10 thousand, 100 thousand and 1 million deals (once;
they are
kept in ``benchmarks/.data``), measures CPU time and peak memory, and prints a table. Ratios are taken
within one
run, against work that is done on the same machine at the same time. Nothing here is a test: no figure is
asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SIZES = (10_000, 100_000, 1_000_000)
#: Each task with what it is, and the task that it is held against.
TASKS = {
    "bare_read": ("bare pyarrow read of the CSV as text, one thread", ""),
    "intake": ("intake of the amoCRM CSV, cache written", "bare_read"),
    "warm_load": ("the same client from its cache", "bare_read"),
    "earlier": ("from its cache, as it stood 90 days before", "warm_load"),
    "measures_all": ("all measures, for the whole department", "by_hand_all"),
    "measures_manager": ("all measures by rep", "by_hand_manager"),
    "measures_month": ("all measures by rep and month", "by_hand_month"),
    "preset": ("the preset of 23 by rep and month", "by_hand_preset"),
    "costs": ("what each stage costs, with 1000 resamples by client", "visits"),
    "visits": ("the visits to stages alone", ""),
    "by_hand_preset": ("the same by hand in NumPy", ""),
    "by_hand_all": ("the same by hand in NumPy, whole department", ""),
    "by_hand_manager": ("the same by hand in NumPy, by rep", ""),
    "by_hand_month": ("the same by hand in NumPy, by rep and month", ""),
}
IMPORTS = {
    "python": "pass",
    "pandas": "import pandas",
    "crmkit": "from crmkit import read_client, evaluate",
    "help": "import sys; sys.argv = ['crmkit', '--help']; "
    "from crmkit.cli import app; app(standalone_mode=False)",
}

Record = dict[str, Any]


def main() -> None:
    """Read the command line, measure, print, and write the figures as JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, metavar="N,N…", help="deals; default: 10000,100000,1000000"
    )
    parser.add_argument(
        "--only", default="", metavar="WORD,…", help="only tasks whose names hold one of these words"
    )
    parser.add_argument(
        "--repeat", type=int, default=0, help="how often each task is measured; the least CPU counts"
    )
    parser.add_argument(
        "--data", type=Path, default=HERE / ".data", help="where the simulated departments are kept"
    )
    parser.add_argument("--json", type=Path, help="a file for all figures")
    told = parser.parse_args()
    words = [one for one in told.only.split(",") if one]
    chosen = [name for name in TASKS if not words or any(word in name for word in words)]
    chosen += [TASKS[name][1] for name in list(chosen) if TASKS[name][1] and TASKS[name][1] not in chosen]
    found: dict[str, Record] = {}
    for size in told.sizes if chosen else ():
        folder = prepare(told.data, size)
        for name in (one for one in TASKS if one in chosen):
            say(f"{size:>9,} deals: {TASKS[name][0]}")
            if name in ("warm_load", "earlier"):
                child("tasks.py", "fill", str(folder))
            times = told.repeat or max(1, min(3, 300_000 // size))
            runs = [child("tasks.py", name, str(folder)) for _ in range(times)]
            found.setdefault(name, {})[str(size)] = min(runs, key=lambda run: run["cpu"])
    imports = measure_imports() if not words or "import" in words else {}
    print("\n".join([*table(found, told.sizes), *notes(found), *import_lines(imports)]))
    if told.json:
        content = {"sizes": list(told.sizes), "tasks": found, "imports": imports}
        told.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def prepare(data: Path, size: int) -> Path:
    """Simulate a department of so many deals, unless it is there already."""
    folder = data / str(size)
    if not (folder / "ready").exists():
        say(f"{size:>9,} deals: simulated, once")
        data.mkdir(parents=True, exist_ok=True)
        (data / ".gitignore").write_text("*\n", encoding="utf-8")
        child("tasks.py", "prepare", str(folder), str(size))
    return folder


def child(*arguments: str) -> Record:
    """Run Python with arguments; return what it printed as JSON, with the CPU and memory of all of its
    process tree."""
    command = (
        [sys.executable, *([str(HERE / arguments[0]), *arguments[1:]])]
        if arguments[0] != "-c"
        else [sys.executable, *arguments]
    )
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE)
    printed = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)}: failed")
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    told = json.loads(printed) if printed.startswith(b"{") else {}
    whole = usage.ru_utime + usage.ru_stime
    return {"cpu": whole, **told, "process_cpu": whole, "peak_mb": usage.ru_maxrss / unit}


def measure_imports() -> dict[str, float]:
    """Return the least CPU seconds of each import in a fresh Python."""
    say("imports")
    return {name: min(child("-c", code)["cpu"] for _ in range(7)) for name, code in IMPORTS.items()}


def table(found: dict[str, Record], sizes: tuple[int, ...]) -> list[str]:
    """Return the lines of the table: CPU seconds, ratio to the baseline, growth, and peak memory by size."""
    head = ["task", "deals", "CPU s", "× base", "× smaller", "peak MB", "bound MB"]
    rows = [head]
    for name, by_size in found.items():
        before: float | None = None
        for size in map(str, sizes):
            run = by_size[size]
            base = found.get(TASKS[name][1], {}).get(size)
            twin = run.get("cpu_with_twin", run["cpu"])
            bound = f"{3 * run['file_mb'] + 300:.0f}" if name == "intake" else ""
            rows.append(
                [
                    name, f"{int(size):,}", f"{run['cpu']:.2f}", f"{twin / base['cpu']:.2f}" if base else "",
                    f"{run['cpu'] / before:.1f}" if before else "", f"{run['peak_mb']:.0f}", bound,
                ]
            )  # fmt: skip
            before = run["cpu"]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def notes(found: dict[str, Record]) -> list[str]:
    """Return what each task told beside its figures, of the largest size."""
    lines = [""]
    for name, by_size in found.items():
        last = list(by_size.values())[-1]
        told = {
            key: value
            for key, value in last.items()
            if key not in ("cpu", "process_cpu", "peak_mb", "slowest")
        }
        lines += (
            [f"{name}: " + ", ".join(f"{key} {_shown(value)}" for key, value in told.items())] if told else []
        )
    return lines


def import_lines(imports: dict[str, float]) -> list[str]:
    """Return the lines on imports."""
    if not imports:
        return []
    against = imports["crmkit"] / imports["pandas"]
    return [
        "",
        f"import pandas {imports['pandas']:.2f} s, from crmkit import read_client, evaluate "
        f"{imports['crmkit']:.2f} s: "
        f"{against:.2f} ×",
        f"crmkit --help {imports['help']:.2f} s, an empty Python {imports['python']:.2f} s",
    ]


def _shown(value: Any) -> str:
    return (
        f"{value:.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(one.replace("_", "")) for one in text.split(",")))


def say(text: str) -> None:
    """Tell what is being done, on standard error."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
