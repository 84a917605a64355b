"""SuperNeuroMAT 3.5 to a `Network`, spike for spike.

A step there: the potential goes towards the reset state by the leak; inputs and weights of the
step before are added; what is *above* its threshold fires, unless refractory (the potential goes on
all the same), and is reset.  All of it is what a core does with an integrating refractory period
and a linear leak, on whole numbers, with thresholds one unit higher.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ...network.connections import one_to_one
from ...network.lag_table import LagTableSTDP
from ...network.network import Network
from ...network.neurons import LIF
from ...quantise.learning import TRACE_BITS
from ..grid import WEIGHT_BITS
from ..imported import Imported
from ..importer import Importer
from ..long_delays import connect_delayed
from .chains import Folded, fold
from .potentials import Potentials, potentials
from .record import Record, read_record

NEURONS = "neurons"
SPIKES = "spikes"
UNDER_WAY = "under_way"
"""Names of the population and of the inputs."""
_WAITING = "waiting"
_LATCHES = "latches"
_SHOWN = 8


def from_superneuromat(
    network: Any,
    *,
    net_id: int | str = 0,
    spikes: Iterable[tuple[int, int, float]] = (),
    dt: float = 1e-3,
) -> Imported:
    """Import a network of SuperNeuroMAT, exactly.

    Parameters
    ----------
    network : an `SNN`, the path of a file that `saveas_json` wrote, or what `json.load` made of one.
    net_id : which network of a file, by number or by name.
    spikes : (t, id, value) of further input spikes, as for `add_spike`; they replace queued ones.
    dt : length of a step in seconds, which SuperNeuroMAT leaves open.

    Returns
    -------
    Imported
        The population "neurons" has all neurons in their order, without the hidden ones of delays.
        Compile with `**imported.settings`, `start` the device, and run `imported.inputs`.

    Raises
    ------
    ForeignNetworkError : what is no such network, or cannot be held exactly; the message names the
        neuron or the synapse.
    """
    record = _with_spikes(read_record(network, net_id), spikes)
    _check_stdp(record)
    folded = fold(record)
    numbers = potentials(record, folded)
    net = Network(dt=dt, learning=_rule(record, numbers.unit))
    relays = _populate(net, folded, numbers)
    inputs, pairs = _inputs(net, record, folded)
    return Imported(
        net,
        "superneuromat",
        notes=tuple(_notes(record, folded, numbers, relays, pairs)),
        inputs=inputs,
        initial=_initial(numbers, dt),
        outputs=(NEURONS,),
        settings={
            "scale": 1.0 / numbers.unit,
            "state_bits": numbers.state_bits,
            **({} if record.stdp is None else {"weight_bits": WEIGHT_BITS}),
        },
    )


def _check_stdp(record: Record) -> None:
    """Raise `ForeignNetworkError` for learning that a core's rule does not hold."""
    if record.stdp is None:
        return
    lags, most = len(record.stdp.positive), TRACE_BITS[1]
    if lags > most:
        raise ForeignNetworkError(
            f"its STDP has {lags} lags (Apos, Aneg); a core's rule holds {most}. Shorten the lists, or "
            "switch learning off with snn.stdp = False"
        )
    if len(record.history):
        raise ForeignNetworkError(
            f"it has been simulated for {len(record.history)} steps, whose spikes its STDP still "
            "counts; import it before, or call clear_spike_train() first"
        )
    for side, sign in (("positive", 1), ("negative", -1)):
        table = getattr(record.stdp, side)
        for k in np.flatnonzero(~(sign * table >= 0))[:1]:
            raise ForeignNetworkError(
                f"A{side[:3]}[{k}] is {table[k]:g}; SuperNeuroMAT's STDP adds with Apos and takes "
                "with Aneg"
            )


def _rule(record: Record, unit: float) -> LagTableSTDP | None:
    """What Aneg takes where there is no pair is taken everywhere, and given back to pairs."""
    if record.stdp is None:
        return None
    half = 1 << (WEIGHT_BITS - 1)
    return LagTableSTDP(
        plus=(record.stdp.positive - record.stdp.negative).tolist(),
        minus=(0.0 - record.stdp.negative).tolist(),
        w_min=-half * unit,
        w_max=(half - 1) * unit,
    )


