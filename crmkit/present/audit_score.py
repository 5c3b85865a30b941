"""Pages of the audit about people: scores by rep, team and check, money at risk (notebook 04)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from crmkit.audit.checks import SEVERITIES, find_check
from crmkit.audit.risk import amounts_unknown, money_at_risk
from crmkit.audit.score import COLUMN, By, by_check, scores
from crmkit.errors import N_, Message
from crmkit.present.cells import HEAT
from crmkit.present.reasons import missing
from crmkit.present.several import Several, blocks
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.wide import counted

TALK = N_("A figure for a conversation, not a decision.")
ORDER = N_("In the order of names.")
NO_CHECK = N_("No check could be made, so there is nothing to tell of violations.")
NOTHING = N_("Nothing could be checked, so there is nothing to tell of the reps.")
SHOWN = 60
#: Reps that fit beside one another, and how many rows are shown where there are many.
REPS, FIRST = 7, 8


def found_none(study: Study, said: Message) -> Sentences:
    """Return that nothing offends; where no check could be made, that it cannot be told."""
    if study.audit.made.any():
        return Sentences.of(study.words, [said], "finding")
    return Sentences.of(study.words, [NO_CHECK])


def rep_scores(study: Study) -> Table | Sentences:
    """Return each rep's hygiene score with its interval, in the order of names, the department last."""
    return _scores(study, "manager", Column("name", study.say("Rep")), study.say("Hygiene score by rep"))


def team_scores(study: Study) -> Table | Sentences:
    """Return each team's hygiene score: its rows are added up, not the scores of its reps averaged."""
    if scores(study.audit, "team")["team"].isna().all():
        return Sentences.of(study.words, missing(study.crm, "managers.team"))
    return _scores(study, "team", Column("name", study.say("Team")), study.say("Hygiene score by team"))


def _scores(study: Study, by: By, first: Column, title: str) -> Table | Sentences:
    rows = scores(study.audit, by)
    if rows.empty:
        return Sentences.of(study.words, [NOTHING])
    whole = scores(study.audit, "all").assign(name=study.say("The whole department"))
    frame = pd.concat([by_name(study, rows, by), whole], ignore_index=True)
    clean = frame["n"] - frame["wrong"] + frame["waived"]
    few = frame["score"].isna()
    frame = frame.assign(
        open=frame["wrong"] - frame["waived"],
        waived=frame["waived"].where(frame["waived"] > 0),
        share=np.where(few, clean / frame["n"], frame["score"] / 100),
        **counted("share", clean, frame["n"]),
        share_low=frame["low"] / 100, share_high=frame["high"] / 100,
    )  # fmt: skip
    columns = [
        first, Column("share", study.say("Score"), "share", "higher"),
        Column("n", study.say("Rows checked"), "count"),
        Column("open", study.say("Violations"), "count", "lower"),
        Column("waived", study.say("Waived"), "count"),
        Column("checks", study.say("Checks that had rows"), "count"),
    ]  # fmt: skip
    if frame["waived"].isna().all():
        del columns[4]
    notes = [
        study.say(
            "The score is the share of what was checked that is free of violations, from 0 to 100; each check"
            " counts by its weight, however many rows it has. What could not be checked and what is waived"
            " lowers nobody's score. The interval is approximate; violations in one deal are counted in it as"
            " hanging together."
        ),
        study.words.message(ORDER) + " " + study.words.message(TALK),
    ]
    return study.table(frame, f"audit_scores_{by}", title, columns, notes, foot=1, shown=SHOWN)


def by_name(study: Study, rows: pd.DataFrame, by: By) -> pd.DataFrame:
    """Return rows with the name of their rep or team, in the order of names, nobody's last."""
    nobody = study.say("Nobody") if by == "manager" else study.say("Without a team")
    named = study.reps(rows) if by == "manager" else rows[COLUMN[by]].astype("str").array
    frame = rows.assign(name=named)
    frame = frame.sort_values("name", kind="stable", na_position="last", ignore_index=True)
    return frame.assign(name=frame["name"].where(frame["name"].notna(), nobody))


def by_weight(study: Study, checks: Iterable[str]) -> list[str]:
    """Return checks with the critical ones first, those of one weight by their number."""
    rank = study.audit.states.set_index("check")["severity"].map(dict(SEVERITIES))
    return sorted(set(checks), key=lambda one: (-int(rank[one]), one))


