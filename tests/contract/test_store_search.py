"""Search on both databases: what leads where, exactly, bounded, with hostile words."""
