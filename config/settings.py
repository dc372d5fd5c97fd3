"""Django's settings. What an operator may choose comes from the environment, by config/env.py."""

from __future__ import annotations

from typing import Any

import django_stubs_ext

from config import accepted, env, logs

django_stubs_ext.monkeypatch()  # lets models and forms name the types of their fields

_env = env.read()

BASE_DIR = env.ROOT
DATA_DIR = _env.data_dir
SECRET_KEY = _env.secret_key
FIELD_ENCRYPTION_KEYS = _env.field_encryption_keys
DEBUG = _env.debug
HOST = _env.host
PORT = _env.port
PUBLIC_URL = _env.public_url
ALLOWED_HOSTS = _env.allowed_hosts
TRUSTED_PROXIES = _env.trusted_proxies
OUTBOUND_ALLOW_HOSTS = _env.outbound_allow_hosts
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# The pages that may open a socket: the full origin, since a page of the same host on another
# port is a stranger. This machine's names stand for each other.
SOCKET_ORIGINS = accepted.same_origins(PUBLIC_URL)

DEMO = _env.demo != "0"
DEMO_ON_LOOPBACK_ONLY = _env.demo == "loopback"
DEMO_PASSWORD = _env.demo_password

INSTALLED_APPS = [
    "inbox",
    "channels_app",
    "customers",
    "config.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "django_dramatiq",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "lucide",
    "rest_framework",
]

MIDDLEWARE = [
    "config.request_log.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "config.accounts.AdminsNeedTwoFactors",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# Rows

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
IS_SQLITE = _env.database["ENGINE"].endswith("sqlite3")


def _sqlite() -> dict[str, Any]:
    """DEFERRED transactions would end in "database is locked" as soon as two processes write;
    synchronous FULL: what we acknowledged survives a power cut.
    """
    return _env.database | {
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "PRAGMA cache_size=-16000; PRAGMA mmap_size=134217728;",
        },
        # A file: threads of one test can't share an in-memory database.
        "TEST": {"NAME": DATA_DIR / "test.sqlite3"},
    }


def _postgresql() -> dict[str, Any]:
    """A pool: under ASGI every request runs in a thread of its own, so no connection would be
    used twice.
    """
    options = _env.database.get("OPTIONS", {})
    pool = {"min_size": 1, "max_size": 16, "timeout": 10, "max_idle": 300}
    return _env.database | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "pool": pool} | options,
    }


DATABASES = {"default": _sqlite() if IS_SQLITE else _postgresql()}

# Broker, bell and cache: one Redis or Valkey

REDIS_URL = _env.redis_url
REDIS_PREFIX = _env.redis_prefix

CACHES = {
    "default": {
        "BACKEND": "config.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1},
    }
}

CHANNEL_LAYERS = {
    "default": {
        # The other layer of this package drops sockets that stay silent for five seconds.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}:live"},
    }
}

DRAMATIQ_BROKER = {
    "BROKER": "dramatiq.brokers.redis.RedisBroker",
    "OPTIONS": {
        "url": REDIS_URL,
        "namespace": f"{REDIS_PREFIX}:work",
        "socket_connect_timeout": 0.5,
        "socket_timeout": 5,
    },
    # Without django-dramatiq's AdminMiddleware: it writes a row for every step of every task.
    "MIDDLEWARE": [
        "dramatiq.middleware.AgeLimit",
        "dramatiq.middleware.TimeLimit",
        "dramatiq.middleware.Callbacks",
        "dramatiq.middleware.Retries",
        "dramatiq.middleware.ShutdownNotifications",
        "django_dramatiq.middleware.DbConnectionsMiddleware",
    ],
}
# The modules that end in an actor.
DRAMATIQ_AUTODISCOVER_MODULES = [
    "intake",
    "delivery",
    "media",
    "health",
    "reactions",
    "receipts",
    "templates",
    "widget.by_mail",
]

# Files

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "config.storage.PrivateStorage"},
    "staticfiles": {"BACKEND": "config.storage.StaticStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# The desk's own mail: invitations, resets, alarms

MAILERS = {"default": _env.mailer}
DEFAULT_FROM_EMAIL = _env.mail_from
SERVER_EMAIL = _env.mail_from

# Signing in

AUTH_USER_MODEL = "inbox.Agent"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "config.accounts.ClosedDesk"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Parley"
USERSESSIONS_TRACK_ACTIVITY = False
# A demo desk prints its password at the start: a second factor would only be in the way.
ADMINS_NEED_TWO_FACTORS = not DEMO

SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
IS_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_SSL_REDIRECT = False  # the proxy's task: health checks and providers may call plain http
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_PROXY_SSL_HEADER = None  # uvicorn reads X-Forwarded-* itself, from TRUSTED_PROXIES only
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
}

SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # the desk's domain may have subdomains that are none of its business
    "security.W008",  # see SECURE_SSL_REDIRECT
    "security.W021",  # preloading is the operator's promise, not ours
]

# API

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Parley API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "TicketStatus": "inbox.api.shapes.STATUSES",
        "AddressKind": "customers.models.Kind",
        "NewAddressKind": "inbox.api.strict.WRITABLE",
        "MessageStatus": "inbox.models.Message.Status",
    },
}

# Language, time, logs

LANGUAGE_CODE = "en"
# The desk speaks English; the chat on websites all of these.
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("hr", "Hrvatski"),
    ("nb", "Norsk bokmål"),
    ("pl", "Polski"),
    ("ro", "Română"),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGGING_CONFIG = None
logs.configure(_env.log_format, tells_all=DEBUG)
