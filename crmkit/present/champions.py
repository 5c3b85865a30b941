"""The page of champions: who converts better than the others at which stage, and who only seems to."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from crmkit.compare.champions import Champions, champions
from crmkit.errors import N_, Message
from crmkit.present.compared import like_for_like, records
from crmkit.present.managers import told_of
from crmkit.present.managers_notes import attribute, not_counted
from crmkit.present.several import MOST, Several, beyond
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.verdict_words import Compared, label_text, why

WHAT = Compared("share", "higher", "visits")
#: So many champions of a stage are named above the table: those who are ahead most surely.
NAMED = 3
#: The labels of those who are compared.
TOLD = ("holds", "may_be_chance")
READING: tuple[Message, ...] = (
    N_(
        "Conversion: of the visits to the stage that are over, the share that went on. A stage that was"
        " skipped counts for nobody."
    ),
    N_(
        "What a champion does otherwise, the figures do not say: ask, listen to the calls, read the letters,"
        " and write it into the regulation. Who is not named is not worse; of most, the data cannot tell."
    ),
)


def champions_of(study: Study) -> Several | Sentences:
    """Return who is ahead at which stage by more than chance, and all who can be compared at a stage.

    Those of whom nothing can be said stand in the workbook alone.
    """
    found = champions(study.crm, study.period)
    if found.missing:
        return Sentences.of(study.words, [why(study, found.missing)], "warning")
    frame = _ordered(found, found.rows.assign(rep=study.reps(found.rows, study.say("nobody"))))
    study.found["champions"] = records(study, frame[found.rows.columns], lambda _: WHAT)
    if frame.empty:
        said = study.say("No visit to a stage came to its end in this period.")
        return Sentences((said,), "warning")
    told = frame["label"].isin(TOLD)
    if not told.any():
        said = study.say(
            "At no stage can reps be compared: each needs at least {compared_cases} visits with their like.",
            compared_cases=study.crm.settings.limits.compared_cases,
        )
        return Sentences((said,), "warning")
    frame = pd.concat([frame[told], frame[~told]], ignore_index=True)
    return Several((_said(study, frame), _table(study, found, frame)))


def _ordered(found: Champions, frame: pd.DataFrame) -> pd.DataFrame:
    """Return each stage's champions first, those ahead most surely before others; all others by name."""
    best = frame.index.isin(found.champions.index)
    stage = frame.groupby(["pipeline", "stage"], sort=False).ngroup()
    keys = {"stage_ix": stage, "best": best, "surely": frame["gap_low"].where(best, 0.0)}
    order = frame.assign(**keys).sort_values(
        ["stage_ix", "best", "surely", "rep"], ascending=[True, False, False, True], kind="stable"
    )
    return order.reset_index(drop=True)


def _said(study: Study, frame: pd.DataFrame) -> Sentences:
    """Return one sentence a champion, of each stage a few, or that there is none."""
    best = frame[frame["best"].to_numpy()].to_dict("records")
    if not best:
        nobody = N_(
            "No champion can be named: at no stage is anybody ahead of the others with like deals by more"
            " than chance makes one of them be."
        )
        return Sentences.of(study.words, [nobody])
    told, count = [], Counter[int]()
    for row in best:
        count[row["stage_ix"]] += 1
        if count[row["stage_ix"]] <= NAMED:
            name = study.say("«{stage}»: {rep}", stage=row["stage"], rep=row["rep"])
            told.append(told_of(study, name, row, WHAT))
    if len(best) > len(told):
        more = len(best) - len(told)
        told.append(study.words.plural("{n} more is in the table.", "{n} more are in the table.", more))
    return Sentences(tuple(told), "finding")


def _table(study: Study, found: Champions, frame: pd.DataFrame) -> Table:
    several = len(frame["pipeline"].unique()) > 1
    rows, told = frame.to_dict("records"), int(frame["label"].isin(TOLD).sum())
    table = frame.assign(
        place=[
            study.say("{stage} ({pipeline})", stage=row["stage"], pipeline=row["pipeline"])
            if several
            else row["stage"]
            for row in rows
        ],
        value_numerator=(frame["value"] * frame["n"]).round(),
        label=[label_text(study, row["label"]) for row in rows],
        **like_for_like(study, frame, WHAT),
    )
    columns = [
        Column("place", study.say("Stage")),
        Column("rep", study.say("Rep")),
        Column("value", study.say("Conversion"), "share", "higher"),
        Column("n", study.say("Visits"), "count"),
        Column("like", study.say("With like deals"), "share", "higher"),
        Column("label", study.say("Verdict")),
        Column("verdict", study.say("What can be said")),
    ]
    title = study.say("Champions by stage, {period}", period=study.period_text())
    return study.table(
        table, "champions", title, columns, _notes(study, found), parted="place", shown=min(told, MOST),
        folded=beyond(table["place"].head(told)),
    )  # fmt: skip


def _notes(study: Study, found: Champions) -> list[str]:
    alike, others = (
        ", ".join(attribute(study, name) for name in names) for names in (found.alike_by, found.not_by)
    )
    said = [
        study.say("Like deals: of the same stage, role and {names}.", names=alike)
        if alike
        else study.say("Like deals: of the same stage and role; nothing else tells them apart.")
    ]
    if others:
        said.append(
            study.say("Not told apart by {names}: too few visits would have their like.", names=others)
        )
    said += [study.words.message(one) for one in READING]
    if study.crm.lacks(["stage_changes.manager_id"]):
        said += study.why("stage_changes.manager_id")
    else:
        said.append(study.say("A visit counts for whoever owned the deal on entering the stage."))
    return [*said, *not_counted(study, found.left_out)]
