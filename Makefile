# The commands of this project; `make` alone lists them.

PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= var
export DATA_DIR

VENV = .venv/bin/python
RUFF_OPTIONS = --cache-dir "$(CHECK_DIR)/ruff" --config "extend-exclude = ['$(DATA_DIR)']"
UV = "$(DATA_DIR)/tools/bin/uv"
COMPILE = $(UV) --cache-dir "$(DATA_DIR)/cache/uv" pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate $(if $(UPGRADE),--upgrade)

# A production set-up made up on the spot: what is checked is what a clinic would run, and never the database of `make run`.
CHECK_DIR = $(DATA_DIR)/check
PRODUCTION = here="$$(cd "$(CHECK_DIR)" && pwd)" && DEBUG=off ALLOWED_HOSTS=clinic.example BASE_URL=https://clinic.example \
  SECRET_KEY="$$($(VENV) -c 'import secrets; print(secrets.token_urlsafe(50))')" \
  EMAIL_URL=smtp+tls://user:password@mail.clinic.example:587 \
  DATABASE_URL="sqlite:///$$here/check.sqlite3" DATA_DIR="$$here" ENV_FILE=/dev/null

.PHONY: help run test torture faults bench lighthouse check lock

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: ## start the site on http://localhost:8000 with its sample content (PORT=8000, DATA_DIR=var)
	@$(PYTHON) requirements/install.py runtime
	@exec $(VENV) manage.py run --port $(PORT)

test: ## run the tests on SQLite and PostgreSQL (ARGS="-k triage" goes to pytest, ENGINES=sqlite runs one)
	@$(PYTHON) requirements/install.py dev
	@exec $(VENV) tests/run.py $(ARGS)

torture: ## run the long proofs on both engines and print one table (ARGS="-k crash"; goes on where it was interrupted)
	@$(PYTHON) requirements/install.py dev
	@exec $(VENV) -m tests.torture $(ARGS)

faults: ## take out one guard after the other and see that the test named beside it fails, into bench/FAULTS.md (ARGS="07 12")
	@$(PYTHON) requirements/install.py dev
	@exec $(VENV) -m bench.faults $(ARGS)

bench: ## measure pages (with wrk and nginx), readers' search, the queue with a million requests, and what a refused sign-in tells by its time, into bench/RESULTS.md and beside it
	@$(PYTHON) requirements/install.py dev
	@$(VENV) -m bench.pages
	@$(VENV) -m bench.search
	@$(VENV) -m bench.queue
	@$(VENV) -m bench.guessing
	@exec $(VENV) -m bench.results

lighthouse: ## what Lighthouse says of our pages, where there are Chromium and npm, into bench/LIGHTHOUSE.md
	@$(PYTHON) requirements/install.py dev
	@$(VENV) -m bench.lighthouse
	@exec $(VENV) -m bench.results

check: ## lint, formatting, missing migrations, and Django's deployment check
	@$(PYTHON) requirements/install.py dev
	@mkdir -p "$(CHECK_DIR)"
	$(VENV) -m ruff check $(RUFF_OPTIONS) .
	$(VENV) -m ruff format --check $(RUFF_OPTIONS) .
	$(VENV) -m djlint templates --check
	$(VENV) -m djlint templates --lint
	@rm -f "$(CHECK_DIR)"/check.sqlite3*
	@echo "makemigrations --check, as in production"
	@$(PRODUCTION) $(VENV) manage.py makemigrations --check --dry-run
	@echo "check --deploy, as in production"
	@said="$$($(PRODUCTION) $(VENV) manage.py check --deploy --fail-level WARNING)" || exit 1; echo "$$said"; \
	case "$$said" in *"(0 silenced)"*) ;; *) echo "A check is silenced; none may be." >&2; exit 1 ;; esac

lock: ## write the locks in requirements/ again from pyproject.toml (UPGRADE=1 takes newer versions)
	@$(PYTHON) requirements/install.py uv
	$(COMPILE) pyproject.toml --output-file requirements/runtime.txt
	$(COMPILE) pyproject.toml --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
	echo uv | $(COMPILE) - --output-file requirements/uv.txt
	@! grep '://' requirements/*.txt || { echo "A lock must name no address." >&2; exit 1; }
