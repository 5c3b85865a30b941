"""Before and after a change: what it did to a measure, week by week (METHOD 6.4)."""

from __future__ import annotations

from crmkit.compare.interrupted import Judged as Judged
from crmkit.compare.interrupted import judged_series as judged_series
