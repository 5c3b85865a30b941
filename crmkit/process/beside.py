"""What people say of each step beside what the data says, and where the two surely differ (METHOD 4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from crmkit.periods import Period
from crmkit.process import keeping
from crmkit.process.description import Process, Step
from crmkit.process.rules import BETWEEN
from crmkit.process.sides import Row, Sides, share
from crmkit.process.steps import map_steps
from crmkit.schema import Snapshot

#: Marks that say that both differ; all marks.
DIFFERS = (
    "unused_step", "undescribed_stage", "norm_exceeded", "faster_than_norm", "conversion_below",
    "conversion_above", "other_role_owns", "fields_empty", "without_previous",
)  # fmt: skip
MARKS = ("", *DIFFERS, "agrees", "cannot_tell", "not_described", "not_in_export", "no_crm_stage")
COLUMNS = (
    "step_ix", "step", "aspect", "said", "said_number", "unit", "value", "numerator", "denominator", "n",
    "low", "high", "found", "mark", "missing",
)  # fmt: skip


def described_beside_measured(
    crm: Snapshot, period: Period, process: Process, *, headings: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Set the description of every step beside the data of the visits that began in the period.

    Parameters
    ----------
    headings: the headings of the client's files and the columns that they feed, by which required fields may
        be called.

    Returns
    -------
    One row per step and aspect, in order: ``step_ix``, ``step``, ``aspect`` (of ``ASPECTS``); ``said`` (words
    of the description) and ``said_number`` in ``unit`` (of norms, else ``share`` or ``count``); ``value``,
    ``numerator``, ``denominator``, ``n``, ``low``, ``high`` in the same unit; ``found`` (a role, a rep, a
    field); ``mark`` and ``missing`` (why it cannot be told, in the codes of ``evaluate``). After the steps
    come open CRM stages of no step (``step_ix`` −1). Aspects:

    - ``use``: entries; ``time``, ``slow_tenth``: median and ninth tenth of the time in the norm's unit, else
      in working days; ``within_norm``: share of the visits within the norm; ``conversion``;
    - ``role``: share of the visits owned by the role responsible, ``found`` being the role that owns most (or
      the role responsible that no rep has); ``owner``: share of the rep (``found``) who owns most;
    - ``output``: what is said; ``fields``: share of the deals that went on of which all required fields are
      filled at the export, ``found`` being the emptiest; ``order``: share of the deals that came without any
      step that the description puts before.

    Marks: a difference is told where the interval excludes what is said and there are at least
    ``limits.compared_cases`` cases; ``agrees``: enough cases, no difference seen; ``cannot_tell``: too few.
    Time differs if the median is surely over the norm, or the ninth tenth surely below it; for what should
    always be so, surely less than nine cases in ten are.

    Source: METHOD 4.2, 4.4, 6
    """
    sides = Sides(crm, period, process, map_steps(crm, process), headings or {})
    rows = [row for ix in range(len(process.steps)) for row in _of_step(sides, ix)]
    frame = pd.DataFrame([*rows, *_undescribed(sides)], columns=list(COLUMNS))
    numbers = ("said_number", "value", "numerator", "denominator", "n", "low", "high")
    texts = ("step", "aspect", "said", "unit", "found", "mark", "missing")
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    return frame.assign(
        **{name: frame[name].astype("object").where(frame[name].notna(), "") for name in texts}
    )


def _of_step(sides: Sides, ix: int) -> Iterator[Row]:
    """Yield the rows of one step, one per aspect."""
    step = sides.process.steps[ix]
    for aspect, side in ASPECTS.items():
        row = {"step_ix": ix, "step": step.name, "aspect": aspect, "unit": "share"}
        row |= side(sides, step, row)
        if ix not in sides.steps and aspect != "output":
            row |= {"mark": "no_crm_stage", "missing": ""}
        yield row


