"""What the win rate's change between two periods comes of: like deals won otherwise, or other deals."""

from __future__ import annotations

import numpy as np

from crmkit.compare.periods import Periods
from crmkit.errors import N_
from crmkit.present.differences import difference_text, sentence
from crmkit.present.slicing import within
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table

#: Where like deals are compared, the change of the win rate is told of them.
LIKE = N_(
    "Among deals alike in {slice}, the win rate changed by {rate}; that other deals came, by {mix}; together"
    " that is the whole change: {whole}."
)


def names(study: Study, found: Periods) -> tuple[str, str]:
    """Return both periods as they are read."""
    one, other = (study.formats.period(*period.days()) for period in (found.earlier, found.later))
    return one, other


def mix(study: Study, found: Periods) -> Table | None:
    """Return what the win rate's change comes of: how like deals are won, and which deals came."""
    if found.mix.empty:
        return None
    formats, rows = study.formats, found.mix
    row = found.rows.set_index("name").loc["win_rate:closed_count"]
    if row["label"] in ("cannot_be_computed", "too_little_data"):
        return None
    least = study.crm.settings.limits.cell_cases
    rest = study.say("the rest: fewer than {n} deals in one of the periods", n=least)
    groups = zip(rows["group"], rows["is_rest"], strict=True)
    frame = rows.assign(
        group=[rest if small else formats.group(name) for name, small in groups],
        rates=[difference_text(formats, value, "share") for value in rows["rate"]],
        mixes=[difference_text(formats, value, "share") for value in rows["mix"]],
        value_n=rows["n"], value_numerator=np.round(rows["value"] * rows["n"]),
        before_numerator=np.round(rows["before"] * rows["before_n"]),
    )  # fmt: skip
    earlier, later = names(study, found)
    columns = [
        Column("group", study.say("Deals of")),
        Column("before_part", study.say("Part of all, {period}", period=earlier), "share"),
        Column("part", study.say("Part of all, {period}", period=later), "share"),
        Column("before", study.say("Win rate, {period}", period=earlier), "share"),
        Column("value", study.say("Win rate, {period}", period=later), "share"),
        Column("rates", study.say("Adds by its own win rate")),
        Column("mixes", study.say("Adds by its part of all")),
    ]
    sums = {"rate": rows["rate"].sum(), "mix": rows["mix"].sum(), "whole": row["change"]}
    told = {name: difference_text(formats, value, "share") for name, value in sums.items()}
    note = sentence(study.words, LIKE.text, slice=within(study, found.like), **told)
    heading = study.say("Win rate: like deals, and other deals (by {slice})", slice=within(study, found.like))
    return study.table(frame, "periods_mix", heading, columns, [note])
