# `make demo` and `make test` start from a Debian machine with a Swift toolchain and install the rest themselves.
SHELL := /bin/bash
SWIFT ?= swift
JOBS ?= $(shell nproc)
DEMO ?= demo-output
PACKAGES = liblua5.4-dev libopenblas-dev

.PHONY: all build demo test lint clean packages

all: build

# Headers and libraries of Lua and OpenBLAS; nothing is done when they are there.
packages:
	@if [ ! -e /usr/include/lua5.4/lua.h ] || ! ls /usr/include/*/cblas.h >/dev/null 2>&1; then \
	  echo "installing $(PACKAGES)"; \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(PACKAGES); \
	fi

build: packages
	$(SWIFT) build -c release -j $(JOBS) --product dppa-run

demo: build
	@$(SWIFT) build -c release --show-bin-path > .build/bin-path
	@bin=$$(cat .build/bin-path)/dppa-run; set -e; \
	echo; echo "== what the base model holds"; \
	$$bin inspect recipes/zoo/base; \
	echo; echo "== TIES: base + math + finance + law, 20 % of each delta"; \
	$$bin run recipes/ties.lua --out $(DEMO)/ties --force --json $(DEMO)-ties.json; \
	echo; echo "== task arithmetic at 0.6"; \
	$$bin run recipes/task_arithmetic.lua --out $(DEMO)/task_arithmetic --force; \
	echo; echo "== what was written"; \
	$$bin inspect $(DEMO)/ties; \
	echo; sed -n '1,30p' $(DEMO)/ties/README.md

# Release mode, so that the tests run what users run; the tests use no testable imports.
test: packages
	$(SWIFT) build -c release --build-tests -j $(JOBS)
	$(SWIFT) test -c release --skip-build --disable-xctest

lint:
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

clean:
	rm -rf .build $(DEMO) $(DEMO)-ties.json
