"""watcher subscription add | edit | list | remove | resume, and watcher digest preview | send | resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, user_name
from watcher.cli.groups import Group
from watcher.errors import ConfigError
from watcher.model.change import Severity
from watcher.model.digest_time import parse_hour
from watcher.model.source import slug
from watcher.model.subscription import Cadence, Subscription, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.pipeline.ports import Rooms
from watcher.pipeline.standing import NO_HOST, SET_HOST, mail_problems
from watcher.pipeline.subscribe import edit_subscription, resume_subscription
from watcher.settings.sources import resolve_instrument, resolve_subject
from watcher.store import subscriptions
from watcher.store.copies import resume_outbox

if TYPE_CHECKING:
    from watcher.bootstrap import Instance


F = TypeVar("F", bound=Callable[..., Any])
SEVERITIES = click.Choice([severity.value for severity in Severity][1:])
SEVERITY_HELP = "Only Changes of this severity and above."
CADENCES = click.Choice([cadence.value for cadence in Cadence])
CADENCE_HELP = "How often; immediate sends an Alert as soon as something changes."


def filter_options(function: F) -> F:
    """--subject, --instrument, --indicator, --source, each repeatable."""
    for kind, what in (
        ("source", "of this Source"),
        ("indicator", "of this indicator"),
        ("instrument", "on this treaty"),
        ("subject", "about this State"),
    ):
        text = f"Only Changes {what}; repeatable."
        function = click.option(f"--{kind}", f"{kind}s", multiple=True, help=text)(function)
    return function


def hour_options(function: F) -> F:
    """--at and --time-zone."""
    function = click.option("--time-zone", help="Whose hour --at is, such as Asia/Almaty; UTC when left out.")(function)
    return click.option("--at", help="Hour of daily and weekly Digests, such as 07:00.")(function)


@click.group(cls=Group)
def subscription() -> None:
    """Say who is told of what."""


@subscription.command()
@click.argument("recipient")
@click.option("--id", "subscription_id", help="Its name here; made from the recipient when left out.")
@filter_options
@click.option("--severity", type=SEVERITIES, default="minor", show_default=True, help=SEVERITY_HELP)
@click.option("--cadence", type=CADENCES, default="daily", show_default=True, help=CADENCE_HELP)
@hour_options
@pass_context
def add(
    context: Context,
    /,
    recipient: str,
    subscription_id: str | None,
    severity: str,
    cadence: str,
    at: str | None,
    time_zone: str | None,
    **given: tuple[str, ...],
) -> None:
    """Send RECIPIENT (one e-mail address) a Digest.

    \b
    Examples:
      watcher subscription add desk@example.org --subject KAZ --cadence weekly
      watcher subscription add desk@example.org --at 07:00 --time-zone Asia/Almaty
    """
    wanted = _filter(SubscriptionFilter(minimum_severity=Severity(severity)), given)
    hour, zone = parse_hour(at or "", time_zone or "", Cadence(cadence))
    with context.instance(create=True) as instance:
        _require_indicators(instance.rooms, wanted)
        added = register.add_subscription(
            instance.rooms,
            subscription_id=subscription_id or slug(recipient),
            recipient=recipient,
            wanted=wanted,
            cadence=Cadence(cadence),
            user=user_name(),
            digest_hour=hour,
            time_zone=zone,
        )
        told = _next_words("first", added)
        problems = _mail_problems(instance)
    click.echo(f"subscribed {added.recipient} as {added.subscription_id}; {told}")
    _print_problems(problems)


@subscription.command()
@click.argument("subscription_id")
@click.option("--recipient", help="Another e-mail address.")
@filter_options
@click.option("--severity", type=SEVERITIES, help=SEVERITY_HELP)
@click.option("--cadence", type=CADENCES, help=CADENCE_HELP)
@hour_options
@pass_context
def edit(
    context: Context,
    /,
    subscription_id: str,
    recipient: str | None,
    severity: str | None,
    cadence: str | None,
    at: str | None,
    time_zone: str | None,
    **given: tuple[str, ...],
) -> None:
    """Change a Subscription. What is not given stays; "" lifts a restriction: --subject "".

    \b
    Example:
      watcher subscription edit desk-example-org --subject KAZ --subject KGZ --cadence daily --at 07:00
    """
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            before = subscriptions.get_subscription(connection, subscription_id)
        wanted = _filter(before.filter, given)
        _require_indicators(instance.rooms, wanted)
        if severity is not None:
            wanted = replace(wanted, minimum_severity=Severity(severity))
        rhythm = Cadence(cadence) if cadence is not None else before.cadence
        hour, zone = _edited_hour(before, rhythm, at, time_zone)
        asked = replace(
            before,
            recipient=before.recipient if recipient is None else recipient,
            filter=wanted,
            cadence=rhythm,
            digest_hour=hour,
            time_zone=zone,
        )
        after = edit_subscription(instance.rooms, asked, user=user_name())
    if after == before:
        click.echo(f"{subscription_id} is so already: nothing to change")
        return
    click.echo(f"changed {subscription_id}: {_wants_words(after)}")
    for line in _state_lines(after):
        click.echo(line)


@subscription.command("resume")
@click.argument("subscription_id")
@pass_context
def resume_stopped(context: Context, subscription_id: str) -> None:
    """Tell a stopped Subscription again, of what is recorded from now on."""
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            before = subscriptions.get_subscription(connection, subscription_id)
        after = resume_subscription(instance.rooms, subscription_id, user=user_name())
        problems = _mail_problems(instance)
    if before.active:
        click.echo(f"{subscription_id} is active already; {_next_words('next', before)}")
        return
    click.echo(f"resumed {subscription_id}; {_next_words('next', after)}")
    click.echo("What was recorded while it was stopped is not sent; the page shows it under Changes.")
    _print_problems(problems)


@subscription.command("list")
@json_option
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """All Subscriptions."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        every = subscriptions.list_subscriptions(connection)
    if as_json:
        print_json([_described(one) for one in every])
        return
    for one in every:
        state = _next_words("next", one).partition(";")[0] if one.active else "stopped"
        click.echo(f"{one.subscription_id:<30} {one.recipient:<30} {one.cadence:<10} {state}")
        click.echo(f"  {_wants_words(one)}")
    if any(one.active for one in every):
        click.echo("All times are UTC.")
    if not every:
        click.echo("nobody is told of anything yet; subscribe somebody with: watcher subscription add ADDRESS")


