"""YAML and environment → frozen settings, Definitions and packs. Every mistake is named with file, line and key."""

from watcher.settings.packs import config_folder, load_pack, load_pack_text, load_packs
from watcher.settings.service import Settings, load_settings
from watcher.settings.sources import SourceProblem, load_sources

__all__ = [
    "Settings",
    "SourceProblem",
    "config_folder",
    "load_pack",
    "load_pack_text",
    "load_packs",
    "load_settings",
    "load_sources",
]
