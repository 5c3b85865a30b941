"""Places that belong together: groups that grow by joining two of them."""

from __future__ import annotations


class Groups:
    """A partition of places: each is a group of its own until it is joined to another."""

    def __init__(self, size: int) -> None:
        self._up = list(range(size))

    def of(self, place: int) -> int:
        """Return the least place of its group."""
        up = self._up
        while up[place] != place:
            up[place] = up[up[place]]
            place = up[place]
        return place

    def join(self, one: int, other: int) -> None:
        """Make one group of two."""
        first, last = sorted((self.of(one), self.of(other)))
        self._up[last] = first