def _with_spikes(record: Record, spikes: Iterable[tuple[int, int, float]]) -> Record:
    found = {(t, neuron): value for t, neuron, value in record.spikes}
    for entry in spikes:
        try:
            t, neuron, value = entry
            good = int(t) == t >= 0 and int(neuron) == neuron and bool(np.isfinite(value))
        except (TypeError, ValueError):
            good = False
        if not good or not 0 <= neuron < record.size:
            raise ForeignNetworkError(
                f"spikes has {entry!r}; give (step, neuron, value), with a neuron of "
                f"0…{record.size - 1}"
            )
        found[int(t), int(neuron)] = float(value)
    ordered = tuple((t, neuron, value) for (t, neuron), value in sorted(found.items()))
    return dataclasses.replace(record, spikes=ordered)


def _populate(net: Network, folded: Folded, numbers: Potentials) -> int:
    """Neurons and synapses; gives the number of relays for long delays."""
    n = numbers.neurons
    population = net.population(
        NEURONS,
        len(folded.kept),
        LIF(
            leak="linear",
            leak_step=n["leak"],
            v_threshold=numbers.thresholds,
            v_rest=n["reset_state"],
            refractory=n["refractory_period"] * net.dt,
            integrate_refractory=True,
        ),
    )
    longest = n["refractory_state"].max()
    if longest > n["refractory_period"].max():
        # A core counts as far as the longest period: this neuron, which never fires, has it.
        net.population(
            _WAITING,
            1,
            LIF(
                leak="linear",
                leak_step=np.inf,
                refractory=longest * net.dt,
                integrate_refractory=True,
                v_threshold=numbers.unit,
            ),
            report=False,
        )
    _silence(net, numbers)
    learns = folded.stdp if net.learning is not None else np.zeros(len(folded.pairs), dtype=bool)
    for steps in np.unique(folded.steps[learns]):
        rows, columns = folded.pairs[learns & (folded.steps == steps)].T
        weights = np.zeros((population.size,) * 2)
        weights[rows, columns] = folded.weights[learns & (folded.steps == steps)]
        plastic = np.zeros(weights.shape, dtype=bool)
        plastic[rows, columns] = True
        late = float(steps - 1) * net.dt
        net.connect(population, population, weights, plastic=plastic, axonal_delay=late or None)
    return connect_delayed(
        net, population, population, folded.pairs[~learns], folded.weights[~learns],
        folded.steps[~learns], numbers.unit,
    )  # fmt: skip


def _silence(net: Network, numbers: Potentials) -> None:
    """After the first spike of a neuron that fires once only another one fires for ever, and holds it down.

    It sets in two steps later; until then, and longer, the refractory period does.
    """
    once = np.flatnonzero(numbers.hold)
    if not len(once):
        return
    population, count = net.populations[NEURONS], len(once)
    latches = net.population(
        _LATCHES,
        count,
        LIF(leak="linear", leak_step=np.inf, v_threshold=numbers.unit),
        report=False,
    )
    pairs = [(int(k), n) for n, k in enumerate(once)]
    net.connect(population, latches, [(k, n, numbers.unit) for k, n in pairs])
    net.connect(latches, latches, one_to_one(numbers.unit))
    net.connect(latches, population, [(n, k, -float(numbers.hold[k])) for k, n in pairs])


def _inputs(
    net: Network, record: Record, folded: Folded
) -> tuple[dict[str, Any], list[tuple[int, float]]]:
    """Input spikes by input, and the (neuron, value) of each axon of `SPIKES`."""
    place = {int(neuron): k for k, neuron in enumerate(folded.kept)}
    pairs = sorted({(neuron, value) for _, neuron, value in record.spikes})
    late = sorted({(neuron, step) for neuron, _, _, step in folded.under_way})
    steps = [t for t, *_ in record.spikes] + [step for _, step in late]
    length = max(steps, default=-1) + 1
    inputs = {}
    if pairs:
        axon = {pair: k for k, pair in enumerate(pairs)}
        _connect_input(net, SPIKES, [(axon[p], place[p[0]], p[1]) for p in pairs])
        raster = np.zeros((length, len(pairs)), dtype=bool)
        for t, neuron, value in record.spikes:
            raster[t, axon[neuron, value]] = True
        inputs[SPIKES] = raster
    if late:
        row = {key: k for k, key in enumerate(late)}
        _connect_input(
            net, UNDER_WAY,
            [(row[neuron, step], to, weight) for neuron, to, weight, step in folded.under_way],
        )  # fmt: skip
        raster = np.zeros((length, len(late)), dtype=bool)
        for (_, step), k in row.items():
            raster[step, k] = True
        inputs[UNDER_WAY] = raster
    return inputs, pairs


