"""The four files that people edit, as shipped, and the loader that names a wrong line."""
