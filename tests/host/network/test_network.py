import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.hdl.contract.errors import InputError
from spikeloom.network.network import IF, LIF, Network

finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-6, 1e6)


@given(size=st.integers(1, 20), threshold=positive, tau=positive, data=st.data())
def test_parameters_are_one_value_for_each_neuron(size, threshold, tau, data):
    bias = data.draw(hnp.arrays(np.float64, size, elements=finite))
    values = LIF(tau, v_threshold=threshold, bias=bias).parameters(size)
    assert all(array.shape == (size,) for array in values.values())
    assert np.all(values["v_threshold"] == threshold)
    assert np.all(values["tau_mem"] == tau)
    assert np.array_equal(values["bias"], bias)


def test_a_tuple_is_a_pair_of_receptors_and_a_list_is_one_value_for_each_neuron():
    pair = IF(tau_syn=(5e-3, 10e-3))
    each = IF(tau_syn=[5e-3, 10e-3])
    assert (pair.receptors, each.receptors) == (2, 1)
    values = pair.parameters(2)
    assert values["tau_exc"].tolist() == [5e-3, 5e-3]
    assert values["tau_inh"].tolist() == [10e-3, 10e-3]
    values = each.parameters(2)
    assert values["tau_exc"].tolist() == values["tau_inh"].tolist() == [5e-3, 10e-3]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LIF(), "needs tau_mem"),
        (lambda: LIF(20e-3, leak="linear"), "needs leak_step"),
        (lambda: LIF(20e-3, leak="none"), "use IF"),
        (lambda: LIF(20e-3, leak_step=0.1), "takes no leak_step"),
        (lambda: LIF(-1.0), "tau_mem is -1"),
        (lambda: IF(v_threshold=np.nan), "v_threshold is nan"),
        (lambda: IF(v_threshold="high"), "v_threshold is 'high'"),
        (lambda: IF(bias=np.zeros((2, 2))), "bias has shape"),
        (lambda: IF(refractory=-1e-3), "refractory is -0.001"),
        (lambda: IF(reset="zero"), 'choose "value" or "subtract"'),
        (lambda: IF(reset="subtract", v_reset=0.5), "v_reset has no meaning"),
        (lambda: IF(reset="subtract", v_threshold=0.0), "positive v_threshold"),
        (lambda: IF(tau_syn=(1e-3, 2e-3, 3e-3)), "pair"),
    ],
)
def test_impossible_neurons_are_refused_with_a_reason(make, message):
    with pytest.raises(InputError, match=message):
        make()


@given(dt=st.one_of(st.floats(max_value=0), st.just(np.nan), st.just(np.inf)))
def test_a_time_step_has_a_positive_length(dt):
    with pytest.raises(InputError, match="dt is"):
        Network(dt)


@pytest.mark.parametrize("size", [0, -1, 1.0, True, "4", None])
def test_a_size_is_a_positive_integer(size):
    with pytest.raises(InputError, match="size of 'a'"):
        Network().input("a", size)


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_text(name):
    with pytest.raises(InputError, match="non-empty string"):
        Network().input(name, 1)


def test_names_are_unique_among_inputs_and_populations():
    network = Network()
    network.input("a", 1)
    with pytest.raises(InputError, match="another name"):
        network.population("a", 1, IF())
    assert list(network.populations) == []


def test_a_population_takes_neurons_of_its_size():
    network = Network()
    with pytest.raises(InputError, match="bias has 3 values for 2 neurons"):
        network.population("a", 2, IF(bias=[1, 2, 3]))
    with pytest.raises(InputError, match="give an IF"):
        network.population("a", 2, "LIF")
    assert list(network) == []


@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    other=hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=5),
)
def test_weights_have_a_row_for_each_source(shape, other):
    network = Network()
    source = network.input("a", shape[0])
    target = network.population("b", shape[1], IF())
    if other == shape:
        projection = network.connect(source, target, np.ones(other))
        assert network.projections == [projection]
    else:
        with pytest.raises(InputError, match="weights have shape"):
            network.connect(source, target, np.ones(other))
        assert network.projections == []


def test_projections_join_neurons_of_the_same_network():
    network, other = Network(), Network()
    source = network.input("a", 1)
    target = network.population("b", 1, IF())
    with pytest.raises(InputError, match="cannot be a target"):
        network.connect(target, source, [[1.0]])
    with pytest.raises(InputError, match="not a population of this network"):
        network.connect(source, other.population("b", 1, IF()), [[1.0]])
    with pytest.raises(InputError, match="NaN"):
        network.connect(source, target, [[np.nan]])
    with pytest.raises(InputError, match="array of numbers"):
        network.connect(source, target, [["strong"]])


def test_a_projection_keeps_its_own_weights():
    network = Network()
    weights = np.ones((1, 1))
    projection = network.connect(network.input("a", 1), network.population("b", 1, IF()), weights)
    weights[0, 0] = 7
    assert projection.weights[0, 0] == 1
