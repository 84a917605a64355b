"""The public surface: every name that `import spikeloom` offers, and the module it lives in."""

from .compiler.compile import compile as compile
from .connect.open import open as open
from .design.design import Design as Design
from .design.snapshot import Snapshot as Snapshot
from .device.device import Device as Device
from .device.run import Run as Run
from .driver.board import Board as Board
from .exchange.imported import Imported as Imported
from .exchange.importer import import_network as import_network
from .hdl import ConfigError as ConfigError
from .hdl import CoreConfig as CoreConfig
from .hdl import Image as Image
from .hdl import ImageError as ImageError
from .hdl.contract.errors import BoardRefusedError as BoardRefusedError
from .hdl.contract.errors import DesignError as DesignError
from .hdl.contract.errors import FitError as FitError
from .hdl.contract.errors import FitWarning as FitWarning
from .hdl.contract.errors import ForeignNetworkError as ForeignNetworkError
from .hdl.contract.errors import InputError as InputError
from .hdl.contract.errors import LinkError as LinkError
from .hdl.contract.errors import MissingToolError as MissingToolError
from .hdl.contract.errors import PortError as PortError
from .hdl.contract.errors import RoundingWarning as RoundingWarning
from .hdl.contract.errors import SpikeLoomError as SpikeLoomError
from .hdl.contract.errors import WrongBoardError as WrongBoardError
from .hdl.contract.neurons import register_neuron as register_neuron
from .hdl.contract.rules import register_rule as register_rule
from .network.adlif import AdLIF as AdLIF
from .network.connections import one_to_one as one_to_one
from .network.connections import random_connections as random_connections
from .network.learning_rules import SDSP as SDSP
from .network.learning_rules import PairSTDP as PairSTDP
from .network.learning_rules import RectangularSTDP as RectangularSTDP
from .network.learning_rules import SymmetricSTDP as SymmetricSTDP
from .network.learning_rules import ThreeFactor as ThreeFactor
from .network.network import Network as Network
from .network.neurons import IF as IF
from .network.neurons import LI as LI
from .network.neurons import LIF as LIF
from .signals.sources import Events as Events
from .signals.sources import Poisson as Poisson
from .signals.sources import Regular as Regular
from .signals.sources import SpikeTimes as SpikeTimes

__version__: str
