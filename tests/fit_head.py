"""Write `agent/reading/head.json` again after an edit of the sentences or word weights.

.venv/bin/python -m tests.fit_head
"""

from pathlib import Path

from agent.reading.head import as_json, fit
from tests.embedding import MODELS_DIR, shared_embedder
from vectorstore.cached import CachedEmbedder

HEAD = Path(__file__).parents[1] / "agent" / "reading" / "head.json"


def cached_embedder() -> CachedEmbedder:
    """The shared embedder behind a cache that outlives a run."""
    return CachedEmbedder(shared_embedder(), MODELS_DIR.parent / "vectors.sqlite")


def main() -> None:
    """Fit and write."""
    embedder = cached_embedder()
    HEAD.write_text(as_json(fit(embedder), embedder.model_id), encoding="utf-8")


if __name__ == "__main__":
    main()
