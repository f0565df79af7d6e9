"""What `undertone eval init` copies: a world in miniature, a guide and a workflow."""
