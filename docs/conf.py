"""The site of the documents: `make docs` builds it, and neither the build nor a page fetches
anything.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]

project, author, copyright = "tautnet", "The tautnet developers", "The tautnet developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
html_theme, html_title = "furo", "tautnet"
html_theme_options = {"footer_icons": []}
html_copy_source = html_show_sphinx = False
templates_path = exclude_patterns = []
# Formulas are text: no script from elsewhere draws them.
html_math_renderer = None
# Headings have the names that a link on a page of the repository has, too.
myst_heading_anchors = 3

autodoc_typehints, autodoc_member_order = "none", "bysource"
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
    """Put a document that stands elsewhere in the place of the page that stands for it, and its
    links right.
    """
    text = (ROOT / ELSEWHERE[name]).read_text(encoding="utf-8") if name in ELSEWHERE else source[0]
    for old, new in LINKS.items():
        text = text.replace(f"]({old}", f"]({new}")
    # The licence is a file, not a page.
    source[0] = re.sub(r"\[([^]]+)\]\(LICENSE\)", r"\1", text)


def setup(app):
    app.connect("source-read", take_from_elsewhere)
