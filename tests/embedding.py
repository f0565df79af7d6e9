"""One converted model for all tests, kept under the repository root and ignored by git."""

from functools import cache
from pathlib import Path

from vectorstore.e5.embedder import E5Embedder

MODELS_DIR = Path(__file__).parents[1] / ".cache" / "models"


@cache
def shared_embedder() -> E5Embedder:
    """The embedded embedder, converted at most once per checkout and loaded once per run."""
    return E5Embedder(MODELS_DIR)
