"""The page of a portfolio: where a client stands among the consultant's clients, without anybody's figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from crmkit.compare.clients import QUARTILES, Portfolio
from crmkit.errors import N_, Message
from crmkit.measures import Measure, find
from crmkit.present.compared import figure_text, records
from crmkit.present.study import Study
from crmkit.present.tables import Column, Table
from crmkit.present.texts import MISSING
from crmkit.present.tiles import Sentences
from crmkit.present.units import KIND_OF_UNIT, with_unit
from crmkit.present.verdict_words import Compared, verdict_text

PLACES: Mapping[str, Message] = {
    "lowest": N_("lowest quarter"),
    "lower": N_("below the middle"),
    "upper": N_("above the middle"),
    "highest": N_("highest quarter"),
}
READING: tuple[Message, ...] = (
    N_(
        "Half of the clients lie between the two quartiles. These are means of all clients, weighted by their"
        " order and told to two digits, so that no client's own figure can be read from them."
    ),
    N_(
        "Clients of one consultant are no sample of a trade, and differ in what they sell and to whom. The"
        " place says where to look, not who works better."
    ),
)


def portfolio(study: Study, found: Portfolio) -> Table | Sentences:
    """Return the quartiles of each figure among the clients, and the place of the client of the study.

    Parameters
    ----------
    found: of :func:`crmkit.compare.clients.clients`, with the client of the study as its own.
    """
    study.found["portfolio"] = records(study, found.rows, what_of)
    told = found.rows[found.rows["median"].notna()].to_dict("records")
    if not told:
        said = study.say(
            "No figure is known of at least {needed} clients: nothing is set side by side.",
            needed=study.crm.settings.limits.clients_compared,
        )
        return Sentences.of(study.words, [said])
    frame = pd.DataFrame(
        {
            "figure": [study.say(measure_of(row).title) for row in told],
            "clients": [row["clients"] for row in told],
            **{name: [_figure(study, row, name) for row in told] for name in QUARTILES},
            "own": [figure_text(study, row, what_of(row)) for row in told],
            "place": [study.words.message(PLACES[row["place"]]) if row["place"] else MISSING for row in told],
            "verdict": [verdict_text(study, row, what_of(row)) for row in told],
        }
    )
    columns = [
        Column("figure", study.say("Figure")),
        Column("clients", study.say("Clients"), "count"),
        Column("quartile_low", study.say("A quarter of the clients is below")),
        Column("median", study.say("Middle")),
        Column("quartile_high", study.say("A quarter of the clients is above")),
        Column("own", study.say("This client")),
        Column("place", study.say("Its place")),
        Column("verdict", study.say("Against the middle")),
    ]
    notes = [study.words.message(one) for one in READING]
    title = study.words.plural(
        "Beside {n} client of the portfolio", "Among {n} clients of the portfolio", found.clients
    )
    return study.table(frame, "portfolio", title, columns, notes)


def measure_of(row: Mapping[str, Any]) -> Measure:
    """Return the measure of a row."""
    return find(":".join(part for part in (row["measure"], row["variant"]) if part))


def what_of(row: Mapping[str, Any]) -> Compared:
    """Return what is compared in a row: higher or lower, not better, for nothing makes the clients alike."""
    return Compared(measure_of(row).unit, "", "cases")


def _figure(study: Study, row: Mapping[str, Any], name: str) -> str:
    return with_unit(study.formats, row[name], KIND_OF_UNIT[row["unit"]])
