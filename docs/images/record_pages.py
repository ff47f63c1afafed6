"""Recorder of the dashboard: writes screenshots of a real run of the demo, in a browser without internet access.

Run it in the checkout after `make browser`: `.venv/bin/python docs/images/record_pages.py`.
"""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Locator, Page, sync_playwright

HERE = Path(__file__).parent
REAL, SIMULATED = "jdg_summaries", "jdg_xyz789"
_FLAGS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
_TRAIN = """
mutation Train($input: CreateTrainingJobInput!) { createTrainingJob(input: $input) { trainingJob { id } } }
"""


@contextmanager
def demo() -> Iterator[tuple[str, str]]:
    """Run the demo and yield the URL and the key of its server once the data is loaded."""
    command = [sys.executable, "-m", "cli.start", "demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if "Ctrl-C" in line:
                break
        address, key_file = re.search(r"http://\S+", output), re.search(r"/\S+/admin\.key", output)
        assert address, output
        assert key_file, output
        try:
            yield address[0], Path(key_file[0]).read_text().strip()
        finally:
            process.send_signal(signal.SIGINT)


def open_dashboard(browser: Browser, url: str, key: str, width: int = 1280, scheme: str = "light") -> Page:
    """Open the dashboard in a new tab and enter the key.

    Args:
        browser: the running browser.
        url: URL of the server.
        key: API key.
        width: width of the tab in pixels.
        scheme: colour scheme, `light` or `dark`.
    """
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(url)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Open").click()
    page.get_by_role("heading", level=1).wait_for()
    return page


def show(page: Page, *address: str) -> None:
    """Go to a view and wait until it is loaded."""
    page.evaluate("hash => { location.hash = hash }", f"#/{'/'.join(address)}")
    page.wait_for_timeout(300)
    page.locator(".loading").first.wait_for(state="detached", timeout=60_000)
    page.wait_for_timeout(700)


def save_screenshot(target: Page | Locator, name: str) -> None:
    """Write a screenshot to a file."""
    target.screenshot(path=HERE / f"{name}.png")
    print(f"{name}.png: {(HERE / f'{name}.png').stat().st_size / 1000:.0f} kB")


def main() -> None:
    """Record all pictures."""
    with demo() as (url, key), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        page = open_dashboard(browser, url, key)
        show(page, "judges", REAL)
        save_screenshot(page, "dashboard-judge")
        page.locator("main section a", has_text="Full retrain").first.click()
        page.get_by_role("heading", name="Proof").wait_for()
        page.locator("figure.chart .calibration").wait_for()
        save_screenshot(page.locator("section", has=page.get_by_role("heading", name="Proof")), "dashboard-proof")
        show(page, "judges", SIMULATED, "review")
        page.keyboard.press("2")
        save_screenshot(page, "dashboard-review")

        config = {"learningRate": 0.01, "maxEpochs": 300, "validationSplit": 0.25, "earlyStopping": False}
        job_input = {"judgeId": SIMULATED, "trainingType": "FULL_RETRAIN", "trainingConfig": config}
        answer = httpx.post(
            f"{url}/graphql",
            json={"query": _TRAIN, "variables": {"input": job_input}},
            headers={"authorization": f"Bearer {key}"},
            trust_env=False,
        ).json()
        dark = open_dashboard(browser, url, key, scheme="dark")
        dark.evaluate(
            "hash => { location.hash = hash }", f"#/jobs/{answer['data']['createTrainingJob']['trainingJob']['id']}"
        )
        loss = dark.get_by_role("img", name=re.compile("^Loss"))
        loss.wait_for(timeout=120_000)
        while int(loss.get_attribute("data-points") or 0) < 60:
            time.sleep(0.02)
        save_screenshot(dark, "dashboard-live")

        phone = open_dashboard(browser, url, key, width=390)
        show(phone, "judges", REAL)
        save_screenshot(phone, "dashboard-phone")
        browser.close()


if __name__ == "__main__":
    main()
