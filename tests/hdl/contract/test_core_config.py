"""Configurations: what is refused and how, TOML and back, and a digest of everything."""

import dataclasses
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import ConfigError, CoreConfig, LearningConfig
from spikeloom.hdl.contract.core_config import LANES, ceil_div, clog2
from spikeloom.hdl.contract.rules import RULES


@st.composite
def learning_configs(draw):
    """Any rule, with any of its settings."""
    rule = draw(st.sampled_from(sorted(RULES)))
    settings = {"trace_bits": draw(st.integers(2, 16)), "fraction_bits": draw(st.integers(0, 12))}
    settings["stochastic"] = draw(st.booleans()) if settings["fraction_bits"] else False
    values = {
        "pairing": st.sampled_from(["all", "nearest"]),
        "bounds": st.sampled_from(["hard", "soft"]),
        "rates": st.sampled_from(["shift", "multiply"]),
        "eligibility_bits": st.integers(4, 16),
        "modulator_bits": st.integers(4, 16),
    }
    settings |= {name: draw(values[name]) for name in RULES[rule].settings}
    if settings.get("bounds") == "soft":
        settings["rates"] = "shift"
    return LearningConfig(rule=rule, **settings)


@st.composite
def configs(draw):
    """Any configuration of moderate size."""
    neurons = draw(st.integers(1, 300))
    lanes = draw(st.sampled_from([p for p in LANES if p <= neurons]))
    refractory_bits = draw(st.integers(0, 8))
    return CoreConfig(
        neurons=neurons,
        axons=draw(st.integers(1, 300)),
        lanes=lanes,
        weight_bits=draw(st.integers(2, 16)),
        weight_shift=draw(st.integers(0, 15)),
        state_bits=draw(st.integers(8, 32)),
        receptors=draw(st.sampled_from([1, 2])),
        synapse=draw(st.sampled_from(["exponential", "delta"])),
        leak=draw(st.sampled_from(["exponential", "linear", "none"])),
        reset=draw(st.sampled_from(["value", "subtract"])),
        refractory_bits=refractory_bits,
        integrate_refractory=draw(st.booleans()) if refractory_bits else False,
        bias=draw(st.booleans()),
        adaptation=draw(st.sampled_from(["none", "exponential", "rate"])),
        parameters=draw(st.sampled_from(["shared", "per_neuron"])),
        monitors=draw(st.integers(0, 64)),
        learning=draw(st.none() | learning_configs()),
    )


BASE = CoreConfig(neurons=40, axons=20, lanes=4, route_entries=8)
OTHER = {
    "neurons": 41, "axons": 21, "lanes": 8, "weight_bits": 9, "weight_shift": 1,
    "state_bits": 17, "receptors": 2, "synapse": "delta", "leak": "none", "reset": "subtract",
    "refractory_bits": 3, "integrate_refractory": True, "bias": False, "parameters": "per_neuron",
    "monitors": 7, "adaptation": "rate", "learning": LearningConfig(rule="pair"),
    "delay_slots": 4, "axonal_delay_slots": 2, "route_entries": 9,
}  # fmt: skip


@given(config=configs())
def test_toml_and_back(config):
    assert CoreConfig.from_toml(config.to_toml()) == config
    assert CoreConfig.from_dict(config.to_dict()) == config
    assert CoreConfig.from_toml(config.to_toml()).digest == config.digest


def test_toml_file(tmp_path):
    path = tmp_path / "core.toml"
    path.write_text("title = 'mine'\n" + BASE.to_toml() + "[other]\nx = 1\n")
    assert CoreConfig.from_toml(path) == BASE


def test_one_update_unit_of_an_older_file_has_no_effect():
    assert CoreConfig.from_toml(BASE.to_toml() + "update_units = 1\n") == BASE
    assert CoreConfig.from_dict(BASE.to_dict() | {"update_units": 1}) == BASE


@pytest.mark.parametrize("name", OTHER)
def test_digest_depends_on_every_setting(name):
    changed = dataclasses.replace(BASE, **{name: OTHER[name]})
    assert changed.digest != BASE.digest
    assert 0 <= changed.digest < 1 << 64


