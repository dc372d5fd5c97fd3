"""From a customer's message to what a colleague sees, in real browsers."""

from __future__ import annotations

import asyncio
import time
from itertools import count

from playwright.async_api import Browser, Page, async_playwright

from bench.ears import hang_up, open_ears
from bench.figures.sockets import HELLO
from bench.ground import Ground, Grounds, run_python
from bench.report import Figure, at_most, p95
from bench.wire import at_rate, sms_call

LIMIT_MS = 500
TABS, SOCKETS = 4, 46
PER_SECOND, SECONDS = 5, 8
CHROMIUM = "/usr/bin/chromium-headless-shell"
_runs = count(1)
# Notes in the page, by its own clock, when a row first shows a text of ours.
WATCH = """
    window.shown = {};
    new MutationObserver(() => {
      for (const row of document.querySelectorAll(".row")) {
        const text = /screen \\d+ \\d+/.exec(row.textContent)?.[0];
        if (text) window.shown[text] ??= Date.now() / 1000;
      }
    }).observe(document.getElementById("rows"), { childList: true, subtree: true });
"""
ALL_SHOWN = "(texts) => texts.every((text) => text in window.shown)"


def measure(rounds: int) -> list[Figure]:
    """Webhook → rows → push → another agent's DOM with 50 screens open: four browser tabs and 46
    sockets that a browser would hold."""
    with Grounds("postgresql").new(start=("clock",)) as ground:
        run_python(
            *("manage.py", "collectstatic", "--noinput", "-v0"), environment=ground.environment
        )
        ground.start("web")
        ground.start("worker")
        ground.wait_ready("web", "worker")
        runs = asyncio.run(_measure(ground, rounds))
    name = f"webhook → DOM, {TABS + SOCKETS} screens, {PER_SECOND}/s: p95"
    return [at_most(name, runs, "ms", limit=LIMIT_MS)]


async def _measure(ground: Ground, rounds: int) -> list[float]:
    session = ground.grounds.desk["session"]
    ears = await open_ears(
        SOCKETS, port=ground.port, path="/ws/inbox/", cookie=f"sessionid={session}", hello=HELLO
    )
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        pages = [await _tab(browser, ground, session) for _ in range(TABS)]
        await _delays(ground, pages)  # warms up
        runs = [p95(await _delays(ground, pages)) for _ in range(rounds)]
        await browser.close()
    hang_up(ears)
    return runs


async def _tab(browser: Browser, ground: Ground, session: str) -> Page:
    context = await browser.new_context(base_url=ground.url)
    await context.add_cookies([{"name": "sessionid", "value": session, "url": ground.url}])
    page = await context.new_page()
    await page.goto("/?view=all")
    await page.wait_for_load_state("networkidle")
    await page.evaluate(WATCH)
    return page


async def _delays(ground: Ground, pages: list[Page]) -> list[float]:
    """Milliseconds from each call's moment until each page shows it."""
    run, number = next(_runs), PER_SECOND * SECONDS
    texts = [f"screen {run} {n}" for n in range(number)]
    calls = [
        sms_call(ground.webhook_url, sender=f"+4479{run:04}{n:04}", text=text)
        for n, text in enumerate(texts)
    ]
    started = time.time()
    await at_rate(ground.port, calls, per_second=PER_SECOND)
    for page in pages:
        await page.wait_for_function(ALL_SHOWN, arg=texts, timeout=20_000)
    shown = [await page.evaluate("window.shown") for page in pages]
    return [
        1000 * (seen[text] - started - n / PER_SECOND)
        for seen in shown
        for n, text in enumerate(texts)
    ]
