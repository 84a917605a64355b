import dataclasses
import io
import zipfile

import numpy as np
import pytest
from designs import LEARNING, learning_config, make_design
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.design.archive import ArchiveKind
from spikeloom.design.design import FORMAT, Design
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import DesignError
from spikeloom.quantise.reports import ErrorBounds, ProjectionCost, QuantisationReport
from spikeloom.quantise.rounding import ParameterDeviation

names = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), names
)
tables = st.dictionaries(
    names,
    st.recursive(
        scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(names, v, max_size=3)
    ),
    max_size=4,
)
numbers = st.floats(0, 1e9)
reports = st.none() | st.builds(
    QuantisationReport,
    st.sampled_from(["per_neuron", "global", "fixed"]), numbers, numbers,
    *[st.integers(0, 20)] * 4, *[numbers] * 3, *[st.integers(0, 20)] * 2,
    parameters=st.lists(
        st.builds(ParameterDeviation, names, names, numbers, numbers, st.integers(0, 9)), max_size=3
    ).map(tuple),
    projections=st.lists(
        st.builds(ProjectionCost, names, names, *[st.integers(0, 9)] * 3, numbers, numbers),
        max_size=2,
    ).map(tuple),
    losses=st.lists(st.text(max_size=9), max_size=2).map(tuple),
    bounds=st.none() | st.lists(numbers, min_size=2, max_size=2).map(
        lambda values: ErrorBounds(*[np.array([*values, np.inf])] * 3)
    ),
)  # fmt: skip


REPORT = QuantisationReport("global", 1.0, 1.0, 8, 0, 16, 3, 1.0, 0.0, 0.0, 0, 0, ())


@st.composite
def ranges(draw, size):
    ends = st.tuples(st.integers(0, size), st.integers(0, size)).map(sorted)
    return draw(st.dictionaries(names, ends.map(lambda e: slice(*e)), max_size=3))


@st.composite
def designs(draw):
    neurons, axons = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    config = CoreConfig(
        neurons=neurons,
        axons=axons,
        weight_bits=draw(st.integers(2, 16)),
        state_bits=draw(st.integers(8, 32)),
        synapse=draw(st.sampled_from(["exponential", "delta"])),
        leak=draw(st.sampled_from(["exponential", "linear", "none"])),
        reset=draw(st.sampled_from(["value", "subtract"])),
        receptors=draw(st.integers(1, 2)),
        parameters="per_neuron",
    )
    bound = 1 << (config.weight_bits - 1)
    parameters = {
        f.name: draw(hnp.arrays(np.int64, neurons, elements=st.integers(f.minimum, f.maximum)))
        for f in config.layout.parameters
    }
    image = Image(
        config,
        draw(hnp.arrays(np.int64, (axons, neurons), elements=st.integers(-bound, bound - 1))),
        parameters,
        draw(hnp.arrays(np.int64, neurons, elements=st.integers(-1, axons - 1))),
        draw(hnp.arrays(np.bool_, neurons)),
    )
    return Design(
        config,
        image,
        draw(ranges(axons)),
        draw(ranges(neurons)),
        draw(st.floats(1e-6, 1)),
        draw(hnp.arrays(np.float64, neurons, elements=st.floats(1e-3, 1e6))),
        draw(reports),
    )


def small():
    config = CoreConfig(neurons=2, axons=3)
    return Design(config, Image(config, np.arange(6).reshape(3, 2)), {"in": slice(0, 3)})


@settings(max_examples=50)
@given(table=tables)
def test_metadata_of_any_kind_are_kept(table):
    kind = ArchiveKind("thing", 1, "save")
    with kind.unpack(kind.pack({"table": table}, {}), "it") as (metadata, _):
        assert metadata["table"] == table


