"""Whether an instance's folders can be made and written, found out before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from watcher.errors import ConfigError
from watcher.store.place import obstacle


def require_places(folders: Mapping[str, Path]) -> None:
    """ConfigError unless each folder (by its key in the settings) can be made and written.

    Nothing stays of the try, neither in the folder nor above it.
    """
    for key, folder in folders.items():
        problem = obstacle(folder)
        if problem:
            verb = "may not be written" if folder.is_dir() else "cannot be made"
            raise ConfigError(f"{key}: {folder.absolute()} {verb} ({problem}). Nothing was created.", key=key)
