"""Suite `injection`: see `suite.toml`."""
