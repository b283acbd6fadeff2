"""A bound on work that depends on the input alone, never on time, so that a result is the same at any load."""

from __future__ import annotations


class Effort:
    """Counts work down. `take` refuses what does not fit; `cut` remembers that something was refused."""

    __slots__ = ("cut", "left")

    def __init__(self, cells: int) -> None:
        self.left = cells
        self.cut = False

    def take(self, cells: int) -> bool:
        """True, and the work is booked, when `cells` still fit."""
        if cells > self.left:
            self.cut = True
            return False
        self.left -= cells
        return True
