"""Which line of a robots.txt forbids an address, for a person who asks why."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.fetch.robots import AGENT, MAXIMUM_TEXT_CHARACTERS, allows


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsLine:
    """One rule as written. `number` counts from 1; `agent` is whom its group speaks of, "*" for every robot."""

    number: int
    text: str
    agent: str


def forbidding_line(text: str, url: str) -> RobotsLine | None:
    """The longest rule that forbids `watcher` an address, None when none does.

    A group that names `watcher` holds alone; without one, the groups for every robot hold (RFC 9309, 2.2.1).
    """
    if allows(text, url):
        return None
    matching = [line for line in _rules(text) if not allows(f"User-agent: *\n{line.text}", url)]
    own = [line for line in matching if line.agent != "*"]
    return max(own or matching, key=lambda line: len(line.text), default=None)


def sitemaps(text: str) -> tuple[str, ...]:
    """The sitemaps that a robots.txt names."""
    lines = (line.partition(":") for line in text[:MAXIMUM_TEXT_CHARACTERS].splitlines())
    return tuple(value.strip() for name, _, value in lines if name.strip().lower() == "sitemap" and value.strip())


def _rules(text: str) -> list[RobotsLine]:
    """Disallow lines of the groups that concern `watcher` or every robot."""
    found: list[RobotsLine] = []
    agents: list[str] = []
    in_rules = False
    for number, raw in enumerate(text[:MAXIMUM_TEXT_CHARACTERS].splitlines(), start=1):
        line = raw.partition("#")[0].strip().lstrip("\ufeff")
        name, _, value = (part.strip() for part in line.partition(":"))
        if name.lower() == "user-agent":
            agents = [] if in_rules else agents
            in_rules = False
            agents.append(value.lower())
        elif name.lower() in ("allow", "disallow"):
            in_rules = True
            agent = AGENT if any(each.startswith(AGENT) for each in agents) else "*" if "*" in agents else ""
            if name.lower() == "disallow" and value and agent:
                found.append(RobotsLine(number=number, text=line, agent=agent))
    return found
