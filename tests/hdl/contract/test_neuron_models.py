"""Neuron models: found by name, their options checked, and what they need of a core."""

import dataclasses
import sys

import pytest

from spikeloom.hdl import ConfigError, CoreConfig
from spikeloom.hdl.contract.core_config import neuron_settings
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fields import signed_field, unsigned_field
from spikeloom.hdl.contract.neurons import NEURONS, NeuronModel, find_neuron, register_neuron
from spikeloom.hdl.contract.neurons.model import MAX_FIELDS, threshold_field
from spikeloom.hdl.contract.registry import PLUGINS_VARIABLE, load_plugin, plugin_environment

SIZE = {"neurons": 7, "axons": 5}


def potential(c):
    return (signed_field("v", c.state_bits, unit="potential"),)


def check(c):
    if c.option("curve") == "steep" and c.option("order") == 1:
        raise ConfigError("a steep curve needs an order of 2 or more")


MODEL = NeuronModel(
    name="test_curved",
    options={"reset": ("value", "subtract"), "curve": ("flat", "steep"), "order": range(1, 4)},
    parameters=lambda c: (threshold_field(c), unsigned_field("slope", c.option("order") + 2)),
    states=potential,
    check=check,
    golden="spikeloom.sim.golden.neurons.lif:lif",
    soma="spikeloom.hdl.neurons.lif:LIFSoma",
)


@pytest.fixture(autouse=True)
def registered():
    register_neuron(MODEL)
    yield
    NEURONS._parts.pop(MODEL.name)


def make(**settings):
    return CoreConfig(**SIZE, neuron_model=MODEL.name, **settings)


def test_finds_spikeloom_s_own_and_registered_models():
    assert find_neuron("test_curved") is MODEL
    assert find_neuron("lif").part("soma").__name__ == "LIFSoma"
    assert "lif" in NEURONS
    assert next(iter(NEURONS)) == "lif"


def test_own_options_are_completed_and_part_of_the_canonical_form():
    config = make(neuron_options={"order": 2})
    assert dict(config.neuron_options) == {"curve": "flat", "order": 2}
    assert config.option("curve") == "flat"
    assert config.option("reset") == "value"
    assert make(neuron_options={"order": 2, "curve": "flat"}) == config
    assert hash(make(neuron_options=config.neuron_options)) == hash(config)
    assert CoreConfig.from_toml(config.to_toml()) == config
    assert "[core.neuron_options]" in config.to_toml()
    assert dataclasses.replace(config, neurons=8).neuron_options == config.neuron_options
    digests = {config.digest, make().digest, CoreConfig(**SIZE).digest}
    assert len(digests) == 3


def test_the_usual_model_leaves_no_trace_in_the_canonical_form():
    assert not {"neuron_model", "neuron_options"} & CoreConfig(**SIZE).to_dict().keys()


def test_fields_follow_from_the_options():
    layout = make(neuron_options={"order": 3}, state_bits=20).layout
    assert [(f.name, f.bits) for f in layout.parameters] == [("v_threshold", 20), ("slope", 5)]
    assert layout.parameters[0].idle == layout.parameters[0].maximum
    assert [f.name for f in layout.states] == ["v"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"neuron_options": {"curve": "round"}}, "curve is 'round'; choose one of 'flat', 'steep'"),
        ({"neuron_options": {"order": 4}}, "order is 4; give an integer from 1 to 3"),
        ({"neuron_options": {"order": True}}, "order is True; give an integer"),
        ({"neuron_options": {"slow": 1}}, "no option slow of its own; it has curve, order"),
        ({"neuron_options": 3}, "neuron_options is 3; give a dict"),
        ({"neuron_options": {"curve": "steep"}}, "a steep curve needs an order of 2"),
        ({"leak": "linear"}, "'test_curved' has no option leak; leave it at 'exponential'"),
        ({"receptors": 2}, "has no option receptors; leave it at 1"),
        ({"reset": "never"}, "reset is 'never'"),
    ],
)
def test_refuses_options_by_name(settings, message):
    with pytest.raises(ConfigError, match=message):
        make(**settings)


