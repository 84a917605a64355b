"""Networks for PyNN, which NEST and SpikeLoom build by the same calls.

`benchmarks/peers/nest_reference.py` runs them in NEST and records what came.  This file needs NumPy alone:
the back end is given.
"""

import numpy as np

STDP_SEEDS = range(20)
STATIC_SEEDS = range(10)
V_REST, V_THRESH = -65.0, -50.0


def stdp(seed):
    """A network that learns: sources to cells, which teachers let fire; numbers in PyNN's units."""
    rng = np.random.default_rng([1, seed])
    delta, soft = bool(seed % 2), bool(seed // 2 % 2)
    dt = (1.0, 0.5, 0.1)[seed % 3]
    n_pre, n_post = int(rng.integers(4, 9)), int(rng.integers(2, 5))
    steps = round((300.0 if dt < 0.5 else 800.0) / dt)
    silence = round(30.0 / dt)
    trains = [
        _train(rng, rng.uniform(10, 40) * dt / 1000, 10, steps - 2 * silence) for _ in range(n_pre)
    ]
    teachers = [
        _train(rng, rng.uniform(10, 30) * dt / 1000, 10, steps - 2 * silence, round(12.0 / dt))
        for _ in range(n_post)
    ]
    gain = 1.0 if delta else _gain(dt, tau_m=20.0, tau_syn=1.0)
    return {
        "dt": dt, "delta": delta, "soft": soft, "steps": steps, "n_pre": n_pre, "n_post": n_post,
        # A last spike of all sources: NEST brings weights up to date when one comes.
        "trains": [[*t, steps - silence] for t in trains], "teachers": teachers,
        "delays": rng.integers(1, 7, (n_pre, n_post)), "teacher": 1.5 * (V_THRESH - V_REST) / gain,
        "weights": rng.uniform(0.1, 0.4, (n_pre, n_post)), "w_max": 0.5,
        "tau_plus": float(rng.uniform(10, 30)), "tau_minus": float(rng.uniform(10, 30)),
        "A_plus": float(rng.uniform(0.01, 0.05)), "A_minus": float(rng.uniform(0.01, 0.05)),
    }  # fmt: skip


TEACHERS = 20
"""So many synapses carry what a teacher does, so that none is much stronger than those that learn."""


def run_stdp(sim, spec, fraction=1.0, w_max_factor=1.0, **setup):
    """Run it on a back end: (step, cell) of the cells' spikes, and the learned weights.

    `w_max_factor` is for back ends that take w_max in another unit than weights.
    """
    dt = spec["dt"]
    sim.setup(timestep=dt, min_delay=dt, max_delay=50 * dt, **setup)
    cell = _cell(sim, spec["delta"], tau_refrac=10.0, tau_syn_E=1.0, tau_syn_I=1.0)
    cells = sim.Population(spec["n_post"], cell, initial_values={"v": V_REST})
    sources = sim.Population(spec["n_pre"], _array(sim, spec["trains"], dt), label="sources")
    rule = sim.MultiplicativeWeightDependence if spec["soft"] else sim.AdditiveWeightDependence
    synapse = sim.STDPMechanism(
        sim.SpikePairRule(**{k: spec[k] for k in ("tau_plus", "tau_minus", "A_plus", "A_minus")}),
        rule(w_min=0.0, w_max=spec["w_max"] * w_max_factor),
        delay=dt, dendritic_delay_fraction=fraction,
    )  # fmt: skip
    rows = [(i, j, w, spec["delays"][i, j] * dt) for (i, j), w in np.ndenumerate(spec["weights"])]
    learned = sim.Projection(
        sources, cells, sim.FromListConnector(rows), synapse, receptor_type="excitatory"
    )
    for k, times in enumerate(spec["teachers"]):
        teachers = sim.Population(TEACHERS, _array(sim, [times] * TEACHERS, dt))
        sim.Projection(
            teachers, cells[k : k + 1], sim.AllToAllConnector(),
            sim.StaticSynapse(weight=spec["teacher"] / TEACHERS, delay=dt),
            receptor_type="excitatory",
        )  # fmt: skip
    cells.record("spikes")
    sim.run(spec["steps"] * dt)
    found = _spikes(cells, dt)
    weights = learned.get("weight", format="array")
    return found, weights


def static(seed):
    """A recurrent network of excitatory and inhibitory cells; numbers in PyNN's units."""
    rng = np.random.default_rng([2, seed])
    dt = (0.1, 0.5)[seed % 2]
    delta, size, n_in = bool(seed // 2 % 2), 12, 6
    factor = 3.0 if delta else 0.8
    there = rng.random((size, size)) < 0.3
    signs = np.where(np.arange(size) < 9, 1.0, -2.0)[:, None]
    return {
        "dt": dt, "delta": delta, "size": size, "n_in": n_in, "steps": round(200.0 / dt),
        "trains": [_train(rng, 40.0 * dt / 1000, 10, round(190.0 / dt)) for _ in range(n_in)],
        "input": rng.uniform(1.0, 3.0, (n_in, size)) * factor,
        "recurrent": np.where(there, rng.uniform(0.3, 1.0, (size, size)) * signs * factor, 0.0),
        "delays": rng.integers(1, 20, (size, size)), "input_delays": rng.integers(1, 20, (n_in, size)),
        "i_offset": rng.uniform(0.0, 0.7, size), "tau_m": rng.uniform(10.0, 30.0, size),
        "tau_refrac": float(rng.integers(1, 5) * 0.5), "tau_syn_E": 3.0, "tau_syn_I": 6.0,
    }  # fmt: skip


def run_static(sim, spec, **setup):
    """Run it on a back end: (step, cell) of spikes, and the (samples, cells) potentials in mV."""
    dt, size = spec["dt"], spec["size"]
    sim.setup(timestep=dt, min_delay=dt, max_delay=50 * dt, **setup)
    names = ("i_offset", "tau_m", "tau_refrac", "tau_syn_E", "tau_syn_I")
    cell = _cell(sim, spec["delta"], **{name: spec[name] for name in names})
    cells = sim.Population(size, cell, initial_values={"v": V_REST})
    sources = sim.Population(spec["n_in"], _array(sim, spec["trains"], dt))
    sim.Projection(
        sources, cells, sim.AllToAllConnector(),
        sim.StaticSynapse(weight=spec["input"], delay=spec["input_delays"] * dt),
        receptor_type="excitatory",
    )  # fmt: skip
    for kind, there in (
        ("excitatory", spec["recurrent"] > 0),
        ("inhibitory", spec["recurrent"] < 0),
    ):
        rows = [
            (int(i), int(j), float(spec["recurrent"][i, j]), float(spec["delays"][i, j] * dt))
            for i, j in np.argwhere(there)
        ]
        sim.Projection(
            cells, cells, sim.FromListConnector(rows), sim.StaticSynapse(), receptor_type=kind
        )
    cells.record(["spikes", "v"])
    sim.run(spec["steps"] * dt)
    (segment,) = cells.get_data().segments
    return _spikes(cells, dt), segment.analogsignals[0].magnitude


def _cell(sim, delta, **parameters):
    if delta:
        parameters = {k: v for k, v in parameters.items() if not k.startswith("tau_syn")}
    kind = sim.IF_curr_delta if delta else sim.IF_curr_exp
    common = {"cm": 1.0, "v_rest": V_REST, "v_reset": V_REST, "v_thresh": V_THRESH, "tau_m": 20.0}
    return kind(**(common | parameters))


def _array(sim, trains, dt):
    """Sources with spikes in these steps.

    The times are a little before the steps: NEST rounds times up, and so what is above them in floats.
    """
    from pyNN.parameters import Sequence

    return sim.SpikeSourceArray(spike_times=[Sequence(np.array(t) * dt - 4e-4) for t in trains])


def _train(rng, chance, first, stop, apart=1):
    """Steps of spikes, at least so many apart."""
    found = []
    for step in range(first, stop):
        if rng.random() < chance and (not found or step - found[-1] >= apart):
            found.append(step)
    return found


def _gain(dt, tau_m, tau_syn):
    """What 1 nA adds to the potential in a step, in mV, with 1 nF."""
    return tau_m * tau_syn / (tau_m - tau_syn) * (np.exp(-dt / tau_m) - np.exp(-dt / tau_syn))


def _spikes(cells, dt):
    """(step, cell) of spikes, sorted; a spike at time T·dt has step T."""
    trains = cells.get_data("spikes").segments[0].spiketrains
    rows = [(round(float(t) / dt), j) for j, train in enumerate(trains) for t in train.magnitude]
    return np.array(sorted(rows), dtype=np.int64).reshape(-1, 2)
