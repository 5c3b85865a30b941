"""The Snapshot: one client's tables as they stood at a moment, and what figures need to know besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crmkit.columns import ADDED, EVENTS, STATUSES, TABLES, Column, column, typed_nulls
from crmkit.limits import AuditRules, Limits

if TYPE_CHECKING:
    from crmkit.calendars import WorkCalendar

__all__ = [
    "ADDED",
    "EVENTS",
    "STATUSES",
    "TABLES",
    "Column",
    "Settings",
    "Snapshot",
    "alternatives",
    "at_midnight",
    "column",
    "typed_nulls",
]


def alternatives(need: str) -> list[str]:
    """Return the names in a need: one, alternatives (``|``, ``~``), or parts that add up (``+``)."""
    return need.replace("+", "|").replace("~", "|").split("|")


def at_midnight(days: pd.Series, zone: str) -> pd.Series:
    """Return the moments in a zone at which calendar dates begin, whatever the clocks do in that night."""
    first = np.ones(len(days), dtype=bool)
    return days.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")


@dataclass(frozen=True)
class Settings:
    """What the figures need to know of ``client.yml``; names in small letters.

    Attributes
    ----------
    technical_losses: reasons and stages that are no losses.
    inbound_sources: channels through which clients come by themselves; without any, all do.
    empty_reasons: words that tell no reason of a loss; ``None`` for the kit's own list.
    required_cards: table of cards -> fields that each needs, alternatives by ``|``.
    qualified_at: pipeline -> the stage at which its deals are qualified, both as they are written.
    audit: how the keeping of the CRM is audited.
    """

    zone: str
    currency: str
    calendar: WorkCalendar
    technical_losses: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    inbound_sources: frozenset[str] = frozenset()
    empty_reasons: frozenset[str] | None = None
    required_cards: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    self_loops: str = "collapse"
    qualified_at: Mapping[str, str] = field(default_factory=dict)
    audit: AuditRules = field(default_factory=AuditRules)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One client's data as it stood at ``as_of``; nothing later is in it.

    Attributes
    ----------
    as_of: the moment described.
    exported_at: the latest moment that the export itself tells of; stage, amount and owner are those of then.
    tables: the canonical tables by name, all of ``TABLES``.
    supplied: the columns that the export carries, as ``table.column``.
    whole_days: the moments (``table.column``) that carry no time of day.
    began: the first recorded moment of each table that has one, and of each kind of action
        (``activities.kind=call``); before it, nothing is known.
    hidden: how many rows (``table.column``) lie after ``as_of`` and are therefore not seen.
    partial: table -> why the export tells only a part of it, or only roughly (a code of ``sources``).
    """

    as_of: pd.Timestamp
    exported_at: pd.Timestamp
    tables: Mapping[str, pd.DataFrame]
    settings: Settings
    supplied: frozenset[str]
    whole_days: frozenset[str] = frozenset()
    began: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    hidden: Mapping[str, int] = field(default_factory=dict)
    partial: Mapping[str, str] = field(default_factory=dict)

    @property
    def deals(self) -> pd.DataFrame:
        """One row per deal."""
        return self.tables["deals"]

    @property
    def tasks(self) -> pd.DataFrame:
        """One row per task."""
        return self.tables["tasks"]

    @property
    def activities(self) -> pd.DataFrame:
        """One row per communication that took place."""
        return self.tables["activities"]

    @property
    def today(self) -> date:
        """The day of ``as_of``, in the client's zone."""
        day: date = self.as_of.tz_convert(self.settings.zone).date()
        return day

    @property
    def is_current(self) -> bool:
        """Whether the state of open deals at export is their state at ``as_of``."""
        return bool(self.as_of >= self.exported_at)

    def lacks(self, needs: Iterable[str]) -> list[str]:
        """Return those of ``needs`` that the export does not carry, sorted.

        A need is ``table``, ``table.column``, or several: ``a|b`` are alternatives, ``a+b`` parts that add
        up, of which one is enough for an approximate figure, and in ``a~b`` the second stands in for the
        first, roughly. ``table.column=time`` is a moment with its time of day, ``table.kind=call`` a kind of
        rows.
        """
        have = self.supplied | {name.split(".")[0] for name in self.supplied}
        have |= {f"{name}=time" for name in self.supplied - self.whole_days}
        return sorted(need for need in needs if not have.intersection(alternatives(need)))