def test_lif_has_no_options_of_its_own():
    with pytest.raises(ConfigError, match="'lif' has no option order of its own; it has none"):
        CoreConfig(**SIZE, neuron_options={"order": 1})


def test_settings_of_a_configuration():
    base = make(neuron_options={"order": 2})
    changes = neuron_settings({"reset": "subtract", "curve": "steep"}, base)
    assert changes == {"reset": "subtract", "neuron_options": {"curve": "steep", "order": 2}}
    assert neuron_settings({"reset": "value"}) == {"reset": "value"}


def test_an_unknown_model_says_how_to_add_it():
    with pytest.raises(ConfigError, match=r"neuron model is 'none'; choose one of lif.*--plugin"):
        CoreConfig(**SIZE, neuron_model="none")


def test_spikeloom_s_own_names_are_taken():
    with pytest.raises(ConfigError, match="'lif' is a neuron model of SpikeLoom"):
        register_neuron(dataclasses.replace(MODEL, name="lif"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"states": lambda c: ()}, "has no potential"),
        ({"states": lambda c: (signed_field("v", 8),)}, "has no potential"),
        (
            {"parameters": lambda c: tuple(unsigned_field(f"p{k}", 2) for k in range(17))},
            f"has 17 parameters; a core holds at most {MAX_FIELDS}",
        ),
    ],
)
def test_refuses_what_a_core_cannot_hold(changed, message):
    register_neuron(dataclasses.replace(MODEL, **changed))
    with pytest.raises(ConfigError, match=message):
        make()


PLUGIN = """
from spikeloom.hdl.contract.neurons import register_neuron
from spikeloom.hdl.contract.neurons.lif import parameters, states
from spikeloom.hdl.contract.neurons.model import NeuronModel

def step(neurons):
    raise NotImplementedError

register_neuron(NeuronModel(
    name="test_plugin", options={}, parameters=lambda c: (), states=lambda c: states(c)[:1],
    golden=step, soma="spikeloom.hdl.neurons.lif:LIFSoma",
))
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "test_my_plugin.py"
    path.write_text(PLUGIN)
    yield path
    NEURONS._parts.pop("test_plugin", None)
    sys.modules.pop("spikeloom_plugin_test_my_plugin", None)


def test_a_plugin_is_found_by_way_of_the_environment(plugin, monkeypatch):
    assert "test_plugin" not in NEURONS
    for name, value in plugin_environment([None, str(plugin)]).items():
        monkeypatch.setenv(name, value)
    assert "test_plugin" in NEURONS
    assert NEURONS.origin("test_plugin") == str(plugin)
    assert plugin_environment([str(plugin)]) == {PLUGINS_VARIABLE: str(plugin)}


def test_origins(plugin):
    load_plugin(plugin)
    load_plugin(plugin)  # the second time nothing happens
    assert NEURONS.origin("test_plugin") == str(plugin)
    assert NEURONS.origin("lif") is None
    register_neuron(dataclasses.replace(MODEL, golden=dataclasses.replace))
    assert NEURONS.origin(MODEL.name) == "dataclasses"


def test_a_model_of_an_interactive_session_cannot_be_told_to_others(monkeypatch):
    def step(neurons):
        raise NotImplementedError

    step.__module__ = "__main__"
    monkeypatch.delattr(sys.modules["__main__"], "__file__", raising=False)
    register_neuron(dataclasses.replace(MODEL, golden=step))
    with pytest.raises(InputError, match=r"interactive session.*put it into a file"):
        NEURONS.origin(MODEL.name)


def test_what_a_plugin_does_wrong_is_said(tmp_path):
    with pytest.raises(InputError, match=r"there is no plugin .*absent\.py"):
        load_plugin(tmp_path / "absent.py")
    path = tmp_path / "test_broken_plugin.py"
    path.write_text("1 / 0")
    with pytest.raises(InputError, match=r"test_broken_plugin.py fails: ZeroDivisionError"):
        load_plugin(path)
    with pytest.raises(InputError, match="fails: ModuleNotFoundError"):
        load_plugin("no_such_module_anywhere")
