"""config/indicators/*.yaml → packs, each laid over the file of shared values that it extends."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watcher.classify import EXTENDS, Pack, merge_packs, parse_pack
from watcher.errors import ConfigError
from watcher.pipeline.ports import PackText
from watcher.settings.strict_yaml import read_yaml

_PACKAGE = Path(__file__).parent.parent
_SHIPPED = (_PACKAGE.parent / "config", _PACKAGE / "_config")


def load_pack(folder: Path, name: str) -> tuple[Pack, Any]:
    """The pack `name` of a folder and the plain value it was parsed from. ConfigError when it is wrong or missing."""
    path = folder / f"{name}.yaml"
    if not path.exists():
        there = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
        raise ConfigError(f"there is no indicator pack {name!r} in {folder}; there are: {there}", key="classify.pack")
    pack, plain, _ = load_pack_file(path)
    return pack, plain


def load_pack_file(path: Path, *, otherwise: Path | None = None) -> tuple[Pack, Any, Path | None]:
    """The pack of a file, the plain value it was parsed from, and the file that it extends, None where it extends none.

    What it extends is looked for beside the file, and only where it is not there in the folder `otherwise`.
    """
    plain = read_yaml(path).plain()
    shared = _extended_file(path, plain, otherwise)
    if shared is not None:
        plain = merge_packs(read_yaml(shared).plain(), plain)
    return parse_pack(plain, file=str(path)), plain, shared


def _extended_file(path: Path, plain: Any, otherwise: Path | None) -> Path | None:
    """The file of shared values that a pack's values name, beside the pack or in the folder `otherwise`."""
    shared = plain.get(EXTENDS) if isinstance(plain, dict) else None
    if shared is None:
        return None
    folders = [path.parent.resolve(), *([otherwise.resolve()] if otherwise is not None else [])]
    files = [(folder / f"{shared}.yaml").resolve() for folder in folders]
    for folder, file in zip(folders, files, strict=True):
        if file.is_relative_to(folder) and file.exists():
            return file
    nowhere = " and ".join(str(file) for file in dict.fromkeys(files))
    raise ConfigError(
        f"{path} extends {shared!r}, and {nowhere} {'is' if len(set(files)) == 1 else 'are'} not there; name a file "
        f"below {folders[0]} without its ending",
        file=str(path),
        key=EXTENDS,
    )


def load_packs(folder: Path) -> tuple[Pack, ...]:
    """Every pack of a folder, by name."""
    return tuple(load_pack(folder, path.stem)[0] for path in sorted(folder.glob("*.yaml")))


def load_pack_text(config: Path, name: str) -> PackText:
    """A pack of a configuration folder and the JSON text from which a child process parses it again."""
    require_folder(config)
    pack, plain = load_pack(config / "indicators", name)
    return PackText(pack=pack, text=json.dumps(plain, ensure_ascii=False))


def config_folder() -> Path:
    """Where configuration lies: WATCHER_CONFIG, ./config, or the folder that came with the package."""
    named = os.environ.get("WATCHER_CONFIG")
    if named:
        return Path(named)
    here = Path("config")
    return next((folder for folder in (here, *_SHIPPED) if (folder / "indicators").is_dir()), here)


def require_folder(config: Path, environment: Mapping[str, str] = os.environ) -> None:
    """ConfigError, with what to do, where a configuration folder is not there."""
    if config.is_dir():
        return
    by = ", which WATCHER_CONFIG names" if environment.get("WATCHER_CONFIG") == str(config) else ""
    shipped = next((folder / "indicators" for folder in _SHIPPED if (folder / "indicators").is_dir()), None)
    folder = shlex.quote(str(config))
    packs = f" && cp -r {shlex.quote(str(shipped))} {folder}/" if shipped is not None else ""
    raise ConfigError(
        f"there is no configuration folder {config}{by}. Name one that is there with `watcher --config FOLDER …` or in "
        "the environment variable WATCHER_CONFIG; without both ./config is read, or else what came with watcher. For a "
        f"new one: mkdir -p {folder}{packs} && watcher --config {folder} init"
    )
