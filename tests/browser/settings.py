"""The desk as it runs for others, with tasks that only wake nobody."""

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ADMINS_NEED_TWO_FACTORS = False
# Everybody signs in from one address here; tests/config/test_rate_limits.py shows the limits.
ACCOUNT_RATE_LIMITS = False
