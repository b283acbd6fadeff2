"""watcher serve."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import signal

import click
import structlog

from watcher.cli.context import Context, pass_context
from watcher.errors import RefusedError
from watcher.pipeline.standing import link_problems
from watcher.settings import load_settings


@click.command()
@click.option("--host", help="Address to serve on; loopback only, as there are no accounts.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to serve on.")
@click.option("--no-checks", is_flag=True, help="Only serve the page; check nothing, send nothing.")
@pass_context
def serve(context: Context, host: str | None, port: int | None, no_checks: bool) -> None:
    """Check what is due, send what is owed, and serve the page, until stopped with Ctrl-C."""
    from watcher.scheduler import Service
    from watcher.web.server import address_of, listen, run_app

    web = load_settings(context.config / "watcher.yaml").web
    address = host or web.host
    require_loopback(address)
    quiet_logs()
    signal.signal(signal.SIGTERM, _end)
    listening = listen(address, port or web.port)
    with context.instance(create=True) as instance, contextlib.suppress(KeyboardInterrupt):
        service = None if no_checks else Service(instance)
        if service is not None:
            service.start()
        click.echo(f"watcher is at {address_of(listening)}  (Ctrl-C stops it)")
        settings = str(context.config / "watcher.yaml")
        problems = link_problems(base_url=web.base_url, served_at=address_of(listening), settings=settings)
        for line in problems or [f"links in mails and citations begin with {web.base_url}"]:
            click.echo(f"warning: {line}" if problems else line, err=bool(problems))
        try:
            run_app(instance.rooms, listening)
        finally:
            if service is not None:
                service.stop()


def _end(_signal: int, _frame: object) -> None:
    """SIGTERM ends the command the way Ctrl-C does: checks that run are finished first."""
    raise KeyboardInterrupt


def require_loopback(address: str) -> None:
    """RefusedError for an address that others could reach: there are no accounts yet."""
    try:
        is_loopback = address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise RefusedError(
            f"{address!r} is refused: without accounts the page is served on loopback only. "
            "Use 127.0.0.1 and a tunnel (ssh -L) to read it from elsewhere."
        )


def quiet_logs() -> None:
    """The service's own log lines, without those of its libraries."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is left out is no news
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(),
    )


COMMANDS = {"serve": serve}
