"""The desk's own settings, less what only costs time in tests."""

from config.settings import *  # noqa: F403
from config.settings import DRAMATIQ_BROKER, STATIC_ROOT

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
STORAGES = {
    "default": {"BACKEND": "config.storage.PrivateStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Actors are recorded, not run: a test that wants one run says so.
DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.stub.StubBroker",
    "OPTIONS": {},
    "MIDDLEWARE": DRAMATIQ_BROKER["MIDDLEWARE"],
}
ADMINS_NEED_TWO_FACTORS = False
STATIC_ROOT.mkdir(exist_ok=True)
