# Two commands do all the set-up: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TYPES := .types/spikeloom
# One more than there are processors: tests of the link and of interruptions wait most of the time.
JOBS ?= $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')

.PHONY: setup demo test lint types format docs bench peers campaign formal mutants wheel clean

demo: setup
	$(BIN)/spikeloom demo digits --out out/digits

# Tests of one file share its builds, so a file stays on one core.
test: setup
	$(BIN)/pytest -n $(JOBS) --dist loadfile

lint: setup types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=$(dir $(TYPES)) $(BIN)/lint-imports

types: setup $(TYPES)
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup
	@echo "Building the documentation (a minute) ..."
	$(BIN)/python -m sphinx -W --keep-going -q -E -b html docs build/docs
	@echo "build/docs/index.html"

# Some minutes; beside the simulators that `make peers` installed.
bench: setup
	$(BIN)/python benchmarks/bench.py

peers: setup
	$(BIN)/python benchmarks/peers/environments.py

formal: setup
	$(BIN)/python tests/formal/proofs.py

# An hour or so; `make mutants CHIPS="plain pair"` tries some of the chips.
mutants: setup
	$(BIN)/python tests/mutation/mutation.py $(CHIPS)

campaign: setup
	$(BIN)/spikeloom cosim --campaign --seeds 34

setup: $(STAMP)

$(STAMP): pyproject.toml setup.sh
	PYTHON=$(PYTHON) sh setup.sh $(VENV)
	@touch $@

# Type checkers do not follow the import hook of an editable install: they get links to the rooms.
$(TYPES): host $(wildcard host/*/) Makefile
	@rm -rf $@ && mkdir -p $@
	@ln -s $(addprefix ../../,$(wildcard host/*)) $@/
	@ln -s ../../hdl ../../sim ../../boards $@/

# The wheel is built from the source archive, and then tried in empty environments.
wheel: setup
	rm -rf dist build *.egg-info
	$(BIN)/python -m build --outdir dist
	SPIKELOOM_WHEEL="$$(ls dist/*.whl)" $(BIN)/pytest -m slow tests/packaging

clean:
	rm -rf $(VENV) .types out build dist *.egg-info
