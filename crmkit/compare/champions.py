"""Champions: who converts better than the others at a stage, so that others can learn (METHOD 6.1).

Of several reps somebody is always first. A champion is who is ahead of the others with like deals by more
than chance makes any of all reps at any of all stages be ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.compare.intervals import unheld, verdicts
from crmkit.compare.left_open import lying, stage_codes
from crmkit.compare.mix import cells_of, mix_of
from crmkit.compare.outcomes import OUTCOMES, hangs_together
from crmkit.compare.people import people_of
from crmkit.facts import BoolArray, FloatArray, IntArray
from crmkit.limits import Limits
from crmkit.measures import ALL, evaluate, find
from crmkit.measures.slices import coded, lacking
from crmkit.periods import Period
from crmkit.schema import Snapshot
from crmkit.statistics.intervals import wilson
from crmkit.statistics.many import false_discovery
from crmkit.statistics.shrinkage import shrink
from crmkit.statistics.stratified import scored

MEASURE = "stage_conversion:excluded"
#: An attribute is crossed with the others as long as this share of the visits still has likes at other reps.
ALIKE = 0.8


@dataclass(frozen=True, eq=False)
class Champions:
    """Reps at stages.

    Attributes
    ----------
    rows: one row a stage (in order) and rep with visits: ``pipeline``, ``stage``, ``manager_id``; ``value``,
        ``low``, ``high``, ``n`` of the visits that ended; ``shrunk``: ``value`` drawn towards those of the
        role; ``alike`` (visits that have likes at others of the role) and ``clients`` of them; ``adjusted``
        with limits: what all of the role convert there, and the rep's gap; ``gap`` to the others with like
        deals, its limits for all stages and reps together; ``is_new``; ``label``, ``direction``, ``reason``.
        A champion is who holds above; there may be several of a stage.
    alike_by: what like deals have in common besides stage and role. not_by: what would leave too few of them.
    left_out: visits that do not count, by reason. missing: what the export lacks, then there are no rows.
    level: the confidence of the limits of ``gap``.
    """

    rows: pd.DataFrame
    alike_by: tuple[str, ...]
    not_by: tuple[str, ...]
    left_out: Mapping[str, int]
    missing: str
    level: float

    @property
    def champions(self) -> pd.DataFrame:
        """The rows of the champions."""
        return self.rows[((self.rows["label"] == "holds") & (self.rows["direction"] == "above")).to_numpy()]


def champions(crm: Snapshot, period: Period = ALL) -> Champions:
    """Return who converts better than the others at which stage, like for like.

    The rep of a visit is the owner on entering the stage, where the history tells it, else the present one. A
    stage that was skipped is no visit: nobody converted there. Visits that still go on are not counted; but
    nothing holds that does not hold with those left lying as not converted.

    Source: METHOD 6.1
    """
    told = evaluate(MEASURE, crm, period)
    missing = ", ".join(dict.fromkeys(told.loc[told["state"] == "not_in_export", "missing"]))
    every = find(MEASURE).cases(crm, period)
    owned, stage = every["manager_id"].notna().to_numpy(), stage_codes(crm, every)
    counted, lies = (every["left_out"] == "").to_numpy(), lying(crm, every, stage)
    left_out = every["left_out"].value_counts().to_dict() | {"no_manager": int((counted & ~owned).sum())}
    chosen = (counted | lies) & owned & (missing == "")
    cases = every[chosen].reset_index(drop=True)
    visits, alike_by, not_by = _visits(crm, cases, stage[chosen])
    rows, level = _crowned_twice(visits, lies[chosen], crm.settings.limits)
    places = (
        cases[["pipeline", "stage"]].assign(code=visits["stage"]).drop_duplicates("code").set_index("code")
    )
    names = cases["manager_id"].cat.categories
    rows.insert(0, "pipeline", places["pipeline"].reindex(rows["stage"]).array)
    rows["stage"] = places["stage"].reindex(rows["stage"]).array
    rows.insert(2, "manager_id", names.take(rows.pop("rep")))
    people = people_of(crm, [str(name) for name in names], period)
    rows["is_new"] = people["is_new"].reindex(rows["manager_id"]).to_numpy()
    unheld(rows, rows["is_new"].to_numpy(bool), "new_hire")
    counts = {str(why): int(n) for why, n in left_out.items() if why and n and not missing}
    return Champions(rows, alike_by, not_by, counts, missing, level)


def _crowned_twice(visits: pd.DataFrame, lies: BoolArray, limits: Limits) -> tuple[pd.DataFrame, float]:
    """Return the verdicts on the visits that ended, unless those left lying would change them.

    Who does not close what is lost converts all that ends.
    """
    rows, level = crowned(visits[~lies], limits=limits)
    if lies.any():
        other = crowned(visits, limits=limits)[0].set_index(["stage", "rep"])["direction"]
        same = other.reindex(pd.MultiIndex.from_frame(rows[["stage", "rep"]])).to_numpy()
        unheld(rows, (rows["direction"] != same).to_numpy(), "left_open")
    return rows, level


def _visits(
    crm: Snapshot, cases: pd.DataFrame, stage: IntArray
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Return the visits as codes, and by what they are alike."""
    deal = cases["deal_ix"].to_numpy(np.int64)
    client = hangs_together(crm, OUTCOMES["stage_conversion"], cases)
    rep = cases["manager_id"].cat.codes.to_numpy().astype(np.int64)
    role = np.zeros(len(cases), np.int64) if lacking(crm, "role") else coded(crm, cases, "role")[0] + 1
    mix = mix_of(crm, cases, cases["value"].to_numpy() > 0).codes if len(cases) else {}
    joint = cells_of([stage, role], len(cases))
    used, base = list[str](), _alike(joint, rep)
    for name, values in mix.items():
        finer = cells_of([joint, values], len(cases))
        if _alike(finer, rep) >= ALIKE * base:
            joint, used = finer, [*used, name]
    codes = {"stage": stage, "role": role, "rep": rep, "cell": joint, "client": client, "deal": deal}
    not_by = tuple(name for name in mix if name not in used)
    return pd.DataFrame({"value": cases["value"], **codes}), tuple(used), not_by


