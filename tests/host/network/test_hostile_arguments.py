"""Arguments that NumPy would reinterpret are refused; what is accepted is the network's own."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LIF, ConfigError, InputError, Network, PairSTDP

RULE = {"tau_plus": 0.02, "tau_minus": 0.02, "a_plus": 0.1, "a_minus": 0.1, "w_max": 1.0}
MASKED = np.ma.array([[0.5]], mask=[[True]])
HOSTILE = [
    None, "0.5", "five", True, 1j, b"1", np.datetime64("2020-01-01"), np.timedelta64(1, "s"),
    10**400, Decimal("NaN"), object(), {}, [[1.0], [1.0, 2.0]], np.array([[1 + 1j]]),
    np.array([["1"]]), np.array([[True]]), MASKED, np.zeros(1, dtype=[("a", float)]),
    np.array([[None]]), np.array([[10**400]]), float("nan"), float("inf"),
]  # fmt: skip


def pair():
    network = Network(learning=PairSTDP(**RULE))
    return network, network.input("i", 1), network.population("p", 1, IF())


def connect(**options):
    network, source, target = pair()
    return network.connect(source, target, **{"weights": [[0.5]], **options})


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize(
    "make",
    [
        lambda v: Network(dt=v),
        lambda v: IF(v_threshold=v),
        lambda v: IF(v_threshold=0.5, v_rest=v),
        lambda v: LIF(tau_mem=-1.0 if isinstance(v, float) else v),
        lambda v: connect(weights=v),
        lambda v: connect(delay=v) if v is not None else connect(weights=v),
        lambda v: connect(axonal_delay=v) if v is not None else connect(weights=v),
        lambda v: PairSTDP(**RULE | {"tau_plus": v}),
        lambda v: PairSTDP(**RULE | {"w_max": v}),
    ],
)
def test_faults_a9_a22_what_is_no_number_is_refused(make, value):
    with pytest.raises(InputError, match=r"give|must be|fill it|needs"):
        make(value)


@pytest.mark.parametrize("value", ["no", 0, 1, None, np.ones(1), [True]])
@pytest.mark.parametrize(
    "make",
    [
        lambda v: IF(integrate_refractory=v),
        lambda v: Network().population("p", 1, IF(), report=v),
        lambda v: connect(modulatory=v),
        lambda v: spikeloom.compile(pair()[0], strict=v),
    ],
)
def test_faults_a9_a_flag_is_true_or_false(make, value):
    with pytest.raises(InputError, match="give True or False"):
        make(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: connect(plastic=np.ma.array([[True]], mask=[[True]])),
        lambda: connect(plastic=[[True], [True, False]]),
        lambda: connect(plastic="yes"),
        lambda: LIF(tau_mem=0.02, reset=np.ones(2)),
        lambda: LIF(tau_mem=0.02, leak=None),
        lambda: PairSTDP(**RULE | {"tau_plus": None}),
        lambda: PairSTDP(**RULE, seed=True),
        lambda: Network().population("p", 10**9, IF()),
        lambda: Network().input("p", 10**9),
        lambda: Network().connect("i", "p", [[1.0]]),
        lambda: spikeloom.compile(None),
        lambda: spikeloom.compile(pair()[0], config="core.toml"),
        lambda: spikeloom.compile(pair()[0], fabric=5),
        lambda: spikeloom.compile(pair()[0], scale=np.ones(2)),
        lambda: spikeloom.compile(pair()[0], headroom=np.ones(2)),
        lambda: spikeloom.compile(pair()[0], weight_bits="8"),
        lambda: spikeloom.compile(pair()[0], lanes=np.ones(2)),
        lambda: spikeloom.compile(pair()[0], state_bits=16.0),
        lambda: spikeloom.compile(pair()[0], weight_bits=99),
        lambda: spikeloom.compile(pair()[0], cores="two"),
    ],
)
def test_faults_a9_a22_other_arguments_are_refused(make):
    with pytest.raises((InputError, ConfigError)):
        make()


@pytest.mark.parametrize("kind", [np.float32, np.int8, Fraction, Decimal, float, int])
def test_numbers_of_every_kind_are_taken(kind):
    assert connect(weights=[[kind(1)]]).weights.tolist() == [[1.0]]
    assert IF(v_threshold=kind(2)).parameters(3)["v_threshold"].tolist() == [2.0] * 3


def test_faults_a8_a_network_keeps_its_own_numbers():
    values = {
        name: np.array([1.0, 2.0])
        for name in ("v_threshold", "v_reset", "bias", "refractory", "tau_mem", "v_rest")
    }
    values["v_rest"] -= 9
    taus = (np.array([0.01, 0.01]), np.array([0.02, 0.02]))
    weights, plastic = np.full((1, 2), 0.5), np.ones((1, 2), dtype=bool)
    delays = np.zeros((1, 2))
    network = Network(learning=PairSTDP(**RULE))
    cells = network.population("p", 2, LIF(**values, tau_syn=taus))
    projection = network.connect(
        network.input("i", 1), cells, weights, plastic=plastic, delay=delays
    )
    before = cells.neuron.parameters(2)
    for array in (*values.values(), *taus, weights, delays):
        array[:] = 50
    plastic[:] = False
    after = cells.neuron.parameters(2)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert np.all(projection.weights == 0.5)
    assert projection.plastic.all()
    assert not projection.delays.any()
