"""Chromium without a window over one file on disk, watched: what a page logs, asks for or opens is kept, and is a fault."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Playwright, Request, Route

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)

PHONE: Final = (390, 844)
TABLET: Final = (820, 1180)
DESK: Final = (1440, 900)

_VIOLATIONS: Final = """
window.__violations = [];
addEventListener('securitypolicyviolation', e => window.__violations.push(`${e.violatedDirective}: ${e.blockedURI}`));
"""


def executable() -> str | None:
    """Where Chromium is: ``CHROMIUM`` in the environment, or the first on the PATH."""
    return os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)


def launch(playwright: Playwright) -> Browser:
    """A browser with a profile of its own, that asks nothing of anybody by itself."""
    return playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)


@dataclass
class Visit:
    """A page that is open, and what it did that a report must not do."""

    page: Page
    file: Path
    faults: list[str] = field(default_factory=list)

    def all_faults(self) -> list[str]:
        """What was seen so far, with violations of the page's own policy."""
        return [*self.faults, *self.page.evaluate("window.__violations || []")]

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """What a function of JavaScript returns in the page."""
        return self.page.evaluate(script, argument)


Open = Callable[..., AbstractContextManager[Visit]]
"""Opens a page: :func:`visit` with the session's browser."""


@contextmanager
def visit(
    browser: Browser,
    file: Path,
    size: tuple[int, int] = DESK,
    *,
    fragment: str = "",
    wait: bool = True,
    **context: Any,
) -> Iterator[Visit]:
    """Open a file in a context of its own. ``context`` is what Playwright takes: ``color_scheme``, ``bypass_csp``, …"""
    width, height = size
    told = {"reduced_motion": "reduce", "service_workers": "block", "accept_downloads": False, **context}
    opened: BrowserContext = browser.new_context(viewport={"width": width, "height": height}, **told)
    try:
        opened.add_init_script(_VIOLATIONS)
        found = Visit(opened.new_page(), file)
        opened.route("**/*", lambda route: _only(route, found))
        _watch(opened, found)
        found.page.goto(file.as_uri() + fragment, wait_until="load" if wait else "commit")
        yield found
    finally:
        opened.close()


def _only(route: Route, found: Visit) -> None:
    """Let the file itself through and nothing else."""
    url = route.request.url.partition("#")[0]
    if url == found.file.as_uri():
        route.continue_()
    else:
        found.faults.append(f"asks for {route.request.url[:200]}")
        route.abort()


def _watch(context: BrowserContext, found: Visit) -> None:
    page = found.page

    def logged(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            found.faults.append(f"logs {message.type}: {message.text[:300]}")

    def asked(dialog: Dialog) -> None:
        found.faults.append(f"opens a dialog: {dialog.message[:200]}")
        dialog.dismiss()

    def requested(request: Request) -> None:
        if request.url.partition("#")[0] != found.file.as_uri():
            found.faults.append(f"requests {request.url[:200]}")

    page.on("console", logged)
    page.on("pageerror", lambda error: found.faults.append(f"fails: {error}"))
    page.on("dialog", asked)
    page.on("download", lambda download: found.faults.append(f"downloads {download.url[:200]}"))
    context.on("request", requested)
    context.on("page", lambda other: None if other is page else found.faults.append(f"opens {other.url[:200]}"))
