"""What robots.txt says of an address that is tried, with the line that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from watcher.fetch.robots_line import forbidding_line, sitemaps
from watcher.model.capture import Outcome
from watcher.model.source import Definition, origin_of
from watcher.pipeline.permission import ask_robots
from watcher.pipeline.ports import FetchDoor, Rooms


class RobotsVerdict(StrEnum):
    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True, slots=True)
class RobotsFinding:
    """What robots.txt says of the address. `reason` is for a person; `sitemaps` are those that it names."""

    verdict: RobotsVerdict
    reason: str
    crawl_delay_seconds: float = 0.0
    sitemaps: tuple[str, ...] = ()


def robots_finding(rooms: Rooms, door: FetchDoor, definition: Definition) -> RobotsFinding:
    """What a check would decide, with the line that decides it."""
    permission = ask_robots(rooms, door, definition, None)
    origin, known = origin_of(definition.url), permission.answer
    refusal, delay = permission.refusal, permission.crawl_delay_seconds
    text = known.text if known is not None else ""
    if refusal is None:
        status = known.status if known is not None else 0
        reason = (
            "none of its rules forbids this address"
            if status == 200
            else f"there is none ({status}), so all is allowed"
        )
        return RobotsFinding(
            verdict=RobotsVerdict.ALLOWED, reason=reason, crawl_delay_seconds=delay, sitemaps=sitemaps(text)
        )
    if refusal.outcome is not Outcome.ROBOTS_DISALLOWED:
        return RobotsFinding(verdict=RobotsVerdict.UNREACHABLE, reason=refusal.error)
    line = forbidding_line(text, definition.url)
    which = "" if line is None else f' by line {line.number}, "{line.text}", which speaks to {_whom(line.agent)}'
    reason = f"{origin}/robots.txt disallows it{which}. Ask the site's keeper, or give a reason in fetch_despite_robots"
    return RobotsFinding(verdict=RobotsVerdict.DISALLOWED, reason=reason, crawl_delay_seconds=delay)


def _whom(agent: str) -> str:
    return "every robot" if agent == "*" else f"{agent} by name"
