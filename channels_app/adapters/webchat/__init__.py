"""Chat on websites."""
