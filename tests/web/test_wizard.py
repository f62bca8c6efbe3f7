"""The wizard: a file is recognised, matched, reviewed and imported, and the next one like it."""

import io
import re

import pytest

SURVEY = """Date;E-Mail;How likely are you to recommend us?;Why?;Region;Paid
13/04/2026 09:05;a@x.de;9;Fine;Nord;19,90
14/04/2026 10:00;b@x.de;10;;Nord;5,00
15/04/2026 11:30;c@x.de;3;Slow;Süd;7,25
31/04/2026 11:30;d@x.de;11;;Süd;1
"""


@pytest.fixture
def uploaded(visit, own):
    """Upload a text; a client and the address of its page."""

    def make(text: str | bytes = SURVEY, name: str = "survey.csv"):
        client = visit("analyst")
        file = io.BytesIO(text.encode() if isinstance(text, str) else text)
        file.name = name
        return client, client.post("/uploads", {"file": file})["Location"]

    return make


def test_first(uploaded):
    client, address = uploaded()
    print(client.get(address).content.decode()[3000:])
    print(client.get(address+"/review").content.decode()[3000:])
