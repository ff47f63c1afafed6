"""E-mail channel: notifications of a job's end through the operator's SMTP server."""

from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib

from models.job import Delivery
from models.stored.notification import CompletedJob
from runner.notifications.deliverer import DeliveryError

TIMEOUT_SECONDS = 30.0
"""Time-out of each SMTP command."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """SMTP server through which e-mail is sent. ``security`` is none, starttls or tls."""

    host: str | None = None
    port: int = 25
    user: str | None = None
    password: str | None = None
    sender: str = "judgesmith@localhost"
    security: str = "none"


class EmailChannel:
    """Channel that sends an e-mail to the address that the job names."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    async def deliver(self, delivery: Delivery) -> None:
        """Send the message to the SMTP server.

        Raises:
            DeliveryError: No server is configured, or it did not accept the message.
        """
        server = self.server
        if server.host is None:
            raise DeliveryError("This server sends no e-mail: set JUDGESMITH_SMTP_HOST.", permanent=True)
        try:
            await aiosmtplib.send(
                build_message(delivery, server.sender),
                hostname=server.host,
                port=server.port,
                username=server.user,
                password=server.password,
                use_tls=server.security == "tls",
                start_tls=server.security == "starttls",
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _rejection(error.recipients[0]) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _rejection(error) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"The SMTP server can't be used: {type(error).__name__}.") from error


def _rejection(answer: aiosmtplib.SMTPResponseException) -> DeliveryError:
    return DeliveryError(f"The SMTP server refused the message: {answer.code}.", permanent=answer.code >= 550)


def build_message(delivery: Delivery, sender: str) -> EmailMessage:
    """Return the e-mail about a job's end."""
    data = delivery.payload.value.data
    message = EmailMessage()
    message["From"] = sender
    message["To"] = delivery.target
    message["Subject"] = f"Training job {data.job_id}: {data.status}"
    message["Message-ID"] = f"<{delivery.id}@judgesmith>"
    message.set_content("\n".join(_lines(data)) + "\n")
    return message


def _lines(data: CompletedJob) -> list[str]:
    lines = [f"The training job {data.job_id} ({data.training_type}) is {data.status}."]
    change = data.mae_change
    if data.summary is not None:
        lines.append(data.summary)
    elif change is not None:
        verdict = "proven better" if data.improved else "not proven better"
        lines.append(
            f"The new version is {verdict}: its mean error changed by {change.estimate:+.1%} of the scale's range "
            f"(95% interval {change.lower:+.1%} to {change.upper:+.1%})."
        )
    if data.result_version_id:
        lines.append(f"New version: {data.result_version_id}.")
    if data.deployment:
        lines.append(("Deployed. " if data.deployment.deployed else "Not deployed. ") + data.deployment.reason)
    if data.error:
        lines.append(data.error.message or data.error.code)
    return lines
