import dataclasses
import re
import sys

import numpy as np
import pytest
from delayed_networks import delayed_networks
from hypothesis import given, settings
from hypothesis import strategies as st
from placed_cores import PlacedCores
from rich.console import Console

from spikeloom.compiler import partition
from spikeloom.compiler.compile import compile
from spikeloom.compiler.place import mesh_shape, place, report
from spikeloom.design.design import Design
from spikeloom.design.placement import Placement
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.errors import FitError, InputError, MissingToolError
from spikeloom.hdl.contract.fabric_config import FabricConfig
from spikeloom.network.learning_rules import PairSTDP
from spikeloom.network.network import IF, Network
from spikeloom.sim import GoldenCore

# Networks of any kind, which need not do anything.
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.hdl.contract.errors.FitWarning")

RULE = PairSTDP(
    tau_plus=3e-3, tau_minus=3e-3, a_plus=0.5, a_minus=0.5, w_min=-3, w_max=3, stochastic=True
)
CORES = st.sampled_from([1, 2, 4, 9, 16])
METHODS = st.sampled_from(["cut", "order", "random", "given"])


def run_both(design, seed, steps=15):
    """Spikes of the network on one core, and placed."""
    rng = np.random.default_rng(seed)
    raster = np.zeros((steps, design.config.axons), dtype=bool)
    for where in design.inputs.values():
        raster[:, where] = rng.random((steps, where.stop - where.start)) < 0.4
    placement = design.placement
    cores = PlacedCores(placement.fabric, placement.core_images(design.image))
    got = placement.to_network(cores.run(placement.to_external(raster)))
    return GoldenCore(design.image).run(raster), got, cores


@settings(max_examples=40)
@given(
    network=st.one_of(delayed_networks(), delayed_networks(learning=RULE)),
    cores=CORES, method=METHODS, seed=st.integers(0, 1000),
)  # fmt: skip
def test_any_placement_gives_the_same_spikes(network, cores, method, seed):
    neurons = sum(p.size for p in network.populations.values())
    if method == "given":
        method = np.random.default_rng(seed).integers(0, cores, neurons)
    design = compile(network, cores=cores, placement=method, scale=1)
    expected, got, _ = run_both(design, seed)
    assert np.array_equal(got, expected)
    assert Design.from_bytes(design.to_bytes()) == design
    alone = compile(network, scale=1)
    assert np.array_equal(GoldenCore(alone.image).run(np.zeros((9, alone.config.axons))),
                          GoldenCore(design.image).run(np.zeros((9, alone.config.axons))))  # fmt: skip


def rings(size=60, seed=7):
    """Neurons joined with their neighbours, in random order, driven by an input each."""
    rng = np.random.default_rng(seed)
    distance = abs(np.arange(size) - np.arange(size)[:, None])
    near = np.minimum(distance, size - distance) < 5
    order = rng.permutation(size)
    network = Network()
    neurons = network.population("n", size, IF(v_threshold=1.5))
    network.connect(network.input("in", size), neurons, np.eye(size))
    network.connect(neurons, neurons, 0.4 * near[order][:, order], delay=2e-3)
    return network


def test_cut_finds_what_belongs_together():
    network = rings()
    packets = {}
    for method in partition.METHODS:
        design = compile(network, cores=4, placement=method)
        packets[method] = report(design).packets
        assert np.bincount(design.placement.neuron_core).tolist() == [15] * 4
    assert packets["cut"] < 0.6 * min(packets["order"], packets["random"])


def test_equal_input_gives_equal_placements():
    assert compile(rings(), cores=6) == compile(rings(), cores=6)


def test_rates_say_what_to_keep_together():
    network = Network()
    neurons = network.population("n", 8, IF())
    network.connect(neurons, neurons, np.ones((8, 8)) - np.eye(8))
    rates = np.full(8, 1e-4)
    rates[[1, 6]] = 1.0
    weights = np.zeros((8, 8))
    weights[1, 6] = weights[6, 1] = weights[0, 1] = weights[2, 1] = weights[3, 6] = 1
    network = Network()
    neurons = network.population("n", 8, IF())
    network.connect(neurons, neurons, weights)
    placed = place(compile(network), cores=4, placement="cut", rates=rates)
    home = placed.placement.neuron_core
    assert home[1] == home[6]
    assert report(placed, rates).packets < 0.01


def test_the_report_counts_packets_that_a_run_has():
    design = compile(rings(), cores=9, placement="random")
    _, got, cores = run_both(design, 3, steps=50)
    found = report(design, got.mean(axis=0))
    assert found.packets == pytest.approx(cores.packets / 50)
    assert found.packets > 1
    assert found.rate == pytest.approx(got.mean())
    assert sum(use.neurons for use in found.used) == 60
    images = design.placement.core_images(design.image)
    for use, image in zip(found.used, images, strict=True):
        assert use.synapses == np.count_nonzero(image.weights)
        assert use.axons == np.count_nonzero(image.weights.any(axis=1))
        assert use.route_entries == len(image.destinations)


def test_the_report_is_a_table():
    console = Console(width=100)
    with console.capture() as captured:
        console.print(report(compile(rings(), cores=4, placement="order")))
    text = captured.get()
    assert "2 × 2 cores" in text
    assert "15 of 15" in text
    assert re.search(r"\d+ of 540 synapses between neurons are cut", text)


@pytest.mark.parametrize(
    ("cores", "shape"), [(1, (1, 1)), (2, (2, 1)), (7, (7, 1)), (12, (4, 3)), (64, (8, 8))]
)
def test_a_mesh_is_nearly_square(cores, shape):
    assert mesh_shape(cores) == shape


