"""The user's function: found, sent to workers, and told apart from an earlier state of itself."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import marshal
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import InputError

_SUFFIX = ".py"
_loaded: dict[str, types.ModuleType] = {}


@dataclass(frozen=True)
class Target:
    """A function that workers can call.

    Attributes
    ----------
    name : of the function.
    digest : of the code it is in.
    file, source, package : of the file that defines it, which a worker executes once; or "".
    function : itself, where there is no such file.
    """

    name: str
    digest: str
    file: str = ""
    source: str = ""
    package: str = ""
    function: Callable[..., Any] | None = None

    @staticmethod
    def of(function: object, folder: Path | None = None) -> Target:
        """A function, or "FILE.py:NAME", or "package.module:NAME"; files are sought in `folder`.

        Raises `InputError` for what is no function, and for a function with variables of another
        one, whose values no digest could tell apart.
        """
        if isinstance(function, str):
            return _from_text(function, folder or Path())
        if not inspect.isfunction(function):
            raise InputError(
                f'the function is {function!r}; give a function, or text such as "my_space.py:measure"'
            )
        if function.__closure__:
            names = ", ".join(function.__code__.co_freevars)
            raise InputError(
                f"{function.__qualname__} uses variables of the function around it ({names}); pass "
                "them as constants={…}, so that results can be told apart"
            )
        module = sys.modules.get(function.__module__)
        file = getattr(module, "__file__", None)
        own = module is not None and getattr(module, function.__name__, None) is function
        if file and own and function.__module__ != "__main__":
            package = getattr(module, "__package__", "") or ""
            return _from_file(Path(file), function.__name__, package)
        return Target(function.__qualname__, _code_digest(function), function=function)

    def load(self) -> Callable[..., Any]:
        """The function in this process."""
        if self.function is not None:
            return self.function
        if self.digest not in _loaded:
            name = f"spikeloom_sweep_{self.digest[:16]}"
            module = types.ModuleType(name)
            module.__file__, module.__package__ = self.file, self.package
            folder = str(Path(self.file).parent)
            if not self.package and folder not in sys.path and Path(folder).is_dir():
                sys.path.append(folder)
            sys.modules[name] = module
            exec(compile(self.source, self.file, "exec"), vars(module))
            _loaded[self.digest] = module
        return _function(_loaded[self.digest], self.name, self.file)


def _from_text(text: str, folder: Path) -> Target:
    where, colon, name = text.rpartition(":")
    if not (where and colon and name):
        raise InputError(f'the function is {text!r}; give "FILE.py:NAME" or "package.module:NAME"')
    if where.endswith(_SUFFIX):
        return _from_file(folder / where, name, "")
    try:
        module = importlib.import_module(where)
    except ImportError as error:
        raise InputError(f"cannot import {where}: {error}; or name a file, FILE.py:NAME") from None
    return Target.of(_function(module, name, where))


def _from_file(path: Path, name: str, package: str) -> Target:
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read the function's file {path}: {reason}") from None
    digest = hashlib.sha256(f"{name}\0{source}".encode()).hexdigest()
    return Target(name, digest, str(path.resolve()), source, package)


def _function(module: types.ModuleType, name: str, where: str) -> Callable[..., Any]:
    function = getattr(module, name, None)
    if not callable(function):
        raise InputError(f"{where} has no function {name!r}")
    return function  # type: ignore[no-any-return]


def _code_digest(function: types.FunctionType) -> str:
    """Of its source where there is one, else of its compiled code."""
    try:
        module = sys.modules[function.__module__]
        text = inspect.getsource(module if getattr(module, "__file__", None) else function)
        code = text.encode()
    except (OSError, TypeError, KeyError):
        code = marshal.dumps(function.__code__)
    return hashlib.sha256(function.__qualname__.encode() + b"\0" + code).hexdigest()