def matrix(study: Study) -> Several | Sentences:
    """Return the share of rows with a violation for each check and rep; darker is more."""
    rows, whole = by_check(study.audit), by_check(study.audit, "all")
    if rows.empty:
        return Sentences.of(study.words, [NOTHING])
    rows = by_name(study, rows, "manager")
    place_of, _ = pd.factorize(rows["manager_id"], use_na_sentinel=False)
    names = [*rows["name"][~pd.Series(place_of).duplicated()], study.say("The whole department")]
    both = pd.concat([rows.assign(place=place_of), whole.assign(place=len(names) - 1)], ignore_index=True)
    checks = by_weight(study, whole["check"])
    at = pd.MultiIndex.from_arrays([both["check"], both["place"]])
    parts = {"": "rate", "_numerator": "open", "_denominator": "checked", "_n": "checked", "_low": "low",
             "_high": "high"}  # fmt: skip
    told: dict[str, Any] = {"check": [study.say(find_check(one).title) for one in checks]}
    heat = {}
    for place in range(len(names)):
        cells = both.set_axis(at)[sorted(set(parts.values()))].reindex([(one, place) for one in checks])
        told |= {f"rep{place}{ending}": cells[column].array for ending, column in parts.items()}
        heat[f"rep{place}"] = _shades(study, cells)
    frame = pd.DataFrame(told)
    first = Column("check", study.say("What is checked"))
    columns = [Column(f"rep{place}", name, "share", bare=True) for place, name in enumerate(names)]
    title = study.say("Share with a violation by check and rep, %")
    notes = [study.say("The darker, the larger the share."), study.words.message(ORDER)]
    return in_parts(study, frame, [first, *columns], name="audit_matrix", title=title, notes=notes, heat=heat)


def in_parts(
    study: Study, frame: pd.DataFrame, columns: Sequence[Column], *, name: str, title: str,
    notes: Sequence[str], heat: Mapping[str, tuple[int, ...]], most: int = REPS, foot: int = 0,
) -> Several:  # fmt: skip
    """Return a wide table as several: its first column, at most so many others and its last in each."""
    first, *reps, whole = columns
    parts = [[*(reps[one] for one in places), whole] for places in blocks(len(reps), most)]
    folded = range(FIRST, len(frame) - foot) if len(parts) > 1 else ()
    tables = (
        study.table(
            frame, name, title, [first, *part], notes if part is parts[-1] else (), foot=foot, shown=SHOWN,
            folded=folded, heat={one.key: heat[one.key] for one in part},
        )
        for part in parts
    )  # fmt: skip
    return Several(tuple(tables))


def _shades(study: Study, cells: pd.DataFrame) -> tuple[int, ...]:
    """Return how dark each share is drawn; shares of few rows bear no shade."""
    enough = cells["checked"] >= study.crm.settings.limits.few_cases
    steps = np.ceil(cells["rate"].where(enough, 0.0).to_numpy(np.float64) * len(HEAT))
    return tuple(int(one) for one in steps)


def money(study: Study) -> Table | Sentences:
    """Return the open deals with violations and what they are worth, by check; each deal once in all."""
    why = amounts_unknown(study.crm)
    if why:
        told_why = missing(study.crm, "deals.amount") if why == "not_in_export" else [
            N_("What open deals are worth is known only for the day of export.")
        ]  # fmt: skip
        return Sentences.of(study.words, told_why)
    rows = money_at_risk(study.audit, ["check"])
    if rows.empty:
        return Sentences.of(study.words, [N_("No open deal has a violation.")], "finding")
    whole = money_at_risk(study.audit, []).assign(name=study.say("All checks, each deal once"))
    named = rows.assign(name=[study.say(find_check(one).title) for one in rows["check"]])
    frame = pd.concat([named, whole], ignore_index=True)
    columns = [
        Column("name", study.say("What is checked")), Column("deals", study.say("Open deals"), "count"),
        Column("amount", study.say("Amount"), "money"),
        Column("without_amount", study.say("Without an amount"), "count"),
    ]  # fmt: skip
    note = study.say(
        "A deal with several violations counts once in the last row, so the rows do not add up to it."
    )
    title = study.say("Money in open deals with violations, by check")
    return study.table(frame, "audit_money", title, columns, [note], foot=1, shown=SHOWN)
