"""Other people's programs to be measured beside, each in an environment of its own."""
