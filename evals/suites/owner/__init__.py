"""Suite `owner`: see `suite.toml`."""
