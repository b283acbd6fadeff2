"""watcher subscription add | list | remove, and watcher digest preview | send."""

from __future__ import annotations

import click

from watcher.cli.context import Context, json_option, pass_context, print_json, user_name
from watcher.errors import ConfigError
from watcher.model.change import Severity
from watcher.model.source import slug
from watcher.model.subscription import Cadence, SubscriptionFilter
from watcher.pipeline import notify, register
from watcher.settings.sources import resolve_instrument, resolve_subject
from watcher.store import subscriptions
from watcher.store.copies import resume_outbox


@click.group()
def subscription() -> None:
    """Say who is told of what."""


@subscription.command()
@click.argument("recipient")
@click.option("--id", "subscription_id", help="Its name here; made from the recipient when left out.")
@click.option("--subject", "subjects", multiple=True, help="Only Changes about this State; repeatable.")
@click.option("--instrument", "instruments", multiple=True, help="Only Changes on this treaty; repeatable.")
@click.option("--indicator", "indicators", multiple=True, help="Only Changes of this indicator; repeatable.")
@click.option("--source", "source_ids", multiple=True, help="Only Changes of this Source; repeatable.")
@click.option("--severity", type=click.Choice([s.value for s in Severity][1:]), default="minor", show_default=True)
@click.option("--cadence", type=click.Choice([c.value for c in Cadence]), default="daily", show_default=True)
@pass_context
def add(
    context: Context,
    recipient: str,
    subscription_id: str | None,
    subjects: tuple[str, ...],
    instruments: tuple[str, ...],
    indicators: tuple[str, ...],
    source_ids: tuple[str, ...],
    severity: str,
    cadence: str,
) -> None:
    """Send RECIPIENT (one e-mail address) a Digest.

    \b
    Example:
      watcher subscription add desk@example.org --subject KAZ --cadence weekly
    """
    wanted = SubscriptionFilter(
        subjects=tuple(resolve_subject(subject) for subject in subjects),
        instruments=tuple(resolve_instrument(instrument) for instrument in instruments),
        indicators=indicators,
        sources=source_ids,
        minimum_severity=Severity(severity),
    )
    with context.instance(create=True) as instance:
        known = set(instance.rooms.pack.pack.indicators)
        unknown = [name for name in indicators if name not in known]
        if unknown:
            raise ConfigError(f"no indicator is named {unknown[0]!r}; there are: {', '.join(sorted(known))}")
        added = register.add_subscription(
            instance.rooms,
            subscription_id=subscription_id or slug(recipient),
            recipient=recipient,
            wanted=wanted,
            cadence=Cadence(cadence),
            user=user_name(),
        )
        no_mail = instance.mail() is None
    click.echo(f"subscribed {added.recipient} as {added.subscription_id}; first digest {_moment(added.next_digest_at)}")
    if no_mail:
        click.echo(
            "note: no mail server is set (smtp.host in config/watcher.yaml); digests wait on the page until then"
        )


@subscription.command("list")
@json_option
@pass_context
def list_(context: Context, as_json: bool) -> None:
    """All Subscriptions."""
    with context.instance(pack_later=True) as instance, instance.rooms.database.reading() as connection:
        every = subscriptions.list_subscriptions(connection)
    if as_json:
        print_json([{"subscription_id": one.subscription_id, "recipient": one.recipient} for one in every])
        return
    for one in every:
        state = f"next {_moment(one.next_digest_at)}" if one.active else "stopped"
        click.echo(f"{one.subscription_id:<30} {one.recipient:<30} {one.cadence:<10} {state}")


@subscription.command()
@click.argument("subscription_id")
@pass_context
def remove(context: Context, subscription_id: str) -> None:
    """Send nothing more to a Subscription; its Digests stay."""
    with context.instance() as instance:
        register.remove_subscription(instance.rooms, subscription_id, user=user_name())
    click.echo(f"stopped {subscription_id}")


@click.group()
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
            message = "no mail server is set, so nothing was composed or sent: set smtp.host in config/watcher.yaml"
            raise ConfigError(message, key="smtp.host")
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


def _moment(moment: object) -> str:
    return f"{moment:%-d %B %Y, %H:%M} UTC"


COMMANDS = {"subscription": subscription, "digest": digest}
