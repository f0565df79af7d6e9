"""Suite `reach`: see `suite.toml`."""
