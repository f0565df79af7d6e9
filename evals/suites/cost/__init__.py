"""Cost and latency."""
