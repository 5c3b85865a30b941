"""What the audit could not check: what each check lacks, and how to get it (notebook 04)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.audit import Audit, find_check
from crmkit.errors import N_, Message
from crmkit.intake.unlocks import how_to_export
from crmkit.present.audit_score import FIRST
from crmkit.present.reasons import missing
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.schema import alternatives

#: Why a check was not made, where it is not a column that the export lacks.
REASONS: Mapping[str, Message] = {
    "switched_off": N_("Switched off in client.yml."),
    "known_at_export_only": N_("These fields are known only as they are on the day of export."),
    "nothing_to_check": N_("There is nothing of the kind in the data."),
}


def not_checked(study: Study) -> Table | Sentences:
    """Return the checks that could not be made, what each lacks, and how to get it."""
    states = study.audit.states
    rest = states[~study.audit.made]
    if rest.empty:
        return Sentences.of(study.words, [N_("Every check of the list could be made.")])
    rows = [
        {
            "why": said,
            "how": " ".join(how),
            "name": "\n".join(study.say(find_check(one).title) for one in some),
        }
        for said, how, some in lacking(study, study.audit)
    ]
    spec = [
        Column("why", study.say("What is missing")), Column("how", study.say("How to get it")),
        Column("name", study.say("What could not be checked without it")),
    ]  # fmt: skip
    note = study.say("A check that could not be made counts neither for nor against anybody.")
    title = study.words.plural("{n} check could not be made", "{n} checks could not be made", len(rest))
    return study.table(
        pd.DataFrame(rows), "audit_not_checked", title, spec, [note], shown=60, folded=range(FIRST, len(rows))
    )


def lacking(study: Study, audit: Audit) -> list[tuple[str, list[str], list[str]]]:
    """Return each thing that checks lack: what it is, how to get it, and the checks that need it.

    What most checks need stands first; a check that lacks several things is named with each.
    """
    found = dict[tuple[str, tuple[str, ...]], list[str]]()
    for row in audit.states[~audit.made].to_dict("records"):
        for need in filter(None, row["missing"].split(", ")) if row["missing"] else [""]:
            said = missing(study.crm, need) if need else [REASONS[row["reason"]]]
            how = tuple(how_to_get(study, {"missing": need}))
            found.setdefault((" ".join(map(study.words.message, said)), how), []).append(row["check"])
    each = [(said, list(how), list(dict.fromkeys(some))) for (said, how), some in found.items()]
    return sorted(each, key=lambda one: -len(one[2]))


def how_to_get(study: Study, row: Mapping[Any, Any]) -> list[str]:
    """Return how to get the first thing that would do for each missing need, each way once."""
    names = [alternatives(need)[0] for need in str(row["missing"]).split(", ") if need]
    given = {name.split(".")[0] for name in study.crm.supplied}
    wanted = [name if name.split(".")[0] in given else name.split(".")[0] for name in names]
    ways = dict.fromkeys(how_to_export(study.client.crm, name.split("=")[0])[1] for name in wanted)
    return [study.say(way) for way in ways if way]
