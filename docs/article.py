"""Repeat the experiments of both articles, and put text and pictures beside article.md."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from matplotlib import rcParams

from tautnet.views.article_pictures import draw_article

PLACE = Path(__file__).parent / "article"


def main():
    # The same picture is then the same file.
    rcParams["svg.hashsalt"] = "tautnet"
    PLACE.mkdir(exist_ok=True)
    for penalty in ("l1", "l2"):
        with tempfile.TemporaryDirectory() as directory:
            command = ["article", "--penalty", penalty, "--out", directory]
            program = [sys.executable, "-m", "tautnet"]
            ended = subprocess.run([*program, *command], check=True, stdout=subprocess.PIPE)
            result = json.loads((Path(directory) / "result.json").read_text(encoding="utf-8"))
        (PLACE / f"{penalty}.txt").write_bytes(ended.stdout)
        pictures = draw_article(result)
        (PLACE / f"sign_{penalty}.svg").write_bytes(pictures.pop("sign").data)
        # The others are the same for both articles.
        for name, picture in pictures.items():
            (PLACE / f"{name}.svg").write_bytes(picture.data)


if __name__ == "__main__":
    main()
