from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.teller import PASSWORD
from tests.services import free_port

CHROMIUM = "/usr/bin/chromium-headless-shell"
ROOT = Path(__file__).parents[2]


class Desk:
    """A desk of its own: web and clock as processes, and somebody who plays the customers."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            "DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.browser.settings",
            "PORT": str(port),
            "PUBLIC_URL": self.url,
            "REDIS_PREFIX": f"browser-{port}",
            "DEMO": "0",
        }
        self._ending = ExitStack()
        self._run("manage.py", "migrate", "-v0")
        self._run("manage.py", "collectstatic", "--noinput", "-v0")
        self._start("-m", "uvicorn", "config.asgi:application", "--port", str(port),
                    "--ws", "websockets-sansio", "--lifespan", "off", "--no-access-log")  # fmt: skip
        self._start("manage.py", "clock")
        self._teller = self._start("-m", "tests.browser.teller")
        self._wait()
        self.tell("furnish")

    def tell(self, do: str, **what: Any) -> Any:
        """Have something happen at the desk; what came of it."""
        questions, answers = cast("IO[str]", self._teller.stdin), self._teller.stdout
        questions.write(json.dumps({"do": do, **what}) + "\n")
        questions.flush()
        answer = json.loads(cast("IO[str]", answers).readline())
        assert "failed" not in answer, answer["failed"]
        return answer["is"]

    def end(self) -> None:
        self._ending.close()

    def _run(self, *command: str) -> None:
        subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, check=True)

    def _start(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._ending.callback(process.wait, 10)
        self._ending.callback(process.terminate)
        return process

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1)
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the desk did not start")


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.end()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


class Screen:
    """One agent's browser, and everything it complained about."""

    def __init__(self, browser: Browser, desk: Desk, **options: Any) -> None:
        self.desk = desk
        self.context: BrowserContext = browser.new_context(base_url=desk.url, **options)
        self.complaints: list[str] = []
        self.context.on("console", self._listen)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(8000)

    def sign_in(self, name: str = "grace") -> Page:
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Email").fill(f"{name}@desk.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/")
        return self.page

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def screen(browser: Browser, desk: Desk, request: pytest.FixtureRequest) -> Iterator[Screen]:
    """A browser of 1280 × 800 in which nothing went wrong: no error, no refused request of a
    policy. `@pytest.mark.parametrize("screen", [{…}], indirect=True)` gives other options."""
    options = {"viewport": {"width": 1280, "height": 800}} | getattr(request, "param", {})
    screen = Screen(browser, desk, **options)
    yield screen
    screen.context.close()
    assert screen.complaints == []


@pytest.fixture
def page(screen: Screen) -> Page:
    """Grace's inbox."""
    return screen.sign_in()
