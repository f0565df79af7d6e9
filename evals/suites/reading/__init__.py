"""Suite `reading`: see `suite.toml`."""
