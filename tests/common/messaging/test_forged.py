"""What is not its owner's is not believed, does no harm, and is seen."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from deploy.local.servers import Nats
from libs.common.messaging import consumer as consuming
from libs.common.messaging.jetstream import Hint
from libs.common.messaging.signing import KEY_ID, SIGNATURE, Signer
from libs.common.tokens import key_id_of, make_key
from tests.common.messaging.forging import EmptyFeed, Scene, publish_raw, scene
from tests.common.messaging.town import key_file, signer_of
from tests.common.messaging.waiting import heard, published_all, total, until, working

NEVER = 3600.0
FLOOD = 20_000
Headers = dict[str, str]


async def test_a_forged_announcement_is_not_believed_and_the_real_one_of_its_position_is_not_lost(
    database: str, nats: Nats
) -> None:
    async with scene(database, nats.url) as town, working(town.bell.relay.run, town.consumer.run):
        await until(heard(town.tower, 1))
        await town.publish(*await town.forged(3, hours=7))
        await town.rejects(1)
        assert await total(town.tower) == 1

        await town.bell.strike("big", 2)
        await until(heard(town.tower, 3))

        assert await total(town.tower) == 3
        assert await town.tower.log.tracking("bell") == 3
        assert (town.consumer.rejected.count, town.consumer.rejected.reason) == (1, "no signature")
        assert town.consumer.lag == 0
        await until(town.left_over())


def changed(**values: str) -> Callable[[Headers], Headers]:
    return lambda headers: headers | {name.replace("_", "-"): value for name, value in values.items()}


def without(*names: str) -> Callable[[Headers], Headers]:
    return lambda headers: {name: value for name, value in headers.items() if name not in names}


def flipped(headers: Headers) -> Headers:
    signature = bytearray(b64decode(headers[SIGNATURE]))
    signature[0] ^= 1
    return headers | {SIGNATURE: b64encode(signature).decode()}


def by_another_owner(headers: Headers) -> Headers:
    """Signed well, but with another service's key, which the consumer does not know for this one."""
    return signer_of("tower").sign(headers, b"")


def has_come_to(town: Scene, position: int) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return town.consumer.position >= position

    return condition


def with_the_owners_key_id(headers: Headers) -> Headers:
    return by_another_owner(headers) | {KEY_ID: headers[KEY_ID]}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed(ce_tenant="other"), "wrong signature"),
        (changed(ce_type="hubao.policy.v1.PolicyExpired"), "wrong signature"),
        (changed(ce_subject=str(uuid4())), "wrong signature"),
        (changed(ce_time="2026-01-01T00:00:00+00:00"), "wrong signature"),
        (changed(ce_position="3"), "wrong signature"),
        (changed(ce_logposition="3"), "wrong signature"),
        (changed(ce_logid=str(uuid4())), "wrong signature"),
        (changed(ce_correlationid="another"), "wrong signature"),
        (changed(traceparent="00-" + "1" * 32 + "-" + "1" * 16 + "-01"), "wrong signature"),
        (flipped, "wrong signature"),
        (with_the_owners_key_id, "wrong signature"),
        (by_another_owner, "unknown key"),
        (changed(**{KEY_ID: "nobody's"}), "unknown key"),
        (without(SIGNATURE), "no signature"),
        (without(KEY_ID), "no signature"),
        (changed(**{SIGNATURE: "護保"}), "no signature"),
        (changed(**{SIGNATURE: "AAAA"}), "wrong signature"),
        (lambda headers: {}, "no signature"),
    ],
)
async def test_whatever_is_changed_it_is_not_believed(
    database: str, nats: Nats, change: Callable[[Headers], Headers], reason: str
) -> None:
    async with scene(database, nats.url, EmptyFeed) as town, working(town.consumer.run):
        await town.joins()
        headers, data = await town.genuine(1)
        await town.publish(headers, data)
        await until(has_come_to(town, 1))
        headers, data = await town.genuine(2)

        await town.publish(change(headers), data)
        await town.rejects(1)
        assert town.consumer.rejected.reason == reason
        assert town.consumer.position == 1

        await town.publish(headers, data)
        await until(heard(town.tower, 1))
        assert (await total(town.tower), town.consumer.rejected.count) == (1, 1)


