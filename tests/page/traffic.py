"""What a page did while a test drove it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page, Request

LOCAL_SCHEMES = ("file:", "data:", "blob:", "about:")


@dataclass
class Traffic:
    """Console errors and uncaught exceptions as text, and the address of every request."""

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def network(self) -> list[str]:
        """The requests that would need a network."""
        return [url for url in self.requests if not url.startswith(LOCAL_SCHEMES)]


def watch(page: Page, traffic: Traffic) -> Callable[[], None]:
    """Record in `traffic` what `page` does from now on, until the function that is returned is called."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            traffic.errors.append(f"{message.text} ({message.location.get('url', '')})")

    def on_error(error: Error) -> None:
        traffic.errors.append(f"uncaught: {error}")

    def on_request(request: Request) -> None:
        traffic.requests.append(request.url)

    listeners = {"console": on_console, "pageerror": on_error, "request": on_request}
    for event, act in listeners.items():
        page.on(event, act)

    def stop() -> None:
        for event, act in listeners.items():
            page.remove_listener(event, act)

    return stop
