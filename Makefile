# `make book` and `make test` are all that is needed; `make help` lists the rest.

BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
INSTALLED := .venv/.installed
BEGIN := $(shell date +%s)
CHAPTERS = $(shell grep -rl --include='*.md' '^jupytext:' book)

.PHONY: help book test lint notebooks clean

help:                   ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

book: $(INSTALLED)      ## build the site; what has not changed is not done again
	@PATH="$$PWD/$(BIN):$$PATH" jupyter-book build book/ -W -n --keep-going
	@echo "The site: _build/html/index.html, in $$(($$(date +%s) - $(BEGIN))) s."

test: $(INSTALLED)      ## run all tests
	$(BIN)/python -m pytest

lint: $(INSTALLED)      ## check the style of the code, and its format
	$(BIN)/ruff check && $(BIN)/ruff format --check

notebooks: $(INSTALLED) ## write each chapter as a notebook, too, for Colab and Binder
	$(BIN)/jupytext --quiet --to ipynb --update $(CHAPTERS)

clean:                  ## remove what was built; the environment stays
	rm -rf _build

# Made again when what is required has changed.
$(INSTALLED): requirements.txt pyproject.toml
	@for python in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python; do \
	    if [ -n "$$python" ] && "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then \
	        found=$$python; break; \
	    fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo "Python 3.11, 3.12 or 3.13 is needed (TensorFlow runs on no other), and none is here."; \
	    echo "Install one, or say where it is: make book PYTHON=/path/to/python3.12"; \
	    exit 1; \
	fi; \
	"$$found" -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt
	@touch $@
