"""JSONL and CSV files, and the same records posted to the API."""