async def test_other_data_under_a_real_signature_is_not_believed(database: str, nats: Nats) -> None:
    async with scene(database, nats.url, EmptyFeed) as town, working(town.consumer.run):
        await town.joins()
        headers, _ = await town.genuine(2)
        _, data = await town.forged(2, hours=7)

        await town.publish(headers, data)
        await town.rejects(1)

        assert (town.consumer.position, town.consumer.rejected.reason) == (0, "wrong signature")


async def test_what_the_owner_has_signed_of_another_log_is_not_heard_in_this_one(database: str, nats: Nats) -> None:
    async with scene(database, nats.url, EmptyFeed) as town, working(town.consumer.run):
        await town.joins()
        headers, data = await town.genuine(1)
        other = town.bell.signer.sign(headers | {"ce-logid": str(uuid4())}, data)

        await town.publish(other, data)
        await town.rejects(1)

        assert (town.consumer.position, town.consumer.rejected.reason) == (0, "another log")


async def test_a_real_announcement_that_is_sent_again_changes_nothing(database: str, nats: Nats) -> None:
    async with scene(database, nats.url) as town, working(town.bell.relay.run, town.consumer.run):
        await until(heard(town.tower, 1))
        await town.publish(*await town.genuine(2))
        await town.bell.strike("big", 2)
        await until(heard(town.tower, 3))

        assert (await total(town.tower), town.consumer.rejected.count) == (3, 0)


