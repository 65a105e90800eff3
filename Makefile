# The book's commands. Everything a command needs is installed into .venv the first time.
PYTHON ?= python3
CHOSEN := $(if $(filter command,$(firstword $(origin PYTHON))),PYTHON="$(PYTHON)")
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
HTML   := _build/html

# One thread a process: pages and checks run side by side, and torch processes that share
# cores with several threads each slow one another down four times.
export OMP_NUM_THREADS := 1

# The reader's own settings of Python have no say in what is built, and any locale can print it.
unexport $(filter PYTHON%,$(.VARIABLES))
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help html live grade test coverage mutation exam-holes bench bench-grader bench-build audit browser clean always

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

html: $(READY) ## grade the exercises, run the pages' code, write the site
	@$(BIN)/python book/_ext/unchanged.py && echo "Nothing has changed since the last build." || { \
	  $(BIN)/python -m grading --brief && $(BIN)/python -m grading.exam && \
	  $(BIN)/python -m sphinx -q -W --keep-going -c . book $(HTML) && $(BIN)/python book/_ext/unchanged.py --note; }
	@echo "The book is at $(abspath $(HTML))/index.html"

live: AS_IT_IS := --as-it-is
live: $(READY) ## serve the book here; saved exercises and pages change at once (PORT=8000)
	@$(BIN)/python -m grading --brief
	@$(BIN)/python -m live $(if $(PORT),--port $(PORT))

# Asked with -q, make adds no words of its own to a status of 1, which here says "not solved yet".
ifeq ($(MAKECMDGOALS),grade)
MAKEFLAGS += -q
endif

grade: ## grade your exercises in book/exercises; EXERCISE=name for one
	+@MAKEFLAGS= $(MAKE) -s $(READY) $(CHOSEN) AS_IT_IS=--as-it-is
	+@$(BIN)/python -m grading $(EXERCISE)

test: html ## test the package, the grader and the built site; CHAPTER=stem for one chapter
	@$(BIN)/python -m pytest -p claims.proved -n logical --dist loadscope --no-loadscope-reorder $(if $(CHAPTER),tests -k "$(CHAPTER)" --ignore=tests/site --ignore=tests/grading)

coverage: $(READY) ## branches of the package that its own tests reach; fails below 98 %
	@$(BIN)/python -m pytest --ignore=tests/exercises --ignore=tests/grading --ignore=tests/site --cov=attention --cov-branch --cov-fail-under=98 \
	  --cov-report=term-missing:skip-covered

mutation: $(READY) ## put small errors into the core; list those that no test notices (up to an hour)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt mutmut
	@$(BIN)/python -m mutmut run && $(BIN)/python -m mutmut results

exam-holes: $(READY) ## put small errors into the exercises' solutions; list those that no check notices; ARGS="softmax -j 2", or --help
	@$(BIN)/python -m grading.holes $(ARGS)

bench: $(READY) ## measure the package against its peers (minutes); ARGS="encoder --rounds 21", or --help
	@$(BIN)/python bench $(ARGS)

bench-grader: html ## measure how long a save takes to be graded (minutes; on a quiet machine)
	@$(BIN)/python bench/grader.py

bench-build: html ## measure how long the site takes to build, beside stock MyST-NB (20 minutes)
	@$(BIN)/python bench/build.py

audit: html ## weigh every page, and put it to a browser, axe-core and Lighthouse (minutes; needs npm)
	@$(BIN)/python bench/audit $(ARGS)

browser: ## install the browser that the tests of the live book drive (Debian and Ubuntu)
	@command -v chromium >/dev/null || { \
	  test "$$(id -u)" = 0 || SUDO=sudo; \
	  $$SUDO apt-get update -q && $$SUDO apt-get install -y -q --no-install-recommends chromium; }

clean: ## remove what was built (your exercises stay)
	rm -rf _build mutants

# Looks each time whether all is well, and does nothing if so.
$(READY): always
	@$(PYTHON) install.py $(if $(CHOSEN),--with-this-python) $(AS_IT_IS)
