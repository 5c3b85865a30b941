"""What is to be mended in a description of the process: each finding with what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.present.conformance import headings_of
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences
from crmkit.process.lint import lint

if TYPE_CHECKING:
    from crmkit.present.study import Study
    from crmkit.present.words import Words
    from crmkit.process.description import Process
    from crmkit.schema import Snapshot
    from crmkit.sources.ledger import LoadReport

#: Rule -> what is wrong, what to do.
SAID: Mapping[str, tuple[Message, Message]] = {
    "duplicate_step_name": (
        N_("An earlier step is called «{other}» too: figures and documents cannot tell the two apart."),
        N_("Give each step a name of its own, or make one step of the two."),
    ),
    "input_not_previous_output": (
        N_("The input «{detail}» is not what the step before gives («{other}»)."),
        N_(
            "Take over the output of the step before in the same words. If something is missing between the"
            " two, add the output or the step that gives it."
        ),
    ),
    "output_missing": (
        N_("No output is named: nobody can tell when the step is done."),
        N_("Write what there is at the end of the step: a document, a filled field, a value or an event."),
    ),
    "output_not_verifiable": (
        N_("The output «{detail}» cannot be checked: it names no document, field, value or event."),
        N_("Write by what it is seen, such as: proposal sent, amount and date written on the deal card."),
    ),
    "next_step_unknown": (
        N_("An outcome leads to «{detail}», but no step is called so."),
        N_("Write the name of a step as it stands in the table; leave it empty where the process ends."),
    ),
    "no_responsible": (
        N_("Nobody is responsible."),
        N_("Name the one role that answers for the output."),
    ),
    "several_responsible": (
        N_("Several roles are responsible: {detail}. Where all answer, nobody does."),
        N_("Leave one role; name the others under actions, or split the step in two."),
    ),
    "no_key_success_factor": (
        N_("No key success factor is named."),
        N_(
            "Write the condition without which the step fails, such as: the decision maker is at the meeting."
        ),
    ),
    "no_crm_requirement": (
        N_("Nothing is asked of the CRM."),
        N_("Name what the step needs in the CRM: an entity, a required field or an automation."),
    ),
    "required_field_in_no_export": (
        N_("The field «{detail}» is required, but no export has it: nobody can check that it is filled."),
        N_("Add the field to the CRM and to the export, or call it as the export does."),
    ),
    "no_kpi": (
        N_("No KPI is named."),
        N_("Choose the figure by which this step is judged, and its target."),
    ),
    "no_norm": (
        N_("No time norm is named."),
        N_("Write how long the step may take at most, such as 2 working days."),
    ),
    "sub_process_without_owner": (
        N_("The sub-process «{detail}» of another department has no owner."),
        N_("Agree with the department who answers for it, and name that role."),
    ),
    "step_without_crm_stage": (
        N_("The step has no CRM stage: nothing of it can be measured."),
        N_("Name the CRM stage in which a deal stands during this step, or add such a stage to the CRM."),
    ),
    "crm_stage_unknown": (
        N_("The CRM stage «{detail}» is neither in the data nor in client.yml."),
        N_("Write it as the CRM does. If it is new, add it to the CRM and to client.yml."),
    ),
    "crm_stage_claimed_twice": (
        N_("The CRM stage «{detail}» belongs to the earlier step «{other}» already, and is counted there."),
        N_("Leave it to one of the two steps, or make one step of them."),
    ),
    "spelling_repaired": (
        N_("«{detail}» is written otherwise than «{other}»; it was taken for that."),
        N_("Write it the same way."),
    ),
    "crm_stage_without_step": (
        N_("The CRM stage «{detail}» of the pipeline «{other}» belongs to no step."),
        N_("Add it to a step; if nobody needs it, remove it from the CRM."),
    ),
    "pipeline_without_step": (
        N_("No stage of the pipeline «{detail}» belongs to a step: its deals are in no figure by steps."),
        N_("If its deals go the same way, add its stages to the steps; else it stays outside this process."),
    ),
}
#: What is wrong where ``detail`` (or, of a CRM stage, ``other``) is empty.
BARE: Mapping[str, Message] = {
    "input_not_previous_output": N_("No input is named; the step before gives «{other}»."),
    "crm_stage_without_step": N_("The CRM stage «{detail}» belongs to no step."),
}
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
