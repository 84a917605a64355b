"""Which boards there are, and what runs on each: nothing on them is changed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from serial.tools import list_ports

from spikeloom.hdl.contract.errors import LinkError, PortError, SpikeLoomError

from ..bus.bus import BoardLink
from ..design.design import Design
from ..driver.board import Board
from ..link import port_owner as ownership
from ..link.port_owner import OWNER, Claim
from ..sharing.shared_link import SharedLink
from .board_link import open_link
from .known_boards import board_with, default_rates
from .schemes import GOLDEN, TWIN

TIMEOUT = 0.5
"""Seconds that a port may be silent before it counts as no board, at each rate."""
PATIENCE = 2.0
"""Seconds that the owner of a port may take for an answer."""
DEADLINE = 8.0
"""Seconds after which a port is given up, whatever it does."""


@dataclass(frozen=True)
class FoundPort:
    """A port, and what is known of the board behind it.

    Attributes
    ----------
    port, description : its name, and what the system says that it is.
    board : facts about the board that answers; None: none does, or its owner does not share it.
    owner : the process that has the port open, if one of the user's has.
    problem : why nothing is known of a board; empty when one answers.
    """

    port: str
    description: str
    board: BoardFacts | None = None
    owner: str = ""
    problem: str = ""

    @property
    def is_board(self) -> bool:
        """Whether a board is there: it answers, or somebody has it open."""
        return self.board is not None or bool(self.owner)

    def describe(self) -> str:
        """Port and board in a line."""
        what = str(self.board) if self.board else self.problem
        return f"{self.port} ({what}{f'; in use by {self.owner}' if self.owner else ''})"


@dataclass(frozen=True)
class BoardFacts:
    """What a board says.

    Attributes
    ----------
    build : its build string.
    digest : of the core's configuration, hexadecimal.
    core : the board of `spikeloom build` whose default core has this configuration; or empty.
    clock_hz, step : frequency of the core clock, number of the next step.
    image : identity of the loaded image, hexadecimal; empty: nothing is loaded.
    design : the name of the design that the image is of, when it is known; or empty.
    """

    build: str
    digest: str
    core: str
    clock_hz: int
    image: str
    design: str
    step: int

    def __str__(self) -> str:
        core = f"default core of {self.core}" if self.core else f"core {self.digest}"
        image = self.design or (f"image {self.image}" if self.image else "nothing loaded")
        return ", ".join(filter(None, [self.build, core, image, f"step {self.step}"]))


@dataclass(frozen=True)
class FoundPorts:
    """All ports, those with boards first."""

    ports: tuple[FoundPort, ...] = field(default_factory=tuple)

    def to_dict(self) -> dict[str, Any]:
        """The ports, as JSON can hold them."""
        return {"ports": [asdict(port) for port in self.ports]}

    def __rich__(self) -> RenderableType:
        if not self.ports:
            return Text(_nothing())
        table = Table(box=None, header_style="bold")
        for title in ("port", "board", "core", "image", "step", "owner"):
            table.add_column(title, overflow="fold")
        rest = []
        for found in self.ports:
            board = found.board
            if board is None:
                rest.append(Text(f"{found.port} ({found.description}): {_reason(found)}"))
                continue
            cells = (found.port, board.build or found.description, board.core or board.digest)
            image = board.design or board.image or "none"
            table.add_row(*map(escape, (*cells, image, str(board.step), found.owner)))
        boards: list[RenderableType] = [table] if table.row_count else []
        return Group(*boards, *rest)


def _reason(found: FoundPort) -> str:
    return f"{found.problem} ({found.owner})" if found.owner else found.problem


def _nothing() -> str:
    return (
        "There is no serial port: is the board plugged in and powered? "
        f'Without a board, "{TWIN}" opens a simulated one and "{GOLDEN}" the golden model'
    )


def find_boards(
    designs: dict[str, Design] | None = None,
    *,
    baud: int | None = None,
    ports: Sequence[str] | None = None,
    **options: Any,
) -> FoundPorts:
    """Ask every serial port of this machine, and every twin that is served here, who is there.

    A port that somebody has open is asked through its owner.  Another one is opened for a moment; on
    a board a command that nobody waits for any more is abandoned by that, after its step.

    Parameters
    ----------
    designs : by name: those that are recognised when a board holds their image.
    baud : bits per second; default: those of the known boards, one after another.
    ports : ask only these.
    options : as for `spikeloom.open`.
    """
    names = {design.identity: name for name, design in (designs or {}).items()}
    found: dict[str, FoundPort] = {}
    candidates = _candidates()
    if ports is not None:
        candidates = {port: candidates.get(port, "serial port") for port in ports}
    threads = []
    for port, description in candidates.items():
        found[port] = FoundPort(port, description, problem="it does not let go of who opens it")

        def ask(port: str = port, description: str = description) -> None:
            found[port] = _ask(port, description, names, baud, options)

        # Some ports (of Bluetooth devices, say) keep who opens them waiting for ever.
        threads.append(threading.Thread(target=ask, daemon=True))
        threads[-1].start()
    deadline = time.monotonic() + DEADLINE
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return FoundPorts(
        tuple(sorted(found.values(), key=lambda port: (port.board is None, port.port)))
    )


def only_board(baud: int | None = None, **options: Any) -> str:
    """The port of the one board that there is; `PortError` lists the candidates otherwise."""
    found = find_boards(baud=baud, **options).ports
    boards = [port for port in found if port.is_board]
    if len(boards) == 1:
        return boards[0].port
    if boards:
        listed = ", ".join(port.describe() for port in boards)
        raise PortError(
            f"there are {len(boards)} boards: {listed}. Say which one: "
            f'spikeloom.open("{boards[0].port}")'
        )
    if not found:
        raise PortError(_nothing())
    listed = "; ".join(port.describe() for port in found)
    raise PortError(
        f"there is no board: {listed}. Is the bitstream loaded and the board powered? If "
        f'its baud rate is another one, give baud. Without a board, "{TWIN}" opens a simulated one '
        f'and "{GOLDEN}" the golden model'
    )


def _candidates() -> dict[str, str]:
    """Ports by name, and what they are; each only once, whatever its names are."""
    ports = {port.device: port.description for port in list_ports.comports()}
    ports = {name: "serial port" if what == "n/a" else what for name, what in ports.items()}
    ports |= {twin.port: "simulated" for twin in ownership.records(ownership.TWIN)}
    known = {os.path.realpath(port) for port in ports}
    for owner in ownership.records(OWNER):
        if os.path.realpath(owner.port) not in known:
            ports[owner.port] = "serial port"
    return ports


def _ask(
    port: str, description: str, names: dict[int, str], baud: int | None, options: dict[str, Any]
) -> FoundPort:
    owner = ""
    try:
        claim = Claim.take(port)
        if claim is not None:
            try:
                link = open_link(port, baud, TIMEOUT, claim, **options)
            except LinkError:
                rates = " and ".join(map(str, [baud] if baud else default_rates()))
                return FoundPort(port, description, problem=f"no board answers at {rates} baud")
            else:
                return FoundPort(port, description, _look(link, names))
            finally:
                claim.release()
        record = ownership.find(port)
        if record is not None and not record.opening:
            owner = record.describe()
            if record.address is None:
                return FoundPort(port, description, None, owner, "it is open and not shared")
        shared = SharedLink(
            port,
            lambda claim: open_link(port, baud, TIMEOUT, claim, **options),
            patience=PATIENCE,
        )
        return FoundPort(port, description, _look(shared, names), owner)
    except (SpikeLoomError, OSError) as error:
        return FoundPort(port, description, None, owner, str(error))


def _look(link: BoardLink, names: dict[int, str]) -> BoardFacts:
    with contextlib.closing(Board(link, progress=False)) as board:
        info, digest = board.info(), board.identity.digest
    image = info["image"]
    return BoardFacts(
        build=board.identity.build,
        digest=f"{digest:016x}",
        core=board_with(digest),
        clock_hz=board.clock_hz,
        image=f"{image:08x}" if image else "",
        design=names.get(image, ""),
        step=info["step"],
    )
