"""How soon the first explorer or card of each page of a site is alive, at full speed and with the CPU slowed.

    python -m vqedu site OUT
    python -m tests.benchmarks.first_explorer OUT [--rounds 3] [--slow 4]

Each time the page is opened by a new browser context, without a cache, from its file, and scrolled to its first
explorer as soon as the text is there. Milliseconds from the request of the page until the explorer has been painted:
median and slowest.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from vqedu.publish.browser import FLAGS, find_chromium

# Scrolls to the first explorer; resolves when its stage is there and has been painted.
ALIVE = """() => new Promise((done) => {
    const look = () => {
        const home = document.querySelector(".vqedu-export");
        home?.scrollIntoView({ block: "center" });
        if (!home?.querySelector("canvas, button")) return requestAnimationFrame(look);
        return requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
    };
    look();
})"""


def alive_ms(browser: Browser, path: Path, slow: float) -> float:
    """Return the milliseconds until the first explorer of the page is alive."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
    page.goto(path.as_uri(), wait_until="commit")
    found = float(page.evaluate(ALIVE))
    context.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=float, default=4)
    asked = parser.parse_args()
    pages = [path for path in sorted(asked.site.glob("*.html")) if "vqedu-export" in path.read_text(encoding="utf-8")]
    print(f"{'page':28}{'ms':>8}{'slowest':>9}{f'CPU / {asked.slow:g}':>12}{'slowest':>9}")
    with sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        for path in pages:
            quick, slow = ([alive_ms(browser, path, rate) for _ in range(asked.rounds)] for rate in (1.0, asked.slow))
            values = (statistics.median(quick), max(quick), statistics.median(slow), max(slow))
            print(f"{path.name:28}{values[0]:8.0f}{values[1]:9.0f}{values[2]:12.0f}{values[3]:9.0f}")
        browser.close()


if __name__ == "__main__":
    main()
