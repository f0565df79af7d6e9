"""Suite `hadoop`: see `suite.toml`."""
