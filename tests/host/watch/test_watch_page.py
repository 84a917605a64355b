"""The live view in Chromium, without a display: a golden model behind the page."""

import asyncio
import shutil
import threading

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from spikeloom.demos.watch_example import example_design, example_input
from spikeloom.device.golden import GoldenDevice
from spikeloom.watch.runner import Runner
from spikeloom.watch.server import PageServer
from spikeloom.watch.source import LiveSource
from spikeloom.watch.stimulus import Stimulus

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="no Chromium here: apt-get install chromium chromium-driver",
    ),
    pytest.mark.timeout(120),
]

SECONDS = 60
"""That anything may take."""

FIND = """
    function* roots(root) {
        yield root;
        for (const e of root.querySelectorAll("*")) if (e.shadowRoot) yield* roots(e.shadowRoot);
    }
    for (const root of roots(document))
        for (const found of root.querySelectorAll(arguments[0]))
            if (found.textContent.trim() == arguments[1] && found.getClientRects().length)
                return arguments[2] ? root.querySelector(arguments[2]) : found;
"""
"""The element that shows that text, or one beside it by its selector, in any shadow root."""
DRAWN = "return window.Bokeh !== undefined && Bokeh.documents.length > 0"


class Tab:
    """The page in a browser, as somebody who looks at it and uses mouse and keyboard."""

    def __init__(self, driver):
        self.driver = driver

    def wait(self, condition, what):
        return WebDriverWait(self.driver, SECONDS, 0.05).until(lambda _: condition(), what)

    def find(self, selector, text, beside=None):
        return self.wait(
            lambda: self.driver.execute_script(FIND, selector, text, beside), f"no {text!r}"
        )

    def press(self, label):
        self.find("button", label).click()

    def type(self, label, text):
        field = self.find("label", label, "input")
        held = len(field.get_attribute("value"))
        field.send_keys(Keys.END, Keys.BACKSPACE * held, text, Keys.ENTER)

    def model(self, name, expression):
        """A JavaScript expression of `m`, what is drawn under that name."""
        script = (
            f"const m = Bokeh.documents[0].get_model_by_name(arguments[0]); return {expression}"
        )
        return self.driver.execute_script(script, name)

    def points(self, name):
        return self.model(name, "m.data.x.length")

    def rate(self, population):
        drawn = self.model("rates of populations", f"Array.from(m.data[{population!r}])")
        return sum(drawn) / len(drawn) if drawn else 0.0


@pytest.fixture(scope="module")
def device():
    return GoldenDevice(example_design())


@pytest.fixture(scope="module")
def runner(device):
    source = LiveSource(device, Stimulus(device.design, replay=example_input()))
    runner = Runner(source, pace=1000.0)
    runner.start()
    yield runner
    runner.stop()


@pytest.fixture(scope="module")
def url(runner):
    ready, servers = threading.Event(), []

    def serve():
        asyncio.set_event_loop(asyncio.new_event_loop())
        servers.append(PageServer(runner, "golden:"))
        ready.set()
        servers[0].run()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(SECONDS)
    yield servers[0].url
    servers[0].stop()
    thread.join(SECONDS)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def tab(url):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--window-size=1600,1000"):  # fmt: skip
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        driver.set_page_load_timeout(SECONDS)
        driver.set_script_timeout(SECONDS)
        driver.get(url)
        tab = Tab(driver)
        tab.wait(lambda: driver.execute_script(DRAWN), "nothing is drawn")
        yield tab
    finally:
        driver.quit()


@pytest.fixture
def running(tab, runner):
    """The tab, with the device running as the first test found it."""
    runner.set_running(True)
    return tab


def test_the_page_has_all_it_shows_and_asks_no_other_server(tab, url):
    tab.find("button", "Pause")
    assert tab.driver.title == "SpikeLoom: golden:"
    drawn = [tab.model(name, "m.title.text") for name in
             ("raster", "rates", "potentials", "weights", "changes")]  # fmt: skip
    assert all(drawn[:3])
    for counter in ("steps", "synaptic operations", "weight updates"):
        tab.find("td", counter)
    asked = tab.driver.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert asked
    assert all(address.startswith(url) for address in asked)
    errors = [line for line in tab.driver.get_log("browser") if line["level"] == "SEVERE"]
    assert [line for line in errors if "favicon" not in line["message"]] == []


def test_spikes_potentials_rates_weights_and_counters_are_drawn_while_it_runs(running):
    tab = running
    for name in ("spikes of stimulus", "spikes of excitatory", "spikes of inhibitory"):
        tab.wait(lambda name=name: tab.points(name) > 20, f"no {name}")
    tab.wait(lambda: tab.points("potential 0") == 1000, "no potentials")
    tab.wait(lambda: tab.rate("inhibitory") > 0, "no rates")
    tab.wait(
        lambda: max(tab.model("map of changes", "Array.from(m.data.image[0])")) > 0, "no learning"
    )
    text = tab.model("counters", "m.text")
    tab.wait(lambda: tab.model("counters", "m.text") != text, "counters stand still")
    end = tab.model("raster", "m.x_range.end")
    tab.wait(lambda: tab.model("raster", "m.x_range.end") > end, "time stands still")


def test_pause_stops_the_steps_and_run_goes_on(running, device):
    tab = running
    tab.press("Pause")
    tab.find("button", "Run")
    tab.find("b", "paused")
    tab.wait(lambda: "0 steps per second" in tab.model("status", "m.text"), "no pause")
    step = device.step
    tab.wait(lambda: f"step {step:,}" in tab.model("status", "m.text"), "another step")
    drawn = tab.points("spikes of stimulus")
    assert drawn
    threading.Event().wait(0.5)
    assert device.step == step
    assert tab.points("spikes of stimulus") == drawn
    tab.press("Run")
    tab.wait(lambda: device.step > step, "it does not run again")


def test_a_threshold_that_is_typed_in_changes_the_rate(running, device):
    tab = running
    before = device.read("v_threshold")
    tab.wait(lambda: tab.points("potential 0") == 1000, "a window is not yet full")
    rate = tab.rate("excitatory")
    assert rate > 10
    tab.type("excitatory", "3.9")
    tab.wait(lambda: tab.rate("excitatory") < rate / 2, "the rate stays")
    raised = device.read("v_threshold")
    assert raised[:24].tolist() == [round(3.9 * device.design.scale[0])] * 24
    assert raised[24:].tolist() == before[24:].tolist()
    tab.type("excitatory", "1")
    tab.wait(lambda: tab.rate("excitatory") > rate / 2, "the rate stays low")
    assert device.read("v_threshold").tolist() == before.tolist()


def test_what_others_write_and_what_is_refused_is_shown(running, runner):
    tab = running
    runner.ask(lambda: runner.source.set_threshold("inhibitory", 1.5))
    tab.wait(lambda: float(tab.model("inhibitory", "m.value")) == 1.5, "another threshold")
    tab.type("potentials of neurons", "0, 99")
    message = "no neuron 99 in this core; it has 0…29"
    tab.wait(lambda: tab.model("problem", "m.text") == message, "no message")
    tab.wait(lambda: tab.model("problem", "m.visible"), "hidden")
    tab.type("potentials of neurons", "5, 29")
    tab.wait(lambda: runner.source.monitored == (5, 29), "no choice")
