"""Django's settings, for the workspace that EVERYTOUCH_WORKSPACE names."""

import hashlib
import os
import urllib.parse
from pathlib import Path
from typing import Any

from everytouch.charts import STATIC as CHARTS
from everytouch.ledger.api import read_secret
from everytouch.web.config import WebConfig

WORKSPACE = Path(os.environ["EVERYTOUCH_WORKSPACE"]).resolve()
CONFIG = WebConfig.read(WORKSPACE)
HERE = Path(__file__).parent
CACHE = WORKSPACE / "cache"

# Derived, so that there is one secret to keep; it is of no use for the keys of parties.
SECRET_KEY = hashlib.sha256(b"everytouch web\x00" + read_secret(WORKSPACE)).hexdigest()
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *CONFIG.hosts]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "everytouch.web.apps.Web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *(["allauth.socialaccount.providers.saml"] if CONFIG.saml else []),
]
MIDDLEWARE = [
    "everytouch.web.middleware.headers",  # the first, so that no refusal of others lacks them
    "everytouch.web.addresses.forwarded",
    "everytouch.web.middleware.encrypted",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "everytouch.web.middleware.preferences",
    "everytouch.web.middleware.seen",
    "everytouch.web.factors.required",
    "everytouch.web.crowd.fair",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "everytouch.web.devices.remember_devices",
    "everytouch.web.middleware.failures",
    "everytouch.web.middleware.heads",
]
ROOT_URLCONF = "everytouch.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["everytouch.web.templatetags.everytouch", "django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "everytouch.web.shell.context",
            ],
        },
    }
]

DATABASES = CONFIG.databases(WORKSPACE)
CACHES = {  # other limits, and codes that were used: the same for all processes
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
STATIC_ROOT = CACHE / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # halves the time of a first start
STATICFILES_DIRS = [("charts", CHARTS)]
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = CONFIG.language
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [CACHE / "locale"]
USE_THOUSAND_SEPARATOR = True

AUTH_USER_MODEL = "web.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "everytouch.web.passwords.ContextValidator"}]
AUTH_PASSWORD_VALIDATORS[0]["OPTIONS"] = {"user_attributes": ("email", "name")}
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "everytouch.web.accounts.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "everytouch.web.accounts.SocialAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by an owner, who knows them
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# By account or by address alone, a limit shuts out innocent people: see guessing.py.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None}
ACCOUNT_FORMS = {"reset_password": "everytouch.web.accounts.ResetForm"}
PASSWORD_RESET_TIMEOUT = 3 * 86_400  # seconds that a link to choose a password lasts
MFA_FORMS = {
    "authenticate": "everytouch.web.factors.SlowedAuthenticate",
    "reauthenticate": "everytouch.web.factors.SlowedReauthenticate",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not CONFIG.https
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True  # the providers are the organisation's own
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": given["id"],
                "name": given.get("name", given["id"]),
                "client_id": given["client"],
                "secret": given["secret"],
                "settings": {
                    "server_url": given["server"],
                    "role": given.get("role", "viewer"),
                    "verified_email": bool(given.get("verified", False)),
                },
            }
            for given in CONFIG.oidc
        ]
    },
    "saml": {
        "APPS": [
            {
                "provider_id": given["id"],
                "name": given.get("name", given["id"]),
                "client_id": given["id"],
                "settings": {
                    "idp": {
                        "entity_id": given["entity_id"],
                        "metadata_url": given["metadata_url"],
                    },
                    "role": given.get("role", "viewer"),
                    "verified_email": True,  # an assertion is signed; SAML has no word for checked
                },
            }
            for given in CONFIG.saml
        ]
    },
}

# A cookie of this name is of this host alone, over TLS, for all its paths: browsers see to that.
COOKIE_PREFIX = "__Host-" if CONFIG.https else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
SESSION_COOKIE_AGE = CONFIG.session_hours * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in CONFIG.hosts] if CONFIG.https else []
CSRF_FAILURE_VIEW = "everytouch.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = CONFIG.https
SECURE_REDIRECT_EXEMPT = [r"^health$"]  # for those who watch over it on the machine itself
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = CONFIG.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.proxies else None
USE_X_FORWARDED_HOST = bool(CONFIG.proxies)
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000  # of a survey with hundreds of columns to match
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = ["everytouch.web.uploads.Limited"]

_MAIL = urllib.parse.urlsplit(CONFIG.mail)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if CONFIG.mail else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "localhost", _MAIL.port or 25
EMAIL_HOST_USER = urllib.parse.unquote(_MAIL.username or "")
EMAIL_HOST_PASSWORD = urllib.parse.unquote(_MAIL.password or "")
EMAIL_USE_TLS = _MAIL.port == 587
DEFAULT_FROM_EMAIL = CONFIG.mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "everytouch.web.lines.OneLine",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"everytouch": {"level": "INFO"}},
}
SILENCED_SYSTEM_CHECKS: list[str] = [] if CONFIG.https else ["security.W004", "security.W008"]
