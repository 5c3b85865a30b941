"""The CRMs whose exports are known by name."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.sources import amocrm, bitrix24, hubspot, onec, pipedrive, salesforce
from crmkit.sources.mapping import Source

#: Files whose columns ``client.yml`` names. They bear the words for «no date» of CRMs, databases and scripts.
PLAIN = Source(
    name="plain",
    empty_words=amocrm.SOURCE.empty_words | {"null", "none", "nan", "nat", "n/a", "na", "<na>", "-", "—"},
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
