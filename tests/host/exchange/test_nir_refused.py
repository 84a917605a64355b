"""What is no network in NIR, or none that can be mapped, is refused: the message names the place and why."""

import itertools

import nir
import numpy as np
import pytest
from nir_graphs import DT, chain, full, lif

import spikeloom
from spikeloom import ForeignNetworkError

NAN = float("nan")


def changed(name, **values):
    """The chain with values of one node set, past the checks of `nir`."""
    made = chain()
    for key, value in values.items():
        setattr(made.nodes[name], key, value)
    return made


def conv(**values):
    base = {
        "input_shape": (6, 6), "weight": np.ones((4, 2, 3, 3)), "stride": 1, "padding": 0,
        "dilation": 1, "groups": 1, "bias": np.zeros(4),
    }  # fmt: skip
    node = nir.Conv2d(**base)
    for key, value in values.items():
        setattr(node, key, value)
    nodes = {"input": nir.Input({"input": np.array([2, 6, 6])}), "conv": node, "lif": lif((4, 4, 4)),
             "output": nir.Output({"output": None})}  # fmt: skip
    names = list(nodes)
    return nir.NIRGraph(nodes, list(itertools.pairwise(names)), type_check=False)


def with_node(node, size=4):
    """The chain with a node between the LIF and the next layer."""
    made = chain(more={"mid": node})
    made.edges = [e for e in made.edges if e != ("lif", "out_fc")]
    made.edges += [("lif", "mid"), ("mid", "out_fc")]
    return made


def nested(nodes, edges):
    inner = nir.NIRGraph(nodes, edges, type_check=False)
    made = chain()
    made.nodes["lif"] = inner
    return made


def port(kind, size=4):
    return (
        nir.Input({"input": np.array([size])})
        if kind == "in"
        else nir.Output({"output": np.array([size])})
    )


class Resonate:
    """Of no kind that NIR has."""

    input_type = output_type = None


def deep(depth):
    node = nir.NIRGraph({"in": port("in"), "lif": lif(4), "out": port("out")},
                        [("in", "lif"), ("lif", "out")], type_check=False)  # fmt: skip
    for _ in range(depth):
        node = nir.NIRGraph({"in": port("in"), "g": node, "out": port("out")},
                            [("in", "g"), ("g", "out")], type_check=False)  # fmt: skip
    return node


