"""Suite `olist`: see `suite.toml`."""
