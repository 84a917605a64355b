"""docs/how-to/add-a-neuron-model.md, followed word for word in an empty folder."""

import pytest
from how_to import Page

PAGE = Page("add-a-neuron-model.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder outside the repository with the files of the page."""
    folder = tmp_path_factory.mktemp("model")
    assert PAGE.write_files(folder) == ["floored.py", "try_floored.py"]
    return folder


@pytest.mark.timeout(600)
def test_the_commands_do_what_the_page_says(folder):
    assert PAGE.run_commands(folder) == 3
    assert "module spikeloom" in (folder / "floored.v").read_text()


@pytest.mark.timeout(600)
def test_a_script_that_registers_the_model_is_passed_on_to_the_simulator(folder):
    script = """
if __name__ == "__main__":
    from spikeloom.sim.cosim import run

    print(run(None, range(1), neuron="floored").to_dict()["ok"])
"""
    (folder / "whole.py").write_text((folder / "floored.py").read_text() + script)
    assert PAGE.run(["python", "whole.py"], folder).endswith("True\n")


def test_a_package_announces_the_model_by_an_entry_point(folder, tmp_path):
    PAGE.install(tmp_path, "floored")
    config = 'CoreConfig(neurons=3, axons=2, neuron_model="floored")'
    code = f"from spikeloom import CoreConfig; print({config}.model.name)"
    assert PAGE.run(["python", "-c", code], folder, PYTHONPATH=str(tmp_path)) == "floored\n"


def test_without_the_plugin_the_model_is_named(folder):
    output = PAGE.run(["spikeloom", "verilog", "floored.slm"], folder, ok=False)
    assert "needs the neuron model 'floored'" in output
    assert "--plugin FILE.py" in output
