"""A folder for the PYTHONPATH of a desk that is to die."""
