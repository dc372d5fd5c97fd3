"""The chat on websites: what visitors see, say and hear."""
