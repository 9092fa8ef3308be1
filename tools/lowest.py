"""Print the lowest version of every dependency that pyproject.toml allows.

They are written as constraints for pip.
"""

import re
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
wanted = [
    *project["dependencies"],
    *(one for extra in project["optional-dependencies"].values() for one in extra),
]
for requirement in wanted:
    name, version = re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement).groups()
    print(f"{name}=={version}")
