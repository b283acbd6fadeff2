"""config/indicators/*.yaml → packs, each laid over the file of shared values that it extends."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from watcher.classify import EXTENDS, Pack, merge_packs, parse_pack
from watcher.errors import ConfigError
from watcher.pipeline.ports import PackText
from watcher.settings.strict_yaml import read_yaml


def load_pack(folder: Path, name: str, *, shared: Path | None = None) -> tuple[Pack, Any]:
    """The pack `name` of a folder and the plain value it was parsed from. ConfigError when it is wrong or missing.

    `shared` is the folder of the files that packs extend, when it is another one.
    """
    path = folder / f"{name}.yaml"
    if not path.exists():
        there = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
        raise ConfigError(f"there is no indicator pack {name!r} in {folder}; there are: {there}", key="classify.pack")
    plain = _extended(shared or folder, path, read_yaml(path).plain())
    return parse_pack(plain, file=str(path)), plain


def _extended(folder: Path, path: Path, plain: Any) -> Any:
    """The pack's values over those of the file of shared values that it extends, if it names one."""
    shared = plain.get(EXTENDS) if isinstance(plain, dict) else None
    if shared is None:
        return plain
    file = (folder / f"{shared}.yaml").resolve()
    if not file.is_relative_to(folder.resolve()) or not file.exists():
        raise ConfigError(
            f"{path} extends {shared!r}, and {file} is not there; name a file below {folder} without its ending",
            file=str(path),
            key=EXTENDS,
        )
    return merge_packs(read_yaml(file).plain(), plain)


def load_packs(folder: Path) -> tuple[Pack, ...]:
    """Every pack of a folder, by name."""
    return tuple(load_pack(folder, path.stem)[0] for path in sorted(folder.glob("*.yaml")))


def load_pack_text(config: Path, name: str) -> PackText:
    """A pack of a configuration folder and the JSON text from which a child process parses it again."""
    pack, plain = load_pack(config / "indicators", name)
    return PackText(pack=pack, text=json.dumps(plain, ensure_ascii=False))


def config_folder() -> Path:
    """Where configuration lies: WATCHER_CONFIG, ./config, or the folder that came with the package."""
    named = os.environ.get("WATCHER_CONFIG")
    if named:
        return Path(named)
    here, package = Path("config"), Path(__file__).parent.parent
    for candidate in (here, package.parent / "config", package / "_config"):
        if (candidate / "indicators").is_dir():
            return candidate
    return here
