"""A pretend provider: partner of the tests, and of the demo, where no account exists anywhere.

It speaks Twilio's own shapes over real HTTP, knows nothing of Django and can run in a process
of its own (`python -m channels_app.pretend`).
"""
