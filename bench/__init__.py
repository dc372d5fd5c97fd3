"""How fast the desk is, and whether it keeps its promises when things break.

`python -m bench [NAME …]` measures (bin/bench), `python -m bench prove [NAME …]` proves
(bin/prove), `python -m bench seed N` fills a database (bin/seed).
"""
