"""A simulated department as a client's own export: files, settings, and what ``load`` makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from departments import ATTRIBUTES, MONTHS, Department

from crmkit import Snapshot, load, read_client

STAGES = [
    {"name": "New", "probability": 0.1},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
AS_OF, DAYS = "2026-06-30", 300
#: By the name of a kind of departments: how often a field is filled in for lost deals and for won ones.
FILLED = {"blank_unless_won": (0.5, 0.9), "blank_by_chance": (0.6, 0.6)}


def snapshot_of(one: Department, folder: Path, *, seed: int) -> Snapshot:
    """Write a department as files and read it as a client's.

    Deals are closed on any day of the last ten months, or of the month that is told, a month after they came;
    a band of amounts is a factor of three (less, where there are many), amounts within it are drawn.
    """
    rng = np.random.default_rng(seed)
    cases, size = one.cases, len(one.cases)
    days = rng.integers(1, DAYS, size)
    if "month" in cases:
        days = DAYS // MONTHS * cases["month"].to_numpy() + rng.integers(1, DAYS // MONTHS + 1, size)
    closed = pd.Timestamp(AS_OF) - pd.to_timedelta(days, unit="D")
    told = {"deal_id": np.arange(size), "stage": np.where(cases["value"] > 0, "Won", "Lost")}
    told |= {"manager_id": _named("rep", cases["rep"]), "company_id": _named("client", cases["cluster"])}
    told |= {"created_at": closed - pd.Timedelta(days=30), "closed_at": closed}
    told |= {name: _named(name, cases[name]) for name in ATTRIBUTES[:3]}
    factor = min(3.0, 1e4 ** (1 / one.design.levels[3]))
    amount = 1000 * factor ** cases["amount_band"] * rng.uniform(1, 0.97 * factor, size)
    deals = pd.DataFrame(told | {"amount": amount.round()})
    if one.design.name in FILLED:
        filled = np.array(FILLED[one.design.name])[cases["value"].to_numpy(np.int64)]
        for name in (*ATTRIBUTES[:3], "amount"):
            deals[name] = deals[name].where(rng.random(size) < filled)
    folder.mkdir(parents=True)
    deals.to_csv(folder / "deals.csv", index=False, date_format="%Y-%m-%d")
    reps = cases.groupby("rep")["role"].first()
    settings = {
        "format": 1, "name": "Client", "crm": "plain", "as_of": AS_OF,
        "files": [{"path": "deals.csv", "table": "deals"}],
        "pipelines": [{"name": "Sales", "stages": STAGES}],
        "managers": [{"name": f"rep {rep}", "role": f"role {role}"} for rep, role in reps.items()],
    }  # fmt: skip
    (folder / "client.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return load(read_client(folder))


def _named(name: str, codes: pd.Series) -> pd.Series:
    return f"{name} " + codes.astype("str")
