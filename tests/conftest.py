import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Tests run on all cores: threads of linear algebra, which spin while they wait, would take time from
# each other. Read when NumPy is loaded, and inherited by processes that tests start.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# Time is limited per test, by pytest: a busy computer is no failure.
settings.register_profile("spikeloom", deadline=None, print_blob=True)
settings.load_profile("spikeloom")


@pytest.fixture(autouse=True, scope="session")
def own_runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Records of open ports that no other test run, and no user's process, sees."""
    folder = tmp_path_factory.mktemp("runtime")
    folder.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPIKELOOM_RUNTIME", str(folder))
        yield folder
