"""Whether an export can be trusted: what is broken in it, how much, and what is missing."""

from __future__ import annotations

from crmkit.intake.quality import Quality, examine

__all__ = ["Quality", "examine"]