def _undescribed(sides: Sides) -> Iterator[Row]:
    """Yield the open places of no step that deals came to, or stand at, in the pipelines of the process."""
    rows = sides.account
    inside = rows["pipeline"].isin(rows["pipeline"][rows["step_ix"] >= 0])
    seen = inside & (rows["step_ix"] < 0) & ((rows["entries"] > 0) | (rows["open_now"] > 0))
    for row in rows[seen].to_dict("records"):
        names = [row[key] for key in ("pipeline", "stage")]
        name = BETWEEN.join(one for one in names if isinstance(one, str) and one)
        told = {"value": row["entries"], "n": row["entries"], "mark": "undescribed_stage"}
        yield {"step_ix": -1, "step": name, "aspect": "use", "unit": "count"} | told


def _use(sides: Sides, step: Step, row: Row) -> Row:
    mine = sides.steps.get(row["step_ix"], {})
    entries, why = mine.get("entries", np.nan), sides.why.get("entries", "")
    said = BETWEEN.join(stage.stage for stage in step.crm_stages)
    told = {"said": said, "unit": "count", "value": entries, "n": entries, "missing": why}
    return told | {"mark": "not_in_export" if why else "unused_step" if entries == 0 else ""}


def _time(sides: Sides, step: Step, row: Row) -> Row:
    unit = step.norm.unit if step.norm else "working_days"
    norm = step.norm.amount if step.norm else np.nan
    key = ("days" if unit == "days" else "working_days") + {"time": "_median"}.get(row["aspect"], "_p90")
    per = sides.crm.settings.calendar.hours_per_day if unit == "working_hours" else 1.0
    mine = sides.steps.get(row["step_ix"], {})
    told = {"said_number": norm, "unit": unit, "value": mine.get(key, np.nan) * per}
    told |= {name: mine.get(f"{key}_{name}", np.nan) * per for name in ("low", "high")}
    told |= {name: mine.get(f"{key}_{name}", np.nan) for name in ("numerator", "denominator", "n")}
    why = sides.why.get("days_median", "")
    if unit == "working_hours" and "stage_changes.changed_at" in sides.crm.whole_days:
        told |= dict.fromkeys(("value", "low", "high", "numerator", "denominator", "n"), np.nan)
        why = why or "stage_changes.changed_at=time"
    if row["aspect"] != "time":
        return told | {"mark": "not_in_export" if why else "", "missing": why}
    slow = _time(sides, step, row | {"aspect": "slow_tenth"})
    code = "norm_exceeded" if told["low"] > norm else "faster_than_norm" if slow["high"] < norm else ""
    return told | sides.marked(code, is_said=norm > 0, cases=told["numerator"], missing=why)


def _within(sides: Sides, step: Step, row: Row) -> Row:
    mine, why = sides.steps.get(row["step_ix"], {}), sides.why.get("over_norm", "") if step.norm else ""
    of, over = (mine.get(f"over_norm_{name}", np.nan) for name in ("n", "numerator"))
    mark = "not_in_export" if why else "" if step.norm else "not_described"
    return share(of - over, of) | {"mark": mark, "missing": why}


def _conversion(sides: Sides, step: Step, row: Row) -> Row:
    mine, said = sides.steps.get(row["step_ix"], {}), step.expected_conversion
    told = share(*(mine.get(f"conversion_{name}", np.nan) for name in ("numerator", "n")))
    expected = np.nan if said is None else said
    below, above = told["high"] < expected, told["low"] > expected
    code = "conversion_below" if below else "conversion_above" if above else ""
    mark = sides.marked(
        code, is_said=said is not None, cases=told["n"], missing=sides.why.get("conversion", "")
    )
    return told | {"said_number": expected} | mark


def _output(sides: Sides, step: Step, row: Row) -> Row:
    return {
        "said": BETWEEN.join(one.text for one in step.outputs),
        "mark": "" if step.outputs else "not_described",
    }


#: What is set side by side, in this order.
ASPECTS: Mapping[str, Callable[[Sides, Step, Row], Row]] = {
    "use": _use, "time": _time, "slow_tenth": _time, "within_norm": _within, "conversion": _conversion,
    "role": keeping.role, "owner": keeping.owner, "output": _output, "fields": keeping.fields,
    "order": keeping.order,
}  # fmt: skip
