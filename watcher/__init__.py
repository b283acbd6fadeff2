"""watcher: change tracking and alerting for people who monitor what governments say."""

from importlib.metadata import version

__version__ = version("watcher")
