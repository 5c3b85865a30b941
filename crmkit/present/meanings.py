"""Words for what a measure's declaration says in codes: its unit, what counts, what places it in a period."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.errors import Message
from crmkit.present.words import sentences

_SAID: Mapping[str, Mapping[str, Message]] = sentences("meanings")
GROUPS, UNITS, BETTER = _SAID["groups"], _SAID["units"], _SAID["better"]
#: What numerator, denominator and n are, by the way cases become a figure; what places a case in a period.
SUMMARIES, BASES = _SAID["summaries"], _SAID["bases"]
