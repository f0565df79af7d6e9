"""Vectors: embedders, the Chroma index, its exact twin, rebuild with a parity report.

An *embedder* turns texts into unit vectors (`domain.ports.Embedder`). `e5/` is the embedded
one (multilingual-e5-small in 4 bits on ONNX Runtime, no torch), `remote` asks an
OpenAI-compatible address where its weights cannot be had, `cached` stands in front of
either, so that a text is embedded once in the life of a home.

An *index* finds the nearest of them (`domain.ports.VectorIndex`). `chroma` is Chroma in
this process (`places.Folder`) or on a server (`places.Server`); `exact` is its in-memory
twin, oracle in the tests and engine of commands that keep no state. `rows` refuses the
same wrong rows for both. `generations` is the folder of an embedded index: one writer,
and nothing that a crash left is opened again.

SQL is the truth. An index may be deleted, damaged or lost at any moment: it raises
`IndexUnavailable`, work goes on with words alone, and it is filled again from SQL, by
plain upserts or at once by `parity.rebuild`, which also tells whether anything is missing.
Vectors of two models never meet: the collection's name carries kind, model and dimensions.

A further embedder or index is one module and one line in the fixture of
`tests/contract/test_embedder.py` or `test_vector_index.py`. Cosines of e5 are squeezed
(translations 0.86 to 0.96, unrelated texts up to 0.91): rank, never cut at an absolute
value.
"""
