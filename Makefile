# Tidings: `make demo` runs the default analysis, `make test` the tests.
# Both create their own environment in .venv from the hash-locked files in envs/.

PYTHON ?= python3
CORES ?= 2
VENV := .venv
ENGINE := $(VENV)/engine
UV := $(VENV)/bin/uv
# The science packages answer to `python`, the engines to `snakemake` and `cwltool`.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help
help:  ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(VENV)/science.done  ## Run the default analysis and write its report.
	snakemake --cores $(CORES) --show-failed-logs --quiet rules host progress
	snakemake --cores $(CORES) --quiet all --report results/report.html

.PHONY: verify
verify: $(VENV)/science.done  ## Compare the results of the default run with the recorded digests.
	python scripts/verify.py config/default_run.json results

.PHONY: test
test: $(VENV)/tests.done  ## Run the tests.
	python -m pytest -q -n $(CORES) tests

.PHONY: check
check: $(VENV)/tests.done  ## Check style, and that no generated file is stale.
	ruff check . && ruff format --check .
	snakefmt --check Snakefile workflows
	python scripts/export.py --check

.PHONY: export
export: $(VENV)/tests.done  ## Write the generated CWL tools, schema and tables.
	python scripts/export.py

.PHONY: lock
lock: $(UV)  ## Resolve the pinned environments anew (needs a package registry).
	cd envs && ../$(UV) pip compile -q $(RESOLVE) science.in -o science.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) engine.in cloud.in -o cloud.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) -c cloud.txt engine.in -o engine.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) toil.in -o toil.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) -c science.txt science.in tests.in -o tests.txt
RESOLVE := --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --upgrade

.PHONY: clean
clean:  ## Remove results and logs, not the environment.
	rm -rf results logs benchmarks .snakemake

$(UV): envs/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tidings needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r envs/uv.txt
	@touch $@

$(ENGINE).done: $(UV) envs/engine.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(ENGINE)
	$(UV) pip sync -q --python $(ENGINE)/bin/python --require-hashes --compile-bytecode envs/engine.txt
	ln -sf ../engine/bin/snakemake ../engine/bin/cwltool $(VENV)/bin/
	@touch $@

$(VENV)/science.done: $(ENGINE).done envs/science.txt
	$(UV) pip install -q --python $(VENV)/bin/python --require-hashes --compile-bytecode -r envs/science.txt
	@touch $@

.PHONY: cloud
cloud: $(VENV)/cloud.done  ## Add the plugins for object storage and Kubernetes.

$(VENV)/cloud.done: $(ENGINE).done envs/cloud.txt
	$(UV) pip install -q --python $(ENGINE)/bin/python --require-hashes --compile-bytecode -r envs/cloud.txt
	@touch $@

.PHONY: toil
toil: $(VENV)/toil.done  ## Install the second CWL engine, toil-cwl-runner.

$(VENV)/toil.done: $(UV) envs/toil.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/toil
	$(UV) pip sync -q --python $(VENV)/toil/bin/python --require-hashes --compile-bytecode envs/toil.txt
	ln -sf ../toil/bin/toil-cwl-runner ../toil/bin/_toil_worker $(VENV)/bin/
	@touch $@

$(VENV)/tests.done: $(VENV)/science.done envs/tests.txt
	$(UV) pip install -q --python $(VENV)/bin/python --require-hashes --compile-bytecode -r envs/tests.txt
	@touch $@
