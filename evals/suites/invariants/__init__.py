"""Suite `invariants`: see `suite.toml`."""
