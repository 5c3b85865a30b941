"""A simulated department as a client's own export: files, settings, and what ``load`` makes of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from departments import ATTRIBUTES, Department

from crmkit import Snapshot, load, read_client

STAGES = [
    {"name": "New", "probability": 0.1},
    {"name": "Won", "kind": "won"},
    {"name": "Lost", "kind": "lost"},
]
AS_OF, DAYS = "2026-06-30", 300


def snapshot_of(one: Department, folder: Path, *, seed: int) -> Snapshot:
    """Write a department as files and read it as a client's.

    Deals are closed on any day of the last ten months, a month after they came; a band of amounts is a
    factor of three, amounts within it are drawn.
    """
    rng = np.random.default_rng(seed)
    cases, size = one.cases, len(one.cases)
    closed = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(1, DAYS, size), unit="D")
    told = {"deal_id": np.arange(size), "stage": np.where(cases["value"] > 0, "Won", "Lost")}
    told |= {"manager_id": _named("rep", cases["rep"]), "company_id": _named("client", cases["cluster"])}
    told |= {"created_at": closed - pd.Timedelta(days=30), "closed_at": closed}
    told |= {name: _named(name, cases[name]) for name in ATTRIBUTES[:3]}
    told["amount"] = (1000 * 3.0 ** cases["band"] * rng.uniform(1, 2.9, size)).round()
    folder.mkdir(parents=True)
    pd.DataFrame(told).to_csv(folder / "deals.csv", index=False, date_format="%Y-%m-%d")
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