def _connect_input(net: Network, name: str, synapses: list[tuple[int, int, float]]) -> None:
    """(axon, neuron, weight) of each synapse."""
    size = 1 + max(axon for axon, _, _ in synapses)
    net.connect(net.input(name, size), net.populations[NEURONS], synapses)


def _initial(numbers: Potentials, dt: float) -> dict[str, dict[str, Any]]:
    n = numbers.neurons
    states = {}
    if np.any(n["state"] != n["reset_state"]):
        states["v"] = n["state"]
    if np.any(n["refractory_state"]):
        states["ref"] = n["refractory_state"] * dt
    return {NEURONS: states} if states else {}


def _notes(
    record: Record,
    folded: Folded,
    numbers: Potentials,
    relays: int,
    pairs: list[tuple[int, float]],
) -> Iterable[str]:
    """What was made of it, in sentences."""
    yield (
        f"all potentials are multiples of {numbers.unit:g}; a neuron fires above its threshold "
        f"there, and {numbers.unit:g} above it here"
    )
    hidden = record.size - len(folded.kept)
    if hidden:
        moved = bool(np.any(folded.kept != np.arange(len(folded.kept))))
        order = f"; {NEURONS!r} are the neurons {_listed(folded.kept)}" if moved else ""
        yield f"{hidden} hidden neurons were folded into delays of synapses{order}"
    for k in folded.unfolded:
        yield (
            f"{record.synapse_name(k)} ends a chain of hidden neurons that do more than delay: "
            "they are neurons like others"
        )
    if relays:
        yield f"delays longer than a core's go through {relays} more neurons, which hand spikes on"
    if pairs:
        values = _listed([f"neuron {neuron}: {value:g}" for neuron, value in pairs])
        yield f"the axons of the input {SPIKES!r} are, in order, {values}"
    if folded.under_way:
        yield f"spikes that were on their way are those of the input {UNDER_WAY!r}"
    silent = numbers.dormant | (numbers.hold > 0)
    if silent.any():
        waits = np.maximum(*(record.neurons[f"refractory_{x}"] for x in ("period", "state")))
        yield (
            f"neurons {_listed(folded.kept[silent])} fire once only, or never, as their refractory "
            "periods say: a neuron for each holds it down after a spike. That is exact for runs of "
            f"{waits[folded.kept[silent]].min():g} steps"
        )
    if record.stdp is not None:
        yield (
            f"its STDP of {len(record.stdp.positive)} lags is the rule lag_table; weights have "
            f"{WEIGHT_BITS} bits, and a run is exact as long as no weight_clamps are counted"
        )
    endless = folded.kept[np.isinf(numbers.reach)]
    if len(endless):
        yield (
            f"what inhibits neurons {_listed(endless)} can add up without end; potentials have "
            f"{numbers.state_bits} bits, and a run is exact as long as no clamps are counted"
        )


def _listed(items: Iterable[Any]) -> str:
    named = [str(item) for item in items]
    more = f", … ({len(named)} in all)" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is JSON that names SuperNeuroMAT's schema."""
    return head.lstrip()[:1] == b"{" and b"superneuromat" in head


SUPERNEUROMAT = Importer(
    name="superneuromat",
    title="JSON of SuperNeuroMAT",
    read=from_superneuromat,
    recognises=recognises,
    options=(
        ("net_id", "which network of the file, by number or by name"),
        ("spikes", "further input spikes, (step, neuron, value)"),
        ("dt", "length of a step in seconds"),
    ),
)
"""The record of this format."""
