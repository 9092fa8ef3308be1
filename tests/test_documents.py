"""The documents are true: their code runs, their links lead somewhere, the options and targets they name exist."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from tautnet.cli import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = DOCUMENTS[0].read_text(encoding="utf-8")


def test_the_readme_runs(capsys):
    names = {}
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(block, names)
    assert capsys.readouterr().out.strip() == names["comparison"].verdict
    weights = names["tn"].TautNetRegressor("group", names["model"].alpha_, hidden_layer_sizes=(20,), random_state=0)
    assert (weights.fit(names["X"], names["y"]).coefs_[0] == names["model"].coefs_[0]).all()


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
    known = {name for one in get_command(app).commands.values() for option in one.params for name in option.opts}
    named = set(re.findall(r"(--[a-z][a-z-]*)", README))
    assert named and named <= known


def test_the_demo_in_the_readme_is_the_command_s():
    shown = re.search(r"```text\n(breast_cancer: .*?)```", README, re.DOTALL).group(1)
    assert "- Without a penalty the network is over-fitted" in shown and "solved" in shown
