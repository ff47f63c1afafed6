"""Notifications of a job's end: signatures, retries and rejected addresses."""

import email.policy
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import orjson
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from models.base import now
from models.job import Delivery, DeliveryStatus, TrainingJob
from models.job_status import JobStatus
from runner.notifications import deliverer as delivery
from runner.notifications.deliverer import Deliverer
from runner.notifications.email import EmailChannel, SmtpServer
from runner.notifications.webhook import WebhookChannel, is_public
from store import access, jobs
from store.database.rows import fetch_all
from store.database.signals import Topic
from store.database.store import Store
from tests.factories import World, make_job, make_world
from tests.runner.notifications.receivers import WebReceiver, answer, web_receiver
from tests.waiting import Patience


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once, and give up after three attempts."""
    monkeypatch.setattr(delivery, "RETRY_DELAYS", (timedelta(0),) * 2)


async def end_job(world: World, **options: Any) -> TrainingJob:
    """Create and cancel a job, which enqueues its notifications."""
    job = await make_job(world, options=options)
    return await world.store.write(lambda c: jobs.transition(c, job, JobStatus.CANCELLED, "Cancelled."))


@asynccontextmanager
async def delivering(
    store: Store, *, allow_private: bool = True, smtp: SmtpServer | None = None
) -> AsyncIterator[Deliverer]:
    deliverer = Deliverer(
        store,
        {
            "webhook": WebhookChannel(store, allow_private=allow_private),
            "email": EmailChannel(smtp or SmtpServer()),
        },
    )
    deliverer.start()
    try:
        yield deliverer
    finally:
        await deliverer.stop()


async def settled(
    store: Store, is_settled: Callable[[Delivery], bool] = lambda row: row.status is not DeliveryStatus.PENDING
) -> Delivery:
    """Return the only delivery as soon as it is settled."""
    with store.signals.listen(Topic.JOBS) as listener:
        patience = Patience("the delivery")
        while True:
            [row] = await store.read(lambda c: fetch_all(c, select(Delivery), Delivery))
            if is_settled(row):
                return row
            patience.check()
            await listener.wait(0.5)


async def sent(store: Store, receiver: WebReceiver, **options: Any) -> Delivery:
    """Return the settled delivery of a webhook."""
    await end_job(await make_world(store), webhook_url=receiver.url)
    async with delivering(store, **options):
        return await settled(store)


# --- webhooks


async def test_a_webhook_is_signed_by_standard_webhooks(store: Store) -> None:
    world = await make_world(store)
    job = await end_job(world, webhook_url="http://placeholder.example")
    secret = await store.read(lambda c: access.get_webhook_secret_for_job(c, job.id))
    async with web_receiver(answer(204)) as receiver:
        await store.write(lambda c: c.execute(update(Delivery).values(target=receiver.url)))
        async with delivering(store):
            row = await settled(store)
    [request] = receiver.requests
    payload = Webhook(secret).verify(request.body, request.headers)

    assert (row.status, row.attempts, row.last_error) == (DeliveryStatus.DELIVERED, 1, None)
    assert request.line == "POST /hook?a=b HTTP/1.1"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == row.id
    assert payload == orjson.loads(request.body)
    assert payload["type"] == "training_job.cancelled"
    assert payload["data"]["job_id"] == job.id


async def test_a_changed_message_or_another_secret_does_not_verify(store: Store) -> None:
    async with web_receiver(answer(200)) as receiver:
        row = await sent(store, receiver)
    stranger = await make_job(await make_world(store, workspace="elsewhere"))
    own, other = [
        await store.read(lambda c, job_id=job_id: access.get_webhook_secret_for_job(c, job_id))
        for job_id in (row.job_id, stranger.id)
    ]
    [request] = receiver.requests

    Webhook(own).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(own).verify(request.body.replace(b"cancelled", b"completed"), request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(request.body, request.headers)


@pytest.mark.usefixtures("impatient")
async def test_a_rejected_message_is_sent_again_under_the_same_id(store: Store) -> None:
    async with web_receiver(answer(500), answer(200)) as receiver:
        row = await sent(store, receiver)

    assert (row.status, row.attempts, row.last_error) == (DeliveryStatus.DELIVERED, 2, None)
    assert [request.headers["webhook-id"] for request in receiver.requests] == [row.id, row.id]


@pytest.mark.usefixtures("impatient")
async def test_a_message_that_is_never_accepted_is_given_up(store: Store) -> None:
    async with web_receiver(answer(503)) as receiver:
        row = await sent(store, receiver)

    assert (row.status, row.attempts) == (DeliveryStatus.FAILED, 3)
    assert row.last_error == "The receiver answered 503."
    assert len(receiver.requests) == 3


async def test_a_failed_attempt_is_delayed_and_its_reason_stored(store: Store) -> None:
    async with web_receiver(answer(500)) as receiver:
        await end_job(await make_world(store), webhook_url=receiver.url)
        async with delivering(store):
            row = await settled(store, lambda row: row.attempts > 0)

    assert (row.status, row.last_error) == (DeliveryStatus.PENDING, "The receiver answered 500.")
    assert timedelta(0) < row.due_at - now() <= delivery.RETRY_DELAYS[0]


async def test_retry_delays_grow_and_sum_up_to_three_days() -> None:
    assert list(delivery.RETRY_DELAYS) == sorted(delivery.RETRY_DELAYS)
    assert timedelta(days=2) < sum(delivery.RETRY_DELAYS, timedelta()) < timedelta(days=4)


async def test_a_receiver_that_answers_410_is_given_up_at_once(store: Store) -> None:
    async with web_receiver(answer(410)) as receiver:
        row = await sent(store, receiver)

    assert (row.status, row.attempts, row.last_error) == (DeliveryStatus.FAILED, 1, "The receiver answered 410.")
    assert len(receiver.requests) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_redirect_is_not_followed(store: Store) -> None:
    async with web_receiver(answer(200)) as elsewhere, web_receiver(answer(307, f"location: {elsewhere.url}")) as first:
        row = await sent(store, first)

    assert (row.status, row.last_error) == (DeliveryStatus.FAILED, "The receiver answered 307.")
    assert elsewhere.requests == []


async def test_nothing_is_sent_to_a_private_address_unless_permitted(store: Store) -> None:
    async with web_receiver(answer(200)) as receiver:
        row = await sent(store, receiver, allow_private=False)

    assert (row.status, row.attempts) == (DeliveryStatus.FAILED, 1)
    assert "private" in (row.last_error or "")
    assert receiver.requests == []


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Make every host name resolve to these addresses."""

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [(kind, socket.SOCK_STREAM, 6, "", (a, port)) for kind, a in zip(kinds, addresses, strict=True)]

    monkeypatch.setattr("anyio.getaddrinfo", getaddrinfo)


