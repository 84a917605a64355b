"""Settings of the documentation site: `make docs` builds it."""

import sys
import tomllib
import warnings
from pathlib import Path

from pygments.lexers import TextLexer
from sphinx.application import Sphinx

# numpydoc reads sections of gateware twice, and one time before `plain_docstrings` has.
warnings.filterwarnings("ignore", "Unknown section")

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_extensions"))

project = "SpikeLoom"
author = "The SpikeLoom authors"
project_copyright = author
release = tomllib.loads((DOCS.parent / "pyproject.toml").read_text())["project"]["version"]
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.mermaid",
    "generated_pages",
    "plain_docstrings",
]
exclude_patterns = ["_extensions"]
default_role = "code"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]

autodoc_member_order = "bysource"
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = "SpikeLoom"
html_static_path: list[str] = []
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    """Name the language of the frames in the link's page, which needs no colours."""
    app.add_lexer("frames", TextLexer)
