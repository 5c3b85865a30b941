"""The CRMs whose exports are known by name."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.sources import amocrm, bitrix24, hubspot, onec, pipedrive, salesforce
from crmkit.sources.mapping import Source

#: What databases and scripts write for nothing; «NA» is left out, since it may be a name.
NULLS = frozenset(
    {
        "NULL",
        "null",
        "Null",
        "NaN",
        "nan",
        "NAN",
        "None",
        "none",
        "NaT",
        "<NA>",
        "N/A",
        "n/a",
        "#N/A",
        "-",
        "—",
    }
)
#: Files whose columns ``client.yml`` names. They bear the words for «no date» of CRMs, databases and scripts.
PLAIN = Source(
    name="plain",
    empty_words=amocrm.SOURCE.empty_words | {"null", "none", "nan", "nat", "n/a", "na", "<na>", "-", "—"},
    nulls=NULLS,
)

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        amocrm.SOURCE,
        bitrix24.SOURCE,
        hubspot.SOURCE,
        pipedrive.SOURCE,
        salesforce.SOURCE,
        onec.SOURCE,
        PLAIN,
    )
}
