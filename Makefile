# Five commands. Each prepares what it needs first, so each works in a fresh clone on a machine with Python 3.11 or newer.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := privity_protocol privity_attest privity_tlog privity_vault privity_enclave privity_simulation privity_service privity_log privity_client privity_image
WORKERS ?= 3
PYTEST_ARGS ?=

.PHONY: serve test check bench lock clean

serve: ## Start Privity on this machine; Ctrl-C stops it.
	@$(PYTHON) tools/environment.py serve
	@$(BIN)/privity serve $(ARGS)

test: ## Everything: types, style, walls, units, vectors, fuzz, mutations, real processes, Chromium, programs of others.
	@$(PYTHON) tools/environment.py test
	@$(PYTHON) tools/environment.py programs
	@$(MAKE) --no-print-directory style
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

check: ## The fast loop, under two minutes.
	@$(PYTHON) tools/environment.py test
	@$(MAKE) --no-print-directory style
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m "not slow and not system and not browser" $(PYTEST_ARGS)

.PHONY: style
style:
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary $(foreach package,$(PACKAGES),-p $(package))

bench: ## The figures, as ratios within one run.
	@$(PYTHON) tools/environment.py test
	@$(BIN)/python bench/run.py $(ARGS)

lock: ## Resolve the lock files anew (maintainers; needs uv in the environment).
	@$(BIN)/python tools/lock.py

clean: ## Forget the environment; state under PRIVITY_HOME stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache user/web/node_modules user/web/packages/*/dist user/python/src/privity_client/_web
