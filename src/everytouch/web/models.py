"""Operational records: who may sign in, tokens, share links, jobs. Moments are in the ledger."""

import datetime
import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.password_validation import validate_password
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from everytouch.errors import BusyError
from everytouch.settings import ROLES
from everytouch.web.access import may

MOST_WAITING = 10  # jobs of one user


class Users(BaseUserManager):
    """Making users; an e-mail address is one whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Make a user; without a password they sign in by invitation or single sign-on.

        Raises:
            ValidationError: the password is weak, or resembles the address or the name.
        """
        user: User = self.model(email=email.strip().lower(), **fields)
        if password is not None:
            validate_password(password, user)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str) -> "User":
        """The user of an e-mail address."""
        user: User = self.get(email=username.strip().lower())
        return user


class User(AbstractBaseUser):
    """Somebody who signs in to Everytouch. The people in the ledger are parties.

    Attributes:
        departments, touchpoints: what a manager answers for.
        timezone, language, theme, direction: as they like it; empty for the default.
    """

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.CharField(
        _("role"), max_length=10, choices=[(r, r) for r in ROLES], default="viewer"
    )
    departments = models.JSONField(default=list, blank=True)
    touchpoints = models.JSONField(default=list, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=8, blank=True)
    theme = models.CharField(max_length=8, blank=True)
    direction = models.CharField(max_length=3, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=now)

    objects = Users()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return str(self.name or self.email)

    def get_full_name(self) -> str:
        """How they are called."""
        return str(self)


def digest(secret: str) -> str:
    """How a token or a share link is kept: its SHA-256. Secrets of 256 bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Living(models.QuerySet[Any]):
    """Records that end."""

    def alive(self) -> "Living":
        """Those neither revoked nor past their time."""
        moment = now()
        living: Living = self.filter(revoked_at=None).filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=moment)
        )
        return living

    def of_secret(self, secret: str) -> Any:
        """The living record of a secret whose maker may still make such ones, or None."""
        found = self.alive().filter(digest=digest(secret)).select_related("user").first()
        return found if found is not None and may(found.user, found.RIGHT) else None


class Secret(models.Model):
    """Something opened by a secret that is shown once and kept as a digest.

    It ends when its maker loses the right to make it, whatever becomes of them later.
    """

    user = models.ForeignKey(User, models.CASCADE)
    title = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = Living.as_manager()
    PREFIX: ClassVar[str] = ""
    RIGHT: ClassVar[str]

    class Meta:
        """Each kind has a table of its own."""

        abstract = True

    def __str__(self) -> str:
        return str(self.title)

    @classmethod
    def issue(cls, days: int | None = None, **fields: Any) -> tuple[Any, str]:
        """Make one; the secret is given back and kept nowhere."""
        secret = cls.PREFIX + secrets.token_urlsafe(32)
        ends = now() + datetime.timedelta(days=days) if days else None
        made = cls.objects.create(digest=digest(secret), expires_at=ends, **fields)
        return made, secret


class Token(Secret):
    """A key to the API, with the scopes it may use of its owner's rights."""

    scopes = models.JSONField(default=list)
    PREFIX: ClassVar[str] = "et_"
    RIGHT: ClassVar[str] = "tokens"


class Share(Secret):
    """A link to a page, as it is filtered; who opens it sees no personal data."""

    path = models.CharField(max_length=200)
    query = models.CharField(max_length=1000, blank=True)
    opened = models.PositiveIntegerField(default=0)
    RIGHT: ClassVar[str] = "share"


def end_secrets(user: User) -> list[str]:
    """Revoke what the user has no right any more to make; which, for the audit log."""
    ended = []
    for kind in Secret.__subclasses__():
        living = kind.objects.filter(user=user, revoked_at=None)
        if not may(user, kind.RIGHT) and (numbers := list(living.values_list("pk", flat=True))):
            living.update(revoked_at=now())
            ended += [f"{kind._meta.verbose_name} {number}" for number in numbers]
    return ended


class Attempt(models.Model):
    """A try at a password or a code, until it was right or a day has gone by.

    Attributes:
        account: whose secret; ``guessing`` names it.
        origin: an address, or a device that is known.
        failed: false for one that was told to wait and not looked at.
    """

    account = models.CharField(max_length=64)
    origin = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)
    failed = models.BooleanField(default=True)

    class Meta:
        """Counted by account, and by origin."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["account", "at"]),
            models.Index(fields=["origin", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.account} from {self.origin}"


class Job(models.Model):
    """Work that outlasts a request; the worker does it."""

    QUEUED, RUNNING, DONE, FAILED = "queued", "running", "done", "failed"

    kind = models.CharField(max_length=20)
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=QUEUED)
    progress = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=now)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Read by state, oldest first."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["state", "created_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def queue(cls, kind: str, user: User, **payload: Any) -> "Job":
        """Let a job wait for the worker.

        Raises:
            BusyError: too many of this user wait already.
        """
        waiting = cls.objects.filter(user=user, state=cls.QUEUED).count()
        if waiting >= MOST_WAITING:
            raise BusyError(
                f"{waiting} of your jobs wait already", "wait until some are done, then try again"
            )
        made: Job = cls.objects.create(kind=kind, user=user, payload=payload)
        return made

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in (self.DONE, self.FAILED)
