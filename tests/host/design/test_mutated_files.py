"""Archives and configurations with parts exchanged for hostile ones: refused, or sound.

The zip files themselves are right, and half of them claim a format without an identity, so that what
is read is really looked at.  What is accepted has to satisfy a validator that is written apart.

`SPIKELOOM_FUZZ=100000 pytest tests/host/design/test_mutated_files.py` takes more of them.
"""

from __future__ import annotations

import io
import os
import random
import re
import resource
import signal
import zipfile
from collections import Counter

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design

import spikeloom
from spikeloom import IF, CoreConfig, Network, SpikeLoomError
from spikeloom.design.design import Design
from spikeloom.design.snapshot import Snapshot
from spikeloom.device.golden import GoldenDevice

FILES = int(os.environ.get("SPIKELOOM_FUZZ", "600"))
LONGEST, MOST_KILOBYTES = 5, 1 << 20

WORDS = [
    "0", "-1", "1", "3", "99", "-3", "2147483648", "1e400", "nan", "inf", "-inf", "0.0", "-0.5", "1e-3",
    "true", "false", '""', '"x"', "[]", "[0]", "[0, 1]", "[0, 99]", "[-3, 3]", "[3, 0]", "[0, inf]",
    "[0, 4, 0]", "[[0, 1]]", "{}", "{a = 1}", "1979-05-27", "9" * 400, '"\\u0000"', "[" * 500, "'''",
    "[[[", "=", "\ufeff", "\x00", "#", '"lif"', '"three_factor"', '"per_neuron"', '"shared"',
]  # fmt: skip
ARRAYS = [
    np.zeros(0), np.zeros((2, 2)), np.array(0.0), np.array(np.nan), np.full(11, np.nan), np.full(11, -1.0),
    np.zeros(11), np.full(11, np.inf), np.full(11, 1e308), np.ones(11, dtype=complex), np.ones(11),
    np.full((9, 11), 127, dtype="i1"), np.full((9, 11), 10**9), np.full((9, 11), 0.5),
    np.full((9, 11), 2**63, dtype="u8"), np.zeros((9, 11), dtype=bool), np.full(11, -2),
    np.full(11, 8), np.full(11, 9), np.full(11, 2**40), np.zeros(9, dtype="u2"), np.array(["a"] * 11),
    np.array([b"x"] * 11), np.zeros(11, dtype="M8[s]"), np.zeros((1, 4), dtype="i4"),
    np.full((1, 4), 70, dtype="i4"), np.zeros((3, 2), dtype="i4"), np.full((3, 2), 9, dtype="i4"),
]  # fmt: skip


def placed_design():
    net = Network()
    cells = net.population("cells", 6, IF())
    net.connect(net.input("in", 4), cells, 0.5, delay=2e-3)
    net.connect(cells, cells, 0.25, axonal_delay=2e-3)
    return spikeloom.compile(net, cores=2)


DESIGNS = [DESIGN, make_design(learning_config("three_factor")), placed_design()]
ARCHIVES = [
    *((Design, design.to_bytes()) for design in DESIGNS),
    *((Snapshot, GoldenDevice(design).snapshot().to_bytes()) for design in DESIGNS[:2]),
]
TEXTS = [design.config.to_toml() for design in DESIGNS]


def mutated_text(text: str, rng: random.Random) -> str:
    """One to three places with something else: a value, a line, a letter, a stretch."""
    lines = text.splitlines()
    for _ in range(rng.randint(1, 3)):
        k = rng.randrange(len(lines))
        match rng.randrange(6):
            case 0 | 1 | 2:
                lines[k] = re.sub(r"= .*", lambda _: f"= {rng.choice(WORDS)}", lines[k])
            case 3:
                lines[k] = rng.choice([lines[k] * 2, "", rng.choice(lines), rng.choice(WORDS)])
            case 4:
                at = rng.randrange(len(lines[k]) + 1)
                lines[k] = lines[k][:at] + rng.choice(WORDS) + lines[k][at + rng.randint(0, 3) :]
            case 5:
                lines.insert(k, rng.choice(lines))
    return "\n".join(lines) + "\n"


