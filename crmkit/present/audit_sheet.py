"""The weekly sheet of the audit as tables: the walk through the cards, and what was decided before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from crmkit.audit.checks import find_check
from crmkit.audit.decided import decided
from crmkit.audit.decisions import read_decisions
from crmkit.audit.sheet import Walk
from crmkit.audit.sheet import walk as walk_of
from crmkit.errors import N_
from crmkit.present.audit_score import found_none
from crmkit.present.several import MOST, beyond
from crmkit.present.sheet_words import BECAME, DECISIONS, HEADINGS
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.violations import what_exactly

By = Literal["rep", "stage"]


def weekly(study: Study) -> Walk:
    """Return the cards of the weekly sheet, with what was decided on earlier ones."""
    return walk_of(study.audit, read_decisions(study.client.folder))


def walk(study: Study, by: By = "rep") -> Table | Sentences:
    """Return the cards to walk through, the worst first: of each rep, or of each stage."""
    found = weekly(study)
    if found.cards.empty:
        return found_none(study, N_("No card has a violation that is open."))
    frame = told(study, found, by=by)
    rest = {
        "stage" if by == "rep" else "rep": "text", "name": "text", "amount": "money",
        "last_action_at": "date", "what": "text",
    }  # fmt: skip
    there = [key for key in rest if frame[key].notna().any()]
    columns = [
        Column(by, study.words.message(HEADINGS[by])),
        *(Column(key, study.words.message(HEADINGS[key]), rest[key]) for key in there),
    ]
    if frame["url"].notna().any():
        columns.append(Column("url", study.say("Link"), "url"))
    title = (
        study.say("The walk through the cards, rep by rep, the worst first")
        if by == "rep"
        else study.say("The walk through the cards, stage by stage, the worst first")
    )
    return study.table(
        frame, f"audit_walk_{by}", title, columns, sampling(study, found), shown=MOST, parted=by,
        folded=beyond(frame[by]),
    )  # fmt: skip


def told(study: Study, found: Walk, *, by: By) -> pd.DataFrame:
    """Return the cards as they are read: ``rep``, ``stage``, ``name``, ``what`` (a line a check) and figures.

    Reps stand in the order of their names, stages in that of the pipelines; in them, the walk's.
    """
    cards, lines = found.cards, _lines(study, found)
    frame = cards.assign(
        rep=study.reps(cards, study.say("nobody")),
        stage=_stages(study, cards),
        name=cards["name"].where(cards["name"].fillna("") != "", cards["card_id"]),
        last_action_at=cards["last_action_at"].dt.tz_localize(None).dt.normalize(),
        next_task_at=cards["next_task_at"].dt.tz_localize(None).dt.normalize(),
        what=["\n".join(some) for some in lines],
        at=np.arange(len(cards)),
        is_nobody=cards["manager_id"].isna().to_numpy(),
    )
    order = ["is_nobody", "rep"] if by == "rep" else ["place"]
    return frame.sort_values([*order, "at"], kind="stable", ignore_index=True)


def sampling(study: Study, found: Walk) -> list[str]:
    """Return sentences on which cards stand on the sheet: all of them, or how many of whose were drawn."""
    plan, formats = found.plan, study.formats
    if not plan["sampled"].any():
        return [study.say("All cards with a violation that is open stand here.")]
    n = study.crm.settings.audit.sample_per_rep
    said = [f"{row['rep']} {formats.k_of_n(row['drawn'], row['free'])}" for row in drawn(study, found)]
    return [
        study.say(
            "Of reps with more than {n} cards {n} were drawn by lot, from each stage in proportion; the next"
            " week draws others: {drawn}.",
            n=formats.count(n), drawn="; ".join(said),
        ),
        study.say(
            "Whoever concludes from the cards drawn on all cards of a rep says how many were drawn of how"
            " many."
        ),
    ]  # fmt: skip


def drawn(study: Study, found: Walk) -> list[dict[str, Any]]:
    """Return the reps of whom not all cards stand on the sheet, by name: ``rep``, ``drawn``, ``free``."""
    plan = found.plan[found.plan["sampled"].to_numpy(dtype=bool)].reset_index(drop=True)
    rep, free = study.reps(plan, study.say("nobody")), plan["cards"] - plan["earlier"]
    rows = plan.assign(rep=rep, free=free).sort_values("rep", kind="stable")
    return [{**row} for row in rows[["rep", "drawn", "free"]].to_dict("records")]


def decisions(study: Study) -> Table | Sentences:
    """Return what was decided on earlier sheets, and what became of it; what is still so comes first."""
    found = decided(study.whole_audit, read_decisions(study.client.folder))
    if found.empty:
        return Sentences.of(study.words, [N_("Nothing has been decided on a weekly sheet yet.")])
    return decided_table(study, found)


def decided_table(study: Study, found: pd.DataFrame) -> Table:
    """Return decisions with what became of them as a table."""
    managers = study.crm.tables["managers"]["manager_id"].astype("str")
    known = pd.Categorical(found["manager_id"], categories=sorted({*managers}))
    frame = found.assign(
        part=[_became(study, row) for row in found.to_dict("records")],
        rep=study.reps(pd.DataFrame({"manager_id": known}), study.say("nobody")),
        name=found["name"].where(found["name"].fillna("") != "", found["card_id"]),
        said=[study.words.message(DECISIONS[one][0]) for one in found["decision"]],
    )
    rank = frame["became"].map({"overdue": 0, "ran_out": 0, "open": 1}).fillna(2)
    frame = frame.assign(rank=rank).sort_values(["rank", "as_of", "rep"], kind="stable")
    spec = [
        Column("as_of", study.say("Sheet of"), "date"), Column("rep", study.say("Rep")),
        Column("name", study.say("Card")), Column("said", study.say("Decision")),
        Column("until", study.say("Until"), "date"), Column("note", study.say("Note")),
        Column("part", study.say("What became of it")), Column("url", study.say("Link"), "url"),
    ]  # fmt: skip
    if not frame["url"].notna().any():
        del spec[-1]
    title = study.words.plural(
        "{n} decision of earlier sheets, and what became of it",
        "{n} decisions of earlier sheets, and what became of them",
        len(frame),
    )
    return study.table(frame, "audit_decisions", title, spec, shown=60)


def _became(study: Study, row: Mapping[Any, Any]) -> str:
    said = study.words.message(BECAME[row["became"]])
    if 0 < row["still"] < row["n"]:
        return study.say("{said}: {k_of_n}", said=said, k_of_n=study.formats.k_of_n(row["still"], row["n"]))
    return said


def _stages(study: Study, cards: pd.DataFrame) -> list[str]:
    """Return the stages; where a name stands in several pipelines, with its pipeline."""
    listed = study.crm.tables["stages"][["pipeline", "stage"]].astype("str").drop_duplicates()
    shared = set(listed["stage"][listed["stage"].duplicated(keep=False)])
    pairs, nowhere = zip(cards["pipeline"], cards["stage"], strict=True), study.say("not in a deal")
    return [
        nowhere if is_missing(stage)
        else f"{pipeline} › {stage}" if stage in shared and not is_missing(pipeline)
        else str(stage)
        for pipeline, stage in pairs
    ]  # fmt: skip


def _lines(study: Study, found: Walk) -> list[list[str]]:
    """Return for each card a line on what was decided before, and a line for each check that it breaks."""
    lines: list[list[str]] = [[] for _ in range(len(found.cards))]
    for at, row in enumerate(found.cards["earlier"].tolist()):
        if row >= 0:
            lines[at].append(before(study, found.earlier.iloc[row].to_dict()))
    wrong = found.wrong
    head = ~wrong.duplicated(["at", "check"])
    counts = wrong.groupby(["at", "check"], sort=False).size().to_numpy()
    firsts = wrong[head.to_numpy()].reset_index(drop=True)
    for at, check, said, count in zip(
        firsts["at"], firsts["check"], what_exactly(study.formats, firsts), counts, strict=True
    ):
        text = f"{study.say(find_check(check).title)}: {said}"
        if count > 1:
            text = study.words.plural(
                "{said} · {n} more like it", "{said} · {n} more like it", count - 1, said=text
            )
        lines[at].append(text)
    return lines


def before(study: Study, row: Mapping[Any, Any]) -> str:
    """Return what was decided on a card and what became of it, as a sentence."""
    decision = study.words.message(DECISIONS[row["decision"]][0])
    day, until = study.formats.day(row["as_of"].date()), row["until"]
    if not is_missing(until):
        return study.say(
            "Decided on {day}: {decision} ({until}). Now: {became}.",
            day=day, decision=decision, until=study.formats.day(until.date()), became=_became(study, row),
        )  # fmt: skip
    return study.say(
        "Decided on {day}: {decision}. Now: {became}.", day=day, decision=decision, became=_became(study, row)
    )
