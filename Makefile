# The one menu: `make help`. Needs Debian 12; what is missing is installed by `make deps`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
SEEDS ?= 1000
ROUNDS ?= 5
SEED ?=
PROGRAMS ?= 200
MUTANTS ?=
BENCH ?=
TAG ?= dev
export PYTHONDONTWRITEBYTECODE := 1

BINARIES := llmops-operator llmops-gateway llmops-evaluator llmops
# Not of the product, but of its tests on a cluster.
TEST_BINARIES := llmops-fault-engine
CPP := git ls-files -co --exclude-standard '*.cpp' '*.hpp' '*.ipp'

help: ## This list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## Install the Debian packages that are missing (root)
	@e2e/cluster/deps.sh

deps-build:
	@e2e/cluster/deps.sh build

deps-bench:
	@e2e/cluster/deps.sh bench

build/%/build.ninja:
	@cmake --preset $*

build: deps-build build/release/build.ninja ## Compile the four programs, and the engine that fails on purpose, into build/release/bin
	@ninja -C build/release $(BINARIES) $(TEST_BINARIES)

# With CLUSTER=current nothing of a cluster is installed on this machine.
DEPS := $(if $(filter current,$(CLUSTER)),deps-build,deps)

quickstart: $(DEPS) build ## Install on a local cluster and watch seven releases under load (root)
	@$(PYTHON) e2e/quickstart/run.py

quickstart-clean: cluster-down ## Remove the quickstart with its cluster; programs and images stay cached
	@rm -f build/quickstart*.json*

test: deps ## All tests: unit, simulation, API server, end to end (root)
	@$(PYTHON) tests/e2e/layers.py

test-unit: deps-build ## Unit tests, with address and undefined behaviour sanitizers
	@$(PYTHON) tests/e2e/layers.py unit

test-integration: deps ## Tests against the real API server of the local cluster (root)
	@$(PYTHON) tests/e2e/layers.py integration

test-e2e: $(DEPS) ## The quickstart, then faults and bad input on the same cluster (root)
	@$(PYTHON) tests/e2e/layers.py e2e

test-argocd: deps build ## The product under a real Argo CD: its Lua scripts, then commits and clicks under load (root)
	@$(PYTHON) tests/e2e/run.py argocd_lua argocd

simulate: deps-build build/release/build.ninja ## Simulate all plans of all scenarios and SEEDS=1000 stories, or one story: SEED=x
	@ninja -C build/release simulate
	@build/release/tests/simulate $(if $(SEED),--seed $(SEED),--plans --seeds $(SEEDS))

sim-statistics: deps-build build/release/build.ninja ## Simulate the statistics of live gates: false decisions, time to decision, replay
	@ninja -C build/release --quiet simulate_statistics
	@build/release/tests/simulate_statistics

conformance: deps-build build/release/build.ninja ## Play PROGRAMS=200 random programs, or SEED=x again, against simulated and real API server
	@e2e/cluster/build.sh kube
	@ninja -C build/release --quiet conformance_test
	@LLMOPS_PROGRAMS=$(PROGRAMS) LLMOPS_SEED=$(SEED) $(PYTHON) tests/integration/conformance/with_api_server.py build/release/tests/conformance_test

bench-gateway: deps-bench build/release/build.ninja ## The gateway beside nginx and Envoy before one engine stub in ROUNDS=5 rounds, and which bars it meets (root installs nginx)
	@ninja -C build/release --quiet llmops-gateway gateway_load
	@$(PYTHON) tests/benchmarks/gateway_beside_peers.py build/release --rounds $(ROUNDS)

bench-operator: deps build ## The operator beside Argo Rollouts at 1,000 settled and 100 moving objects; BENCH="--settled 100" for less (root)
	@e2e/cluster/build.sh kube kwok argo-rollouts
	@ninja -C build/release --quiet operator_decide
	@$(PYTHON) tests/benchmarks/operator_scale.py $(BENCH)

mutants: deps-build ## Put faults into a copy of our code, all or MUTANTS="names", and expect tests to fail
	@$(PYTHON) tests/mutants/run.py $(MUTANTS)

lint: build/release/build.ninja ## Formatting, clang-tidy, chart and scripts
	@$(CPP) | xargs clang-format-19 --dry-run -Werror
	@e2e/cluster/build.sh helm kube
	@. e2e/cluster/env.sh; helm lint --strict --quiet charts/llmops-operator
	@$(PYTHON) tests/e2e/unit/chart_test.py
	@$(PYTHON) tests/e2e/unit/chart_rendered_test.py
	@git ls-files -co --exclude-standard '*.sh' '.ci/run' | xargs -n 1 bash -n
	@git ls-files -co --exclude-standard '*.py' | xargs $(PYTHON) -c 'import ast, sys; [ast.parse(open(f, encoding="utf-8").read(), f) for f in sys.argv[1:]]'
	@$(PYTHON) tests/mutants/run.py --check
	@ninja -C build/release --quiet
	@$(CPP) | grep '\.cpp$$' | grep -v '^tests/fuzz/' | xargs -n 4 -P $$(nproc) clang-tidy-19 -p build/release --quiet

format: ## Rewrite C++ sources in the project's format
	@$(CPP) | xargs clang-format-19 -i

image: build ## The product's image as an OCI archive, TAG=dev; prints its path
	@e2e/images/product.sh build/release $(TAG)

chart: ## Copy the CRDs into the chart, and write what Argo CD must know of them
	@cp crds/llmops.dev_*.yaml charts/llmops-operator/files/crds/
	@$(PYTHON) charts/argocd_cm.py --write

manifests: ## Write build/manifests for `kubectl apply -k`: plain YAML and a kustomization, from the chart
	@e2e/cluster/build.sh helm
	@. e2e/cluster/env.sh; $(PYTHON) charts/manifests.py build/manifests --namespace llmops-system

release-table: ## Write docs/release-table.md and its source anew from what the release engine does; read it before you keep it
	@cmake --preset debug >/dev/null && ninja -C build/debug --quiet tests/release_table_test
	@RELEASE_TABLE_DIR=build/debug build/debug/tests/release_table_test --gtest_filter='ReleaseTableDocument.*' --gtest_brief=1
	@cp build/debug/release_table.inc tests/unit/controllers/ && cp build/debug/release-table.md docs/

schemas: ## Write docs/schemas from the wire schemas
	@$(PYTHON) crds/generator/json_schemas.py --output docs/schemas crds/llmops.dev_*.yaml crds/wire/*.yaml

docs: ## Write docs/api.md from the CRDs and docs/metrics.md from the table of metrics
	@$(PYTHON) crds/generator/api_reference.py --output docs/api.md crds/llmops.dev_*.yaml
	@$(PYTHON) crds/generator/metrics_reference.py --output docs/metrics.md crds/base/metric_families.hpp

cluster-up: deps ## A real one-node Kubernetes on this machine (root); then: . e2e/cluster/env.sh
	@e2e/cluster/up.sh

cluster-down: ## End it and leave the machine as it was (root)
	@e2e/cluster/down.sh

.PHONY: help docs release-table deps deps-build deps-bench build quickstart quickstart-clean test test-unit test-integration test-e2e test-argocd simulate sim-statistics conformance bench-gateway bench-operator mutants lint \
  format image chart manifests schemas cluster-up cluster-down
