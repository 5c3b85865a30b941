"""What conversion a place could have: that of its best reps (METHOD 4.6)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crmkit.facts import FloatArray, IntArray
from crmkit.process.moves import Moves
from crmkit.process.resampling import Resamples
from crmkit.schema import Snapshot
from crmkit.stagelog import owners
from crmkit.stages import ADVANCED, LOST, MOVED_BACK, OTHER_PIPELINE
from crmkit.statistics.shrinkage import shrink

#: So many reps are needed for a best quarter.
FEWEST_REPS = 3


@dataclass(frozen=True, eq=False)
class Best:
    """The conversion of the best reps at each place.

    Attributes
    ----------
    conversion: one row a resample, one column a place; NaN where reps cannot be compared.
    reps: how many reps are compared at each place. best: how many of them are the best quarter.
    """

    conversion: FloatArray
    reps: IntArray
    best: IntArray


def best_quarters(crm: Snapshot, moves: Moves, drawn: Resamples) -> Best:
    """Return the shrunken conversion of the best quarter of the reps with enough visits, place by place.

    Reps (owners on entering) are compared with those of their role; where a role has fewer than three such
    reps, or the owner is not known, conversion stays as it is. Who is best is taken from the data; what they
    convert is estimated anew in each resample, with what resampling adds to the differences of reps by chance
    taken off: otherwise equal reps would look different in every resample.
    """
    size, roles = len(moves.codes), _roles(crm)
    outcome = moves.rows["outcome"].to_numpy()
    counted = np.flatnonzero(np.isin(outcome, (ADVANCED, LOST, MOVED_BACK, OTHER_PIPELINE)))
    deal, place = moves.rows["deal_ix"].to_numpy()[counted], moves.source[counted]
    rep = moves.rows["manager_id"].cat.codes.to_numpy().astype(np.int64)[counted] % len(roles)
    won = (outcome == ADVANCED)[counted]
    n = np.bincount(place * len(roles) + rep, minlength=size * len(roles)).reshape(size, len(roles))
    compared = _compared(n, roles, crm.settings.limits.compared_cases)
    column = np.full(n.shape, -1)
    column[compared] = np.arange(int(compared.sum()))
    one = _sums(drawn, deal, column[place, rep], won, int(compared.sum()))
    groups = int(roles.max()) + 1
    whole = _sums(drawn, deal, place * groups + roles[rep], won, size * groups)
    found = Best(np.full((len(drawn.weights), size), np.nan), *np.zeros((2, size), dtype=np.int64))
    for here in np.flatnonzero(compared.any(axis=1)):
        span = slice(here * groups, (here + 1) * groups)
        of, share = whole[1][:, span], _ratio(whole[0][:, span], whole[1][:, span])
        for role in np.unique(roles[compared[here]]):
            columns = column[here, compared[here] & (roles == role)]
            share[:, role], best = _best(one[0][:, columns], one[1][:, columns], drawn.noise)
            found.reps[here] += len(columns)
            found.best[here] += best
        added = np.where(of > 0, of * share, 0.0).sum(axis=1)
        found.conversion[:, here] = _ratio(added, of.sum(axis=1))
    return found


def _best(won: FloatArray, of: FloatArray, noise: FloatArray) -> tuple[FloatArray, int]:
    """Return the shrunken conversion of the best quarter of some reps (columns), and how many these are."""
    shares = shrink(won, of, noise=noise).shares
    count = -(-won.shape[1] // 4)
    best = np.argsort(-shares[0], kind="stable")[:count]
    return _ratio((of * shares)[:, best].sum(axis=1), of[:, best].sum(axis=1)), count


def _compared(n: IntArray, roles: IntArray, enough: int) -> npt.NDArray[np.bool_]:
    """Return which reps are compared at which place; the last column is nobody."""
    known = n >= enough
    known[:, -1] = False
    for role in np.unique(roles):
        mine = roles == role
        known[:, mine] &= (known[:, mine].sum(axis=1) >= FEWEST_REPS)[:, None]
    return known


def _roles(crm: Snapshot) -> IntArray:
    """Return a code of each owner's role, those without one sharing one; the last entry is nobody's."""
    managers = crm.tables["managers"]
    known = dict(zip(managers["manager_id"].astype("str"), managers["role"].astype("str"), strict=True))
    named = [known.get(str(name)) for name in owners(crm)[2]]
    texts = np.array(["" if role is None or role != role else str(role) for role in [*named, None]])
    return np.asarray(np.unique(texts, return_inverse=True)[1], dtype=np.int64)


def _sums(
    drawn: Resamples, deal: IntArray, column: IntArray, won: npt.NDArray[np.bool_], size: int
) -> tuple[FloatArray, FloatArray]:
    """Return how many of the visits of each column went on, and how many there are."""
    return drawn.sums(deal[won], column[won], size), drawn.sums(deal, column, size)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))
