# `make demo` and `make test` start from a Debian machine with a Swift toolchain and install the rest themselves.
SHELL := /bin/bash
SWIFT ?= swift
JOBS ?= $(shell nproc)
DEMO ?= demo-output
PACKAGES = liblua5.4-dev libopenblas-dev libxxhash-dev

.PHONY: all build mpi demo test check-report bench bench-quick lint clean install install-files man packages cluster-packages reference dist

all: build

# Headers and libraries of Lua, OpenBLAS and xxHash; nothing is done when they are there.
packages:
	@if [ ! -e /usr/include/lua5.4/lua.h ] || [ ! -e /usr/include/xxhash.h ] || ! ls /usr/include/*/cblas.h >/dev/null 2>&1; then \
	  echo "installing $(PACKAGES)"; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES); \
	fi

# An MPI with its compiler, and a Slurm to play a cluster of two nodes with; the tests of ranks are skipped without them.
CLUSTER = libopenmpi-dev openmpi-bin slurmctld slurmd slurm-client munge iproute2
cluster-packages:
	@if ! (for tool in mpicc mpirun srun munged /usr/sbin/slurmctld; do \
	    PATH="$$PATH:/usr/sbin" command -v $$tool || exit 1; done) >/dev/null; then \
	  echo "installing $(CLUSTER)"; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(CLUSTER); \
	fi

build: packages
	$(SWIFT) build -c release -j $(JOBS) --product dppa-run

# What lets one run be shared by many processes, built for the MPI of this machine (`mpicc`) and put beside the program:
# mpirun -n 4 dppa-run run …
MPICC ?= mpicc
MPIFLAGS = -O2 -shared -fPIC
mpi: build
	$(MPICC) $(MPIFLAGS) -o "$$($(SWIFT) build -c release --show-bin-path)/libdppa-mpi.so" Sources/CMPI/ranks.c

# DPPA on the zoo, end to end: factors are searched on zoo/search, the table is of zoo/eval.
demo: build
	@$(SWIFT) build -c release --show-bin-path > .build/bin-path
	@bin=$$(cat .build/bin-path)/dppa-run; zoo=recipes/zoo; set -e; \
	echo; echo "== what the base model holds"; \
	$$bin inspect $$zoo/base; \
	echo; echo "== DPPA: a fifth of what math, finance and law have learnt, amplified and merged"; \
	$$bin run recipes/dppa.lua --out $(DEMO)/dppa --force --json $(DEMO)/dppa.json; \
	echo; echo "== task arithmetic at 0.6, for comparison"; \
	$$bin run recipes/task_arithmetic.lua --set lambda=0.6 --out $(DEMO)/task_arithmetic --force; \
	echo; echo "== questions that the search has not seen"; \
	$$bin eval $$zoo/base $$zoo/math $$zoo/finance $$zoo/law $(DEMO)/task_arithmetic $(DEMO)/dppa \
	  --task $$zoo/eval/math.jsonl --task $$zoo/eval/finance.jsonl --task $$zoo/eval/law.jsonl > $(DEMO)/scores.txt; \
	cat $(DEMO)/scores.txt; echo; awk -f bench/demo_check.awk $(DEMO)/scores.txt; \
	echo "the merged model is $(DEMO)/dppa; its README.md says how it was made"

# Release mode, so that the tests run what users run; the tests use no testable imports.
test: packages
	$(SWIFT) build -c release --build-tests -j $(JOBS)
	$(SWIFT) test -c release --skip-build --disable-xctest

# The page of a run, opened in a browser at several widths, dark and as paper; skipped where there is no browser.
check-report: build
	@python3 Tests/DPPARunTests/Fixtures/report/check_page.py \
	  --dppa $$($(SWIFT) build -c release --show-bin-path)/dppa-run $(if $(SCREENSHOTS),--screenshots $(SCREENSHOTS))

# What the program costs, beside mergekit and beside what the machine itself needs to move the bytes: docs/performance.md.
# BENCH takes options, such as BENCH="--only methods --sets /big/disk". Needs Python 3.11 with venv.
ENVIRONMENT = .build/bench/environment
MEASURE = $(ENVIRONMENT)/bin/python bench/benchmark.py --program "$$($(SWIFT) build -c release --show-bin-path)/dppa-run"
bench: build $(ENVIRONMENT)/made
	@$(MEASURE) $(if $(filter all,$(METHODS)),--only 'all methods') $(BENCH)

bench-quick: build $(ENVIRONMENT)/made
	@$(MEASURE) --quick --repeats 3 $(BENCH)

$(ENVIRONMENT)/made: bench/requirements.txt
	@echo "installing mergekit into $(@D)"
	@rm -rf $(@D) && python3 -m venv $(@D) && $(@D)/bin/pip install -q -r $< && touch $@

# The pages that are made from the program's table of names; a test fails when they are old.
reference: build
	@$$($(SWIFT) build -c release --show-bin-path)/dppa-run reference docs/reference.md recipes/types

# The program with what it needs, its recipes and shell completions, under PREFIX; needs no root for a PREFIX of your own.
# Swift's own libraries are linked into it, so that it starts on machines, and for users, without the toolchain.
PREFIX ?= $(HOME)/.local
STATIC = -c release --static-swift-stdlib --scratch-path .build/install
install: packages
	$(SWIFT) build $(STATIC) -j $(JOBS) --product dppa-run
	@$(MAKE) --no-print-directory install-files PROGRAM="$$($(SWIFT) build $(STATIC) --show-bin-path)/dppa-run"
	@if command -v $(MPICC) >/dev/null; then mkdir -p "$(PREFIX)/lib/dppa" \
	  && $(MPICC) $(MPIFLAGS) -o "$(PREFIX)/lib/dppa/libdppa-mpi.so" Sources/CMPI/ranks.c; fi

# Puts a program that is built already, and its files, under PREFIX.
install-files:
	@set -e; share="$(PREFIX)/share"; \
	install -D -m 755 "$(PROGRAM)" "$(PREFIX)/bin/dppa-run"; \
	mkdir -p "$$share/dppa/recipes" "$$share/bash-completion/completions" "$$share/zsh/site-functions" \
	  "$$share/fish/vendor_completions.d"; \
	cp -R recipes/*.lua recipes/.luarc.json recipes/types recipes/tasks recipes/zoo "$$share/dppa/recipes/"; \
	chmod -R u=rwX,go=rX "$$share/dppa"; \
	"$(PROGRAM)" --generate-completion-script bash > "$$share/bash-completion/completions/dppa-run"; \
	"$(PROGRAM)" --generate-completion-script zsh > "$$share/zsh/site-functions/_dppa-run"; \
	"$(PROGRAM)" --generate-completion-script fish > "$$share/fish/vendor_completions.d/dppa-run.fish"; \
	echo "installed $(PREFIX)/bin/dppa-run; try: dppa-run run ties --out merged"

# Archive, Debian package and Dockerfile in `dist`, of a program that needs the C library and nothing else; each is started in a
# root with nothing else in it. The linker finds archives of all other libraries first, in a folder that has no shared ones.
DIST ?= dist
ARCHIVES = $(CURDIR)/.build/archives
dist: packages
	@if ! gcc -print-file-name=libgfortran.a | grep -q /; then \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq gfortran binutils; \
	fi
	@packaging/archives.sh $(ARCHIVES)
	$(SWIFT) build -c release --static-swift-stdlib --scratch-path .build/dist -Xlinker -L$(ARCHIVES) -j $(JOBS) --product dppa-run
	@packaging/dist.sh .build/dist/release/dppa-run $(DIST)
	@packaging/clean_root.sh $(DIST)

# The man page, made from the commands' own help.
man: packages
	$(SWIFT) package plugin generate-manual
	install -D -m 644 .build/plugins/GenerateManual/outputs/dppa-run/dppa-run.1 "$(PREFIX)/share/man/man1/dppa-run.1"

lint:
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

clean:
	rm -rf .build $(DEMO) $(DIST)
