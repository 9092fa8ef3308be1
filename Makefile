# Everything a fresh machine needs: python3 (3.11 or newer, with venv), make and the package registry.
PYTHON ?= python3
PIP := .venv/bin/pip --quiet --disable-pip-version-check
DATA ?= data
PYTHONS ?= python3.11 python3.12 python3.13

.PHONY: demo test fuzz kill large memory lowest ecosystem matrix release lock picture pictures docs assets article verdicts clean

demo: .venv/demo  ## Install, compare the penalties on breast_cancer, say where the report is.
	.venv/bin/tautnet compare breast_cancer

test: .venv/test  ## Format, lint, types, and the whole suite on two cores: doctests and the limits of tools/shape.py too.
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/pytest -n 2 --dist loadfile

fuzz: .venv/test  ## Damage the kept model files in a thousand ways: each is refused or of use.
	.venv/bin/python tools/fuzz_models.py

kill: .venv/test  ## Kill commands at random moments, type them again: the result is the same, byte for byte.
	.venv/bin/python tools/kill.py

large: .venv/test  ## Fit twenty million rows in two gigabytes, and print what that takes (half an hour, 8 GB of disk).
	.venv/bin/python tools/large.py

memory: .venv/test  ## Fit networks of two hundred shapes in one process, and print what its memory does.
	.venv/bin/python tools/memory.py

lowest:  ## The suite against the lowest versions that pyproject.toml allows.
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python tools/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/pip install --quiet --editable '.[test]' --constraint .venv-lowest/constraints.txt
	.venv-lowest/bin/pytest

ecosystem:  ## What scikit-learn, shap, MAPIE, skore and scikit-survival call, in an environment of its own.
	$(PYTHON) -m venv .venv-ecosystem
	.venv-ecosystem/bin/pip install --quiet --editable '.[ecosystem,test]' --constraint constraints.txt
	.venv-ecosystem/bin/pytest tests/ecosystem

lock:  ## Pin what a fresh resolution gives today.
	$(PYTHON) -m venv --clear .venv
	$(PIP) install --editable '.[docs,parquet,test]'
	.venv/bin/pip freeze --exclude-editable > constraints.txt

picture: .venv/test  ## Photograph the report for the README, and put there what the command prints (needs a browser).
	.venv/bin/python docs/picture.py

pictures: .venv/demo  ## Run the examples and put their pictures where the documents show them.
	mkdir -p docs/pictures/examples
	for file in examples/*.py; do .venv/bin/python $$file docs/pictures/examples/$$(basename $$file .py).png; done

docs: .venv/docs  ## The documents as a site; neither the build nor a page fetches anything.
	.venv/bin/python -m sphinx -q -W --keep-going -b html docs build/docs
	@echo "site: build/docs/index.html"

assets: assets/node_modules  ## Bundle d3 for the report again, to the same bytes, and lint the report's script (needs npm).
	cd assets && npm run build && npm run lint

assets/node_modules: assets/package-lock.json
	cd assets && npm ci --no-audit --no-fund
	@touch $@

article: .venv/demo  ## Repeat the article's experiment for docs/article.md.
	.venv/bin/python docs/article.py

verdicts: .venv/demo  ## Read the tables in DATA and write docs/verdicts.md.
	.venv/bin/python benchmarks/verdicts.py --data $(DATA)

matrix:  ## Build the wheel, install it under each Python, and let it compare.
	$(PYTHON) -m pip wheel --quiet --no-deps --wheel-dir build/wheel .
	for python in $(PYTHONS); do \
	  rm -rf .venv-matrix && $$python -m venv .venv-matrix \
	  && .venv-matrix/bin/pip install --quiet build/wheel/tautnet-*.whl \
	  && .venv-matrix/bin/tautnet compare iris --json --penalties l2 --network plain --cv 3 > build/wheel/iris.json \
	  && $$python --version || exit 1; done

release:  ## Build sdist and wheel, and check what a package index will show of them.
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/pip install --quiet build twine
	rm -rf dist
	.venv-release/bin/python -m build --outdir dist
	.venv-release/bin/twine check --strict dist/*

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install --editable . --constraint constraints.txt
	@touch $@

.venv/test: .venv/demo
	$(PIP) install --editable '.[parquet,test]' --constraint constraints.txt
	@touch $@

.venv/docs: .venv/demo
	$(PIP) install --editable '.[docs]' --constraint constraints.txt
	@touch $@

clean:
	rm -rf .venv .venv-lowest .venv-ecosystem .venv-matrix .venv-release build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
