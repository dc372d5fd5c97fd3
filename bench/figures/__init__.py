"""What bin/bench measures, one module each."""
