"""Suite `matching`: see `suite.toml`."""
