"""What protects people: least numbers, rules of retention, erasures, and their certificates."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from everytouch.errors import SettingError
from everytouch.ledger.api import Expiry, erasures
from everytouch.moments.api import KEPT, Retention
from everytouch.web.models import Job
from everytouch.web.routes import Route
from everytouch.web.words import KEPT_WORDS
from everytouch.workspace import Workspace

SHOWN = 30  # certificates of retention


class RetentionForm(forms.Form):
    """The longest age of each kind of record; rules for single sources stay as they are."""

    def __init__(self, now: Retention, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.narrow = {name: said for name, said in now.plain.items() if isinstance(said, dict)}
        for name in KEPT:
            self.fields[name] = forms.CharField(
                label=KEPT_WORDS[name],
                max_length=20,
                required=False,
                initial=now.plain.get(name, ""),
            )

    @property
    def rules(self) -> dict[str, Any]:
        """The rules as the file is to have them."""
        given = {name: self.cleaned_data[name].strip() for name in KEPT}
        return {name: age for name, age in given.items() if age} | self.narrow


def privacy(request: HttpRequest) -> HttpResponse:
    """Show what protects people, and change how long records are kept."""
    workspace, given = request.ask.workspace, None
    if request.method == "POST":
        given = request.POST
    form = RetentionForm(workspace.retention_rules, given)
    if given is not None and form.is_valid() and _changed(workspace, form):
        messages.success(request, _("The rules are saved. The worker applies them once a day."))
        return redirect("/settings/privacy")
    values = {
        "ask": request.ask,
        "settings_": workspace.settings,
        "erasures": erasures(workspace.tables)[::-1],
        "expiries": workspace.expiries(SHOWN),
        "due": _due(workspace),
        "form": form,
    }
    return render(request, "web/privacy.html", values, status=422 if given is not None else 200)


def _changed(workspace: Workspace, form: RetentionForm) -> bool:
    try:
        workspace.change_retention(form.rules)
    except SettingError as error:
        form.add_error(None, str(error))
        return False
    return True


def _due(workspace: Workspace) -> Expiry | None:
    """What goes at the next run; None where nothing is kept for a limited time."""
    return workspace.retention_due() if workspace.retention_rules else None


def run(request: HttpRequest) -> HttpResponse:
    """Apply the rules of retention now."""
    job = Job.queue("retain", request.user)
    return redirect(f"/jobs/{job.pk}")


def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """Give the certificate of an erasure or of retention, as JSON."""
    workspace = request.ask.workspace
    for name, rows in (
        ("erasure", erasures(workspace.tables)),
        ("retention", workspace.expiries(10_000)),
    ):
        for row in rows:
            if row.certificate == code:
                return _file(f"{name}-{code}.json", row.text)
    raise Http404(_("There is no such certificate."))


def _file(name: str, text: str) -> HttpResponse:
    said = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    response = HttpResponse(said, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


ROUTES = (
    Route("settings/privacy", privacy, "privacy", "administer", writes="administer"),
    Route(
        "settings/privacy/retention/run",
        run,
        "retention-run",
        "administer",
        writes="administer",
        acts=True,
    ),
    Route("settings/privacy/<str:code>.json", certificate, "certificate", "administer"),
)
