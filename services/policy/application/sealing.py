"""The hash of a preview: all of it, and by which of the things that can move it would differ.

The whole is the SHA-256 of the change and of the preview, each in protobuf's deterministic form. Behind it stand short
digests of what it rests on, so that a refusal can say what has moved although no preview is ever stored. They only
explain; it is the whole that has to be the same.
"""

from collections.abc import Iterable
from hashlib import sha256

from google.protobuf.message import Message
from hubao.policy.v1 import change_preview_pb2 as pb

CHANGE, DAY, POLICY_VERSION, POLICY_PART = "CHANGE", "DAY", "POLICY_VERSION", "POLICY_PART"
ACCOUNT_VERSION, SUBSIDIES, BILLING_PART = "ACCOUNT_VERSION", "SUBSIDIES", "BILLING_PART"
NAMES = (CHANGE, DAY, POLICY_VERSION, POLICY_PART, ACCOUNT_VERSION, SUBSIDIES, BILLING_PART)
SHORT = 12
LEFT_OUT = "0" * SHORT
"""Stands for what a preview without billing does not rest on."""


def seal(change: Message, preview: pb.ChangePreview) -> str:
    """The hash of a preview; neither its own field counts, nor what is left of capacities, on which others draw."""
    bare = pb.ChangePreview()
    bare.CopyFrom(preview)
    bare.ClearField("hash")
    for capacity in bare.capacities:
        capacity.ClearField("left")
    whole = _digest([_bytes(change), _bytes(bare)])
    return ".".join([whole, *_parts(change, bare)])


def part(hashed: str, name: str) -> str:
    """The short digest of one of the things that a preview rests on."""
    return hashed.split(".")[1:][NAMES.index(name)]


def is_without_billing(hashed: str) -> bool:
    return part(hashed, BILLING_PART) == LEFT_OUT


def change_part(policy_id: str, change: Message) -> str:
    """The digest of what was asked for."""
    return _short([policy_id.encode(), _bytes(change)])


def version_part(etag: str) -> str:
    """The digest of the policy's version."""
    return _short([etag.encode()])


def moved(seen: str, now: str) -> list[str]:
    """What differs between two hashes; nothing if they are the same."""
    names = [name for name in NAMES if part(seen, name) != part(now, name)]
    return names if names or seen == now else [POLICY_PART]


def _parts(change: Message, preview: pb.ChangePreview) -> list[str]:
    own = [preview.premium, *preview.transactions, preview.timeline, preview.retained]
    beside = [*preview.capacities, preview.certificates]
    parts = [
        change_part(preview.policy_id, change),
        _short([_bytes(preview.as_of), _bytes(preview.billing.as_of)]),
        version_part(preview.policy_etag),
        _short(map(_bytes, [*own, *beside])),
    ]
    if not preview.HasField("billing"):
        return [*parts, LEFT_OUT, LEFT_OUT, LEFT_OUT]
    cases = [f"{each.case_id} {each.case_etag} {each.rule_version}".encode() for each in preview.billing.subsidies]
    return [*parts, _short([preview.billing.account_etag.encode()]), _short(cases), _short([_bytes(preview.billing)])]


def _bytes(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)


def _digest(texts: Iterable[bytes]) -> str:
    """Of several texts, each with its length, so that no two sequences look the same."""
    found = sha256()
    for text in texts:
        found.update(len(text).to_bytes(8) + text)
    return found.hexdigest()


def _short(texts: Iterable[bytes]) -> str:
    return _digest(texts)[:SHORT]
