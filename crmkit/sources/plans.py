"""Plan figures: rows of ``client.yml``, or a file that it names."""

from __future__ import annotations

import pandas as pd

from crmkit.client import METRICS, Client, did_you_mean
from crmkit.errors import N_, SourceError
from crmkit.periods import GRAINS
from crmkit.sources.reading import read_raw
from crmkit.sources.values import parse_moments, parse_numbers

COLUMNS = ("period_start", "period", "manager", "metric", "value")


def read_plan(client: Client) -> pd.DataFrame | None:
    """Return the plan as a table ``plans`` (METHOD 2), or ``None`` if there is none.

    A file has the headings ``period_start, period, manager, metric, value``; ``period`` (month), ``metric``
    (revenue) and ``manager`` (the whole department) may be missing.
    """
    if isinstance(client.plan, str):
        return _from_file(client, client.plan)
    if not client.plan:
        return None
    rows = [row.model_dump() for row in client.plan]
    frame = pd.DataFrame(rows).rename(columns={"manager": "manager_id"})
    frame["period_start"] = pd.to_datetime(frame["period_start"]).astype("datetime64[us]")
    texts = {name: frame[name].astype("str") for name in ("period", "manager_id", "metric")}
    return frame.assign(**texts, value=frame["value"].astype("float64"), file="client.yml", line=0)


def _from_file(client: Client, path: str) -> pd.DataFrame:
    raw = read_raw(client.folder / path)
    lacking = [name for name in ("period_start", "value") if name not in raw.headings]
    if lacking:
        raise SourceError(
            path,
            N_("column «{column}» is missing; the file has: {have} ({more} more)", column=lacking[0], have=", ".join(raw.headings[:8]), more=max(len(raw.headings) - 8, 0)),
            remedy=N_("A plan has the headings {names}.", names=", ".join(COLUMNS)),
        )  # fmt: skip
    start = parse_moments(raw.frame["period_start"], "UTC", native="period_start" in raw.native_dates)
    value = parse_numbers(raw.frame["value"])
    blank = pd.Series(None, raw.frame.index, dtype="str")
    frame = pd.DataFrame(
        {
            "period_start": start.values.dt.tz_localize(None),
            "period": raw.frame.get("period", blank).fillna("month"),
            "manager_id": raw.frame.get("manager", blank),
            "metric": raw.frame.get("metric", blank).fillna("revenue"),
            "value": value.values,
            "file": path,
            "line": raw.lines,
        }
    )
    for name, known in (("period", GRAINS), ("metric", METRICS)):
        wrong = frame[~frame[name].isin(known)]
        if len(wrong):
            raise SourceError(
                f"{path}:{wrong['line'].iloc[0]}: {name}",
                N_("this is not one of the possible values"),
                wrong[name].unique(),
                did_you_mean(str(wrong[name].iloc[0]), list(known)),
            )
    unread = frame[frame["period_start"].isna() | frame["value"].isna()]
    if len(unread):
        raise SourceError(
            f"{path}:{unread['line'].iloc[0]}",
            N_("a plan row has no date or no number that can be read"),
            remedy=N_("Write dates such as 2026-10-01, and numbers in digits."),
        )
    return frame
