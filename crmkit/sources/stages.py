"""CRM stages and what they say of a deal: open, won or lost."""

from __future__ import annotations

import pandas as pd

from crmkit.client import Client
from crmkit.schema import STATUSES
from crmkit.sources.ledger import Ledger
from crmkit.sources.mapping import Source

#: Words in a status column, small letters, whatever the CRM.
STATUS_WORDS = {
    "open": "open", "won": "won", "lost": "lost", "открыта": "open", "открыт": "open", "в работе": "open",
    "выиграна": "won", "выигран": "won", "успех": "won", "успешна": "won", "проиграна": "lost", "проигран": "lost",
    "провал": "lost", "отказ": "lost", "closed won": "won", "closed lost": "lost", "in progress": "open",
}  # fmt: skip


def conform_stages(
    given: pd.DataFrame, deals: pd.DataFrame, client: Client, source: Source, ledger: Ledger
) -> pd.DataFrame:
    """Return one row per stage: those of ``client.yml`` in their order, then those that only the data knows."""
    rows = [
        {
            "pipeline": pipeline.name,
            "stage": stage.name,
            "position": float(position),
            "kind": stage.kind,
            "process_step": stage.process_step,
            "norm_days": stage.norm_days,
            "default_probability": stage.probability,
            "required_fields": ", ".join(stage.required) or None,
        }
        for pipeline in client.pipelines
        for position, stage in enumerate(pipeline.stages, 1)
    ]
    listed = pd.DataFrame(rows, columns=[name for name in given.columns if name not in ("file", "line")])
    listed = listed.astype({name: given[name].dtype for name in listed.columns}) if len(listed) else given
    seen = deals[["pipeline", "stage"]].dropna(subset=["stage"]).drop_duplicates()
    known = set(listed["stage"])
    extra = seen[~seen["stage"].isin(known)].sort_values(["pipeline", "stage"])
    if len(listed) and len(extra):
        counts = deals["stage"][deals["stage"].isin(extra["stage"])].value_counts()
        ledger.note("unknown_stage", "deals", "stage", count=int(counts.sum()), samples=counts.index)
    found = pd.DataFrame({"pipeline": extra["pipeline"], "stage": extra["stage"]}).reset_index(drop=True)
    small = found["stage"].str.strip().str.casefold()
    found["kind"] = small.map(dict.fromkeys(source.won, "won") | dict.fromkeys(source.lost, "lost")).astype(
        "str"
    )
    found["position"] = float("nan")
    whole = (
        pd.concat([listed, found], ignore_index=True)
        if len(listed)
        else given.reindex(found.index).assign(**dict(found.items()))
    )
    whole["file"], whole["line"] = "", 0
    return whole


def set_status(
    deals: pd.DataFrame, stages: pd.DataFrame, source: Source, has_closing_dates: bool, ledger: Ledger
) -> pd.DataFrame:
    """Give every deal its status.

    The file's own status column wins; else the stage's kind; a stage of no known kind is open if the deal has
    no closing date, and unknown otherwise (counted, and in no figure of won, lost or open deals).
    """
    by_stage = _kind_of_stage(deals, stages)
    own = deals["status"].str.strip().str.casefold()
    words = {**STATUS_WORDS, **{word.casefold(): status for word, status in source.statuses.items()}}
    read = own.map(words)
    ledger.note(
        "unknown_status",
        "deals",
        "status",
        count=int((own.notna() & read.isna()).sum()),
        samples=deals["status"][own.notna() & read.isna()].unique(),
    )
    both = read.notna() & by_stage.notna() & (read != by_stage)
    ledger.note_rows("status_contradicts_stage", "deals", "status", deals, both)
    status = read.where(read.notna(), by_stage)
    if has_closing_dates:
        status = status.where(status.notna() | deals["closed_at"].notna() | deals["stage"].isna(), "open")
    ledger.note_rows("no_status", "deals", "status", deals, status.isna())
    return deals.assign(status=pd.Categorical(status, categories=list(STATUSES)))


def _kind_of_stage(deals: pd.DataFrame, stages: pd.DataFrame) -> pd.Series:
    kinds = stages.dropna(subset=["kind"])
    exact = kinds.dropna(subset=["pipeline"]).drop_duplicates(["pipeline", "stage"])
    by_both = exact.set_index(exact["pipeline"] + "\n" + exact["stage"])["kind"]
    alike = kinds.groupby("stage", dropna=False)["kind"].agg(["nunique", "first"])
    by_stage = alike["first"][alike["nunique"] == 1]
    found = (deals["pipeline"] + "\n" + deals["stage"]).map(by_both)
    return found.where(found.notna(), deals["stage"].map(by_stage))
