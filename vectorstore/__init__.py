"""Vectors: embedders, the Chroma index, its exact twin.

`e5/` is the embedded embedder (ONNX Runtime, no torch), `cached` puts a vector cache in
front of any embedder, `remote` asks an OpenAI-compatible endpoint. `chroma` is the index
and `exact` its in-memory twin, which the contract tests use as oracle. SQL is the truth:
an index may be thrown away at any moment and is rebuilt from it.
"""
