"""Learning rules: found by name, with the fields that their settings ask for."""

import dataclasses

import pytest

from spikeloom.hdl import ConfigError, CoreConfig, LearningConfig
from spikeloom.hdl.contract.fields import unsigned_field
from spikeloom.hdl.contract.rules import RULES, RuleModel, find_rule, register_rule
from spikeloom.hdl.contract.rules.model import trace_parameters, trace_x, trace_y

RULE = RuleModel(
    name="test_rule",
    parameters=lambda c, widths: (*trace_parameters(c), unsigned_field("z", widths.weight_bits)),
    axon_states=trace_x,
    neuron_states=trace_y,
    settings=("pairing",),
    golden=dataclasses.dataclass,
    gateware="spikeloom.hdl.learning.rules.pair:Pair",
)


@pytest.fixture(autouse=True)
def registered():
    register_rule(RULE)
    yield
    RULES._parts.pop(RULE.name)


def test_finds_spikeloom_s_own_and_registered_rules():
    own = ["pair", "rectangular", "symmetric", "three_factor", "sdsp", "lag_table"]
    assert list(RULES) == [*own, "test_rule"]
    for name in own:
        rule = find_rule(name)
        assert (rule.name, RULES.origin(name)) == (name, None)
        assert rule.part("golden").__module__ == f"spikeloom.sim.golden.learning.{name}"
        assert rule.part("gateware").__module__ == f"spikeloom.hdl.learning.rules.{name}"
    assert find_rule("test_rule") is RULE
    assert RULES.origin("test_rule") == "dataclasses"


def test_a_core_has_the_fields_of_its_rule():
    learning = LearningConfig(rule="test_rule", trace_bits=6, pairing="nearest")
    layout = CoreConfig(neurons=4, axons=3, weight_bits=9, learning=learning).layout
    named = {f.name: f.bits for f in layout.learning}
    assert list(named) == ["enabled", "w_min", "w_max", "x_inc", "d_x", "y_inc", "d_y", "z"]
    assert (named["x_inc"], named["z"]) == (6, 9)


def test_refuses_names_and_settings_that_there_are_not():
    with pytest.raises(ConfigError, match=r"learning rule is 'none'; choose one of pair, .*plugin"):
        LearningConfig(rule="none")
    with pytest.raises(ConfigError, match="'test_rule' has no setting bounds"):
        LearningConfig(rule="test_rule", bounds="soft")
    with pytest.raises(ConfigError, match="'pair' is a learning rule of SpikeLoom"):
        register_rule(dataclasses.replace(RULE, name="pair"))
