# The commands of this workspace. `make` alone lists them.

CARGO ?= cargo

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what is missing on this machine
	@.ci/setup

.PHONY: demo
demo: ## Watch a paid request, and three attacks fail
	$(CARGO) run -p l402-dev -- demo

.PHONY: test
test: setup ## Run every test, doctests included
	$(CARGO) test --locked --workspace --all-features
	.ci/check-core

.PHONY: test-real
test-real: setup test-browser test-python ## Run the tests with real LNbits, LDK nodes, a Nostr relay, a browser and Python clients
	@.ci/setup real
	.ci/lnbits $(CARGO) test --locked --workspace --all-features --test real_lnbits --test end_to_end -- --include-ignored
	$(CARGO) test --locked -p l402-client --all-features --test crash -- --ignored --exact killed_a_thousand_times

.PHONY: test-browser
test-browser: ## Drive the pages in a real browser; pictures go to target/tmp/screenshots
	@.ci/setup browser
	$(CARGO) test --locked -p l402-dev --test browser -- --ignored

.PHONY: test-python
test-python: ## Let software of others, in Python and Rust, buy and sell with the dev node as its wallet
	@.ci/setup real
	.ci/python $(CARGO) test --locked -p l402-dev --test python -- --ignored
	.ci/python $(CARGO) test --locked -p l402-client --test interop -- --ignored

.PHONY: test-peers
test-peers: setup ## Test servers, clients and macaroon libraries of others, and the tables of results
	.ci/peers

.PHONY: lint
lint: setup ## Check formatting, clippy and the documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings
	$(CARGO) clippy --locked -p l402-core --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --all-features --no-deps

.PHONY: deny
deny: ## Check licences and sources of all dependencies
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --all-features --config .deny.toml check bans licenses sources

.PHONY: bench
bench: setup ## Measure everything, and write benches/REPORT.md
	@.ci/bench

.PHONY: bench-peers
bench-peers: setup ## Measure next to libraries of others in Rust, Go, C and Python
	@.ci/setup bench
	.ci/bench-peers

.PHONY: instructions
instructions: ## Count the instructions of parsing, and compare with benches/instructions.json
	@.ci/setup instructions
	$(CARGO) run --locked --profile bench -p l402-benches --bin l402-bench-instructions

.PHONY: instructions-update
instructions-update: ## Count the instructions of parsing, and write benches/instructions.json
	@.ci/setup instructions
	$(CARGO) run --locked --profile bench -p l402-benches --bin l402-bench-instructions -- --update

.PHONY: profile
profile: setup ## Sample what misses its target, and write benches/PROFILES.md and flame graphs
	@.ci/setup profile
	.ci/bench-profile

.PHONY: fuzz
fuzz: ## Fuzz every parser for 30 seconds each
	@.ci/fuzz
