"""E-mail over SMTP: one message to one recipient."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from watcher.errors import DeliveryError
from watcher.model.subscription import Delivery, DeliveryState


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpChannel:
    """A mail server and the address to send from. `security` is none, starttls or tls."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    sender: str
    timeout_seconds: float = 30.0

    def send(self, delivery: Delivery, *, possible_duplicate: bool) -> DeliveryState:
        """SENT when the server took the message, UNKNOWN when it was handed over and no answer came.

        DeliveryError says what the server said; 5xx answers are permanent.
        """
        message = self._message(delivery, possible_duplicate)
        with self._named_failures(delivery):
            server = self._connected()
            try:
                server.mail(self.sender)
                code, answer = server.rcpt(delivery.recipient)
                if code not in (250, 251):
                    raise _refused(delivery, code, answer)
                try:
                    code, answer = server.data(message.as_bytes(policy=SMTP))
                except (smtplib.SMTPServerDisconnected, TimeoutError):
                    return DeliveryState.UNKNOWN
                if code != 250:
                    raise _refused(delivery, code, answer)
            finally:
                _leave(server)
        return DeliveryState.SENT

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        server.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if self.user:
            server.login(self.user, self.password)
        return server

    def _message(self, delivery: Delivery, possible_duplicate: bool) -> EmailMessage:
        message = EmailMessage()
        message.set_raw("Subject", encoded_subject(delivery.message.subject))
        message["From"] = self.sender
        message["To"] = delivery.recipient
        message["Date"] = format_datetime(delivery.created_at)
        message["Message-ID"] = delivery.message_id
        message["Auto-Submitted"] = "auto-generated"
        message["X-Watcher-Digest"] = delivery.digest_id
        if possible_duplicate:
            message["X-Watcher-Possible-Duplicate"] = "yes"
        message.set_content(delivery.message.text)
        message.add_alternative(delivery.message.html, subtype="html")
        return message

    @contextmanager
    def _named_failures(self, delivery: Delivery) -> Iterator[None]:
        server = f"the mail server {self.host}:{self.port}"
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            message = (
                f"{server} refused the user {self.user!r}: {_text(error.smtp_error)}. Check smtp.user and its password."
            )
            raise DeliveryError(message, permanent=False) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(delivery, error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, ssl.SSLError) as error:
            raise DeliveryError(f"{server} did not take the message: {error}", permanent=False) from error
        except OSError as error:
            raise DeliveryError(f"{server} could not be reached: {error}", permanent=False) from error


def encoded_subject(subject: str) -> str:
    """A subject line as encoded words (RFC 2047) where it is not plain ASCII, folded.

    White space between two encoded words is no part of the text; that between a word and a fold is, and would be read
    twice.
    """
    return subject if subject.isascii() else Header(subject, charset="utf-8", header_name="Subject").encode()


def _refused(delivery: Delivery, code: int, answer: bytes | str) -> DeliveryError:
    message = f"the mail server refused the message to {delivery.recipient}: {code} {_text(answer)}"
    return DeliveryError(message, permanent=500 <= code < 600)


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