@pytest.mark.parametrize(
    ("cores", "says"), [(11, r"use 10 \(5 × 2\) or 12 \(4 × 3\)"), (65, "1 to 64"), (0, "1 to 64")]
)
def test_no_mesh_has_so_many_cores(cores, says):
    with pytest.raises(InputError, match=says):
        compile(rings(), cores=cores)


FABRIC = FabricConfig(
    CoreConfig(
        neurons=16, axons=64, lanes=4, synapse="delta", leak="none", refractory_bits=0,
        parameters="per_neuron", delay_slots=4, axonal_delay_slots=2, route_entries=40,
    ),
    columns=2, rows=2,
)  # fmt: skip


def test_a_given_fabric_is_used_and_padded():
    design = compile(rings(), fabric=FABRIC)
    assert design.placement.fabric == FABRIC
    assert design.chip == FABRIC
    expected, got, cores = run_both(design, 1)
    assert expected.any()
    assert np.array_equal(got, expected)
    assert all(core.counters["clamps"] == 0 for core in cores.cores)


def core_with(**changes):
    return dataclasses.replace(FABRIC, core=dataclasses.replace(FABRIC.core, **changes))


@pytest.mark.parametrize(
    ("fabric", "says"),
    [
        (core_with(neurons=7), "60 neurons, the fabric 28 (2 × 2 cores of 7): 32 too few"),
        (core_with(axons=30), "it has 30 ("),
        (core_with(route_entries=20), "route entries, it has 20 ("),
        (core_with(axons=30, route_entries=20), "axons, it has 30 ("),
        (core_with(parameters="shared"), None),
    ],
)
def test_a_network_that_does_not_fit_says_what_would(fabric, says):
    if says is None:
        network = rings()
        network.population("loud", 1, IF(v_threshold=-1, v_reset=-2, bias=0))
        message = "per_neuron"
    else:
        network, message = rings(), re.escape(says)
    with pytest.raises(FitError, match=message) as error:
        compile(network, fabric=fabric)
    advice = re.findall(r"(dataclasses\.replace\((?:config|fabric).*\))$", str(error.value))
    found = {"dataclasses": dataclasses, "fabric": fabric, "config": fabric.core}
    larger = eval(advice[0], found)
    if isinstance(larger, CoreConfig):
        larger = dataclasses.replace(fabric, core=dataclasses.replace(
            larger, **{k: getattr(fabric.core, k) for k in ("neurons", "axons", "route_entries")}
        ))  # fmt: skip
    if says and "the fabric" in says:
        larger = dataclasses.replace(larger, core=dataclasses.replace(larger.core, axons=200))
    assert compile(network, fabric=larger).placement.fabric == larger


def test_a_core_of_another_kind_is_refused():
    with pytest.raises(FitError, match="delay_slots: needs 2, the core has 1"):
        compile(rings(), fabric=core_with(delay_slots=1))


def test_without_its_library_cut_says_how_to_get_it(monkeypatch):
    partition._library.cache_clear()
    monkeypatch.setitem(sys.modules, "mtkahypar", None)
    with pytest.raises(MissingToolError, match=r"pip install 'spikeloom\[place\]'"):
        compile(rings(), cores=4, placement="cut")
    by_default = compile(rings(), cores=4)
    assert by_default == compile(rings(), cores=4, placement="order")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"placement": "cut"}, "cores or fabric"),
        ({"cores": 4, "fabric": FABRIC}, "cores or fabric"),
        ({"fabric": FABRIC, "lanes": 2}, "fabric says lanes already"),
        ({"fabric": FABRIC, "config": FABRIC.core}, "config says fabric already"),
        ({"config": FABRIC.core, "cores": 2}, "config is one core"),
        ({"cores": 4, "placement": "best"}, '"?.best.; choose'),
        ({"cores": 4, "placement": [0, 1]}, r"shape \(2,\)"),
        ({"cores": 4, "placement": [4] * 60}, "there are 4, 0…3"),
    ],
)
def test_impossible_wishes(options, says):
    with pytest.raises(InputError, match=says):
        compile(rings(), **options)


def test_rates_are_of_all_neurons():
    with pytest.raises(InputError, match="one for each of 60 neurons"):
        place(compile(rings()), cores=2, rates=[0.1, 0.2])


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (([0, 4], [0, 0], [(0, 0, 0)]), r"neuron_core\[1\] is 4; there are 4 cores"),
        (([0, 1], [0, 16], [(0, 0, 0)]), "16 neurons on each core"),
        (([1, 1], [3, 3], [(0, 0, 0)]), "hold several neurons"),
        (([0, 1], [0, 0], [(0, 0, 0), (1, 0, 0)]), "hold several axons"),
        (([0, 1], [0, 0], [(0, 0, 0), (0, 0, 1)]), "several copies of one axon"),
        (([0, 1], [0], [(0, 0, 0)]), "2 neurons have a core, 1 a slot"),
        (([0.5, 1], [0, 1], [(0, 0, 0)]), "float64"),
    ],
)
def test_a_placement_that_no_fabric_has(parts, says):
    home, slots, copies = parts
    with pytest.raises(InputError, match=says):
        Placement(FABRIC, np.array(home), np.array(slots), np.array(copies))


def test_a_synapse_without_a_copy_of_its_axon_is_refused():
    design = compile(rings(), cores=4, placement="order")
    weights = design.image.weights.copy()
    weights[0] = 1
    with pytest.raises(InputError, match="no copy of the axon on core"):
        design.placement.core_images(dataclasses.replace(design.image, weights=weights))


def test_a_design_names_what_is_loaded_by_its_placement():
    one, other = (compile(rings(), cores=4, placement=m) for m in ("order", "random"))
    assert one.image.identity == other.image.identity
    assert one.identity != other.identity
    assert "2 × 2 cores of 15 neurons" in repr(one)
