"""CRM stages and what they say of a deal: open, won or lost."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from crmkit.columns import CLOSINGS, STATUSES
from crmkit.facts import NEVER, micros
from crmkit.settings import Client
from crmkit.sources.distinct import by_distinct
from crmkit.sources.ledger import Ledger, with_nearest
from crmkit.sources.mapping import Source, normal

#: Words in a status column, small letters, whatever the CRM.
STATUS_WORDS = {
    "open": "open", "won": "won", "lost": "lost", "открыта": "open", "открыт": "open", "в работе": "open",
    "выиграна": "won", "выигран": "won", "успех": "won", "успешна": "won", "успешно реализовано": "won",
    "проиграна": "lost", "проигран": "lost", "провал": "lost", "отказ": "lost",
    "закрыто и не реализовано": "lost", "closed won": "won", "closed lost": "lost", "in progress": "open",
    "active": "open",
}  # fmt: skip


def conform_stages(
    given: pd.DataFrame, deals: pd.DataFrame, client: Client, source: Source, ledger: Ledger
) -> pd.DataFrame:
    """Return one row per stage: those of ``client.yml`` in their order, then those that only the data knows.

    Where ``client.yml`` has no pipelines, a file of stages stands in.
    """
    listed = listed_stages(given, client)
    told = listed["kind"].notna()
    kinds = listed["kind"].str.strip().str.casefold().map(STATUS_WORDS)
    _note_words(listed["kind"][told & kinds.isna()], "stages", "kind", ledger)
    required = _as_columns(listed["required_fields"], client, source)
    listed = listed.assign(kind=kinds.astype("str"), required_fields=required)
    seen = deals[["pipeline", "stage"]].dropna(subset=["stage"]).drop_duplicates()
    extra = seen[~seen["stage"].isin(listed["stage"])].sort_values(["pipeline", "stage"], ignore_index=True)
    if len(listed):
        note_unknown(deals["stage"], "deals", listed, ledger)
    known = dict.fromkeys(source.won, "won") | dict.fromkeys(source.lost, "lost")
    extra = extra.assign(kind=extra["stage"].str.casefold().map(known).astype("str"), file="", line=0)
    return pd.concat([listed, extra.astype({"line": "int32"})], ignore_index=True)


def note_unknown(names: pd.Series, table: str, listed: pd.DataFrame, ledger: Ledger) -> None:
    """Note the names of stages that no list has, each with the listed one that it is most like."""
    strange = names[~names.isin(listed["stage"]) & names.notna()]
    samples = with_nearest(strange.value_counts(), listed["stage"])
    ledger.note("unknown_stage", table, str(names.name), count=len(strange), samples=samples)


def listed_stages(given: pd.DataFrame, client: Client) -> pd.DataFrame:
    """Return the stages of ``client.yml``; where it has none, those of a file."""
    rows = [
        {
            "pipeline": pipeline.name,
            "stage": stage.name,
            "position": position,
            "kind": stage.kind,
            "process_step": stage.process_step,
            "norm_days": stage.norm_days,
            "default_probability": stage.probability,
            "required_fields": ", ".join(stage.required) or None,
            "is_optional": stage.optional or None,
            "file": "client.yml",
            "line": 0,
        }
        for pipeline in client.pipelines
        for position, stage in enumerate(pipeline.stages, 1)
    ]
    return (
        pd.DataFrame(rows, columns=given.columns).astype({**given.dtypes, "file": "str"}) if rows else given
    )


def places_of_ties(names: pd.Series, listed: pd.DataFrame, source: Source) -> pd.Series:
    """Return for each name of a stage its place among stages entered at one moment.

    It is the order of ``crmkit.stages``: names that no list, or more than one pipeline has come first, open
    ones before closing ones, by their letters; then the pipelines with their stages.
    """
    once = listed[~listed["stage"].duplicated(keep=False)].fillna({"pipeline": ""})
    places = {one: at for at, one in enumerate(once.sort_values(["pipeline", "position"])["stage"], 1)}
    order = sorted(
        names.dropna().unique(),
        key=lambda one: (places.get(one, 0), one.casefold() in source.won | source.lost, one),
    )
    return by_distinct(names, lambda cells: cells.map({one: at for at, one in enumerate(order)}))


def _as_columns(required: pd.Series, client: Client, source: Source) -> pd.Series:
    """Return the fields that stages require, by their columns: a heading that feeds one stands for it."""
    fed = {normal(heading): column for heading, column in source.columns.get("deals", {}).items()}
    for entry in client.files:
        if entry.table == "deals":
            fed |= {normal(heading): column for heading, column in entry.columns.items()}
    meant = [
        text
        if pd.isna(text)
        else ", ".join(fed.get(normal(name), name) for name in re.split(r"\s*[,;]\s*", text.strip()))
        for text in required
    ]
    return pd.Series(meant, required.index, dtype="str")


def with_closings(deals: pd.DataFrame, whole_days: set[str]) -> pd.DataFrame:
    """Make closing moments and statuses of the columns ``won_at`` and ``lost_at``, where a file has them.

    Of two moments the later one counts. A deal with neither, and without a stage or a status, is open.
    """
    names = [name for name in CLOSINGS if name in deals]
    if not names:
        return deals
    latest = deals[names].max(axis=1)
    said = pd.Series(None, index=deals.index, dtype="str")
    for name in names:
        said = said.where(~(deals[name].notna() & (deals[name] == latest)), CLOSINGS[name])
    unsaid = deals["stage"].isna() & latest.isna() & deals["closed_at"].isna()
    if whole_days & {f"deals.{name}" for name in names}:
        whole_days.add("deals.closed_at")
    status = deals["status"].where(deals["status"].notna(), said.mask(unsaid, "open"))
    closed = deals["closed_at"].where(deals["closed_at"].notna(), latest)
    return deals.assign(closed_at=closed, status=status).drop(columns=names)


def set_status(
    deals: pd.DataFrame, stages: pd.DataFrame, client: Client, ledger: Ledger, *, status_apart: bool = False
) -> pd.DataFrame:
    """Give every deal its status.

    The file's own status column wins; else the stage's kind; a stage of no known kind is open if the deal has
    no closing date, and unknown otherwise (counted, and in no figure of won, lost or open deals).
    """
    by_stage = _kind_of_stage(deals, stages)
    own, words = deals["status"], STATUS_WORDS | {normal(one): kind for one, kind in client.statuses.items()}
    read = by_distinct(own, lambda cells: cells.map(normal).map(words).astype("str"))
    _note_words(own[own.notna() & read.isna()], "deals", "status", ledger)
    both = read.notna() & by_stage.notna() & (read != by_stage)
    if status_apart:
        both &= by_stage != "open"
    ledger.note_rows("status_contradicts_stage", "deals", "status", deals, both)
    status = read.where(read.notna(), by_stage)
    if deals["closed_at"].notna().any():
        status = status.where(status.notna() | deals["closed_at"].notna() | deals["stage"].isna(), "open")
    ledger.note_rows("no_status", "deals", "status", deals, status.isna())
    return deals.assign(status=pd.Categorical(status, categories=list(STATUSES)))


def _note_words(words: pd.Series, table: str, column: str, ledger: Ledger) -> None:
    ledger.note("unknown_status", table, column, count=len(words), samples=words.unique())


def _kind_of_stage(deals: pd.DataFrame, stages: pd.DataFrame) -> pd.Series:
    """Return the kind of each deal's stage in its pipeline, else of all stages of that name if they agree."""
    kinds = stages.dropna(subset=["kind"])
    exact = kinds.dropna(subset=["pipeline"]).drop_duplicates(["pipeline", "stage"])
    by_both = exact.set_index(exact["pipeline"] + "\n" + exact["stage"])["kind"]
    alike = kinds.groupby("stage", dropna=False)["kind"].agg(["nunique", "first"])
    by_stage = alike["first"][alike["nunique"] == 1]
    pairs = deals[["pipeline", "stage"]].groupby(["pipeline", "stage"], dropna=False, sort=False).ngroup()
    firsts = deals.loc[~pairs.duplicated(), ["pipeline", "stage"]]
    found = (firsts["pipeline"] + "\n" + firsts["stage"]).map(by_both)
    found = found.where(found.notna(), firsts["stage"].map(by_stage)).astype("str")
    return pd.Series(found.array.take(pairs), index=deals.index)


