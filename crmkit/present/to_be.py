"""The process as it should be (notebook 03): what to change first, what it is worth, what to hand over."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from crmkit.errors import N_, Message
from crmkit.measures.records import plain_rows
from crmkit.present import bottlenecks as costs
from crmkit.present.cards import cards_table
from crmkit.present.changes import changes_summary, changes_table
from crmkit.present.drawing import Diagram
from crmkit.present.expected import expected
from crmkit.present.grounds import has_history, no_description, no_history
from crmkit.present.lanes import flow_diagram
from crmkit.present.lint import lint_table
from crmkit.present.process_table import process_table
from crmkit.present.several import Several
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.tiles import Sentences, Tiles
from crmkit.process.bottlenecks import Bottlenecks
from crmkit.process.description import Process

NO_TO_BE = N_(
    "How the process should be is not described yet. «crmkit process new {client} --version to_be» makes a"
    " copy of the process as it is; change in it what has to change, and run this notebook again."
)
CHAIN = N_("What a step costs is reckoned from the history of stages; this export has none.")
NO_TARGET = N_("How the process should be is not described yet.")
#: What is handed over, in the order in which it is read.
DOCUMENTS = (
    ("regulation.docx", N_("Regulation: for each step who does what by when, and the result it is judged by"),
     N_("everybody who sells, to be signed")),
    ("crm-brief.docx", N_("CRM brief: pipelines, stages, required fields, automations, rights, reports"),
     N_("whoever sets up the CRM")),
    ("crm-brief.xlsx", N_("The same as lists to tick off"), N_("whoever sets up the CRM")),
    ("responsibility.docx", N_("Responsibility matrix: who answers, who sets the task, who uses the result"),
     N_("head of sales, heads of other departments")),
    ("onboarding.docx", N_("Onboarding sheet: the first weeks of a new rep in each role"),
     N_("new reps and those who bring them in")),
    ("introduction-plan.docx", N_("Plan of the introduction in five steps, with owners and days"),
     N_("head of sales, owner")),
    ("process.xlsx", N_("The description itself, to be edited and read again"),
     N_("consultant, head of sales")),
    ("process.yml", N_("The same as text"), N_("consultant")),
    ("process.bpmn", N_("The process for BPMN modellers"), N_("process engineers")),
    ("flow.svg", N_("The picture of the process, to be printed"), N_("the wall of the sales room")),
)  # fmt: skip


@lru_cache(maxsize=4)
def found_in(study: Study) -> Bottlenecks:
    """Return what each step costs, reckoned once."""
    return costs.bottlenecks_of(study)


def version(study: Study) -> Process | None:
    """Return the latest description of how the process should be."""
    many = study.processes.to_be
    return many[-1] if many else None


def no_to_be(study: Study, *, begin: bool = False) -> Sentences:
    """Return that there is no description of how it should be; how to begin is told once on a page."""
    if study.processes.as_is is None:
        return no_description(study, begin=begin)
    if not begin:
        return Sentences.of(study.words, [NO_TARGET])
    said = study.words.say(NO_TO_BE.text, client=study.client.folder.name)
    return Sentences.of(study.words, [said], "warning")


def headline(study: Study) -> Tiles | Sentences:
    """Return the recommended step in figures, or why there is none."""
    if lacking := no_history(study, CHAIN, how=True):
        return lacking
    tiles = costs.tiles(study, found_in(study))
    return tiles if tiles.items else costs.focus(study, found_in(study))


def focus(study: Study) -> Sentences:
    """Return which step to improve first and why, the next three, and how sure that is."""
    return no_history(study, CHAIN) or costs.focus(study, found_in(study))


def ranking(study: Study) -> Table | Sentences:
    """Return what each step costs a month."""
    if not has_history(study):
        return Sentences.of(study.words, [N_("There is nothing to rank.")])
    found = found_in(study)
    study.found["bottlenecks"] = plain_rows(found.ranking)
    return costs.ranking(study, found)


def chances(study: Study) -> Table | Sentences:
    """Return the chance of winning from each step, and what a better conversion would bring."""
    if not has_history(study):
        return Sentences.of(study.words, [N_("There are no chances to tell.")])
    return costs.what_if(study, found_in(study))


def changes(study: Study) -> Several | Sentences:
    """Return what the new description changes, cell by cell."""
    before, after = study.processes.as_is, version(study)
    if before is None or after is None:
        return no_to_be(study, begin=True)
    return Several((changes_summary(study, before, after), changes_table(study, before, after)))


def lint(study: Study) -> Table | Sentences:
    """Return what is to be mended in the description of how the process should be."""
    process = version(study)
    nothing = N_("There is nothing to check.")
    return lint_table(study, process) if process else Sentences.of(study.words, [nothing])


def effect(study: Study) -> Several | Sentences:
    """Return what the new process should bring."""
    process = version(study)
    return no_to_be(study) if process is None else no_history(study, CHAIN) or expected(study, process)


def cards(study: Study) -> Table | Sentences:
    """Return the cards of improvement."""
    return cards_table(study, study.processes.as_is)


def flow(study: Study) -> Diagram | Sentences:
    """Return the picture of the process that is handed over."""
    process = version(study)
    return flow_diagram(process, study.formats, name="flow_to_be") if process else no_to_be(study)


def described(study: Study) -> Table | Sentences:
    """Return the table of the process that is handed over."""
    process = version(study)
    return process_table(study, process, "process_to_be") if process else no_to_be(study)


def documents(study: Study) -> Table | Sentences:
    """Return which documents there are, and whom each is for."""
    if study.processes.target is None:
        return no_description(study)
    say = study.words.message
    rows: list[tuple[str, Message, Message]] = list(DOCUMENTS)
    frame = pd.DataFrame(
        [(name, say(what), say(whom)) for name, what, whom in rows], columns=["file", "what", "whom"]
    )
    columns = [
        Column("file", study.say("File")), Column("what", study.say("What it is")),
        Column("whom", study.say("Whom it is for")),
    ]  # fmt: skip
    return study.table(frame, "documents", study.say("Documents to hand over"), columns)
