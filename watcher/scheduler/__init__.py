"""The clock of the service: ticks, and the line of workers that checks what is due."""

from watcher.scheduler.line import log_check
from watcher.scheduler.service import Service

__all__ = ["Service", "log_check"]
