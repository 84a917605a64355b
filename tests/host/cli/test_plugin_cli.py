"""Parts of one's own on the command line: `--plugin`, and `cosim --neuron`."""

import os
import sys
from types import SimpleNamespace

import pytest
from designs import CONFIG

from spikeloom import cli


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line; gives exit code, stdout, stderr."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def test_a_plugin_is_imported_before_the_command_runs(run, monkeypatch, tmp_path):
    core_file = tmp_path / "core.toml"
    core_file.write_text(CONFIG.to_toml())
    plugin = tmp_path / "test_cli_plugin.py"
    plugin.write_text("import os\nos.environ['TEST_PLUGIN_RAN'] = __name__\n")
    monkeypatch.setenv("TEST_PLUGIN_RAN", "")
    monkeypatch.setenv("SPIKELOOM_PLUGINS", "")
    monkeypatch.chdir(tmp_path)  # other processes run in other folders
    assert run("--plugin", plugin.name, "verilog", core_file, "-o", tmp_path / "core.v")[0] == 0
    assert os.environ["TEST_PLUGIN_RAN"] == "spikeloom_plugin_test_cli_plugin"
    assert os.environ["SPIKELOOM_PLUGINS"] == str(plugin)
    code, _, err = run("--plugin", tmp_path / "absent.py", "verilog", core_file)
    assert (code, "there is no plugin" in err) == (1, True)


def test_cosim_has_a_random_core_of_the_neuron_model_that_it_is_told(run, monkeypatch):
    calls = []

    def simulate(config, seeds, *, neuron, out, progress, cocotb):
        calls.append((config, neuron))
        return SimpleNamespace(ok=True, to_dict=dict)

    monkeypatch.setitem(
        sys.modules, "spikeloom.sim.cosim", SimpleNamespace(run=simulate, __path__=[])
    )
    assert run("cosim", "--neuron", "other", "--json")[0] == 0
    assert calls == [(None, "other")]