def mutated_array(data: bytes, rng: random.Random) -> bytes:
    """Another array, another type or shape, one other value, or other bytes."""
    array = np.load(io.BytesIO(data))
    match rng.randrange(5):
        case 0 | 1:
            array = rng.choice(ARRAYS)
        case 2:
            array = array.astype(rng.choice(["f8", "i8", "u1", "?", "c16", "<i2"]))
        case 3 if array.size:
            array = array.copy()
            array.flat[rng.randrange(array.size)] = rng.choice([0, 1, 100, 127])
        case _:
            at = rng.randrange(len(data))
            return data[:at] + rng.randbytes(rng.randint(0, 9)) + data[at + rng.randint(0, 9) :]
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def mutated_archive(data: bytes, rng: random.Random) -> bytes:
    """One or two members changed, exchanged, left out or added."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    texts = [name for name in members if name.endswith(".toml")]
    if rng.random() < 0.5:
        for name in texts:
            members[name] = re.sub(rb"format = \d", b"format = 1", members[name])
    for _ in range(rng.randint(1, 2)):
        name = rng.choice([*members, *texts * 4])
        match rng.randrange(8):
            case 0:
                members[name] = members[rng.choice(list(members))]
            case 1 if len(members) > 1:
                del members[name]
                texts = [name for name in members if name.endswith(".toml")]
            case 2:
                members[rng.choice(["rest.npy", "mirrors.npy", "x", "delays.npy"])] = members[name]
            case _ if name.endswith(".toml"):
                text = members[name].decode(errors="replace")
                members[name] = mutated_text(text or "\n", rng).encode(errors="replace")
            case _:
                try:
                    members[name] = mutated_array(members[name], rng)
                except Exception:  # what was mutated before may be no array
                    members[name] = rng.randbytes(20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


# The validator: what docs/reference/semantics.md says of formats, in plain Python.


def wrong_core(c: CoreConfig) -> list[str]:
    power = [1, 2, 4, 8, 16, 32, 64]
    rules = {
        "neurons": type(c.neurons) is int and 1 <= c.neurons <= 16384,
        "axons": type(c.axons) is int and 1 <= c.axons <= 16384,
        "lanes": c.lanes in power[:6] and c.lanes <= c.neurons,
        "weight_bits": type(c.weight_bits) is int and 2 <= c.weight_bits <= 16,
        "weight_shift": type(c.weight_shift) is int and 0 <= c.weight_shift <= 15,
        "state_bits": type(c.state_bits) is int and 8 <= c.state_bits <= 32,
        "receptors": c.receptors in (1, 2) and type(c.receptors) is int,
        "synapse": c.synapse in ("exponential", "delta"),
        "reset": c.reset in ("value", "subtract"),
        "flags": all(
            type(x) is bool for x in (c.bias, c.integrate_refractory, c.floor, c.readouts)
        ),
        "refractory_bits": type(c.refractory_bits) is int and 0 <= c.refractory_bits <= 8,
        "delay_slots": c.delay_slots in power and c.axonal_delay_slots in power,
    }
    return [name for name, right in rules.items() if not right]


def wrong_design(d: Design) -> list[str]:
    c, image = d.config, d.image
    found = wrong_core(c)
    bound, state = 2 ** (c.weight_bits - 1), 2 ** (c.state_bits - 1)

    def check(name: str, right: object) -> None:
        if not right:
            found.append(name)

    check("dt", type(d.dt) in (int, float) and 0 < d.dt < 1e9)
    check("weights", image.weights.shape == (c.axons, c.neurons))
    check("weights", image.weights.dtype == np.int64)
    check("weights", all(-bound <= w < bound for w in image.weights.flat))
    check("scale", d.scale.shape == (c.neurons,) and all(0 < s < 1e999 for s in d.scale.tolist()))
    check("rest", d.rest.shape == (c.neurons,) and np.isfinite(d.rest).all())
    for name, values in image.parameters.items():
        low, high = -state, state - 1
        if name.startswith("d_"):
            low, high = 0, 4096
        elif name == "refractory":
            low, high = 0, 2**c.refractory_bits - 1
        check(name, values.shape == (c.neurons,) and all(low <= v <= high for v in values.tolist()))
        check(name, c.parameters == "per_neuron" or len(set(values.tolist())) == 1)
    check("routes", all(-1 <= r < c.axons for r in image.routes.tolist()))
    check("delays", all(0 <= f < c.delay_slots for f in image.delays.flat))
    check("plastic", image.plastic.dtype == bool and (c.learning or not image.plastic.any()))
    for ranges, size in ((d.inputs, c.axons), (d.populations, c.neurons)):
        for name, where in ranges.items():
            check(f"range {name}", type(name) is str and 0 <= where.start <= where.stop <= size)
    for row in image.destinations.tolist():
        neuron, _, axon, delay = row
        check("destinations", 0 <= neuron < c.neurons and 0 <= axon < c.axons)
        check("destinations", 0 <= delay < c.axonal_delay_slots)
    check("mirrors", all(0 <= axon < c.axons for axon in d.mirrors.flat))
    return found


def wrong_snapshot(s: Snapshot) -> list[str]:
    found, c = wrong_core(s.config), s.config
    state, weight = 2 ** (c.state_bits - 1), 2 ** (c.weight_bits - 1)
    signed = {"v": state, "i": state, "i_exc": state, "i_inh": state, "weights": weight}
    unsigned = {
        "ref": 2**c.refractory_bits,
        "d_mem": 4097,
        "d_syn": 4097,
        "arrivals": 2,
        "plastic": 2,
    }
    if not (type(s.step) is int and 0 <= s.step < 2**32):
        found.append("step")
    for name in s:
        values = s[name]
        low, high = -(2**62), 2**62
        if name in signed:
            low, high = -signed[name], signed[name]
        elif name in unsigned:
            low, high = 0, unsigned[name]
        if values.dtype.kind not in "iub" or not all(low <= v < high for v in values.flat):
            found.append(name)
    return found


# The tests


@pytest.fixture
def limits():
    """Each file within seconds, all of them within a gigabyte."""

    def late(*_):
        raise AssertionError(f"more than {LONGEST} s")

    before = signal.signal(signal.SIGALRM, late)
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - least < MOST_KILOBYTES


def outcome(read, validate, seed):
    """What became of one file: "refused" or "accepted"; anything else fails with its seed."""
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        found = read()
    except SpikeLoomError as error:
        return "refused" if str(error) else f"seed {seed}: no message"
    except Exception as error:
        raise AssertionError(f"seed {seed}: {error!r}") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert not validate(found), f"seed {seed}: accepted, but wrong: {validate(found)}"
    return "accepted"


@pytest.mark.timeout(7200)
def test_mutated_archives_are_refused_or_sound(limits):
    outcomes = Counter()
    for seed in range(FILES):
        rng = random.Random(seed)
        kind, data = rng.choice(ARCHIVES)
        mutated = mutated_archive(data, rng)
        validate = wrong_design if kind is Design else wrong_snapshot
        outcomes[outcome(lambda k=kind, m=mutated: k.from_bytes(m), validate, seed)] += 1
    print(f"{FILES} archives: {dict(outcomes)}")
    assert set(outcomes) == {"refused", "accepted"}
    assert min(outcomes["refused"], outcomes["accepted"]) > FILES / 100


@pytest.mark.timeout(7200)
def test_mutated_configurations_are_refused_or_sound(limits, tmp_path):
    outcomes, path = Counter(), tmp_path / "core.toml"
    for seed in range(FILES):
        rng = random.Random(seed)
        text = mutated_text(rng.choice(TEXTS), rng).encode(errors="replace")
        if rng.random() < 0.1:
            text = text.decode(errors="replace").encode(
                rng.choice(["utf-16", "utf-8-sig", "utf-7"])
            )
        path.write_bytes(text)
        outcomes[outcome(lambda: CoreConfig.from_toml(path), wrong_core, seed)] += 1
    print(f"{FILES} configurations: {dict(outcomes)}")
    assert set(outcomes) == {"refused", "accepted"}
    assert min(outcomes["refused"], outcomes["accepted"]) > FILES / 100


def test_the_validator_finds_what_is_wrong():
    assert not any(wrong_design(design) for design in DESIGNS)
    broken = Design.from_bytes(DESIGN.to_bytes())
    broken.dt = float("nan")
    broken.scale[3] = -1.0
    broken.image.weights[0, 0] = 99
    broken.image.routes[1] = CONFIG.axons
    broken.image.parameters["d_mem"][2] = 4097
    broken.populations["all"] = slice(0, CONFIG.neurons + 1)
    assert set(wrong_design(broken)) == {
        "dt", "scale", "weights", "routes", "d_mem", "range all",
    }  # fmt: skip
