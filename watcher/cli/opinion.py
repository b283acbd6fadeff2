"""watcher opinion."""

from __future__ import annotations

import click

from watcher.cli.context import Context, pass_context, safe, user_name
from watcher.errors import ConfigError


@click.command()
@click.argument("change")
@pass_context
def opinion(context: Context, change: str) -> None:
    """Ask a language model for a second opinion on CHANGE; off until `opinion.url` is set in watcher.yaml.

    Only what quotes the changed text is kept. Severity and alerts stay as they are.
    """
    from watcher.pipeline.opinion import Model, ask_opinion
    from watcher.render.words import said

    with context.instance() as instance:
        asked = instance.settings.opinion
        if not asked.url:
            raise ConfigError("no model is set: opinion.url and opinion.model in watcher.yaml", key="opinion.url")
        model = Model(url=asked.url, name=asked.model, key=asked.key, deadline_seconds=asked.deadline_seconds)
        found = ask_opinion(instance.rooms, instance.post, model, change, user=user_name())
    click.echo(safe(f"An opinion of {found.model}, not a judgement:"))
    for each in found.summary:
        click.echo(safe(f"  {each.text}\n      “{each.quote}”"))
    for stance in found.stances:
        click.echo(safe(f"  {said(stance.indicator)}: {said(stance.stance)}\n      “{stance.quote}”"))
    if found.dropped:
        click.echo(f"{found.dropped} statements were dropped: no quotation of the changed text bears them")


COMMANDS = {"opinion": opinion}