def stands_closed(tables: dict[str, pd.DataFrame]) -> bool:
    """Return whether closed deals stand in stages of their own, or none is closed yet."""
    deals, stages = tables["deals"], tables["stages"]
    is_closed = deals["status"].isin(["won", "lost"])
    own = stages["stage"][stages["kind"].isin(["won", "lost"])]
    return not is_closed.any() or bool(deals["stage"][is_closed].isin(own).any())


def with_lost_stages(deals: pd.DataFrame, changes: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """Say of lost deals at which stage they were lost, where only the history of stages tells.

    Parameters
    ----------
    changes: stage changes by deal and time, with ``deal_ix`` and ``@place``, by which those of one moment
        follow one another; a change into a stage that is won or lost tells the stage it left.
    """
    closing = set(stages["stage"][stages["kind"].isin(["won", "lost"])])
    entered = changes["to_stage"].where(~changes["to_stage"].isin(closing), changes["from_stage"])
    told = entered.notna() & ~entered.isin(closing) & (changes["deal_ix"] >= 0)
    rows = np.flatnonzero(told)
    deal, at = changes["deal_ix"].to_numpy()[rows], micros(changes["changed_at"])[rows]
    final = np.full(len(deals), NEVER)
    final[deal] = at  # of several changes of a deal the last is kept
    last_ones = np.flatnonzero(at == final[deal])
    last_ones = last_ones[np.argsort(changes["@place"].to_numpy()[rows[last_ones]], kind="stable")]
    latest = np.full(len(deals), -1)
    latest[deal[last_ones]] = rows[last_ones]
    last = entered.reindex(latest).set_axis(deals.index)
    own = deals["lost_at_stage"]
    return deals.assign(lost_at_stage=own.where(own.notna() | (deals["status"] != "lost"), last))
