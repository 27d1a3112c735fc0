# What can be done here: make help

DB ?=
ADDR ?=
BENCH ?= .
KILLS ?= 100

.PHONY: help run build test check bench crash clean

help: ## say what make can do
	@echo "Lidwoord: membership and single sign-on for public libraries"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Settings: DB=postgres://user:password@host/name and ADDR=127.0.0.1:8090 for run; BENCH=Enrolment for bench; KILLS=20 for crash; CI=true for test"

run: ## build everything and start the demo library (DB= another database, ADDR= another address)
	@scripts/run $(if $(DB),-db '$(DB)') $(if $(ADDR),-addr '$(ADDR)')

build: ## build ./lidwoord for a server: one file, with the reader inside
	@scripts/build

test: ## run every test on SQLite and PostgreSQL, and the browser tests; on Debian, root gets what is missing installed
	@scripts/test

check: ## go vet, gofmt, and the rules of all wings under the race detector
	@scripts/check

bench: ## measure, beside a bare yardstick in the same run; what counts is the ratio, never the time
	@scripts/bench '$(BENCH)'

crash: ## kill the server a hundred times on each engine while visitors enrol and pay, and compare the books
	@scripts/crash '$(KILLS)'

clean: ## throw away what was built, and the data of the demo
	rm -rf var lidwoord
	find web/dist -type f ! -name .gitignore -delete