async def test_keys_change_while_everything_runs_and_nothing_is_lost(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(database, nats.url, EmptyFeed) as town, working(town.bell.relay.run, town.consumer.run):
        await until(heard(town.tower, 1))
        old, new = (make_key(key_file(name)) for name in ("bell", "bell-next"))
        by_old = signer_of("bell").sign
        town.bell.signer._path = key_file("bell-in-use")
        town.know(old, new)  # First every consumer knows both.
        await asyncio.sleep(1.1)
        await town.bell.strike("big", 1)
        await until(heard(town.tower, 2))

        key_file("bell-next").replace(key_file("bell-in-use"))  # Then the owner signs with the new one.
        await asyncio.sleep(1.1)
        await town.bell.strike("big", 1)
        await until(heard(town.tower, 3))
        headers, data = await town.genuine(4)
        assert headers[KEY_ID] == key_id_of(new) != key_id_of(old)
        assert town.consumer.rejected.count == 0

        town.know(new)  # And then nobody knows the old one any more.
        await asyncio.sleep(1.1)
        await town.publish(by_old(headers | {"ce-position": "5"}, data), data)
        await town.rejects(1)
        assert town.consumer.rejected.reason == "unknown key"
        await town.bell.strike("big", 1)
        await until(heard(town.tower, 4))


async def test_a_key_that_can_not_be_read_any_more_stays_in_use(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = key_file("damaged")
    key = make_key(path)
    signer = Signer("bell", path)
    signer.open()
    path.write_text("no key")
    signer._looked = float("-inf")

    assert signer.sign({}, b"")[KEY_ID] == key_id_of(key)
    assert "the known key for announcements stays in use" in caplog.text


async def test_a_flood_of_forged_ones_stops_no_real_one_and_fills_neither_memory_nor_log(
    database: str, nats: Nats, caplog: pytest.LogCaptureFixture
) -> None:
    async with scene(database, nats.url) as town, working(town.bell.relay.run, town.consumer.run):
        await until(heard(town.tower, 1))
        before = resident()
        headers, data = await town.forged(3, hours=7)
        # Of the dearest kind: a key that is known, so that each signature is looked at.
        headers |= {KEY_ID: key_id_of(make_key(key_file("bell"))), SIGNATURE: b64encode(bytes(64)).decode()}
        flooding = asyncio.create_task(flood(town, headers, data))
        await town.rejects(1)
        for hours in range(2, 7):
            await town.bell.strike("big")
            await until(heard(town.tower, hours), seconds=5)
        await flooding
        await town.rejects(FLOOD, seconds=60)

        assert await total(town.tower) == 6
        assert town.consumer.rejected.count == FLOOD
        await until(town.left_over(), seconds=60)
        assert len([record for record in caplog.records if "is not believed" in record.message]) <= 3
        assert resident() - before < 64_000


async def flood(town: Scene, headers: Headers, data: bytes) -> None:
    client = await town.tower.bus.connect()
    for number in range(FLOOD):
        await client.publish("hubao.bell.PolicyBound.lead", data, headers={**headers, "Nats-Msg-Id": str(number)})
        if number % 200 == 0:
            await client.flush()


def resident() -> int:
    """This process's resident size, in KiB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


async def test_a_forged_one_that_has_taken_a_real_ones_message_id_only_makes_it_later(
    database: str, nats: Nats
) -> None:
    async with scene(database, nats.url) as town, working(town.bell.relay.run, town.consumer.run):
        await until(heard(town.tower, 1))
        headers, data = await town.forged(3, hours=7)
        jetstream = await town.tower.bus.jetstream()
        await jetstream.publish("hubao.bell.PolicyBound.lead", data, headers=headers)
        await town.rejects(1)

        await town.bell.strike("big", 2)  # JetStream takes it for a repetition, and drops it.
        await until(heard(town.tower, 3))
        await until(published_all(town.bell))

        assert await total(town.tower) == 3


@pytest.mark.parametrize(
    "headers",
    [b"NATS/1.0\r\n\r\n", b"NATS/1.0 \xff\xff\xff\r\n\r\n", b"NATS/1.0 503 \xff\r\n\r\n", b"NATS/1.0 503\r\n\r\n"],
)
async def test_headers_that_nobody_can_read_end_nothing(database: str, nats: Nats, headers: bytes) -> None:
    async with scene(database, nats.url, EmptyFeed) as town, working(town.consumer.run):
        await town.joins()

        publish_raw(nats.url, "hubao_pulse.bell", headers, b"9 9")
        publish_raw(nats.url, "hubao.bell.PolicyBound.lead", headers, b"x")
        await town.rejects(1, seconds=5)
        await town.publish(*await town.genuine(1))
        await town.publish(*await town.genuine(2))

        await until(heard(town.tower, 1), seconds=5)


async def test_what_others_write_into_an_inbox_is_not_taken(database: str, nats: Nats) -> None:
    async with scene(database, nats.url, EmptyFeed) as town, working(town.consumer.run):
        await town.joins()
        client = await town.tower.bus.connect()
        (inbox,) = [one.subject for one in client._subs.values() if "_INBOX" in one.subject and "*" not in one.subject]
        headers, data = await town.genuine(1)
        for reply in ("", "hubao.bell.x"):
            await client.publish(inbox, data, reply, headers)
        await town.publish(headers, data)
        await town.publish(*await town.genuine(2))

        await until(heard(town.tower, 1), seconds=5)
        assert town.consumer.rejected.count == 0


async def test_a_flood_of_hints_asks_no_more_often_than_one_hint(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(consuming, "SHORTEST_SILENCE", NEVER)
    monkeypatch.setattr(consuming, "LONGEST_SILENCE", NEVER)
    async with (
        scene(database, nats.url) as town,
        working(town.bell.bus.keep, town.tower.bus.keep, town.bell.pulse.run, town.consumer.run),
    ):
        await town.joins()
        await until(heard(town.tower, 1))
        client = await town.tower.bus.connect()
        reads, beats = town.feed.reads, town.bell.pulse.beats
        for _ in range(300):
            for text in (b"9999999999 9999999999", b"8 8", b"junk", b"9" * 5000 + b" 1"):
                await client.publish("hubao_pulse.bell", text)
            await client.flush()
            await asyncio.sleep(0.01)
        seconds = 3.0

        assert 1 <= town.feed.reads - reads <= 2 * seconds / consuming.TOLD_SECONDS
        assert town.bell.pulse.beats - beats <= 2 * seconds / 0.1
        assert len([record for record in caplog.records if "can't be read" in record.message]) <= 2
        await asyncio.sleep(consuming.TOLD_SECONDS * 2)
        assert town.consumer.lag == 0  # What was said is forgotten as soon as the owner has been asked.
        await town.bell.strike("big", 2)
        await until(heard(town.tower, 3))


def test_a_hint_is_two_numbers_of_a_length_that_numbers_have() -> None:
    assert Hint.read(b"12 9") == Hint(12, 9)
    for text in (b"", b"1", b"1 ", b"-1 2", b"1 2 3", b"1" * 5000 + b" 1", "１ ２".encode()):
        assert Hint.read(text) is None
