"""The command processor in its surroundings, and the commands that tests give it."""

import functools

import numpy as np
from gateware import Bench
from surroundings import Surroundings

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.commands import END, Opcode
from spikeloom.hdl.link.processor import Processor

# A row of synapses is three words long, so that there are gaps between the rows' addresses.
CONFIG = CoreConfig(neurons=20, axons=6, weight_bits=4, monitors=4)


@functools.cache
def bench(config=CONFIG):
    """The processor and its simulation, elaborated once for each configuration."""
    dut = Processor(config)
    return dut, Bench(dut)


def play(program, stalls=(), config=CONFIG, **options):
    dut, simulation = bench(config)

    async def testbench(ctx):
        await program(Surroundings(ctx, dut, stalls, **options))

    simulation.run(testbench)


def run(start, steps, *events):
    """A RUN command with these events, and END."""
    head = [Opcode.RUN, start & 0xFFFF, start >> 16, steps & 0xFFFF, steps >> 16]
    return np.array([*head, *events, END], dtype="<u2").tobytes()
