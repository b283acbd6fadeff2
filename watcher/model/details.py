"""The cells and links of a Hunk in words: "row Kazakhstan, column Vote: abstain → yes"."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.model.change import Hunk, HunkOp

LONGEST_SIDE = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """A cell or a link that changed: `what` it is, and both sides shortened, "" where there was or is none.

    `arrow` says that a side which is "" is said as `nothing`; else only the other side is.
    """

    what: str
    old: str
    new: str
    nothing: str
    arrow: bool = True

    @property
    def steps(self) -> str:
        """Both sides in words: "abstain → yes"."""
        if not self.arrow:
            return self.new or self.old
        return f"{self.old or self.nothing} → {self.new or self.nothing}"


def details_of(hunk: Hunk) -> list[Detail]:
    """The cells and links of a Hunk that changed, one each."""
    return [*_cells(hunk), *_links(hunk)]


def _cells(hunk: Hunk) -> list[Detail]:
    """The cells of a row, as "row Kazakhstan, column Vote"."""
    row = f"row {_short(hunk.row_key)}, " if hunk.row_key.strip() else ""
    return [
        Detail(
            what=f"{row}column {_short(cell.column)}",
            old=_short(cell.old),
            new=_short(cell.new),
            nothing="nothing",
            arrow=hunk.op is HunkOp.EDITED,
        )
        for cell in hunk.cells
    ]


def _links(hunk: Hunk) -> list[Detail]:
    return [
        Detail(
            what=f"link “{_short(link.text)}”" if link.text.strip() else "link",
            old=_short(link.old),
            new=_short(link.new),
            nothing="no link",
        )
        for link in hunk.links
    ]


def _short(text: str) -> str:
    """One line of at most LONGEST_SIDE characters."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_SIDE else f"{line[: LONGEST_SIDE - 1].rstrip()}…"
