"""The site of the documents: `make docs` builds it, and neither build nor page fetches anything."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]

project = "tautnet"
author = "The tautnet developers"
copyright = "The tautnet developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
html_theme = "furo"
html_title = "tautnet"
html_theme_options = {"footer_icons": []}
html_copy_source = False
html_show_sphinx = False
# Two hyphens are two hyphens: options begin with them.
smartquotes = False
templates_path = []
exclude_patterns = []
# Formulas are text: no script from elsewhere draws them.
html_math_renderer = None
# Headings have the names that a link on a page of the repository has, too.
myst_heading_anchors = 3

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

# Documents that stand elsewhere, and what links between documents are called on the site.
ELSEWHERE = {
    "tour": "README.md",
    "contributing": "CONTRIBUTING.md",
    "changes": "CHANGELOG.md",
    "benchmarks": "benchmarks/README.md",
}
LINKS = {
    "docs/": "",
    "../docs/": "",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
    "../benchmarks/README.md": "benchmarks.md",
}


def take_from_elsewhere(app, name, source):
    """Put a document that stands elsewhere in the place of its page, with its links right."""
    text = source[0]
    if name in ELSEWHERE:
        text = (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8")
    for old, new in LINKS.items():
        text = text.replace(f"]({old}", f"]({new}")
    # The licence is a file, not a page.
    source[0] = re.sub(r"\[([^]]+)\]\(LICENSE\)", r"\1", text)


def setup(app):
    app.connect("source-read", take_from_elsewhere)
