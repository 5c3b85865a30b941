"""What a description says should always be so: who owns a step, which fields are filled, what came before."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from crmkit.facts import NEVER, micros
from crmkit.process.description import Step
from crmkit.process.filling import deals_filled
from crmkit.process.rules import BETWEEN, crm_roles
from crmkit.process.sides import NOTICED, Row, Sides, share
from crmkit.process.wording import fold
from crmkit.stagelog import first_of_run
from crmkit.stages import ADVANCED


def _owners(sides: Sides, ix: int) -> tuple[npt.NDArray[np.int64], list[str], str]:
    """Return how many stays in a step each rep owned, the reps, and what is missing."""
    rows = sides.stays.rows["manager_id"].cat
    codes = rows.codes.to_numpy()[sides.step == ix]
    lacks = sides.crm.lacks(["deals.manager_id|stage_changes.manager_id"])
    why = sides.why.get("entries", "") or ", ".join(lacks)
    counts = np.bincount(codes[codes >= 0], minlength=len(rows.categories))
    return counts, [str(one) for one in rows.categories], why


def owner(sides: Sides, step: Step, row: Row) -> Row:
    """Tell whose visits to a step are the most."""
    counts, names, why = _owners(sides, row["step_ix"])
    most = int(counts.argmax()) if counts.any() else -1
    told = share(counts.max(initial=0), counts.sum()) | {"found": names[most] if most >= 0 else ""}
    return told | {"mark": "not_in_export" if why else "", "missing": why}


def role(sides: Sides, step: Step, row: Row) -> Row:
    """Tell how many visits to a step the role has that answers for it."""
    counts, names, why = _owners(sides, row["step_ix"])
    table = sides.crm.tables["managers"].dropna(subset=["role"])
    of = dict(zip(table["manager_id"].astype("str"), table["role"].astype("str"), strict=True))
    by_role: dict[str, int] = {}
    for name, count in zip(names, counts.tolist(), strict=True):
        if name in of:
            by_role[of[name]] = by_role.get(of[name], 0) + count
    called, known = crm_roles(sides.process, step), {fold(role) for role in of.values()}
    wanted, strangers = set(called.values()), [name for name, role in called.items() if role not in known]
    if strangers:
        why = why or ("role_not_in_list" if of else "managers.role")
    mine = sum(count for role, count in by_role.items() if fold(role) in wanted)
    told = share(mine, sum(by_role.values())) if wanted and not why else share(np.nan, np.nan)
    most = max(sorted(by_role), key=lambda role: by_role[role], default="")
    said = BETWEEN.join(step.responsible)
    found = BETWEEN.join(strangers) if why == "role_not_in_list" else most if by_role.get(most) else ""
    told |= {"said": said, "found": found}
    return sides.always(told, "other_role_owns", is_said=bool(wanted), missing=why)


def fields(sides: Sides, step: Step, row: Row) -> Row:
    """Tell how many of the deals that went on have all fields that the step requires."""
    chosen = (sides.step == row["step_ix"]) & (sides.stays.rows["outcome"] == ADVANCED).to_numpy()
    deals = np.unique(sides.stays.rows["deal_ix"].to_numpy()[chosen])
    told = {name: deals_filled(sides.crm, name, sides.headings) for name in step.required_fields}
    masks = {name: mask[deals] for name, mask in told.items() if mask is not None}
    whole = np.all(list(masks.values()), axis=0) if masks else np.zeros(len(deals), dtype=bool)
    rarest = min(masks, key=lambda name: masks[name].sum(), default="")
    filled = share(whole.sum(), len(deals)) if masks else share(np.nan, np.nan)
    found = rarest if masks and not masks[rarest].all() else ""
    why = sides.why.get("entries", "")
    if told and not masks:
        why = why or "no_required_column"
    elif not sides.crm.is_current:
        why = why or "known_at_export_only"
    filled |= {"said": BETWEEN.join(step.required_fields), "found": found}
    return sides.always(filled, "fields_empty", is_said=bool(told), missing=why if told else "")


def order(sides: Sides, step: Step, row: Row) -> Row:
    """Tell how many deals came, for the first time, without any step that leads here."""
    ix = row["step_ix"]
    before = [int(one) for one in np.flatnonzero(sides.ways.allowed[:ix, ix])]
    said = BETWEEN.join(sides.process.steps[one].name for one in before)
    unseen = [one for one in before if one not in sides.steps]
    came, passed = _arrivals(sides, ix, before)
    told = share(came - passed, came) if before and not unseen else share(np.nan, np.nan)
    why = sides.why.get("entries", "") or ("no_crm_stage" if unseen else "")
    mark = sides.marked("without_previous" if told["low"] > NOTICED else "", is_said=bool(before),
                        cases=told["n"], missing=why if before else "")  # fmt: skip
    return told | {"said": said} | mark


def _arrivals(sides: Sides, ix: int, before: list[int]) -> tuple[int, int]:
    """Count the deals that first came in the period, and those of them that had been in a step before.

    Only deals created since the history began: of others it is not known where they have been.
    """
    rows, began = sides.stays.visits.rows, sides.crm.began.get("stage_changes")
    deal, step = rows["deal_ix"].to_numpy(), sides.places.step_ix[rows["stage"].to_numpy()]
    created = micros(sides.crm.deals["created_at"])
    known = created != NEVER
    if began is not None:
        known &= created >= micros(pd.Series([began]))[0]
    first = np.full(len(sides.crm.deals), len(rows))
    earlier = np.flatnonzero(np.isin(step, before))
    opening = earlier[first_of_run(deal[earlier])]
    first[deal[opening]] = opening
    stays = sides.stays.chosen[(sides.step == ix) & ~sides.stays.is_repeated]
    stays = stays[known[deal[stays]]]
    return len(stays), int((first[deal[stays]] < stays).sum())
