"""docs/how-to/add-a-learning-rule.md, followed word for word in an empty folder."""

import pytest
from how_to import Page

PAGE = Page("add-a-learning-rule.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder outside the repository with the files of the page."""
    folder = tmp_path_factory.mktemp("rule")
    assert PAGE.write_files(folder) == ["target_trace.py", "try_rule.py"]
    return folder


@pytest.mark.timeout(600)
def test_the_commands_do_what_the_page_says(folder):
    assert PAGE.run_commands(folder) == 3
    changed = int(PAGE.run(["python", "try_rule.py"], folder).split()[0])
    assert changed > 20


@pytest.mark.timeout(600)
def test_a_module_that_registers_the_rule_is_passed_on_to_the_simulator(folder):
    (folder / "compare.py").write_text("""
import spikeloom
import target_trace
from spikeloom.sim.cosim import run

print(run(spikeloom.Design.load("rule.slm").config, range(1)).to_dict()["ok"])
""")
    assert PAGE.run(["python", "compare.py"], folder).endswith("True\n")


def test_a_package_announces_the_rule_by_an_entry_point(folder, tmp_path):
    PAGE.install(tmp_path, "target_trace")
    code = (
        "from spikeloom.hdl import LearningConfig; "
        "print(LearningConfig(rule='target_trace').format.name)"
    )
    assert PAGE.run(["python", "-c", code], folder, PYTHONPATH=str(tmp_path)) == "target_trace\n"


def test_without_the_plugin_the_rule_is_named(folder):
    output = PAGE.run(["spikeloom", "verilog", "rule.slm"], folder, ok=False)
    assert "needs the learning rule 'target_trace'" in output
    assert "--plugin FILE.py" in output
