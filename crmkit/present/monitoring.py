"""The figures to keep an eye on: a preset's measures now and before, for the department and by rep."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import pandas as pd

from crmkit.errors import Message
from crmkit.measures import ALL, borders
from crmkit.measures.catalog import ADDITIVE, STANDING
from crmkit.measures.presets import Preset, fitting, read_preset
from crmkit.present.appendix import unavailable
from crmkit.present.cells import HEAT
from crmkit.present.gates import standing
from crmkit.present.meanings import GROUPS
from crmkit.present.several import Several, blocks
from crmkit.present.slicing import ordered
from crmkit.present.study import Study, before
from crmkit.present.tables import CASES, Column, Table
from crmkit.present.texts import is_missing
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT
from crmkit.present.wide import beside, row_of, rows_of

#: At most so many reps stand beside one another; more make another table.
REPS = 5
Row = dict[str, Any]


def preset_of(study: Study) -> Preset:
    """Return the preset that the client's settings choose."""
    return read_preset(study.client.preset, study.client.folder)


def figures(study: Study) -> Table | Sentences:
    """Return each figure of the preset now and in the period before, of the whole department.

    A change is told only where both rest on enough cases; what the export lacks is said under the table.
    """
    preset, span = preset_of(study), before(study.period)
    now = study.evaluate(preset.measures)
    if (now["state"] == "not_in_export").all():
        return unavailable(study, preset.measures)
    known = span is not None and span.days()[0] >= borders(study.crm, ALL).days()[0]
    passing = [name for name in preset.measures if study.measure(name).basis not in STANDING]
    then = study.evaluate(passing, period=span) if known and passing else None
    reasons: list[str] = []
    rows = []
    for number, watched in enumerate(preset.rows, 1):
        for place, name in enumerate(watched.measures):
            row = _row(study, name, now, "now", reasons)
            mark = row.pop("mark")
            if then is not None and name in passing:
                row |= _row(study, name, then, "then", None)
            head = "\u2003" if place else f"{number}. "
            row["name"] = f"{head}{study.title(name)}{mark}"
            row["change"] = _change(study, name, row)
            rows.append(
                row | {"group": _group(study, watched.group), "kind": KIND_OF_UNIT[study.measure(name).unit]}
            )
    frame = pd.DataFrame(rows).reindex(columns=[*_COLUMNS, *beside("now").values(), *beside("then").values()])
    columns = [
        Column("group", study.say("Group")), Column("name", study.say("Figure")),
        Column("now", study.period_text(), "mixed", gated=True), Column("now_n", "n", "count"),
    ]  # fmt: skip
    if then is not None and span is not None:
        columns += [
            Column("then", study.formats.period(*span.days()), "mixed", gated=True),
            Column("change", study.say("Change"), "mixed"),
        ]
    return study.table(
        frame.astype({"now": "object"}), "monitoring", study.say(preset.title), columns,
        _notes(study, preset, reasons, then is not None), kinds=frame["kind"].tolist(), parted="group",
        shown=len(frame),
    )  # fmt: skip


_COLUMNS = ("group", "name", "kind", "now", "then", "change")


def _group(study: Study, name: str) -> str:
    return study.words.message(GROUPS.get(name, Message(name)))


def _row(study: Study, name: str, figures: pd.DataFrame, key: str, reasons: list[str] | None) -> Row:
    """Return one figure with its cases under ``key``; where it cannot be told, the numbers of the reasons."""
    found = row_of(figures, name)
    why = study.why(found["missing"])
    row: Row = {key: found["value"], "mark": ""}
    if why and reasons is not None:
        reasons += [reason for reason in why if reason not in reasons]
        number = ", ".join(str(reasons.index(reason) + 1) for reason in why)
        if found["state"] == "not_in_export":
            return {key: study.say("not in this export ({number})", number=number), "mark": ""}
        if is_missing(found["value"]):
            return {key: f"— ({number})", "mark": ""}
        row["mark"] = f" ({number})"
    if not study.measure(name).is_exact:
        row |= {long: found[short] for short, long in beside(key).items()}
    return row


