"""What an export lacks (notebook 01): tables and columns to ask for, and fields with gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from crmkit.errors import N_
from crmkit.measures import find
from crmkit.present.heatmap import share_map
from crmkit.present.quality import heading, place, quality_of
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences

if TYPE_CHECKING:
    from crmkit.present.figures import Figure
    from crmkit.present.study import Study

#: How many months and fields the map of filling shows; the table under it has all fields.
MONTHS, SHOWN = 12, 16
#: What a table is good for that brings no figure by itself.
UNLOCKS = {
    "deals": N_("the figures of sales: deals, money, win rate, cycle"),
    "stage_changes": N_("where deals are lost and stand, conversion from stage to stage, skipped stages"),
    "tasks": N_("tasks on time, deals without a task, actions per day"),
    "activities": N_("calls, letters, meetings, first response"),
    "managers": N_("teams and roles, who worked when"),
    "stages": N_("which stage wins and loses, norms, chances of winning"),
    "plans": N_("plan attainment"),
    "companies": N_("segments, duplicates, repeat sales"),
    "contacts": N_("decision makers, duplicates"),
    "payments": N_("receivables"),
    "products": N_("product groups, discounts from the list price"),
    "costs": N_("cost per lead and return on marketing"),
}


def asks(study: Study) -> Table | Sentences:
    """Return what is missing, what it would make possible, and how to export it in this CRM."""
    found = quality_of(study).unlocks
    if found.empty:
        return Sentences.of(study.words, [N_("Nothing is missing: every figure can be told.")])
    rows = []
    for row in found.to_dict("records"):
        table, _, name = row["need"].partition(".")
        rows.append(
            {
                "need": place(study, table, name),
                "alone": row["alone"] or None,
                "unlocks": _titles(study, row),
                "how": study.say(row["how"]),
            }
        )
    told, of = quality_of(study).computable
    title = study.say(
        "{told} of {all} figures can be told; these would bring more, the most valuable first",
        told=told,
        all=of,
    )
    spec = [
        Column("need", study.say("What is missing")),
        Column("alone", study.say("Figures it brings"), "count"),
        Column("unlocks", study.say("What it makes possible")),
        Column("how", study.say("How to get it")),
    ]
    return study.table(pd.DataFrame(rows), "asks", title, spec, shown=25)


def _titles(study: Study, row: Mapping[str, object]) -> str:
    """Return the figures that a missing thing brings; of one that brings none, what else it is good for."""
    alone = [study.say(find(one).title) for one in str(row["measures"]).split(", ") if one]
    others = [study.say(find(one).title) for one in str(row["with_others"]).split(", ") if one]
    parts = [", ".join(alone)] if alone else []
    if others:
        parts.append(study.say("with other things that are missing: {names}", names=", ".join(others)))
    if not parts and row["need"] in UNLOCKS:
        parts = [study.words.message(UNLOCKS[str(row["need"])])]
    return "; ".join(parts)


def filling(study: Study) -> Figure | Sentences:
    """Return how full the fields of deals are, by the month in which the deals were created."""
    found = quality_of(study).filling
    found = found[found["table"] == "deals"]
    whole = found[(found["month"] == "") & (found["filled"] < found["rows"])]
    if whole.empty or (found["month"] == "").all():
        return Sentences.of(
            study.words, [N_("Every field of the deals that holds anything is always filled.")]
        )
    whole = whole.assign(share=whole["filled"] / whole["rows"]).sort_values("share", kind="stable")
    names = whole["column"].tolist()
    months = sorted(set(found["month"]) - {""})[-MONTHS:]
    chosen = found[found["column"].isin(names) & found["month"].isin(months)]
    counts = {(row.column, row.month): (row.filled, row.rows) for row in chosen.itertuples(index=False)}
    shown = names[:SHOWN]
    title = N_(
        "{some} of {all} fields of deals have gaps; the emptiest is «{name}», filled in {share}",
        some=len(names), all=found["column"].nunique(), name=heading(study, "deals", names[0]),
        share=study.formats.share(whole["share"].iloc[0], 0),
    )  # fmt: skip
    plate = study.plate("filling", title, N_("Filled, % of the deals"), N_("Field"))
    said = [study.formats.month(pd.Period(month).start_time.date()) for month in months]
    heads = [heading(study, "deals", name) for name in names]
    cells = [[counts.get((name, month), (0, 0)) for month in months] for name in names]
    totals = list(zip(whole["filled"], whole["rows"], strict=True))
    wide = _wide(study, heads, [[total, *row] for total, row in zip(totals, cells, strict=True)])
    spec = [Column("name", study.say("Field")), Column("m0", study.say("All deals"), "share")]
    spec += [Column(f"m{place}", month, "share") for place, month in enumerate(said, 1)]
    table = study.table(wide, "filling", plate.title, spec)
    return share_map(plate, (heads[: len(shown)], said), cells[: len(shown)], table)


def _wide(study: Study, names: list[str], cells: list[list[tuple[int, int]]]) -> pd.DataFrame:
    data: dict[str, list[object]] = {"name": list(names)}
    for at in range(len(cells[0])):
        pairs = [row[at] for row in cells]
        data[f"m{at}"] = [k / n if n else None for k, n in pairs]
        data[f"m{at}_n"] = data[f"m{at}_denominator"] = [n for _, n in pairs]
        data[f"m{at}_numerator"] = [k for k, _ in pairs]
    return pd.DataFrame(data)
