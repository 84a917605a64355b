"""The table of lags as a user gives it, and as a core holds it."""

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, FitError, InputError, LagTableSTDP, Network


def compiled(rule, **settings):
    net = Network(learning=rule)
    cells = net.population("cells", 2, IF(v_threshold=4.0))
    net.connect(net.input("in", 2), cells, spikeloom.one_to_one(5.0))
    net.connect(cells, cells, [[0.0, 2.0], [0.0, 0.0]], plastic=[[False, True], [False, False]])
    return spikeloom.compile(net, scale=4.0, weight_bits=10, **settings)


def test_a_pair_adds_what_its_lag_has_and_each_step_takes_what_it_knows():
    """Cell 0 fires in step 0, cell 1 in step 3: a lag of 3, which is number 2 in the table."""
    rule = LagTableSTDP(plus=(9, 7, 5, 3), minus=(0.25, 0.5, 0, 1), w_min=-100, w_max=100)
    spikes = np.zeros((6, 2), dtype=bool)
    spikes[0, 0] = spikes[3, 1] = True
    with spikeloom.open("golden:", compiled(rule)) as device:
        weights = []
        for row in spikes:
            device.run({"in": row[None]})
            weights.append(float(np.asarray(device.weights)[2, 1]))
    taken = np.cumsum([0, 0.25, 0.75, 0.75, 1.75, 1.75])
    assert weights == (2 - taken + 5 * (np.arange(6) >= 3)).tolist()


def test_entries_are_held_exactly_with_as_many_digits_as_they_need():
    rule = LagTableSTDP(plus=(1, 0.0625), minus=(0.25,), w_max=8, stochastic=True)
    design = compiled(rule)
    config, values = design.config.learning, design.image.learning
    assert (config.trace_bits, config.fraction_bits) == (2, 2)
    assert [values[n] for n in ("plus_0", "plus_1", "minus_0", "minus_1")] == [16, 1, 4, 0]
    assert design.image.learning["sweep_log2"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"plus": ()}, "have 0 lags"),
        ({"plus": (1,) * 17}, "have 17 lags; a core holds 1…16"),
        ({"plus": (1, 1, 1), "trace_bits": 2}, "have 3 lags; a core holds 1…2"),
        ({"plus": (1, -1)}, r"plus is \(1, -1\); give numbers of at least 0"),
        ({"plus": (1,), "minus": (float("nan"),)}, "minus is"),
        ({"plus": (1,), "w_min": 9}, "w_min is 9"),
    ],
)
def test_impossible_tables_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        LagTableSTDP(**{"w_max": 8, **changes})


def test_what_rounds_to_nothing_does_not_fit():
    with pytest.raises(FitError, match="rounds to 0"):
        compiled(LagTableSTDP(plus=(0.01,), w_max=8, fraction_bits=0))
