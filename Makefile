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
	snakemake --cores $(CORES) --logger tidings
	snakemake --cores $(CORES) --quiet all --report results/report.html

.PHONY: event
event: $(VENV)/science.done  ## Reduce one event and make its page: make event NAME="GRB 230307A".
	python scripts/event.py "$(NAME)" --cores $(CORES) $(OPTIONS)

.PHONY: pages
pages: $(VENV)/science.done  ## Make a page of each target of the default analysis: results/<target>.html.
	python scripts/page.py --all

.PHONY: verify
verify: $(VENV)/science.done  ## Compare the results of the default run with the recorded digests.
	python scripts/verify.py --extra config/default_run.json results

.PHONY: crate
crate: $(VENV)/science.done  ## Pack the default analysis as an RO-Crate, ready for a repository: archive/.
	snakemake crate --cores $(CORES) --quiet all

.PHONY: test
test: $(VENV)/tests.done  ## Run the tests.
	python -m pytest -q -n $(CORES) tests

.PHONY: docs
docs: $(VENV)/docs.done $(VENV)/science.done  ## Build the site of documents and catalogue: site/html/index.html.
	python scripts/catalogue.py site/source
	$(VENV)/docs/bin/python workflows/docs/turtle.py site/source/catalogue/catalogue.jsonld
	$(VENV)/docs/bin/sphinx-build -q -W -n -E -b html -c workflows/docs site/source site/html

.PHONY: bench
bench: $(VENV)/tests.done  ## Time every step, beside peers, and write workflows/benchmarks.md.
	python tests/benchmarks/bench.py

.PHONY: engines
engines: $(VENV)/tests.done  ## Run the default run with every engine there is, and write the table of workflows/README.md.
	python tests/benchmarks/engines.py

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
	cd envs && ../$(UV) pip compile -q $(RESOLVE) s3.in -o s3.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) validator.in -o validator.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) runcrate.in -o runcrate.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) archive.in -o archive.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) docs.in -o docs.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) -c engine.txt clients.in -o clients.txt
	cd envs && ../$(UV) pip compile -q $(RESOLVE) -c science.txt science.in tests.in -o tests.txt
RESOLVE := --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --upgrade

# The container image of the steps, named in envs/image.txt after what it is built of.
CONTAINER ?= $(firstword $(foreach tool,podman docker buildah,$(if $(shell command -v $(tool)),$(tool))))
IMAGE = $(shell cat envs/image.txt)
SIF = $(subst :,-,$(notdir $(IMAGE))).sif

.PHONY: image
image:  ## Build the container image (needs podman, docker or buildah) and print its digest.
	$(CONTAINER) build $(IMAGE_FLAGS) $(if $(filter-out docker,$(CONTAINER)),--timestamp 0) \
	    --file envs/Containerfile --tag $(IMAGE) envs
	@$(CONTAINER) images --digests --no-trunc $(IMAGE)

.PHONY: sif
sif: $(SIF)  ## Make the image's file for apptainer (needs apptainer, and `make image` before).

$(SIF):
	$(CONTAINER) save --output $@.tar $(IMAGE)
	apptainer build $(SIF_FLAGS) $@ docker-archive:$@.tar
	rm $@.tar

.PHONY: pins
pins:  ## Write envs/<stack>.linux-64.pin.txt, the exact conda builds (needs conda and a channel).
	for file in envs/*.yaml; do \
	    conda env create --quiet --prefix $(VENV)/pins --file $$file && \
	    conda list --explicit --md5 --prefix $(VENV)/pins > $${file%.yaml}.linux-64.pin.txt && \
	    rm -rf $(VENV)/pins || exit 1; \
	done

.PHONY: clean
clean:  ## Remove results and logs, not the environment.
	rm -rf results logs benchmarks .snakemake

$(UV): envs/uv.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tidings needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r envs/uv.txt
	@touch $@

# Snakemake's plugins of this suite, each in a folder of its own: for the description of a run, and for progress.
PLUGINS := workflows/snakemake-report-plugin-wrroc workflows/snakemake-logger-plugin-tidings

$(ENGINE).done: $(UV) envs/engine.txt $(shell find $(PLUGINS) -name '*.py' -o -name '*.toml' -o -name '*.json')
	$(UV) venv -q --clear --python $(VENV)/bin/python $(ENGINE)
	$(UV) pip sync -q --python $(ENGINE)/bin/python --require-hashes --compile-bytecode envs/engine.txt
	$(UV) pip install -q --python $(ENGINE)/bin/python --no-deps --no-index --reinstall $(addprefix ./,$(PLUGINS))
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
	ln -sf ../toil/bin/toil-cwl-runner ../toil/bin/_toil_worker ../toil/bin/cwl-docker-extract $(VENV)/bin/
	@touch $@

.PHONY: s3
s3: $(VENV)/s3.done  ## Install the S3 server that the tests of object storage need.

$(VENV)/s3.done: $(UV) envs/s3.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/s3
	$(UV) pip sync -q --python $(VENV)/s3/bin/python --require-hashes --compile-bytecode envs/s3.txt
	ln -sf ../s3/bin/moto_server $(VENV)/bin/
	@touch $@

.PHONY: judges
judges: $(VENV)/judges.done  ## Install the programs that judge the crates: roc-validator and runcrate.

# Two environments: they need different versions of the same packages.
$(VENV)/judges.done: $(UV) envs/validator.txt envs/runcrate.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/validator
	$(UV) pip sync -q --python $(VENV)/validator/bin/python --require-hashes --compile-bytecode envs/validator.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/runcrate
	$(UV) pip sync -q --python $(VENV)/runcrate/bin/python --require-hashes --compile-bytecode envs/runcrate.txt
	ln -sf ../validator/bin/rocrate-validator ../runcrate/bin/runcrate $(VENV)/bin/
	@touch $@

.PHONY: archive
archive: $(VENV)/archive.done  ## Install zenodo-get, with which records of Zenodo are fetched.

$(VENV)/archive.done: $(UV) envs/archive.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/archive
	$(UV) pip sync -q --python $(VENV)/archive/bin/python --require-hashes --compile-bytecode envs/archive.txt
	ln -sf ../archive/bin/zenodo_get $(VENV)/bin/
	@touch $@

$(VENV)/docs.done: $(UV) envs/docs.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/docs
	$(UV) pip sync -q --python $(VENV)/docs/bin/python --require-hashes --compile-bytecode envs/docs.txt
	@touch $@

.PHONY: clients
clients: $(VENV)/clients.done  ## Install the clients by others that the tests run against the local Zenodo.

$(VENV)/clients.done: $(VENV)/archive.done envs/clients.txt
	$(UV) venv -q --clear --python $(VENV)/bin/python $(VENV)/clients
	$(UV) pip sync -q --python $(VENV)/clients/bin/python --require-hashes --compile-bytecode envs/clients.txt
	@touch $@

$(VENV)/tests.done: $(VENV)/science.done envs/tests.txt
	$(UV) pip install -q --python $(VENV)/bin/python --require-hashes --compile-bytecode -r envs/tests.txt
	@touch $@
