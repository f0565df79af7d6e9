"""Suite `umsab`: see `suite.toml`."""
