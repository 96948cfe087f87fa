# Thin lines over cargo and scripts/. The two that a newcomer needs:
#   make demo    build, load samples, start a server, print lines to paste
#   make test    everything that CI runs
#
# make demo FEEDS=DIR   load your own feed files instead of the samples
# make demo LISTEN=127.0.0.1:9000

FEEDS  ?= core/tests/feeds
LISTEN ?= 127.0.0.1:8080

.PHONY: demo test check bench bench-large fmt

demo:
	@scripts/demo "$(FEEDS)" "$(LISTEN)"

test:
	@scripts/test

# What an editor would tell, quickly.
check:
	cargo fmt --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@scripts/purity
	@scripts/dependencies

bench:
	@scripts/bench

# Some 40 GB of memory and disk.
bench-large:
	@scripts/bench --suite lookup,ingest,open,http 1000000 100000000

fmt:
	cargo fmt