async def test_a_public_name_that_resolves_to_a_private_address_is_rejected(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, "127.0.0.1", "::1", "10.0.0.1")
    async with web_receiver(answer(200)) as receiver:
        await end_job(await make_world(store), webhook_url=f"http://example.org:{receiver.port}/")
        async with delivering(store, allow_private=False):
            row = await settled(store)

    assert row.status is DeliveryStatus.FAILED
    assert receiver.requests == []


async def test_if_one_address_of_a_host_does_not_answer_the_next_is_tried(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, "127.0.0.2", "127.0.0.1")  # nobody listens on the first address
    async with web_receiver(answer(200)) as receiver:
        await end_job(await make_world(store), webhook_url=f"http://example.org:{receiver.port}/")
        async with delivering(store):
            row = await settled(store, lambda row: row.attempts > 0)

    assert row.status is DeliveryStatus.DELIVERED


async def test_a_host_that_does_not_resolve_is_retried(store: Store) -> None:
    await end_job(await make_world(store), webhook_url="http://not-there.invalid/")
    async with delivering(store):
        row = await settled(store, lambda row: row.attempts > 0)

    assert (row.status, row.last_error) == (DeliveryStatus.PENDING, "not-there.invalid does not resolve.")


async def test_an_internationalized_address_is_reached(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "127.0.0.1")
    async with web_receiver(answer(200)) as receiver:
        await end_job(await make_world(store), webhook_url=f"http://münchen.example:{receiver.port}/straße?ö=ü")
        async with delivering(store):
            row = await settled(store, lambda row: row.attempts > 0)
    [request] = receiver.requests

    assert row.status is DeliveryStatus.DELIVERED
    assert request.headers["host"] == f"xn--mnchen-3ya.example:{receiver.port}"
    assert request.line == "POST /stra%C3%9Fe?%C3%B6=%C3%BC HTTP/1.1"