@given(config=configs(), data=st.data())
def test_digest_does_not_depend_on_the_order_of_settings(config, data):
    settings = data.draw(st.permutations(list(config.to_dict().items())))
    assert CoreConfig.from_dict(dict(settings)).digest == config.digest


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"neurons": 0}, "neurons is 0; give an integer from 1 to 16384"),
        ({"neurons": 16385}, "neurons is 16385"),
        ({"neurons": 8.0}, r"neurons is 8\.0; give an integer"),
        ({"neurons": True}, "neurons is True; give an integer"),
        ({"axons": "9"}, "axons is '9'; give an integer"),
        ({"weight_bits": 1}, "weight_bits is 1; give an integer from 2 to 16"),
        ({"weight_shift": 16}, "weight_shift is 16"),
        ({"state_bits": 7}, "state_bits is 7; give an integer from 8 to 32"),
        ({"refractory_bits": 9}, "refractory_bits is 9; give an integer from 0 to 8"),
        ({"monitors": -1}, "monitors is -1"),
        ({"lanes": 3}, "lanes is 3; choose one of 1, 2, 4, 8, 16, 32"),
        ({"lanes": 4.0}, r"lanes is 4\.0; choose one of"),
        ({"receptors": True}, "receptors is True; choose one of 1, 2"),
        ({"bias": 1}, "bias is 1; choose one of False, True"),
        ({"leak": "slow"}, "leak is 'slow'; choose one of 'exponential', 'linear', 'none'"),
        ({"synapse": ["delta"]}, r"synapse is \['delta'\]; choose one of"),
        ({"lanes": 8}, "8 lanes for 7 neurons; use at most 4 lanes"),
        (
            {"refractory_bits": 0, "integrate_refractory": True},
            "needs a refractory period; set refractory_bits to 1…8",
        ),
    ],
)
def test_what_no_core_can_have_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        CoreConfig(**{"neurons": 7, "axons": 5, **settings})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[core]\nneurons = 4\naxons = 4\nneuron = 5\n", "unknown setting neuron; known are"),
        ("[core]\nneurons = 4\n", "missing setting axons"),
        ("[chip]\nneurons = 4\n", r"no \[core\] table"),
        ("core = 3\n", r"no \[core\] table"),
        ("[core\n", "not TOML"),
        (
            "[core]\nneurons = 4\naxons = 4\nupdate_units = 2\n",
            "update_units is 2; it was .* leave the setting out, and use several cores",
        ),
        ("[core]\nneurons = 4\naxons = 4\nupdate_units = true\n", "update_units is True; it was"),
        (Path("does/not/exist.toml"), "cannot read does/not/exist.toml: No such file"),
    ],
)
def test_toml_that_is_no_configuration_is_refused(text, message):
    with pytest.raises(ConfigError, match=message):
        CoreConfig.from_toml(text)


@given(config=configs())
def test_layout_is_what_its_documentation_says(config):
    c, layout = config, config.layout
    assert (layout.groups - 1) * c.lanes < c.neurons <= layout.groups * c.lanes
    assert layout.padded_neurons == layout.groups * c.lanes
    assert (layout.arrival_words - 1) * 32 < c.axons <= layout.arrival_words * 32
    # The most that can be added up, in either direction, fits the accumulator; one bit less does not.
    greatest = c.axons << (c.weight_bits - 1)
    assert greatest <= 1 << (layout.accumulator_bits - 1) < 2 * greatest
    assert layout.words_per_row == layout.synapse_fields["weight"].words_per_row
    for field in layout.synapse_fields.values():
        assert field.slot_bits // 2 < field.bits <= field.slot_bits
        assert field.per_word * field.slot_bits == 32
        assert (field.words_per_row - 1) * field.per_word < c.neurons
        assert c.neurons <= field.words_per_row * field.per_word
    assert (layout.axon_groups - 1) * c.lanes < c.axons <= layout.axon_groups * c.lanes


@given(config=configs())
def test_fields_follow_the_model(config):
    c = config
    parameters = {f.name: f for f in c.layout.parameters}
    states = {f.name: f for f in c.layout.states}
    assert ("v_reset" in parameters) == (c.reset == "value")
    assert ("bias" in parameters) == c.bias
    assert ("d_mem" in parameters) == (c.leak == "exponential")
    assert ("leak" in parameters) == (c.leak == "linear")
    assert ("refractory" in parameters) == ("ref" in states) == (c.refractory_bits > 0)
    assert ("th_inc" in parameters) == ("th" in states) == (c.adaptation != "none")
    assert ("d_th" in parameters) == (c.adaptation == "exponential")
    assert ("th_dec" in parameters) == (c.adaptation == "rate")
    receptors = [""] if c.receptors == 1 else ["_exc", "_inh"]
    decaying = c.synapse == "exponential"
    assert {n for n in parameters if n.startswith("d_syn")} == {
        "d_syn" + r for r in receptors if decaying
    }
    assert {n for n in states if n.startswith("i")} == {"i" + r for r in receptors if decaying}
    high = (1 << (c.state_bits - 1)) - 1
    assert (states["v"].minimum, states["v"].maximum) == (-high - 1, high)
    for name, field in parameters.items():
        if name.startswith("d_"):
            assert (field.minimum, field.maximum) == (0, 4096)
        assert field.maximum < 1 << (field.bits - field.signed)