@subscription.command()
@click.argument("subscription_id")
@pass_context
def remove(context: Context, subscription_id: str) -> None:
    """Send nothing more to a Subscription; its Digests stay, and `resume` brings it back."""
    with context.instance() as instance:
        stopped = register.remove_subscription(instance.rooms, subscription_id, user=user_name())
    done = f"stopped {subscription_id}" if stopped else f"{subscription_id} was stopped already"
    click.echo(f"{done}; bring it back with: watcher subscription resume {subscription_id}")


@click.group(cls=Group)
def digest() -> None:
    """Preview and send Digests."""


@digest.command()
@click.argument("subscription_id")
@click.option("--html", "as_html", is_flag=True, help="Print the HTML part instead of the text.")
@pass_context
def preview(context: Context, subscription_id: str, as_html: bool) -> None:
    """Print the Digest that a Subscription would get now; nothing is recorded or sent."""
    with context.instance() as instance:
        with instance.rooms.database.reading() as connection:
            wanted = subscriptions.get_subscription(connection, subscription_id)
        message = notify.preview_digest(instance.rooms, wanted)
    if not as_html:
        click.echo("(a preview: nothing is recorded, so the page it names does not exist yet)\n")
    click.echo(message.html if as_html else f"Subject: {message.subject}\n\n{message.text}")