def _alike(cell: IntArray, rep: IntArray) -> float:
    """Return the share of the visits whose cell has visits of other reps."""
    if not len(cell):
        return 0.0
    own = np.unique(cell * (rep.max() + 1) + rep, return_inverse=True, return_counts=True)
    return float((np.bincount(cell)[cell] > own[2][own[1]]).mean())


def crowned(visits: pd.DataFrame, *, limits: Limits) -> tuple[pd.DataFrame, float]:
    """Return the verdict on each rep at each stage, and the level of the gaps' limits.

    Parameters
    ----------
    visits: one row a visit: ``value``; integer codes ``stage``, ``role``, ``rep``, ``cell`` (of like
        deals, within a stage and role), ``client``, ``deal``.

    Returns
    -------
    The rows of :class:`Champions` with ``stage`` and ``rep`` as codes.
    """
    from scipy.special import stdtr

    reps = int(visits["rep"].max()) + 1 if len(visits) else 0
    frames = [_of_stage(one, int(stage), reps) for (stage, _), one in visits.groupby(["stage", "role"])]
    rows = pd.concat(frames, ignore_index=True) if frames else _of_stage(visits, 0, 0)
    enough = (rows["alike"] >= limits.compared_cases) & (rows["clients"] >= limits.few_cases)
    apart = (rows["gap"].abs() / rows["error"]).where(enough & (rows["error"] > 0))
    chances = 2 * stdtr(_freedom(rows), -apart.to_numpy())
    level = false_discovery(chances, limits.false_discovery)[1]
    low, high = _limits(rows, 0.95)
    rows["adjusted"] = (rows["whole"] + rows["gap"]).clip(0, 1)
    rows["adjusted_low"], rows["adjusted_high"] = (rows["whole"] + end.clip(-1, 1) for end in (low, high))
    rows[["adjusted_low", "adjusted_high"]] = rows[["adjusted_low", "adjusted_high"]].clip(0, 1)
    low, high = _limits(rows, level)
    rows["gap_low"], rows["gap_high"] = low.clip(-1, 1), high.clip(-1, 1)
    beyond = np.where(rows["gap"] > 0, low - rows["largest"] > 0, high + rows["largest"] < 0)
    cases = rows["alike"].where(rows["clients"] >= limits.few_cases, np.fmin(rows["alike"], rows["clients"]))
    judged = verdicts(cases, low, high, limits=limits, against=np.where(beyond, "", "one_deal"))
    too_few = (judged["label"] == "too_little_data") & (rows["n"] >= limits.compared_cases)
    reasons = {"few_clients": too_few, "few_alike": too_few & (rows["alike"] < limits.compared_cases)}
    nobody = {"no_like_deals": too_few & (rows["alike"] == 0), "no_colleagues": rows["is_alone"]}
    for reason, mask in (reasons | nobody).items():
        judged["reason"] = judged["reason"].mask(mask, reason)
        if reason in nobody:  # more of the rep's visits would not help
            judged["label"] = judged["label"].mask(mask, "cannot_be_computed")
    return rows.drop(columns=["error", "largest", "whole", "is_alone"]).join(judged), level


def _freedom(rows: pd.DataFrame) -> FloatArray:
    return np.asarray(np.maximum(rows["clients"].to_numpy() - 1, 1))


def _limits(rows: pd.DataFrame, level: float) -> tuple[pd.Series, pd.Series]:
    """Return the limits of the gaps at a confidence level.

    Where all like visits, or none, were converted, nothing varies: as sure as the rep's own share is then.
    """
    from scipy.special import stdtrit

    wide = rows["error"] * stdtrit(_freedom(rows), 0.5 + level / 2)
    near, far = wilson(rows["value"] * rows["alike"], rows["alike"], level)
    still = rows["error"] == 0
    low = (rows["gap"] - wide).mask(still, near - rows["value"])
    return low, (rows["gap"] + wide).mask(still, far - rows["value"])


def _of_stage(visits: pd.DataFrame, stage: int, reps: int) -> pd.DataFrame:
    """Return the figures of all reps of one role with visits to one stage."""
    rep, value = visits["rep"].to_numpy(np.int64), visits["value"].to_numpy(np.float64)
    cell = np.unique(visits["cell"], return_inverse=True)[1]
    client, deal = (visits[name].to_numpy(np.int64) for name in ("client", "deal"))
    score = scored(value, rep, cell, cluster=client, unit=deal, groups=reps)
    n, won = np.bincount(rep, minlength=reps), np.bincount(rep, value, minlength=reps)
    low, high = wilson(won, n)
    weight = np.where(score.weight > 0, score.weight, np.nan)
    figures = {
        "stage": stage, "rep": np.arange(reps), "value": won / np.maximum(n, 1), "low": low, "high": high,
        "n": n, "shrunk": shrink(won, n).shares, "alike": score.n, "clients": score.clusters,
        "gap": score.ahead / weight, "error": score.spread / weight, "largest": score.largest / weight,
        "whole": value.mean() if len(value) else np.nan, "is_alone": (n > 0).sum() == 1,
    }  # fmt: skip
    return pd.DataFrame(figures)[n > 0]