GRAPHS = {
    "NaN weight": (lambda: changed("fc", weight=np.full((4, 3), NAN)), "'fc' .*weight contains nan"),
    "infinite bias": (lambda: changed("fc", bias=full(np.inf, 4)), "'fc' .*bias contains inf"),
    "complex weight": (lambda: changed("fc", weight=np.ones((4, 3), complex)), "'fc' .*complex"),
    "text weight": (lambda: changed("fc", weight=np.full((4, 3), "w")), "'fc' .*text"),
    "bool weight": (lambda: changed("fc", weight=np.ones((4, 3), bool)), "'fc' .*booleans"),
    "object weight": (lambda: changed("fc", weight=np.array([[None] * 3] * 4)), "'fc' .*weight"),
    "no weight": (lambda: changed("fc", weight=None), "'fc' .*has no weight"),
    "flat weight": (lambda: changed("fc", weight=np.ones(3)), "'fc' .*needs 2 dimensions"),
    "empty weight": (lambda: changed("fc", weight=np.ones((4, 0))), "'fc' .*weight is empty"),
    "wide weight": (lambda: changed("fc", weight=np.ones((4, 5))), "'input' .*feeds 'fc'"),
    "narrow second": (lambda: changed("out_fc", weight=np.ones((2, 5))), "'out_fc' .*takes"),
    "long bias": (lambda: changed("fc", bias=np.zeros(5)), "'fc' .*bias has 5 values for 4"),
    "negative tau": (lambda: changed("lif", tau=full(-0.01, 4)), "'lif' .*tau is -0.01.*positive"),
    "zero tau": (lambda: changed("lif", tau=full(0, 4)), "'lif' .*tau is 0.*positive"),
    "NaN tau": (lambda: changed("lif", tau=full(NAN, 4)), "'lif' .*tau contains nan"),
    "infinite tau": (lambda: changed("lif", tau=full(np.inf, 4)), "'lif' .*tau contains inf"),
    "short tau": (lambda: changed("lif", tau=full(1e-4, 4)), "'lif' .*less than dt = 0.001"),
    "one short tau": (
        lambda: changed("lif", tau=np.array([0.01, 0.01, 5e-4, 0.01])), "'lif' .*5e-04|0.0005",
    ),
    "negative tau_syn": (lambda: changed("cuba", tau_syn=full(-1, 2)), "'cuba' .*tau_syn is -1"),
    "short tau_syn": (lambda: changed("cuba", tau_syn=full(1e-6, 2)), "'cuba' .*tau_syn is 1e-06"),
    "no r": (lambda: changed("lif", r=None), "'lif' .*has no r"),
    "NaN r": (lambda: changed("cuba", r=full(NAN, 2)), "'cuba' .*r contains nan"),
    "no v_leak": (lambda: changed("lif", v_leak=None), "'lif' .*has no v_leak"),
    "infinite threshold": (
        lambda: changed("lif", v_threshold=full(np.inf, 4)), "'lif' .*v_threshold contains inf",
    ),
    "unlike shapes": (
        lambda: changed("lif", tau=np.array([0.01, 0.02, 0.03]), r=full(1, 4)), "'lif' .*others",
    ),
    "other size": (
        lambda: chain(lif=nir.LIF(np.array([0.01, 0.02, 0.03]), *(full(x, 3) for x in (1, 0, 1)))),
        "'lif' .*tau differs",
    ),
    "Input without shape": (
        lambda: chain(edges=[("input", "lif")], input=nir.Input({"input": None}),
                      lif=nir.LIF(*(np.array(x) for x in (0.01, 1.0, 0.0, 1.0)))),
        "'input' .*has no shape",
    ),
    "negative shape": (
        lambda: chain(input=nir.Input({"input": np.array([-3])})), "'input' .*integers of at least 1",
    ),
    "fraction of a shape": (
        lambda: chain(input=nir.Input({"input": np.array([2.5])})), "'input' .*shape",
    ),
    "Output of another size": (
        lambda: chain(output=nir.Output({"output": np.array([9])})), "'output' .*shape .9,",
    ),
    "edge to nothing": (
        lambda: chain(extra=[("lif", "ghost"), ("ghost", "spirit")]), "names 'ghost', which is no node",
    ),
    "edge from nothing": (
        lambda: chain(extra=[("ghost", "lif"), ("spirit", "lif")]), "'ghost' → 'lif' names 'ghost'",
    ),
    "double edge": (lambda: chain(extra=[("fc", "lif")]), "'fc' → 'lif' is there twice"),
    "edge of three": (lambda: chain(extra=[("fc", "lif", "cuba")]), "is no edge"),
    "edge of numbers": (lambda: chain(extra=[(0, 1)]), "is no edge"),
    "no nodes": (lambda: nir.NIRGraph({}, [], type_check=False), "no nodes"),
    "no edges but nodes": (lambda: chain(edges=[("input", "fc")]), "'out_fc' .*nothing feeds|shape"),
    "unfed Linear": (
        lambda: chain(more={"free": nir.Linear(np.ones((4, 3)))}, extra=[("free", "lif")]),
        "'free' .*nothing feeds it",
    ),
    "unknown kind": (lambda: chain(lif=Resonate()), "'lif' is a Resonate, which is no kind"),
    "cycle of weights": (
        lambda: chain(more={"a": nir.Linear(np.eye(4)), "b": nir.Linear(np.eye(4))},
                      extra=[("a", "b"), ("b", "a"), ("b", "lif"), ("lif", "a")]),
        "cycle without a neuron, .*a",
    ),
    "a loop of one": (
        lambda: chain(more={"a": nir.Scale(full(1, 4))}, extra=[("fc", "a"), ("a", "a"), ("a", "lif")]),
        "'a' .*cycle without a neuron, a → a",
    ),
    "cycle of neurons": (
        lambda: chain(more={"back": nir.Linear(np.ones((4, 2)))},
                      extra=[("cuba", "back"), ("back", "lif")]),
        "cycle .*lif → cuba|cuba → lif.* without a Delay",
    ),
    "no Input": (
        lambda: nir.NIRGraph({"a": lif(2), "b": nir.Linear(np.eye(2))}, [("a", "b"), ("b", "a")],
                             type_check=False),
        "no Input, and every node",
    ),
    "negative delay": (lambda: with_node(nir.Delay(full(-DT, 4))), "'mid' .*cannot be negative"),
    "broken delay": (lambda: with_node(nir.Delay(full(1.5 * DT, 4))), "'mid' .*is 1.5 steps"),
    "long delay": (lambda: with_node(nir.Delay(full(1.0, 4))), "'mid' .*1000 steps .*holds 63"),
    "NaN delay": (lambda: with_node(nir.Delay(full(NAN, 4))), "'mid' .*delay contains nan"),
    "delays of another size": (
        lambda: with_node(nir.Delay(np.array([1, 2, 3]) * DT)), "'mid' .*delay differs",
    ),
    "delayed bias": (
        lambda: chain(edges=[("input", "fc"), ("fc", "wait"), ("wait", "lif"), ("lif", "output")],
                      more={"wait": nir.Delay(full(DT, 4))}, fc=nir.Affine(np.ones((4, 3)), full(1, 4)),
                      output=port("out")),
        "'wait' .*delays a bias",
    ),
    "scales of another size": (
        lambda: with_node(nir.Scale(np.array([1.0, 2.0, 3.0]))), "'mid' .*scale differs",
    ),
    "NaN scale": (lambda: with_node(nir.Scale(full(NAN, 4))), "'mid' .*scale contains nan"),
    "negative threshold": (
        lambda: changed("lif", v_threshold=full(-1, 4)), "'lif' .*needs a positive threshold",
    ),
    "v_reset by subtraction": (
        lambda: changed("lif", v_reset=full(0.5, 4)), "'lif' .*no meaning with reset='subtract'",
    ),
    "Flatten backwards": (
        lambda: with_node(_flatten(start_dim=1, end_dim=0)), "'mid' .*behind end_dim|mid",
    ),
    "conv of other channels": (lambda: conv(weight=np.ones((4, 3, 3, 3))), "'conv'|'input'"),
    "conv groups": (lambda: conv(groups=3), "'conv'|'input'"),
    "conv no groups": (lambda: conv(groups=0), "'conv' .*groups is .0.*at least 1"),
    "conv stride 0": (lambda: conv(stride=0), "'conv' .*stride is .0.*at least 1"),
    "conv stride of three": (lambda: conv(stride=(1, 1, 1)), "'conv' .*stride has shape"),
    "conv broken stride": (lambda: conv(stride=1.5), "'conv' .*stride is .1.5"),
    "conv padding below 0": (lambda: conv(padding=-1), "'conv' .*padding is .-1"),
    "conv padding by name": (lambda: conv(padding="full"), "'conv' .*'full'.*'same', 'valid'"),
    "conv same with stride": (
        lambda: conv(padding="same", stride=2), "'conv' .*'same' with a stride",
    ),
    "conv kernel too large": (lambda: conv(dilation=4), "'conv' .*kernel spans .9, 9"),
    "conv of five dimensions": (lambda: conv(weight=np.ones((4, 2, 3, 3, 3))), "'conv' .*dimensions"),
    "conv without weight": (lambda: conv(weight=None), "'conv' .*has no weight"),
    "conv bias": (lambda: conv(bias=np.zeros(3)), "'conv' .*bias has 3 values for 4"),
    "conv of a flat signal": (
        lambda: with_node(nir.Conv2d(None, np.ones((1, 1, 1, 1)), 1, 0, 1, 1, np.zeros(1))),
        "'mid' .*needs 3 dimensions",
    ),
    "pool of a flat signal": (
        lambda: with_node(nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))),
        "'mid' .*needs 3 dimensions",
    ),
    "graph with two Inputs": (
        lambda: nested({"a": port("in"), "b": port("in"), "lif": lif(4), "o": port("out")},
                       [("a", "lif"), ("b", "lif"), ("lif", "o")]),
        "graph 'lif' has 2 nodes of kind Input",
    ),
    "graph without Output": (
        lambda: nested({"a": port("in"), "lif": lif(4)}, [("a", "lif")]),
        "graph 'lif' has 0 nodes of kind Output",
    ),
    "graph with a dangling edge": (
        lambda: nested({"a": port("in"), "lif": lif(4), "o": port("out")},
                       [("a", "lif"), ("lif", "o"), ("lif", "ghost")]),
        "in graph 'lif' .*'lif' → 'ghost'",
    ),
    "nested error": (
        lambda: nested({"a": port("in"), "n": lif(4, tau=-1.0), "o": port("out")},
                       [("a", "n"), ("n", "o")]),
        "'lif.n' .LIF.: tau is -1",
    ),
    "too deep": (lambda: deep(40), "more than 32 graphs"),
    "potential to a Threshold": (
        lambda: chain(lif=nir.LI(*(full(x, 4) for x in (0.01, 1, 0))), out_fc=nir.Threshold(full(1, 4)),
                      edges=[("input", "fc"), ("fc", "lif"), ("lif", "out_fc"), ("out_fc", "output")],
                      output=port("out")),
        "'lif' .LI.: gives its potential to 'out_fc'",
    ),
    "potential to a layer": (
        lambda: chain(lif=nir.I(full(1, 4))), "'lif' .I.: gives its potential to 'cuba'",
    ),
    "weights of a potential": (
        lambda: chain(lif=nir.LI(*(full(x, 4) for x in (0.01, 1, 0))),
                      edges=[("input", "fc"), ("fc", "lif"), ("lif", "out_fc"), ("out_fc", "output")]),
        "'lif' .LI.: gives its potential to 'output'",
    ),
    "a number": (lambda: 7, "is a int"),
    "a dict": (lambda: {"nodes": {}}, "is a dict"),
    "no neurons": (
        lambda: nir.NIRGraph({"input": port("in"), "fc": nir.Linear(np.ones((2, 4))),
                           "output": port("out", 2)}, [("input", "fc"), ("fc", "output")]),
        "no neurons",
    ),
}  # fmt: skip


def _flatten(**values):
    node = nir.Flatten({"input": np.array([2, 2])}, 0, -1)
    for key, value in values.items():
        setattr(node, key, value)
    return node


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_cannot_be_mapped_is_refused_by_place(name):
    make, message = GRAPHS[name]
    with pytest.raises(ForeignNetworkError, match=message):
        spikeloom.from_nir(make(), dt=DT, reset="subtract")


def test_the_graph_that_all_of_these_change_is_imported():
    assert len(spikeloom.from_nir(chain(), dt=DT, reset="subtract").network.populations) == 2
    assert spikeloom.from_nir(conv(), dt=DT, reset="subtract").network.populations["lif"].size == 64
