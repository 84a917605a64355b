"""Takes the pictures of the live view and of what a notebook shows, in a browser without a display.

Run it with: python docs/screenshots.py [live-view] [jupyter-repr]
It needs Chromium and its driver (apt-get install chromium chromium-driver), and takes two minutes:
the simulated board is compiled the first time, and learns a while before its picture is taken.
"""

from __future__ import annotations

import asyncio
import html
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

import spikeloom
from spikeloom.demos.watch_example import example_design, example_input
from spikeloom.display.progress import progress_bar
from spikeloom.watch.runner import Runner
from spikeloom.watch.server import PageServer
from spikeloom.watch.source import LiveSource
from spikeloom.watch.stimulus import Stimulus

IMAGES = Path(__file__).with_name("images")
LEARNED = 6000
"""Steps after which the live view's picture is taken."""
SECONDS = 300
"""That anything may take."""

_DRAWN = "return (window.Bokeh?.documents.length ?? 0) > 0 && Bokeh.documents[0].is_idle"

CELLS = (
    'board = spikeloom.open("twin:", design)\nboard',
    "run = board.run({name: rows[:600] for name, rows in spikes.items()})\nrun",
    "board.parameters.v_threshold[:24] = 1.5\nboard.parameters.v_threshold",
    "board.weights",
)
STYLE = """
    body { margin: 14px; font: 14px "DejaVu Sans", sans-serif; color: #22303c; background: white; }
    .cell { display: grid; grid-template-columns: 70px 780px; gap: 4px 8px; margin-bottom: 12px; }
    .number { text-align: right; font: 13px "DejaVu Sans Mono", monospace; padding-top: 6px; }
    .in { color: #303f9f; } .out { color: #bf5b3d; }
    .code { background: #f5f5f5; border: 1px solid #e0e0e0; padding: 6px 8px; margin: 0;
            font: 13px "DejaVu Sans Mono", monospace; }
    .result { padding: 2px 8px; } .result p { margin: 4px 0; }
    table { border-collapse: collapse; font-size: 12px; }
    td { padding: 3px 8px; } tr:nth-child(odd) { background: #f5f5f5; }
"""


@contextmanager
def browser(width: int, height: int) -> Iterator[webdriver.Chrome]:
    """Chromium, with a window of that size in pixels."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        sys.exit("Chromium is missing: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--hide-scrollbars"):  # fmt: skip
        options.add_argument(flag)
    window = webdriver.Chrome(options=options, service=Service(driver))
    try:
        window.set_page_load_timeout(SECONDS)
        window.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        yield window
    finally:
        window.quit()


@contextmanager
def served(runner: Runner, where: str) -> Iterator[str]:
    """The address at which a runner's page is served from a thread."""
    ready, servers = threading.Event(), []

    def serve() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        servers.append(PageServer(runner, where))
        ready.set()
        servers[0].run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(SECONDS)
    try:
        yield servers[0].url
    finally:
        servers[0].stop()
        thread.join(SECONDS)


def wait_until(done: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > end:
            sys.exit(f"nothing to see after {SECONDS} s")
        time.sleep(0.1)


def live_view(path: Path) -> None:
    """A network that learns on the simulated board."""
    design = example_design()
    with spikeloom.open("twin:", design) as board:
        source = LiveSource(board, Stimulus(design, replay=example_input()))
        runner = Runner(source, pace=1000.0)
        runner.start()
        try:
            with progress_bar("learn", LEARNED) as advance:
                learned = 0
                while learned < LEARNED:
                    time.sleep(0.2)
                    step = min(source.view().step, LEARNED)
                    advance(step - learned)
                    learned = step
            with served(runner, "twin:") as url, browser(1560, 1020) as window:
                window.get(url)
                wait_until(lambda: window.execute_script(_DRAWN))
                time.sleep(1.0)
                window.save_screenshot(str(path))
        finally:
            runner.stop()


def jupyter_repr(path: Path) -> None:
    """What IPython hands to a notebook for a board, a run, parameters and weights."""
    shell = InteractiveShell.instance()
    shell.push({"spikeloom": spikeloom, "design": example_design(), "spikes": example_input()})
    parts = []
    for number, code in enumerate(CELLS, 1):
        with capture_output():
            shown = shell.run_cell(code)
        shown.raise_error()
        formats, _ = shell.display_formatter.format(shown.result)
        result = formats.get("text/html") or f"<pre>{html.escape(formats['text/plain'])}</pre>"
        parts.append(
            f'<div class="cell"><div class="number in">In [{number}]:</div>'
            f'<pre class="code">{html.escape(code)}</pre>'
            f'<div class="number out">Out[{number}]:</div>'
            f'<div class="result">{result}</div></div>'
        )
    shell.user_ns["board"].close()
    page = f"<meta charset='utf-8'><style>{STYLE}</style>{''.join(parts)}"
    with tempfile.TemporaryDirectory() as folder, browser(900, 400) as window:
        file = Path(folder) / "page.html"
        file.write_text(page)
        window.get(file.as_uri())
        height = window.execute_script("return document.documentElement.scrollHeight")
        window.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 900, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        window.save_screenshot(str(path))


PICTURES: dict[str, Callable[[Path], None]] = {
    "live-view": live_view,
    "jupyter-repr": jupyter_repr,
}


def main() -> None:
    """Take the pictures named on the command line, or all."""
    IMAGES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        path = IMAGES / f"{name}.png"
        PICTURES[name](path)
        print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
