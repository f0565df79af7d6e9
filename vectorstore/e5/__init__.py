"""multilingual-e5-small, 4-bit, on ONNX Runtime and `tokenizers`.

`weights` finds the weight file of the installed distribution and reads its layout,
`convert` writes tokenizer, word table and encoder once, `embedder` runs them.
Weights: MIT licence, intfloat/multilingual-e5-small.
"""
