"""Suite `banking77`: see `suite.toml`."""
