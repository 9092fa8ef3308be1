"""Draw the picture that the README shows and put what the command prints there, from a run on breast_cancer."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tautnet.views.pictures import draw_curves

PLACE = Path(__file__).parent / "pictures"
README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- demo: printed by the command, put here by docs/pictures.py -->\n", "<!-- end of demo -->"


def main():
    with tempfile.TemporaryDirectory() as directory:
        command = ["compare", "breast_cancer", "--out", directory]
        ended = subprocess.run([sys.executable, "-m", "tautnet", *command], check=True, stdout=subprocess.PIPE)
        result = json.loads((Path(directory) / "result.json").read_text(encoding="utf-8"))
    PLACE.mkdir(exist_ok=True)
    (PLACE / "breast_cancer.svg").write_bytes(draw_curves(result).data)
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    shown = f"```text\n{ended.stdout.decode().rstrip()}\n```\n"
    README.write_text(f"{before}{BEGIN}{shown}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
