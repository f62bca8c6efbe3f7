# Everything a newcomer needs: make demo, make test. Needs Python 3.11, pip and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
# Tests start many processes: none of them should compile its imports anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo screenshots test test-long check bench lock clean help

help:
	@echo "make demo       the app with a simulated company, in the browser"
	@echo "make test       all everyday tests;  make test-long  the long ones"
	@echo "make check      style, types, layers, size budgets, docs"
	@echo "make bench      the benchmarks;  make lock  new pins"

$(VENV)/run: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	sh scripts/install $(BIN) requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.lock requirements-data.lock
	sh scripts/install $(BIN) requirements-dev.lock
	sh scripts/install $(BIN) requirements-data.lock --no-deps
	touch $@

demo: $(VENV)/run
	$(BIN)/everytouch demo demo

test: $(VENV)/dev
	sh scripts/system-packages
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not long"

test-long: $(VENV)/dev
	sh scripts/system-packages
	$(BIN)/python -m pytest -n 2 --dist load tests/test_collector_crash.py --points 1000
	$(BIN)/python -m pytest -n 2 --dist load tests/test_lossless.py --hypothesis-profile=long
	$(BIN)/python -m pytest -n 2 --dist load tests/web/test_disclosure.py tests/test_devices.py \
		tests/test_extend.py tests/test_versions.py -m "not long" --hypothesis-profile=long
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m long

check: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/test_house.py tests/test_docs.py

screenshots: $(VENV)/dev
	sh scripts/system-packages
	$(BIN)/python -m tests.browser.screenshots

bench: $(VENV)/dev
	$(BIN)/python benchmarks/spine.py
	PYTHONPATH=. $(BIN)/python benchmarks/journeys.py
	PYTHONPATH=. $(BIN)/python benchmarks/renewal.py
	PYTHONPATH=. $(BIN)/python benchmarks/web.py
	PYTHONPATH=. $(BIN)/python benchmarks/isolation.py
	PYTHONPATH=. $(BIN)/python benchmarks/truth.py
	PYTHONPATH=. $(BIN)/python benchmarks/ways_in.py
	PYTHONPATH=. $(BIN)/python benchmarks/integrity.py
	PYTHONPATH=. $(BIN)/python benchmarks/collect.py --minutes 5

lock:
	$(PYTHON) -m pip install --quiet uv
	echo uv | $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header - -o requirements-uv.lock
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --group build pyproject.toml \
		-o requirements.lock
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --all-extras --group dev --group build -c requirements.lock \
		pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo build dist