@given(config=configs())
def test_learning_adds_what_the_rule_needs_and_nothing_else(config):
    layout, learning = config.layout, config.learning
    if learning is None:
        assert list(layout.synapse_fields) == ["weight"]
        assert layout.learning == layout.axon_fields == layout.neuron_fields == ()
        return
    rule = RULES[learning.rule]
    names = {f.name for f in layout.learning}
    assert {"enabled", "w_min", "w_max"} <= names
    assert ("seed" in names) == learning.stochastic
    assert ("sweep_log2" in names) == rule.sweeps
    assert ("eligibility" in layout.synapse_fields) == rule.eligibility
    axon, neuron = (
        {f.name for f in fields} for fields in (layout.axon_fields, layout.neuron_fields)
    )
    assert ("tag" in axon) == ("tag" in neuron) == learning.stochastic
    assert ("modulatory" in axon) == ("m" in neuron) == rule.modulator
    assert layout.axon_fields[: len(layout.axon_states)] == layout.axon_states
    assert layout.neuron_fields[: len(layout.neuron_states)] == layout.neuron_states
    for field in (*layout.learning, *layout.axon_fields, *layout.neuron_fields):
        assert field.minimum <= 0 < field.maximum < 1 << (field.bits - field.signed)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rule": "hebb"}, "learning rule is 'hebb'; choose one of pair, rectangular"),
        ({"trace_bits": 17}, "learning.trace_bits is 17; give an integer from 2 to 16"),
        ({"trace_bits": True}, "learning.trace_bits is True; give an integer"),
        ({"fraction_bits": 13}, "learning.fraction_bits is 13; give an integer from 0 to 12"),
        ({"fraction_bits": -1}, "learning.fraction_bits is -1"),
        ({"stochastic": 1}, "learning.stochastic is 1; choose one of False, True"),
        ({"stochastic": True}, "stochastic rounding needs fraction_bits of at least 1"),
        ({"pairing": "none"}, "learning.pairing is 'none'; choose one of 'all', 'nearest'"),
        ({"bounds": "soft", "rates": "multiply"}, 'soft bounds need rates = "shift"'),
        ({"eligibility_bits": 9}, "'pair' has no setting eligibility_bits; leave it at 8"),
        ({"rule": "three_factor", "modulator_bits": 3}, "modulator_bits is 3; give .* 4 to 16"),
        ({"rule": "three_factor", "bounds": "soft"}, "has no setting bounds; leave it at 'hard'"),
        ({"rule": "rectangular", "pairing": "nearest"}, "no setting pairing; leave it at 'all'"),
        ({"rule": "sdsp", "rates": "multiply"}, "no setting rates; leave it at 'shift'"),
    ],
)
def test_what_no_rule_can_have_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        LearningConfig(**{"rule": "pair", **settings})


def test_a_rule_is_a_configuration_or_a_table():
    with pytest.raises(
        ConfigError, match=r"learning is 'pair'; give a LearningConfig, or a \[core"
    ):
        dataclasses.replace(BASE, learning="pair")
    with pytest.raises(ConfigError, match="unknown setting trace_bit; known are rule, trace_bits"):
        CoreConfig.from_dict({**BASE.to_dict(), "learning": {"rule": "pair", "trace_bit": 3}})
    with pytest.raises(ConfigError, match="missing setting rule"):
        CoreConfig.from_dict({**BASE.to_dict(), "learning": {"trace_bits": 3}})


@pytest.mark.parametrize("field", dataclasses.fields(LearningConfig), ids=lambda f: f.name)
def test_digest_depends_on_every_setting_of_the_rule(field):
    others = {
        "rule": "sdsp", "trace_bits": 9, "fraction_bits": 2, "stochastic": True, "pairing": "nearest",
        "bounds": "soft", "rates": "multiply", "eligibility_bits": 9, "modulator_bits": 9,
    }  # fmt: skip
    eligible = field.name in ("eligibility_bits", "modulator_bits")
    first = LearningConfig(rule="three_factor" if eligible else "pair", fraction_bits=3)
    second = dataclasses.replace(first, **{field.name: others[field.name]})
    digests = {dataclasses.replace(BASE, learning=rule).digest for rule in (None, first, second)}
    assert len(digests) == 3


@given(a=st.integers(1, 10**6), b=st.integers(1, 10**4))
def test_whole_number_helpers(a, b):
    assert ceil_div(a, b) == math.ceil(a / b)
    assert 1 << clog2(a) >= a > (1 << clog2(a)) // 2