async def test_a_receiver_that_closes_the_connection_is_retried(store: Store) -> None:
    async with web_receiver(b"") as receiver:
        await end_job(await make_world(store), webhook_url=receiver.url)
        async with delivering(store):
            row = await settled(store, lambda row: row.attempts > 0)

    assert row.status is DeliveryStatus.PENDING
    assert (row.last_error or "").startswith("The receiver can't be reached")


async def test_an_unexpected_error_counts_as_an_attempt_and_affects_no_other_delivery(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(_channel: object, _delivery: Delivery) -> None:
        raise UnicodeError("no name")

    monkeypatch.setattr(WebhookChannel, "deliver", breaks)
    await end_job(await make_world(store), webhook_url="http://example.org/")
    async with delivering(store):
        row = await settled(store, lambda row: row.attempts > 0)

    assert (row.status, row.attempts) == (DeliveryStatus.PENDING, 1)
    assert row.last_error


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
    ],
)
def test_only_global_unicast_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) == public


async def test_two_deliverers_send_a_message_once(store: Store, other_store: Store) -> None:
    world = await make_world(store)
    async with web_receiver(answer(200)) as receiver:
        for _ in range(10):
            await end_job(world, webhook_url=receiver.url)
        async with delivering(store), delivering(other_store):
            with store.signals.listen(Topic.JOBS) as listener:
                patience = Patience("all deliveries", lambda: len(receiver.requests))
                pending = select(Delivery).where(Delivery.status == DeliveryStatus.PENDING)
                while await store.read(lambda c: fetch_all(c, pending, Delivery)):
                    patience.check()
                    await listener.wait(0.5)

    names = [request.headers["webhook-id"] for request in receiver.requests]
    assert len(names) == len(set(names)) == 10


# --- e-mail


class Mailbox:
    """SMTP handler that rejects unknown recipients."""

    def __init__(self) -> None:
        self.mail: list[tuple[list[str], EmailMessage]] = []

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such user"
        if address.startswith("later@"):
            return "450 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = BytesParser(policy=email.policy.default).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.mail.append((envelope.rcpt_tos, message))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, SmtpServer]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, SmtpServer("127.0.0.1", controller.port, sender="judgesmith@example.org")
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def mailed(store: Store, to: str, smtp: SmtpServer) -> Delivery:
    """Return the settled delivery of an e-mail.

    Args:
        store: the database.
        to: recipient.
        smtp: the SMTP server.
    """
    await end_job(await make_world(store), notification_email=to)
    async with delivering(store, smtp=smtp):
        return await settled(store, lambda row: row.attempts > 0)


async def test_an_e_mail_reports_how_the_job_ended(store: Store, mailbox: tuple[Mailbox, SmtpServer]) -> None:
    box, smtp = mailbox
    row = await mailed(store, "ann@example.org", smtp)
    [(recipients, message)] = box.mail

    assert (row.status, row.attempts) == (DeliveryStatus.DELIVERED, 1)
    assert recipients == ["ann@example.org"]
    assert (message["From"], message["To"]) == ("judgesmith@example.org", "ann@example.org")
    assert message["Subject"] == f"Training job {row.job_id}: cancelled"
    assert message["Message-ID"] == f"<{row.id}@judgesmith>"
    assert f"{row.job_id} (full_retrain) is cancelled" in message.get_content()


async def test_an_e_mail_to_an_unknown_recipient_is_given_up(store: Store, mailbox: tuple[Mailbox, SmtpServer]) -> None:
    row = await mailed(store, "nobody@example.org", mailbox[1])

    assert (row.status, row.last_error) == (DeliveryStatus.FAILED, "The SMTP server refused the message: 550.")


async def test_a_deferred_e_mail_is_retried(store: Store, mailbox: tuple[Mailbox, SmtpServer]) -> None:
    row = await mailed(store, "later@example.org", mailbox[1])

    assert (row.status, row.last_error) == (DeliveryStatus.PENDING, "The SMTP server refused the message: 450.")


async def test_an_unreachable_smtp_server_is_retried(store: Store) -> None:
    row = await mailed(store, "ann@example.org", SmtpServer("127.0.0.1", free_port()))

    assert row.status is DeliveryStatus.PENDING
    assert (row.last_error or "").startswith("The SMTP server can't be used")


async def test_without_an_smtp_server_the_delivery_fails_at_once_with_the_reason(store: Store) -> None:
    row = await mailed(store, "ann@example.org", SmtpServer())

    assert (row.status, row.attempts) == (DeliveryStatus.FAILED, 1)
    assert "JUDGESMITH_SMTP_HOST" in (row.last_error or "")
