"""The settings of the fetch room reach the fetcher, and its secrets come from the environment alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.bootstrap import proxy_of
from watcher.errors import ConfigError
from watcher.fetch import Proxy
from watcher.settings import load_settings


@pytest.mark.parametrize(
    "proxy",
    [
        *("proxy.example:3128", "https://proxy.example:3128", "socks5://proxy.example:1080", "http://proxy.example"),
        *(
            "http://proxy.example:0",
            "http://proxy.example:99999",
            "http://proxy.example:3128/path",
            "http://:3128",
            "http",
        ),
    ],
)
def test_a_proxy_that_is_not_host_and_port_is_refused(tmp_path: Path, proxy: str) -> None:
    with pytest.raises(ConfigError, match=r"fetch\.proxy should be written as http://host:port"):
        load_settings(tmp_path / "watcher.yaml", {"WATCHER_FETCH__PROXY": proxy})


@pytest.mark.parametrize("key", ["proxy: http://clerk:hunter2@proxy.example:3128", "proxy_login: clerk:hunter2"])
def test_catalogue_093_a_login_of_the_proxy_in_the_file_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    path = tmp_path / "watcher.yaml"
    path.write_text(f"fetch:\n  {key}\n")
    with pytest.raises(ConfigError, match="WATCHER_FETCH__PROXY_LOGIN") as caught:
        load_settings(path, {})
    assert "hunter2" not in str(caught.value)


def test_the_login_of_the_proxy_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "login"
    secret.write_text("clerk:hunter2\n")
    proxy = {"WATCHER_FETCH__PROXY": "http://proxy.example:3128"}
    for more in ({"WATCHER_FETCH__PROXY_LOGIN": "clerk:hunter2"}, {"WATCHER_FETCH__PROXY_LOGIN_FILE": str(secret)}):
        fetch = load_settings(tmp_path / "none.yaml", {**proxy, **more}).fetch
        assert proxy_of(fetch) == Proxy(host="proxy.example", port=3128, login="clerk:hunter2")
        assert "hunter2" not in repr(fetch)
    with pytest.raises(ConfigError, match="user:password"):
        load_settings(tmp_path / "none.yaml", {**proxy, "WATCHER_FETCH__PROXY_LOGIN": "hunter2"})


def test_without_a_proxy_in_the_settings_there_is_none(tmp_path: Path) -> None:
    assert proxy_of(load_settings(tmp_path / "none.yaml", {"HTTP_PROXY": "http://proxy.example:3128"}).fetch) is None


def test_a_contact_that_no_header_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"fetch\.contact"):
        load_settings(tmp_path / "none.yaml", {"WATCHER_FETCH__CONTACT": "me\r\nX-Other: 1"})
