"""The CRMs whose exports are known by name."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.sources import amocrm, bitrix24
from crmkit.sources.mapping import Source

#: A file whose columns ``client.yml`` names; its closing stages are known by these words only in ``crmkit new``.
PLAIN = Source(name="plain")

SOURCES: Mapping[str, Source] = {source.name: source for source in (amocrm.SOURCE, bitrix24.SOURCE, PLAIN)}
