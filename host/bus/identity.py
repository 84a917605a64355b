"""Who answers: the identity block of a board, and whether it fits this SpikeLoom and a design."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import BoardRefusedError, WrongBoardError
from spikeloom.hdl.contract.memory_map import (
    BUILD_WORDS,
    LINK_VERSION,
    MAGIC,
    MAP_VERSION,
    Identity,
    Region,
)

from .bus import Bus


@dataclass(frozen=True)
class BoardIdentity:
    """What the identity block says.  `build` informs people; the others decide compatibility."""

    magic: int
    link_version: int
    map_version: int
    digest: int
    build: str

    @classmethod
    def read(cls, bus: Bus) -> BoardIdentity:
        """Read the block; `WrongBoardError` when what answers is no SpikeLoom core."""
        base = Region.IDENTITY.base
        try:
            words = bus.read(base, Identity.DIGEST_HIGH + 1)
            text = bus.read(base + Identity.BUILD, BUILD_WORDS)
        except BoardRefusedError as error:
            raise WrongBoardError(f"the board has no identity block ({error})") from None
        return cls(
            magic=int(words[Identity.MAGIC]),
            link_version=int(words[Identity.LINK_VERSION]),
            map_version=int(words[Identity.MAP_VERSION]),
            digest=int(words[Identity.DIGEST_LOW]) | int(words[Identity.DIGEST_HIGH]) << 32,
            build=text.astype("<u4").tobytes().rstrip(b"\0").decode("ascii", "replace"),
        )

    def check(self, config: CoreConfig | FabricConfig | None = None) -> None:
        """Raise `WrongBoardError` unless board, this SpikeLoom and `config` fit together."""
        if self.magic != MAGIC:
            raise WrongBoardError(
                f"what answers is no SpikeLoom core: it begins with {self.magic:#010x}, not "
                f"{MAGIC:#010x}; program the board: spikeloom build BOARD"
            )
        for what, found, expected in (
            ("link", self.link_version, LINK_VERSION),
            ("memory map", self.map_version, MAP_VERSION),
        ):
            if found != expected:
                raise WrongBoardError(
                    f"the board has {what} version {found}, this SpikeLoom has {expected}; "
                    "build the bitstream again with this SpikeLoom (spikeloom build BOARD), "
                    "or install the one that it was built with"
                    + (f" (build: {self.build})" if self.build else "")
                )
        if config is not None and self.digest != config.digest:
            what = "fabric" if isinstance(config, FabricConfig) else "core"
            raise WrongBoardError(
                f"the design is for another {what}: it needs configuration {config.digest:016x}, "
                f"the board has {self.digest:016x}"
                + (f" ({self.build})" if self.build else "")
                + "; build a bitstream for the design (spikeloom build BOARD FILE), "
                "or compile the network for the board's configuration"
            )