@settings(max_examples=50)
@given(design=designs())
def test_what_is_saved_is_loaded(design):
    data = design.to_bytes()
    loaded = Design.from_bytes(data)
    assert loaded.config == design.config
    assert np.array_equal(loaded.image.weights, design.image.weights)
    assert loaded.image.parameters.keys() == design.image.parameters.keys()
    for name, values in design.image.parameters.items():
        assert np.array_equal(loaded.image.parameters[name], values)
    assert np.array_equal(loaded.image.routes, design.image.routes)
    assert np.array_equal(loaded.image.report, design.image.report)
    assert loaded.inputs == design.inputs
    assert loaded.populations == design.populations
    assert loaded.dt == design.dt
    assert np.array_equal(loaded.scale, design.scale)
    assert loaded.report == design.report
    assert loaded.to_bytes() == data
    assert loaded == design


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.image.weights.__setitem__((0, 0), 9),
        lambda d: d.image.parameters["v_threshold"].__setitem__(slice(None), 9),
        lambda d: d.image.routes.__setitem__(0, 1),
        lambda d: d.image.report.__setitem__(0, False),
        lambda d: d.inputs.update({"in": slice(0, 2)}),
        lambda d: d.populations.update({"n": slice(0, 2)}),
        lambda d: d.scale.__setitem__(0, 2.0),
        lambda d: setattr(d, "report", REPORT),
        lambda d: d.rest.__setitem__(1, -65.0),
        lambda d: setattr(d, "mirrors", np.array([[0, 2]])),
    ],
)
def test_designs_are_equal_when_all_of_them_is(change):
    design = small()
    assert design == small()
    change(design)
    assert design != small()
    assert Design.from_bytes(design.to_bytes()) == design


@settings(max_examples=200)
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_damaged_archive_is_refused_or_harmless(where, bit):
    data = bytearray(small().to_bytes())
    data[int(where * len(data))] ^= 1 << bit
    try:
        loaded = Design.from_bytes(bytes(data))
    except DesignError:
        return
    assert loaded == small()


@given(data=st.binary(max_size=200))
def test_any_other_bytes_are_refused(data):
    with pytest.raises(DesignError, match="not a SpikeLoom design"):
        Design.from_bytes(data)


@given(length=st.floats(0, 1, exclude_max=True))
def test_a_cut_archive_is_refused(length):
    data = small().to_bytes()
    with pytest.raises(DesignError, match="damaged"):
        Design.from_bytes(data[: int(length * len(data))])


