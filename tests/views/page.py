"""A report as tests read it, and the panels that each kind of comparison has."""

import json
from html.parser import HTMLParser

PATH = {"loss", "norms", "weights", "network"}
FIT = {"fit", "residuals"}
CLASSES = {"calibration"}
PANELS = {
    "regression": PATH | FIT | {"none", "counts"},
    "classification": PATH | CLASSES | {"none", "counts"},
    "three classes": PATH | CLASSES | {"counts"},
    "without none": PATH | FIT | {"counts"},
    "only none": FIT | {"none"},
    "linear": PATH | FIT,
    "survival": PATH | {"none", "survival", "counts"},
    "labels": PATH | CLASSES,
    "relaxed": PATH | FIT | {"none", "counts"},
    "one predictor": PATH | FIT | {"none", "counts"},
}
VOID = {"wbr", "meta", "input", "line", "circle", "path"}


class Page(HTMLParser):
    """The elements of a page, the rows of its tables, its scripts and its text.

    Tags that do not match fail.
    """

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.elements = []
        self.tables = {}
        self.rows = []
        self.texts = []
        self.scripts = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows = []
            self.tables[attributes["id"]] = self.rows
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append({"text": "", "values": []})
        if tag == "data":
            self.rows[-1][-1]["values"].append(attributes["value"])

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts.append(data)
        elif "style" not in self.open:
            self.texts.append(data)
        if "th" in self.open or "td" in self.open:
            self.rows[-1][-1]["text"] += data

    @property
    def text(self):
        return " ".join("".join(self.texts).split())

    @property
    def panels(self):
        """Names of the panels that there are."""
        ids = [attributes.get("id", "") for _, attributes in self.elements]
        return {one.removeprefix("panel-") for one in ids if one.startswith("panel-")}

    @property
    def data(self):
        """What the script draws."""
        return json.loads(self.scripts[0])
