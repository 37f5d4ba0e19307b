"""The Chromium that takes the stills, and that the tests drive."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
# No telemetry, no updates, no other machine, no GPU that this one may not have; the same colors and letters every time.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--force-color-profile=srgb",
    "--disable-lcd-text",
)
NO_BROWSER = "no Chromium: `python -m playwright install chromium` gets one, or set VQEDU_CHROMIUM to a browser"


def find_chromium(own: str) -> str | None:
    """Return the browser to drive: VQEDU_CHROMIUM, one on the PATH, Playwright's `own`, or None."""
    if chosen := os.environ.get("VQEDU_CHROMIUM"):
        return chosen
    return next(filter(None, map(shutil.which, NAMES)), own if Path(own).exists() else None)
