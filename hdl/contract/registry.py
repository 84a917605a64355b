"""Parts that are found by name: SpikeLoom's own, those of installed packages, and those of files.

A part is registered by a call, as a script does it; or it belongs to an installed package, whose
entry point (of the registry's group) names it; or to a plugin: a Python file, or a module, that
registers it when it is imported.  `SPIKELOOM_PLUGINS` names plugins, separated as in PATH; so do
processes that SpikeLoom starts tell each other what was registered where.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, TypeVar

from .errors import InputError, shown
from .fields import ConfigError

PLUGINS_VARIABLE = "SPIKELOOM_PLUGINS"
_PLUGIN_MODULE = "spikeloom_plugin_"
_OWN = __name__.partition(".")[0] + "."


class Part(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str:
        """By which it is found."""

    @property
    def module(self) -> str:
        """Name of the module that defines it."""


P = TypeVar("P", bound=Part)


class Registry(Mapping[str, P]):
    """Parts of one kind by name.  As a mapping it raises `KeyError`; `find` advises.

    Iteration gives SpikeLoom's own parts, then those registered in this process; parts of installed
    packages and of plugins are found when they are asked for.

    Parameters
    ----------
    kind : for messages, "neuron model".
    group : of entry points, "spikeloom.neurons"; each gives a part, under the part's own name.
    own : SpikeLoom's own parts, "module:attribute" by name.
    """

    def __init__(self, kind: str, group: str, own: Mapping[str, str]) -> None:
        self.kind, self.group = kind, group
        self._own = dict(own)
        self._parts: dict[str, P] = {}

    def register(self, part: P) -> P:
        """Make a part known in this process, in place of one registered before; returns it.

        Raises `ConfigError` for the name of one of SpikeLoom's own parts.
        """
        if part.name in self._own and resolve(self._own[part.name]) is not part:
            raise ConfigError(
                f"{part.name!r} is a {self.kind} of SpikeLoom; register yours under another name"
            )
        self._parts[part.name] = part
        return part

    def find(self, name: str) -> P:
        """The part of this name; `ConfigError` says which there are, and how to add one."""
        if isinstance(name, str) and name in self:
            return self[name]
        installed = entry_points(group=self.group).names
        known = ", ".join(dict.fromkeys([*self, *sorted(installed)]))
        raise ConfigError(
            f"{self.kind} is {shown(name)}; choose one of {known}. If it is your own, import the "
            "file that registers it, or give it to the command: spikeloom --plugin FILE.py"
        )

    def origin(self, name: str) -> str | None:
        """The plugin that another process needs to know this part; None for SpikeLoom's own.

        Raises `InputError` for a part that was typed into an interactive session.
        """
        part = self[name]
        if part.module.startswith(_OWN):
            return None
        if part.module != "__main__" and not part.module.startswith(_PLUGIN_MODULE):
            return part.module
        file = getattr(sys.modules[part.module], "__file__", None)
        if file is None:
            raise InputError(
                f"the {self.kind} {name!r} was registered in an interactive session, where the "
                "simulator cannot find it; put it into a file and import that"
            )
        return str(Path(file).resolve())

    def __getitem__(self, name: str) -> P:
        if name not in self._parts:
            self._load(name)
        return self._parts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._own, *self._parts]))

    def __len__(self) -> int:
        return len({*self._own, *self._parts})

    def _load(self, name: str) -> None:
        if name in self._own:
            self._parts[name] = resolve(self._own[name])
            return
        for entry in entry_points(group=self.group, name=name):
            self.register(entry.load())
        if name not in self._parts:
            for plugin in filter(None, os.environ.get(PLUGINS_VARIABLE, "").split(os.pathsep)):
                load_plugin(plugin)


def plugin_environment(origins: Iterable[str | None]) -> dict[str, str]:
    """Environment in which a process finds the parts from these plugins (`Registry.origin`)."""
    present = os.environ.get(PLUGINS_VARIABLE, "").split(os.pathsep)
    plugins = dict.fromkeys(
        str(Path(plugin).resolve()) if plugin.endswith(".py") else plugin
        for plugin in (*present, *origins)
        if plugin
    )
    return {PLUGINS_VARIABLE: os.pathsep.join(plugins)} if plugins else {}


def resolve(part: Any) -> Any:
    """What a "module:attribute" names; anything else is what it is."""
    if not isinstance(part, str):
        return part
    module, _, attribute = part.partition(":")
    return getattr(importlib.import_module(module), attribute)


def module_of(part: Any) -> str:
    """Name of the module that a function, a class or a "module:attribute" is from."""
    return part.partition(":")[0] if isinstance(part, str) else str(part.__module__)


def load_plugin(plugin: str | Path) -> None:
    """Import a Python file (a path that ends in .py) or a module, once; it registers its parts.

    Raises `InputError` when there is no such file, or when it fails.
    """
    name = str(plugin)
    path = Path(name).resolve()
    module = f"{_PLUGIN_MODULE}{path.stem}" if name.endswith(".py") else name
    if name.endswith(".py") and not path.is_file():
        raise InputError(f"there is no plugin {name}; give a Python file, or a module")
    if module == name or getattr(sys.modules.get(module), "__file__", None) != str(path):
        try:
            _import(module, None if module == name else path)
        except InputError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise InputError(f"the plugin {name} fails: {what}") from error


def _import(module: str, path: Path | None) -> None:
    """Import a module, or a file as a module of that name."""
    if path is None:
        importlib.import_module(module)
        return
    spec = importlib.util.spec_from_file_location(module, path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[module] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(sys.modules[module])
    except BaseException:
        del sys.modules[module]
        raise