def _change(study: Study, name: str, row: Row) -> str:
    """Return how a figure differs from the period before, where both rest on enough cases; else nothing."""
    now, then, one = row.get("now"), row.get("then"), study.measure(name)
    if isinstance(now, str) or now is None or then is None or is_missing(now) or is_missing(then):
        return ""
    cases = [] if one.is_exact else [row["now_n"], row["then_n"]]
    if any(standing(n, study.crm.settings.limits) != "enough" for n in cases):
        return ""
    if one.unit == "share":
        return study.formats.points(now - then)
    if not then or then < 0:
        return ""
    share = study.formats.share(now / then - 1)
    return share if now < then or now == then else f"+{share}"


def _notes(study: Study, preset: Preset, reasons: Sequence[str], compared: bool) -> list[str]:
    enough = study.crm.settings.limits.compared_cases
    notes = [f"({number}) {why}" for number, why in enumerate(reasons, 1)]
    if compared:
        notes.append(
            study.say(
                "A change is told only where both periods have {enough} cases and more;"
                " whether it is more than chance is not decided here.",
                enough=enough,
            )
        )
    if any(study.measure(name).basis in STANDING for name in preset.measures):
        day = study.formats.day(study.crm.today)
        notes.append(study.say("Figures of open deals and tasks are as of {day}.", day=day))
    return [*notes, study.say(preset.note)] if preset.note else notes


def by_rep(study: Study) -> Several | Sentences:
    """Return the preset's figures by rep, some reps beside one another, the department last.

    Counts and money are shaded within their row, the darker the larger; shares and times are not.
    """
    preset = preset_of(study)
    names = fitting(preset.measures, ["manager"])
    whole, told = study.evaluate(names), study.evaluate(names, by=["manager"])
    names = [name for name in names if (rows_of(told, name)["state"] != "not_in_export").any()]
    if not names:
        return unavailable(study, preset.measures, by=["manager"])
    here = told[(told["n"] > 0) & told["manager"].notna()]
    labels = list(dict.fromkeys(here["manager"]))
    reps = [str(one) for one in ordered(study, "manager", labels, [0.0] * len(labels))]
    group = {name: _group(study, row.group) for row in preset.rows for name in row.measures}
    cells = {(row["manager"], row["measure"], row["variant"]): row for row in told.to_dict("records")}
    cells |= {("", row["measure"], row["variant"]): row for row in whole.to_dict("records")}
    parts = ([reps[one] for one in places] for places in blocks(len(reps), REPS))
    return Several(tuple(_beside_one_another(study, names, group, [*part, ""], cells) for part in parts))


def _beside_one_another(
    study: Study, names: Sequence[str], group: dict[str, str], reps: Sequence[str], cells: dict[Any, Row]
) -> Table:
    ones = [study.measure(name) for name in names]
    frame: dict[str, list[Any]] = {
        "group": [group[name] for name in names],
        "name": [study.title(name) for name in names],
    }
    columns = [Column("group", study.say("Group")), Column("name", study.say("Figure"))]
    for place, rep in enumerate(reps):
        key = f"r{place}"
        found = [cells.get((rep, one.id, one.variant), {}) for one in ones]
        frame[key] = [cell.get("value") for cell in found]
        for part in CASES:
            frame[f"{key}_{part}"] = [
                None if one.is_exact or one.summary in ADDITIVE else cell.get(part)
                for one, cell in zip(ones, found, strict=True)
            ]
        columns.append(Column(key, rep or study.say("The whole department"), "mixed", gated=True))
    heat: dict[str, list[int]] = {f"r{place}": [] for place in range(len(reps) - 1)}
    for place, one in enumerate(ones):
        every = [row["value"] for key, row in cells.items() if key[0] and key[1:] == (one.id, one.variant)]
        most = max((value for value in every if not is_missing(value)), default=0)
        for key in heat:
            value = frame[key][place]
            told = one.summary in ADDITIVE and not is_missing(value) and value > 0
            heat[key].append(ceil(value / most * (len(HEAT) - 2)) if told else 0)
    return study.table(
        pd.DataFrame(frame), "monitoring_by_rep", study.say("The same figures by rep"), columns,
        kinds=[KIND_OF_UNIT[one.unit] for one in ones], parted="group", shown=len(names),
        heat={key: tuple(many) for key, many in heat.items()},
        notes=[study.say("Counts and money are shaded within their row: the darker, the larger.")],
    )  # fmt: skip
