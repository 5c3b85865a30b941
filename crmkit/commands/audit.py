"""``crmkit audit``: what the checks of CRM keeping find, row by row, and what changed since the last time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crmkit.commands.figures import AsOf, ClientPlace, Format, Span
from crmkit.commands.terminal import busy, print_csv, print_json, print_table, say, user_language
from crmkit.errors import CrmkitError, ReportError

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.audit import Audit
    from crmkit.present.audit_records import Told
    from crmkit.present.study import Study


def audit(
    client: ClientPlace,
    check: Annotated[
        list[str], typer.Option(help=say("Only this check, such as H05; may be given several times."))
    ] = [],  # noqa: B006
    period: Span = "all",
    as_of: AsOf = "",
    format: Format = "table",
    record: Annotated[
        bool, typer.Option(help=say("Keep what was found, so that the next audit tells what changed."))
    ] = True,
) -> None:
    """Print the audit."""
    from crmkit.present.audit_changes import rules_changed
    from crmkit.present.audit_records import idle, offenders, records
    from crmkit.present.doubts import mistyped_day
    from crmkit.present.study import open_study
    from crmkit.present.texts import clean

    with busy():
        study = open_study(client, as_of, user_language(), "" if period == "all" else period)
        told, whole = _told(study, check)
    kept = _kept(study, whole) if record and not check else []
    doubts = map(study.words.message, mistyped_day(study))
    remarks = [*doubts, *rules_changed(study, told.previous), *idle(told), *kept]
    if format == "json":
        print_json(records(told) | {"remarks": remarks})
        return
    if format == "csv":
        print_csv(offenders(told))
    else:
        print_table(_table(told))
        remarks = [*_not_made(told), *remarks]
    for line in remarks:
        typer.echo(clean(line), err=format == "csv")


def _told(study: Study, names: list[str]) -> tuple[Told, Audit]:
    """Return the audit of the period that is asked for, and that of the whole time: changes are of it."""
    from crmkit.audit import ALL, examine, find_check
    from crmkit.present.audit_changes import run_before
    from crmkit.present.audit_records import Told

    chosen = {one.id: one for one in map(find_check, names)}.values() or None
    whole = examine(study.crm, ALL, checks=chosen, waivers=study.waivers)
    part = None if study.asked.is_all else study.asked
    mine = examine(study.crm, part, checks=chosen, waivers=study.waivers) if part else whole
    return Told.of(study, mine, whole, run_before(study)), whole


def _kept(study: Study, audit: Audit) -> list[str]:
    """Keep an audit; return why that could not be done."""
    from crmkit.audit.history import record

    try:
        record(audit, study.client.folder)
    except ReportError as error:
        return [_said(study, error)]
    return []


def _said(study: Study, error: CrmkitError) -> str:
    parts = [study.words.message(error.what), study.words.message(error.remedy) if error.remedy else ""]
    return f"{error.where}: " + " ".join(part for part in parts if part)


def _not_made(told: Told) -> list[str]:
    """Return why checks could not be made and what would help, each reason once with the checks it stops."""
    from crmkit.present.audit_lacking import lacking

    found = lacking(told.study, told.audit)
    return [f"{', '.join(checks)}: {' '.join([said, *how])}" for said, how, checks in found]


def _table(told: Told) -> pd.DataFrame:
    """Return one row a check, for the eye."""
    import pandas as pd

    from crmkit.present.audit import SEVERITY_WORDS, STATES
    from crmkit.present.audit_records import checks

    study = told.study
    words = study.words
    rows = [
        {
            say("check"): one["id"],
            say("what is wrong"): one["title"],
            say("state"): words.message(STATES[one["state"]]),
            say("weight"): words.message(SEVERITY_WORDS[one["severity"]]),
            say("checked"): one["checked"] or None,
            say("violations"): one["violations"] if one["checked"] else None,
            say("waived"): one["waived"] or None,
            say("new"): (one["changes"] or {}).get("new"),
            say("fixed"): (one["changes"] or {}).get("fixed"),
        }
        for one in checks(told)
    ]
    return pd.DataFrame(rows).astype("object")