def edited(member, change, design=None):
    """The archive of a design, by default `small()`, with one member changed, or left out."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO((design or small()).to_bytes())) as old,
        zipfile.ZipFile(buffer, "w") as new,
    ):
        for name in old.namelist():
            content = change(old.read(name)) if name == member else old.read(name)
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def test_faults_20_the_identity_covers_names_places_time_step_and_scales():
    design = dataclasses.replace(small(), populations={"cells": slice(0, 1)})
    n = design.config.neurons
    changed = [
        {"inputs": {"other": slice(0, 1)}},
        {"populations": {"cells": slice(0, 0)}},
        {"dt": 2 * design.dt},
        {"scale": 2.0 * design.scale},
        {"rest": np.full(n, -65.0)},
        {"mirrors": np.array([[0, 1]])},
    ]
    others = [dataclasses.replace(design, **change) for change in changed]
    assert len({design.identity, *(other.identity for other in others)}) == 1 + len(others)
    assert dataclasses.replace(design).identity == design.identity
    assert Design.from_bytes(design.to_bytes()).identity == design.identity


def test_faults_20_a_scale_or_a_name_that_was_edited_is_refused():
    def twice(npy):
        values = np.load(io.BytesIO(npy))
        buffer = io.BytesIO()
        np.save(buffer, 2 * values)
        return buffer.getvalue()

    design = dataclasses.replace(small(), populations={"cells": slice(0, 1)})
    for member, change in (
        ("scale.npy", twice),
        ("design.toml", lambda text: text.replace(b"dt = 0.001", b"dt = 0.002")),
        ("design.toml", lambda text: text.replace(b"cells", b"other")),
    ):
        data = edited(member, change, design)
        assert data != design.to_bytes()
        with pytest.raises(DesignError, match="not those that were saved"):
            Design.from_bytes(data)


def with_units(text, units):
    """The text of an archive from before cores updated one neuron per cycle."""
    older = text.replace(b"format = 5", b"format = 4")
    assert older != text
    assert b"\nlanes = 1\n" in older
    return older.replace(b"\nlanes = 1\n", b"\nlanes = 1\nupdate_units = %d\n" % units)


@pytest.mark.parametrize("version", [2, 3, 4])
def test_an_archive_of_an_older_format_is_read(version):
    design = small()

    def older(text):
        text = text.replace(f"identity = {design.identity}".encode(), b"identity = 12345")
        return with_units(text, 1).replace(b"format = 4", b"format = %d" % version)

    assert Design.from_bytes(edited("design.toml", older)) == design


def test_an_archive_with_several_update_units_says_what_to_do():
    data = edited("design.toml", lambda text: with_units(text, 2))
    with pytest.raises(
        DesignError, match=r"^x\.slm: update_units is 2; .*leave .* compile the net"
    ):
        Design.from_bytes(data, "x.slm")


def test_a_newer_format_asks_for_a_newer_spikeloom():
    newer = edited("design.toml", lambda text: text.replace(b"format = 5", b"format = 6"))
    assert FORMAT == 5
    with pytest.raises(DesignError, match=r"format 6, written by a newer SpikeLoom; .* up to 5"):
        Design.from_bytes(newer)


def pickled(_):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def other_weights(_):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((3, 2), dtype=np.int8))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("member", "change", "reason"),
    [
        ("weights.npy", lambda _: None, "no 'weights' in it"),
        ("weights.npy", pickled, "Python objects, which are not read"),
        ("weights.npy", other_weights, "not those that were saved"),
        ("design.toml", lambda _: None, r"no 'design\.toml' in it"),
        ("design.toml", lambda t: t.replace(b"lanes = 1", b"lanes = 3"), "lanes is 3"),
        ("design.toml", lambda t: t.replace(b"dt = ", b"dt = = "), "Invalid"),
        ("design.toml", lambda _: b"format = 1", "no 'core' in it"),
    ],
)
def test_contents_that_make_no_sense_are_refused(member, change, reason):
    with pytest.raises(DesignError, match=reason):
        Design.from_bytes(edited(member, change), "x.slm")


def test_a_rule_that_is_not_registered_is_named():
    design = make_design(learning_config("pair"))
    other = edited("design.toml", lambda t: t.replace(b'"pair"', b'"my_own"'), design)
    with pytest.raises(DesignError, match=r"'my_own'; known are pair,.*import the file that regis"):
        Design.from_bytes(other)


def test_files(tmp_path):
    path = tmp_path / "first.slm"
    small().save(path)
    assert Design.load(path) == small()
    assert Design.load(str(path)) == small()
    with pytest.raises(DesignError, match=r"cannot read .*missing\.slm: No such file"):
        Design.load(tmp_path / "missing.slm")
    with pytest.raises(DesignError, match="cannot write"):
        small().save(tmp_path / "no" / "folder.slm")


def test_a_report_holds_plain_values_only():
    design = small()
    design.report = dataclasses.replace(REPORT, losses=(object(),))
    with pytest.raises(DesignError, match="cannot hold"):
        design.to_bytes()


@pytest.mark.parametrize("case", LEARNING)
def test_a_design_that_learns_is_saved_whole(case):
    design = make_design(learning_config(case))
    again = Design.from_bytes(design.to_bytes())
    assert again == design
    assert again.config.learning == design.config.learning
    assert again.image.learning == design.image.learning
    for name in ("plastic", "modulatory", "axon_tags", "neuron_tags"):
        assert np.array_equal(getattr(again.image, name), getattr(design.image, name))


def test_archives_of_the_first_format_are_read():
    first = edited("design.toml", lambda text: text.replace(b"format = 5", b"format = 1").replace(
        b'adaptation = "none"\n', b""))  # fmt: skip
    assert Design.from_bytes(first) == small()
