"""``crmkit process lint``: what is to be mended in the descriptions of the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmkit.commands.figures import AsOf, ClientPlace
from crmkit.commands.improve import Plain, chosen
from crmkit.commands.terminal import print_json, print_table, say, user_language
from crmkit.present.words import Words

if TYPE_CHECKING:
    import pandas as pd


Version = Annotated[
    str,
    typer.Option(help=say("Which description: as_is, to_be (the latest) or its day; default: all of them.")),
]


def lint(
    client: ClientPlace,
    version: Version = "",
    as_of: AsOf = "",
    format: Plain = "table",
) -> None:
    """Print the findings: step, rule, what is wrong, what to do. Whatever is found, that is no failure."""
    import pandas as pd

    from crmkit.client import read_client
    from crmkit.present.lint import lint_findings, worded
    from crmkit.present.process_words import described
    from crmkit.sources.load import load, load_report

    settings, words = read_client(client), Words(user_language())
    there = described(settings.folder)
    versions = [one for one in (there.as_is, *there.to_be) if one is not None]
    if version or not versions:
        versions = [chosen(there, version)]
    crm = load(settings, as_of or None)
    report = load_report(settings)
    frames = [
        worded(words, lint_findings(crm, process, report)).assign(
            version=process.version, dated=process.dated.isoformat() if process.dated else None
        )
        for process in versions
    ]
    found = pd.concat(frames, ignore_index=True)
    repairs = [words.message(one) for one in there.repairs]
    if format == "json":
        print_json({"as_of": crm.as_of.isoformat(), "rows": _records(found), "repairs": repairs})
        return
    for repair in repairs:
        typer.echo("  → " + repair)
    if found.empty:
        typer.echo(words.say("The description breaks none of the rules of a good one."))
        return
    print_table(found[["version", "dated", "number", "step", "rule", "wrong", "todo"]])


def _records(found: pd.DataFrame) -> list[dict[str, Any]]:
    from crmkit.measures.records import plain

    names = ("version", "dated", "rule", "number", "step", "field", "detail", "other")
    return [
        {name: plain(row[name]) for name in names} | {"message": f"{row['wrong']} {row['todo']}"}
        for row in found.to_dict("records")
    ]
