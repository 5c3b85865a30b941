"""What is measured: each task runs in a process of its own and prints its figures as JSON.

``python benchmarks/tasks.py TASK FOLDER``; ``run.py`` calls it. Before the clock starts, a task is done
once with a
small department, so that imports and what is worked out once a process are not counted as work on data.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import byhand
import byhand_preset
import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from crmkit.client import read_client
from crmkit.measures import catalogue, evaluate, find
from crmkit.measures.presets import presets
from crmkit.periods import Period
from crmkit.process.bottlenecks import bottlenecks
from crmkit.process.steps import stages_as_places
from crmkit.schema import TABLES, Snapshot, typed_nulls
from crmkit.simulate import Department, Scenario, read_scenario, scaled, simulate, write_amocrm
from crmkit.sources.asof import first_records
from crmkit.sources.conform import supplied
from crmkit.sources.load import load
from crmkit.visits import stage_visits

SMALL = 300
#: So many reps as a department of a hundred thousand deals may have: ten times those of the sample.
TIMES_REPS = 10
TEXTS = ("title", "text", "result", "url")
SLICES = {"all": (), "manager": ("manager",), "month": ("manager", "month")}

Told = dict[str, Any]


@contextmanager
def clock(told: Told, name: str = "cpu") -> Iterator[None]:
    """Add the CPU seconds of this process and of its children to ``told``."""
    before = _cpu()
    yield
    told[name] = told.get(name, 0.0) + _cpu() - before


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def prepare(folder: Path, size: int) -> Told:
    """Write a department's amoCRM export, and its whole canonical tables, which no amoCRM export carries."""
    shutil.rmtree(folder, ignore_errors=True)
    for deals, place in ((SMALL, folder / "small"), (size, folder)):
        department = simulate(scaled(scenario(), deals))
        write_amocrm(department, place / "amocrm")
        for name, frame in canonical(department).items():
            (place / "whole").mkdir(parents=True, exist_ok=True)
            frame.to_parquet(place / "whole" / f"{name}.parquet", index=False)
    (folder / "ready").touch()
    return {}


def scenario() -> Scenario:
    """Return the amoCRM sample's scenario with more reps."""
    sample = read_scenario("romashka")
    reps = [
        rep.model_copy(update={"name": f"{rep.name} {number}"}, deep=True)
        for number in range(1, TIMES_REPS + 1)
        for rep in sample.reps
    ]
    return sample.model_copy(update={"reps": tuple(reps)})


def canonical(department: Department) -> dict[str, pd.DataFrame]:
    """Return the department's tables as a source would hand them over, long texts left out."""
    deals = department.deals.sort_values("deal_id", ignore_index=True)
    zone = department.scenario.time_zone
    tables = {}
    for name, columns in TABLES.items():
        frame = deals if name == "deals" else getattr(department, name, pd.DataFrame())
        frame = frame.drop(columns=[text for text in TEXTS if text in frame])
        frame = frame.assign(
            file=pd.Categorical([""] * len(frame)), line=np.arange(len(frame), dtype=np.int32)
        )
        lacking = [one for one in columns if one.name not in frame]
        frame = frame.assign(**{one.name: typed_nulls(one.kind, len(frame), zone) for one in lacking})
        if "deal_id" in frame and name != "deals":
            frame["deal_ix"] = pd.Index(deals["deal_id"]).get_indexer(pd.Index(frame["deal_id"]))
            moments = [moment for moment in ("changed_at", "at", "created_at", "due_on") if moment in frame]
            frame = frame.sort_values(["deal_ix", *moments[:1], "line"], ignore_index=True)
        tables[name] = frame
    return tables


def snapshot(folder: Path) -> Snapshot:
    """Return the whole department as a Snapshot."""
    tables = {name: pd.read_parquet(folder / "whole" / f"{name}.parquet") for name in TABLES}
    client = read_client(folder / "amocrm")
    moment = pd.Timestamp(client.as_of).tz_localize(client.time_zone)
    of_kinds = {
        f"{table}.kind={kind}"
        for table in ("tasks", "activities")
        for kind in tables[table]["kind"].cat.categories
    }
    return Snapshot(
        moment, moment, tables, client.settings(), supplied(tables) | of_kinds, began=first_records(tables)
    )


def bare_read(folder: Path) -> Told:
    """Read the CSV with pyarrow as it comes: text, one thread."""
    path = _export(folder)
    told: Told = {"file_mb": path.stat().st_size / 1e6}
    _bare(_export(folder / "small"))
    with clock(told):
        rows = _bare(path).num_rows
    return told | {"rows": rows}


def _bare(path: Path) -> pa.Table:
    with path.open(encoding="utf-8") as stream:
        names = [str(place) for place in range(stream.readline().count(",") + 1)]
    return csv.read_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
        convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )


def _export(folder: Path) -> Path:
    return next((folder / "amocrm").glob("*.csv"))


def intake(folder: Path) -> Told:
    """Read the export from scratch: text, types, canonical tables, cache, Snapshot."""
    told: Told = {"file_mb": _export(folder).stat().st_size / 1e6}
    for place in (folder / "small", folder):
        client = read_client(place / "amocrm")
        shutil.rmtree(client.state, ignore_errors=True)
        if place == folder:
            with clock(told):
                crm = load(client)
            cache = sum(path.stat().st_size for path in client.state.rglob("*.parquet"))
            return told | {"rows": len(crm.deals), "cache_mb": cache / 1e6}
        load(client)
    return told


def fill(folder: Path) -> Told:
    """See to it that the caches are there, in a process whose memory does not count."""
    for place in (folder / "small", folder):
        load(read_client(place / "amocrm"))
    return {}


