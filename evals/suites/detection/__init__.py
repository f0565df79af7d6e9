"""Suite `detection`: see `suite.toml`."""
