"""The documents are true: their code runs and their links lead somewhere.

The options and targets that they name exist.
"""

import inspect
import re
import runpy
from pathlib import Path

import pytest
from sklearn.neural_network import MLPClassifier, MLPRegressor
from typer.main import get_command

from tautnet.commands.app import app
from tautnet.objective import registry

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
README = DOCUMENTS[0].read_text(encoding="utf-8")


def test_the_readme_runs(capsys):
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(block, names)
    assert capsys.readouterr().out.strip() == names["comparison"].verdict
    weights = names["tn"].TautNetRegressor(
        "group", names["model"].alpha_, hidden_layer_sizes=(20,), random_state=0
    )
    assert (weights.fit(names["X"], names["y"]).coefs_[0] == names["model"].coefs_[0]).all()


PAGES = [page for page in DOCUMENTS[3:] if "```python" in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_code_of_a_page_runs(page, monkeypatch):
    """Blocks share their names; what a page claims of them it asserts."""
    # A penalty that a page registers is known to that page alone.
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    names = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    assert "tn" in names


def test_the_page_of_commands_follows_the_command():
    """Write it anew by `python docs/commands_page.py`."""
    page = runpy.run_path(ROOT / "docs" / "commands_page.py")["page"]()
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page


def test_every_page_is_on_the_site():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(?:Tour <)?([a-z][\w-]*)>?$", index, re.MULTILINE)
    assert sorted([*listed, "index"]) == sorted(page.stem for page in DOCUMENTS[3:])


def test_every_public_name_is_in_the_api():
    import tautnet

    named = re.findall(
        r"auto\w+:: tautnet\.(\w+)$", (ROOT / "docs" / "api.md").read_text(), re.MULTILINE
    )
    assert sorted(named) == sorted(set(tautnet.__all__) - {"datasets"})


def test_every_keyword_of_scikit_learn_s_networks_is_explained():
    table = (ROOT / "docs" / "keywords.md").read_text(encoding="utf-8").split("## LassoNet")[0]
    for network in (MLPClassifier, MLPRegressor):
        for name in inspect.signature(network).parameters:
            assert f"`{name}`" in table, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for link in re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
        if not link.startswith("https://"):
            assert (document.parent / link.split("#")[0]).exists(), link


@pytest.mark.parametrize("document", DOCUMENTS[:2], ids=lambda path: path.name)
def test_files_and_make_targets_exist(document):
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"^ {4}make (\w+)", text, re.MULTILINE)) <= set(targets)
    for path in re.findall(r"`((?:src|tests|docs)/[\w/.]+)`", text):
        assert (ROOT / path).exists(), path


def test_options_exist():
    known = {
        name
        for one in get_command(app).commands.values()
        for option in one.params
        for name in [*option.opts, *option.secondary_opts]
    }
    named = set(re.findall(r"(--[a-z][a-z-]*)", README))
    assert named and named <= known


def test_the_demo_in_the_readme_is_the_command_s():
    shown = re.search(r"```text\n(breast_cancer: .*?)```", README, re.DOTALL).group(1)
    assert "\n- Use " in shown and "Unpenalised, the network is over-fitted" in shown