def warm_load(folder: Path, days_before: int = 0) -> Told:
    """Take the client from its cache."""
    told: Told = {}
    for place in (folder / "small", folder):
        client = read_client(place / "amocrm")
        as_of = pd.Timestamp(client.as_of) - pd.Timedelta(days=days_before)
        told = {}
        with clock(told):
            load(client, as_of.to_pydatetime())
    return told


def earlier(folder: Path) -> Told:
    """Take the client from its cache, as it stood 90 days before."""
    return warm_load(folder, 90)


def measures(folder: Path, slices: str) -> Told:
    """Evaluate all measures that can be told by the slices, one after the other."""
    by, told = SLICES[slices], Told()
    names = [one.name for one in catalogue() if _fits(one, by)]
    small, crm = snapshot(folder / "small"), snapshot(folder)
    for name in names:
        evaluate(name, small, by=by)
    slow: dict[str, float] = {}
    for name in names:
        with clock(slow, name):
            evaluate(name, crm, by=by)
    with_twin = [name for name in names if name in byhand.MEASURES]
    told |= {"measures": len(names), "without_twin": ", ".join(set(names) - set(with_twin)) or "none"}
    told |= {"cpu": sum(slow.values()), "cpu_with_twin": sum(slow[name] for name in with_twin)}
    told["slowest"] = dict(sorted(slow.items(), key=lambda pair: -pair[1]))
    return told | _rows(crm)


def _fits(one: Any, by: tuple[str, ...]) -> bool:
    timeless = one.is_timeless or one.basis == "expected_in"
    return not (set(by) & {"month"} and timeless) and (not one.only_by or set(by) <= one.only_by)


def _rows(crm: Snapshot) -> Told:
    return {name: len(crm.tables[name]) for name in ("deals", "tasks", "activities")}


def by_hand(folder: Path, slices: str) -> Told:
    """Work the same figures out by hand, and hold them against those of ``evaluate`` once the clock
    stands."""
    by, told = SLICES[slices], Told()
    names = [one.name for one in catalogue() if _fits(one, by) and one.name in byhand.MEASURES]
    small, crm = snapshot(folder / "small"), snapshot(folder)
    byhand.figures(small, names, by)
    with clock(told):
        found = byhand.figures(crm, names, by)
    fresh = replace(crm)
    wrong = [name for name in names if not byhand.agrees(found[name], evaluate(name, fresh, by=by), by)]
    return told | {"measures": len(names), "other_than_evaluate": ", ".join(wrong) or "none"}


def preset(folder: Path) -> Told:
    """Evaluate the measures of the preset of 23 by rep and month, one by one, then in as few calls as can be.

    What tells of a moment or of a whole period is told by rep alone.
    """
    small, crm, told, slow = snapshot(folder / "small"), snapshot(folder), Told(), Told()
    slices = preset_slices()
    for name, by in slices.items():
        evaluate(name, small, by=by)
    for name, by in slices.items():
        with clock(slow, name):
            evaluate(name, crm, by=by)
    fresh = replace(crm)
    for by in dict.fromkeys(slices.values()):
        with clock(told, "at_once"):
            evaluate([name for name in slices if slices[name] == by], fresh, by=by)
    told |= {"measures": len(slices), "cpu": sum(slow.values())}
    told["slowest"] = dict(sorted(slow.items(), key=lambda pair: -pair[1]))
    return told | _rows(crm)


def preset_slices() -> dict[str, tuple[str, ...]]:
    """Return the measures of the preset of 23, each with its slices."""
    names = presets()[0].measures
    return {name: SLICES["manager" if find(name).is_timeless else "month"] for name in names}


def by_hand_preset(folder: Path) -> Told:
    """Work the preset out by hand, and hold it against ``evaluate`` once the clock stands."""
    small, crm, told = snapshot(folder / "small"), snapshot(folder), Told()
    slices = preset_slices()
    byhand_preset.figures(small, slices)
    with clock(told):
        found = byhand_preset.figures(crm, slices)
    fresh = replace(crm)
    wrong = [
        name
        for name, by in slices.items()
        if not byhand.agrees(found[name], evaluate(name, fresh, by=by), by)
    ]
    return told | {"measures": len(found), "other_than_evaluate": ", ".join(wrong) or "none"}


def visits(folder: Path) -> Told:
    """Make the visits to stages."""
    stage_visits(snapshot(folder / "small"))
    crm, told = snapshot(folder), Told()
    with clock(told):
        stage_visits(crm)
    return told | {"changes": len(crm.tables["stage_changes"])}


def costs(folder: Path) -> Told:
    """Rank the stages by what they cost, with 1000 resamples by client; the visits are made anew."""
    period = Period.parse("all", "UTC")
    for place in (folder / "small", folder):
        crm, told = snapshot(place), Told()
        with clock(told):
            found = bottlenecks(crm, period, stages_as_places(crm))
    return told | {"clients": found.clients, "stages": len(found.ranking)}


SIMPLE = {"bare_read": bare_read, "intake": intake, "fill": fill, "warm_load": warm_load, "earlier": earlier,
          "preset": preset, "by_hand_preset": by_hand_preset, "visits": visits, "costs": costs}  # fmt: skip


def main(task: str, folder: str, *more: str) -> None:
    """Do one task and print what it told."""
    place = Path(folder)
    if task == "prepare":
        told = prepare(place, int(more[0]))
    elif task in SIMPLE:
        told = SIMPLE[task](place)
    elif task.startswith("measures_"):
        told = measures(place, task.removeprefix("measures_"))
    else:
        told = by_hand(place, task.removeprefix("by_hand_"))
    print(json.dumps(told, ensure_ascii=False))


if __name__ == "__main__":
    main(*sys.argv[1:])
