"""multilingual-e5-small, 4-bit, on ONNX Runtime.

`weights` finds the weight file of the installed distribution and reads its layout,
`convert` writes vocabulary, word table and encoder once, `pieces` cuts texts into ids of
the vocabulary, `embedder` runs them.
Weights: MIT licence, intfloat/multilingual-e5-small.
"""
