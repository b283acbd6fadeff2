"""watcher indicators test: the examples inside the packs, read with the packs."""

from __future__ import annotations

import click

from watcher.classify import check_examples
from watcher.cli.context import Context, pass_context
from watcher.settings import load_pack, load_packs


@click.group()
def indicators() -> None:
    """Look after indicator packs."""


@indicators.command()
@click.argument("pack", required=False)
@pass_context
def test(context: Context, pack: str | None) -> None:
    """Read every example of PACK, or of all packs, and name those that are read otherwise than they say.

    Exit 1 when one is.

    \b
    Example:
      watcher indicators test mine_action
    """
    folder = context.config / "indicators"
    packs = (load_pack(folder, pack)[0],) if pack else load_packs(folder)
    bad = 0
    for one in packs:
        results = check_examples(one)
        failed = [result for result in results if not result.passed]
        bad += len(failed)
        click.echo(f"{one.name}: {len(results) - len(failed)} of {len(results)} examples read as they say")
        for result in failed:
            wanted = f"{result.example.indicator} {result.example.stance}".strip() or "nothing"
            found = ", ".join(" ".join(pair) for pair in result.found) or "nothing"
            click.echo(f'  wanted {wanted}, read {found}: "{result.example.text}"', err=True)
    if bad:
        raise SystemExit(1)


COMMANDS = {"indicators": indicators}
