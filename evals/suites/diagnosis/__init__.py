"""Suite `diagnosis`: see `suite.toml`."""
