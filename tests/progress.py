"""Progress that nobody watches."""

from contextlib import contextmanager


@contextmanager
def watch(title):
    """Give a progress function that shows nothing."""
    yield lambda done, total: None
