"""Suite `agent`: see `suite.toml`."""
