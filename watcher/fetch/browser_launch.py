"""Starting and ending Chromium with Playwright, which is imported only here and when a page is to be read."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from watcher.errors import FetchError
from watcher.fetch import browser_process as process
from watcher.model.capture import Outcome

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

PROFILE_PREFIX = "playwright_"  # how the driver names the profile folders that it makes
REMOVAL_TRIES = 20
REMOVAL_PAUSE_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserOptions:
    """How pages are read with a browser.

    `executable` is Chromium's path or name, "" for the first on PATH. A page that is loaded and still moves after
    `settle_seconds` is taken as it is. Screenshots are cut at `screenshot_maximum_height` pixels and left out over
    `screenshot_maximum_bytes`. Over `maximum_memory_bytes` the browser is ended. One browser serves `maximum_fetches`
    and is closed after `idle_seconds`. `arguments` are further switches of Chromium.
    """

    executable: str = ""
    settle_seconds: float = 15.0
    screenshot_maximum_height: int = 8000
    screenshot_maximum_bytes: int = 8_000_000
    maximum_memory_bytes: int = 2_000_000_000
    maximum_fetches: int = 50
    idle_seconds: float = 300.0
    arguments: tuple[str, ...] = ()


class Running:
    """A browser that runs: its process group, the driver that started it, and its folder.

    `on_end` is called when it ends by itself.
    """

    def __init__(self, *, playwright: Playwright, browser: Browser, home: Path, pid: int) -> None:
        self.browser = browser
        self.leader = process.known(pid)
        self.on_end: Callable[[], None] | None = None
        self._playwright = playwright
        profile = process.profile_of(pid)
        self._folders = [home]
        if profile is not None and profile.name.startswith(PROFILE_PREFIX):
            self._folders.append(profile)
        driver = process.parent_of(pid)
        self._driver = process.known(driver) if driver is not None else None
        browser.on("disconnected", lambda _: self.on_end() if self.on_end is not None else None)

    @property
    def name(self) -> str:
        """ "Chromium 156"."""
        return f"Chromium {self.browser.version.partition('.')[0]}"

    async def close(self, seconds: float) -> None:
        """End the browser and its driver: by asking, and where that does not help within `seconds`, by force."""
        from playwright.async_api import Error

        with suppress(Error, TimeoutError):
            async with asyncio.timeout(seconds):
                await self.browser.close()
        self.end_browser()
        try:
            async with asyncio.timeout(seconds):
                await self._playwright.stop()
        except (Error, TimeoutError):
            self.kill()
        await self._remove_folders()

    async def _remove_folders(self) -> None:
        """Remove what the browser stored. Its driver does not get to it when it is stopped right after a browser that
        was ended by force, and processes that are about to end may still write."""
        for _ in range(REMOVAL_TRIES):
            for folder in self._folders:
                shutil.rmtree(folder, ignore_errors=True)
            if not any(folder.exists() for folder in self._folders):
                return
            await asyncio.sleep(REMOVAL_PAUSE_SECONDS)

    def end_browser(self) -> None:
        """End the browser by force; its driver lives, and clears up after it."""
        process.end_group(self.leader)

    def kill(self) -> None:
        """End the browser and its driver by force; may be called from any thread."""
        self.end_browser()
        if self._driver is not None:
            process.end_process(self._driver)


async def launch(options: BrowserOptions) -> Running:
    """Start Chromium. FetchError says what is missing, or what it said when it did not start."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as error:
        raise _missing(
            "this Source is read with a browser, and the extra `browser` is not installed: "
            "install it with `pip install 'watcher[browser]'`"
        ) from error
    executable = process.find_executable(options.executable)
    if process.is_root():
        log.warning("browser_without_sandbox", reason="root has none; run watcher as a user of its own")
    home = Path(tempfile.mkdtemp(prefix="watcher-browser-"))
    playwright = await async_playwright().start()
    try:
        browser = await playwright.chromium.launch(
            executable_path=executable,
            args=[*process.ARGUMENTS, *options.arguments],
            ignore_default_args=list(process.UNWANTED_DEFAULTS),
            chromium_sandbox=not process.is_root(),
            env=process.environment(home),
            artifacts_dir=home / "artifacts",
            proxy={"server": process.DEAD_END_PROXY, "bypass": "<-loopback>"},
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        session = await browser.new_browser_cdp_session()
        processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
        await session.detach()
    except BaseException as error:
        await playwright.stop()
        shutil.rmtree(home, ignore_errors=True)
        if isinstance(error, Error):
            raise _missing(f"{executable} did not start: {_reason(error)}") from error
        raise
    pid = next(one["id"] for one in processes if one["type"] == "browser")
    return Running(playwright=playwright, browser=browser, home=home, pid=pid)


def _missing(message: str) -> FetchError:
    return FetchError(message, outcome=Outcome.NETWORK_ERROR, transient=False)


def _reason(error: Exception) -> str:
    """The line of a failed start that says most: the browser's own last word on an error, else the first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in lines if "ERROR" in line or "FATAL" in line or "sandbox" in line), lines[0])
