"""The way the manuals of Django, Dramatiq and Channels show it, on the same rows: a view that
stores and enqueues, an actor for every row, the core channel layer, a group_send for each."""
