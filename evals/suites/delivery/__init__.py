"""Suite `delivery`: see `suite.toml`."""
