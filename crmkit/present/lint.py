"""What is to be mended in a description of the process: each finding with what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.conformance import headings_of
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.present.words import Words, sentences
from crmkit.process.lint import lint

if TYPE_CHECKING:
    from crmkit.present.study import Study
    from crmkit.process.description import Process
    from crmkit.schema import Snapshot
    from crmkit.sources.ledger import LoadReport

_SAID = sentences("lint")
#: Rule -> what is wrong, what to do.
SAID: Mapping[str, tuple[Message, Message]] = _SAID["rules"]
#: What is wrong where ``detail`` (or, of a CRM stage, ``other``) is empty.
BARE: Mapping[str, Message] = _SAID["bare"]
#: Rules of which ``other`` is a guess.
_GUESSED = ("next_step_unknown", "crm_stage_unknown", "required_field_in_no_export")


def lint_findings(crm: Snapshot, process: Process, report: LoadReport) -> pd.DataFrame:
    """Return what ``lint`` finds; required fields may be called by the headings of the client's files."""
    return lint(process, crm, headings=headings_of(report))


def worded(words: Words, found: pd.DataFrame) -> pd.DataFrame:
    """Return the findings with the ``number`` of the step, from 1, what is ``wrong``, and what ``todo``."""
    rows = found.to_dict("records")
    return found.assign(
        number=pd.Series([row["step_ix"] + 1 or None for row in rows], dtype="object"),
        wrong=[_wrong(words, row) for row in rows],
        todo=[_todo(words, row) for row in rows],
    )


def _wrong(words: Words, row: Mapping[Any, Any]) -> str:
    rule, detail, other = row["rule"], row["detail"], row["other"]
    is_bare = rule in BARE and not (detail and other)
    message = BARE[rule] if is_bare else SAID[rule][0]
    return words.say(message.text, detail=detail, other=other)


def _todo(words: Words, row: Mapping[Any, Any]) -> str:
    todo = words.message(SAID[row["rule"]][1])
    if row["rule"] in _GUESSED and row["other"]:
        return words.say("Did you mean «{near}»?", near=row["other"]) + " " + todo
    return todo


def lint_table(study: Study, process: Process) -> Table | Sentences:
    """Return what is to be mended in a description, step by step."""
    found = worded(study.words, lint_findings(study.crm, process, study.report))
    if found.empty:
        return Sentences.of(study.words, [N_("The description breaks none of the rules of a good one.")])
    whole = study.say("The whole process")
    steps = [
        whole if pd.isna(number) else f"{number}. {step}"
        for number, step in zip(found["number"], found["step"], strict=True)
    ]
    title = study.words.plural(
        "{n} place of the description is to be mended",
        "{n} places of the description are to be mended",
        len(found),
    )
    spec = [
        Column("where", study.say("Step")),
        Column("wrong", study.say("What is wrong")),
        Column("todo", study.say("What to do")),
    ]
    return study.table(found.assign(where=steps), f"lint_{process.version}", title, spec)
