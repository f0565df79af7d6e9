"""Suite `recall`: see `suite.toml`."""
