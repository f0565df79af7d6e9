"""Suite `airline`: see `suite.toml`."""
