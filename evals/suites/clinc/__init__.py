"""Suite `clinc`: see `suite.toml`."""
