"""An embedder behind an OpenAI-compatible address, for machines without the weights.

Only the answer's vectors and their order are used. Texts leave the machine: the caller
decides that by giving an address.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from domain.errors import EmbedderUnavailable
from domain.ports import Progress

if TYPE_CHECKING:
    import httpx2

    from domain.vectors import Vectors

# 64: inputs in one request, so that a try that fails repeats little.
_BATCH = 64
# 6,000: the same cut as the embedded embedder.
_MAX_CHARS = 6000
_ATTEMPTS = 4
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class RemoteEmbedder:
    """Vectors from `POST {base_url}/embeddings`. One object is safe for several threads.

    `prefix` stands before every text (`"query: "` for the e5 family). The model id carries
    a hash of address, model and prefix, so that vectors of two set-ups never meet.
    """

    def __init__(
        self,
        *,
        base_url: str,
        model: str,
        dimensions: int,
        key: str | None = None,
        prefix: str = "",
        timeout_s: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The address of an embeddings endpoint begins with http(s)://.")
        self._url = f"{base_url.rstrip('/')}/embeddings"
        self._model = model
        self._dimensions = dimensions
        self._key = key
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._transport = transport
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None

    @property
    def model_id(self) -> str:
        """Name of the model and a hash of what else shapes its vectors."""
        shaped = "\n".join((self._url, self._model, self._prefix, str(self._dimensions)))
        name = re.sub(r"[^a-zA-Z0-9._-]", "-", self._model)
        return f"{name}@{hashlib.sha256(shaped.encode()).hexdigest()[:8]}"

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    def embed(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        """Embed texts, each distinct one once; rows in their order.

        Raises:
            EmbedderUnavailable: The endpoint refuses, does not answer, or answers with
                something else than one vector of the right length per text.
        """
        distinct = list(dict.fromkeys(self._prepared(text) for text in texts))
        known: dict[str, Vectors] = {}
        for start in range(0, len(distinct), _BATCH):
            part = distinct[start : start + _BATCH]
            known |= zip(part, self._ask(part), strict=True)
            if progress is not None:
                progress(len(known), len(distinct))
        vectors = np.empty((len(texts), self._dimensions), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = known[self._prepared(text)]
        return vectors

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _prepared(self, text: str) -> str:
        """Text that JSON can carry; endpoints refuse an empty one."""
        cut = (self._prefix + text)[:_MAX_CHARS].encode("utf-8", "replace").decode()
        return cut.replace("\0", " ") if cut.strip("\0 \t\r\n") else f"{self._prefix}-"

    def _ask(self, texts: Sequence[str]) -> Vectors:
        import httpx2
        from tenacity import (
            RetryError,
            Retrying,
            retry_if_exception_type,
            retry_if_result,
            stop_after_attempt,
            wait_random_exponential,
        )

        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.5, max=8),
            retry=retry_if_exception_type(httpx2.TransportError)
            | retry_if_result(lambda answer: answer.status_code in _AGAIN),
            sleep=self._sleep,
        )
        try:
            answer: httpx2.Response = retrying(self._post, texts)
        except RetryError as error:
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._host} gave no answer in {_ATTEMPTS} tries "
                f"({_reason(error.last_attempt)})."
            ) from error
        except httpx2.HTTPError as error:
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._host} cannot be asked ({type(error).__name__})."
            ) from error
        if answer.status_code != 200:
            raise EmbedderUnavailable(
                f"The embeddings endpoint {self._host} refused with {answer.status_code}. "
                "Check its address, model and key."
            )
        return self._read(answer, len(texts))

    def _post(self, texts: Sequence[str]) -> httpx2.Response:
        request = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        return self._open().post(self._url, json=request)

    def _open(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._client is None:
                self._client = httpx2.Client(
                    trust_env=False,
                    follow_redirects=False,
                    timeout=self._timeout_s,
                    headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                    transport=self._transport,
                )
            return self._client

    @property
    def _host(self) -> str:
        return repr(urlsplit(self._url).hostname)

    def _read(self, answer: httpx2.Response, count: int) -> Vectors:
        """Take the vectors out of an answer, in the order of `index`, scaled to length one."""
        try:
            rows = sorted(answer.json()["data"], key=lambda one: one["index"])
            vectors = np.array([one["embedding"] for one in rows], np.float32)
            places = [one["index"] for one in rows]
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise self._wrong_answer() from error
        lengths = np.linalg.norm(vectors, axis=-1, keepdims=True) if vectors.ndim == 2 else None
        if (
            places != list(range(count))
            or lengths is None
            or vectors.shape != (count, self._dimensions)
            or not np.isfinite(lengths).all()
            or not (lengths > 0).all()
        ):
            raise self._wrong_answer()
        return np.asarray(vectors / lengths, np.float32)

    def _wrong_answer(self) -> EmbedderUnavailable:
        return EmbedderUnavailable(
            f"The embeddings endpoint {self._host} did not answer with one vector of "
            f"{self._dimensions} numbers per text. Check the model and its dimensions."
        )


def _reason(attempt: Any) -> str:
    error = attempt.exception()
    return type(error).__name__ if error is not None else f"HTTP {attempt.result().status_code}"
