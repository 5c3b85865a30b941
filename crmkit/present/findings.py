"""What a notebook found, as programs read it: the output of its last cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FINDINGS_MIME = "application/vnd.crmkit.findings+json"


@dataclass(frozen=True)
class Findings:
    """What a notebook found, as programs read it."""

    content: Mapping[str, Any]
    sentence: str

    def __repr__(self) -> str:
        return self.sentence

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), FINDINGS_MIME: dict(self.content)}