@digest.command()
@click.argument("subscription_id")
@pass_context
def send(context: Context, subscription_id: str) -> None:
    """Compose a Subscription's Digest now, before its time, and send what is owed."""
    with context.instance() as instance:
        channel = instance.mail()
        if channel is None:
            raise ConfigError(f"{NO_HOST}; nothing was composed or sent. {SET_HOST}", key="smtp.host")
        with instance.rooms.database.reading() as connection:
            wanted = subscriptions.get_subscription(connection, subscription_id)
        composed = notify.compose_digest(instance.rooms, wanted, whole=True)
        click.echo(f"composed {composed.digest.digest_id}" if composed else "nothing to tell")
        failures = 0
        for delivery, problem in notify.deliver_owed(instance.rooms, channel):
            failures += bool(problem)
            click.echo(f"{delivery.recipient}: {problem or 'sent'}")
    if failures:
        raise SystemExit(1)


@digest.command()
@pass_context
def resume(context: Context) -> None:
    """Owe the messages again that a restore took out of the outbox; the service or `digest send` sends them."""
    with context.instance() as instance, instance.rooms.database.writing() as connection:
        count = resume_outbox(connection, now=instance.rooms.clock())
        if count:
            act = {"messages": count}
            register.record_act(
                instance.rooms, connection, user=user_name(), action="digest.resume", target="outbox", after=act
            )
    click.echo(f"{count} messages are owed again")


def _filter(before: SubscriptionFilter, given: dict[str, tuple[str, ...]]) -> SubscriptionFilter:
    """What was given in the place of what was there; a kind of which only "" is given is lifted."""
    resolved = {"subjects": resolve_subject, "instruments": resolve_instrument}
    changed: dict[str, Any] = {
        kind: tuple(resolved.get(kind, str)(name) for name in names if name.strip())
        for kind, names in given.items()
        if names
    }
    return replace(before, **changed)


def _require_indicators(rooms: Rooms, wanted: SubscriptionFilter) -> None:
    known = set(rooms.pack.pack.indicators)
    unknown = [name for name in wanted.indicators if name not in known]
    if unknown:
        raise ConfigError(f"no indicator is named {unknown[0]!r}; there are: {', '.join(sorted(known))}")


def _edited_hour(before: Subscription, cadence: Cadence, at: str | None, zone: str | None) -> tuple[str, str]:
    if at is None and zone is None and cadence not in (Cadence.DAILY, Cadence.WEEKLY):
        return "", ""
    hour = before.digest_hour if at is None else at
    return parse_hour(hour, (zone or before.time_zone) if hour else zone or "", cadence)


def _described(one: Subscription) -> dict[str, object]:
    return {
        "subscription_id": one.subscription_id,
        "recipient": one.recipient,
        "state": "active" if one.active else "stopped",
        "filter": asdict(one.filter),
        "cadence": one.cadence,
        "at": one.digest_hour,
        "time_zone": one.time_zone,
        "covered_until": one.covered_until,
        "next_digest_at": one.next_digest_at if one.active else None,
    }


def _wants_words(one: Subscription) -> str:
    wanted = one.filter
    kinds = (*wanted.subjects, *wanted.instruments, *wanted.indicators, *wanted.sources)
    return f"{', '.join(kinds) or 'everything that is watched'}, from {wanted.minimum_severity}"


def _state_lines(one: Subscription) -> list[str]:
    if one.active:
        return [f"{one.cadence}; {_next_words('next', one)}"]
    return [f"It is stopped; bring it back with: watcher subscription resume {one.subscription_id}"]


def _next_words(which: str, one: Subscription) -> str:
    """When the next Digest comes. Times are UTC; an hour of another zone is told in both."""
    if one.cadence is Cadence.IMMEDIATE:
        return "told of each Change as soon as it is recorded"
    local = f" ({one.digest_hour} {one.time_zone})" if one.digest_hour and one.time_zone != "UTC" else ""
    return f"{which} Digest {one.next_digest_at:%-d %B %Y, %H:%M} UTC{local}; all times are UTC"


def _mail_problems(instance: Instance) -> list[str]:
    with instance.rooms.database.reading() as connection:
        active = sum(one.active for one in subscriptions.list_subscriptions(connection))
    smtp = instance.settings.smtp
    return mail_problems(host=smtp.host, sender=smtp.sender, active=active)


def _print_problems(problems: list[str]) -> None:
    for problem in problems:
        click.echo(f"note: {problem}", err=True)


COMMANDS = {"subscription": subscription, "digest": digest}
