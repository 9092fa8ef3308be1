"""Photograph the report of a run on breast_cancer for the README.

What the command prints goes into the README, too. The run's result goes to tests/views, where the
tests of the report open it, too. Needs a browser (see tests/views).
"""

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs/pictures/report.png"
README = ROOT / "README.md"
RESULT = ROOT / "tests/views/breast_cancer.json.gz"
# Pixels around the picture.
EDGE = 24
BEGIN = "<!-- demo: printed by the command, put here by docs/picture.py -->\n"
END = "<!-- end of demo -->"

sys.path.insert(0, str(ROOT / "tests"))


def main():
    with tempfile.TemporaryDirectory() as directory:
        run = Path(directory) / "run"
        command = [sys.executable, "-m", "tautnet", "compare", "breast_cancer", "--out", str(run)]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode()
        result = (run / "result.json").read_text(encoding="utf-8").replace(f" --out {run}", "")
        RESULT.write_bytes(gzip.compress(result.encode(), mtime=0))
        photograph(run / "report.html")
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    page = f"{before}{BEGIN}```text\n{printed.rstrip()}\n```\n{END}{after}"
    README.write_text(page, encoding="utf-8")


def photograph(report):
    """The linked picture of l1, under which predictors leave."""
    from PIL import Image
    from views.browser import launched, opened

    PICTURE.parent.mkdir(exist_ok=True)
    with launched() as browser, opened(browser, report, width=1280, scale=1.5) as page:
        page.locator("input[value=l1]").check(force=True)
        # Places are told from the upper edge of the window.
        page.evaluate("scrollTo(0, 0)")
        box = page.locator("section.picture").bounding_box()
        clip = {
            "x": box["x"] - EDGE,
            "y": box["y"] - EDGE,
            "width": box["width"] + 2 * EDGE,
            "height": box["height"] + 2 * EDGE,
        }
        page.screenshot(path=PICTURE, full_page=True, clip=clip)
    # 256 colours are enough, and a third of the bytes.
    Image.open(PICTURE).quantize(256).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
