# `make book` and `make test` are all that is needed; `make help` lists the rest.

BIN := $(if $(filter Windows_NT,$(OS)),.venv/Scripts,.venv/bin)
INSTALLED := .venv/.installed
BEGIN := $(shell date +%s)

.PHONY: help book live test lint notebooks links clean

help:                   ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

book: $(INSTALLED)      ## build the site; what has not changed is not done again
	@PATH="$$PWD/$(BIN):$$PATH" jupyter-book build book/ -W -n --keep-going
	@echo "The site: _build/html/index.html, in $$(($$(date +%s) - $(BEGIN))) s."

live: $(INSTALLED)      ## show the book, and a page anew as soon as it is saved
	@PATH="$$PWD/$(BIN):$$PATH" $(BIN)/python book/_ext/live.py

test: $(INSTALLED)      ## run all tests, two at a time
	$(BIN)/python -m pytest -n 2

lint: $(INSTALLED)      ## check the style of the code, and its format
	$(BIN)/ruff check && $(BIN)/ruff format --check

# The build computes the numbers in their sentences. It warns of the notebooks, and goes on.
notebooks: $(INSTALLED) ## write each chapter as a notebook, too, for Colab and Binder
	@PATH="$$PWD/$(BIN):$$PATH" jupyter-book build book/ -q
	$(BIN)/python book/_ext/plain_notebooks.py

links: $(INSTALLED)     ## ask every other host that the book links to whether the page is there
	@PATH="$$PWD/$(BIN):$$PATH" jupyter-book build book/ --builder linkcheck

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
