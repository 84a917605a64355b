"""The command processor in its surroundings, and the commands that tests give it."""

import functools

import numpy as np
from gateware import Bench
from surroundings import Surroundings

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.commands import END, Opcode
from spikeloom.hdl.core.core import increments
from spikeloom.hdl.sequencer import Processor

# A row of synapses is three words long, so that there are gaps between the rows' addresses.
CONFIG = CoreConfig(neurons=20, axons=6, weight_bits=4, monitors=4)


CLOCK_HZ = 25_000_000
LINE = 0x1234
BUILD = "a build of 40 characters, all told, here"


def processor(config=CONFIG, **options):
    return Processor(
        config,
        increments(config),
        **{"clock_hz": CLOCK_HZ, "build": BUILD, "line": LINE, **options},
    )


@functools.cache
def bench(config=CONFIG):
    """The processor and its simulation, elaborated once for each configuration."""
    dut = processor(config)
    return dut, Bench(dut)


def play(program, stalls=(), config=CONFIG, *, loaded=True, **options):
    """Let a program use a processor, which has an image if it is `loaded`."""
    dut, simulation = bench(config)

    async def testbench(ctx):
        board = Surroundings(ctx, dut, **options)
        if loaded:
            await board.load()
        board.stall(stalls)
        await program(board)

    simulation.run(testbench)


def run(start, steps, *events):
    """A RUN command with these events, and END."""
    head = [Opcode.RUN, start & 0xFFFF, start >> 16, steps & 0xFFFF, steps >> 16]
    return np.array([*head, *events, END], dtype="<u2").tobytes()
