"""Telling people: a webhook POST and a mail. Whoever alarms waits until it was told, or hears that it was not."""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

import httpx

from privity_log.errors import LogError
from privity_log.surprise import Surprise

SECONDS: Final = 20.0
Alarm = Callable[[Sequence[Surprise]], None]
"""Tells surprises; raises LogError `not_told`."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail server (`host:port`), sender and receivers, and whether the server must speak TLS."""

    server: str
    sender: str
    receivers: tuple[str, ...]
    tls: bool = True

    def __call__(self, surprises: Sequence[Surprise]) -> None:
        """Send one mail for all. Raises LogError `not_told`."""
        message = EmailMessage()
        message["Subject"] = f"Transparency log: {len(surprises)} surprise{'s' * (len(surprises) != 1)}"
        message["From"] = self.sender
        message["To"] = ", ".join(self.receivers)
        message.set_content(text(surprises))
        host, _, port = self.server.rpartition(":")
        try:
            with smtplib.SMTP(host, int(port), timeout=SECONDS) as server:
                if self.tls:
                    server.starttls(context=ssl.create_default_context())
                server.send_message(message)
        except (OSError, ValueError, smtplib.SMTPException) as error:
            raise LogError("not_told", f"mail: {type(error).__name__}") from error


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that takes a POST of `{"surprises": [...], "text": "..."}`."""

    url: str
    client: httpx.Client

    def __call__(self, surprises: Sequence[Surprise]) -> None:
        """Post all surprises at once. Raises LogError `not_told`."""
        document = {
            "text": text(surprises),
            "surprises": [
                {
                    "id": one.id,
                    "origin": one.origin,
                    "reason": one.reason,
                    "detail": one.detail,
                    "notes": [note.decode("utf-8", "replace") for note in one.notes],
                }
                for one in surprises
            ],
        }
        try:
            answer = self.client.post(self.url, json=document, timeout=SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LogError("not_told", f"webhook: {type(error).__name__}") from error
        if not answer.is_success:
            raise LogError("not_told", f"webhook: status {answer.status_code}")


def text(surprises: Sequence[Surprise]) -> str:
    """Return the surprises as people read them, with the notes in full: they are the evidence."""
    lines: list[str] = []
    for one in surprises:
        lines += [str(one), f"  (number {one.id})"]
        for note in one.notes:
            lines += ["", *note.decode("utf-8", "replace").splitlines()]
        lines.append("")
    return "\n".join(lines)


def all_of(alarms: Sequence[Alarm]) -> Alarm:
    """Return an alarm that tells by every way, also when one of them fails. Raises LogError `not_told` in the end."""

    def tell(surprises: Sequence[Surprise]) -> None:
        failures: list[LogError] = []
        for alarm in alarms:
            try:
                alarm(surprises)
            except LogError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    return tell
