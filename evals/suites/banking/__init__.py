"""Suite `banking`: see `suite.toml`."""
