import base64
import json
import os
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.rpc.code_pb2 import Code
from grpc import StatusCode

from libs.common.grpc import keys
from libs.common.grpc.access import Access
from libs.common.grpc.auth import Authenticator, Identity
from libs.common.grpc.errors import EdgeRefusal
from libs.common.tokens import AUDIENCE, ISSUER, LocalIssuer
from tests.common.failing import failure
from tests.common.probe import METHODS, ORGANISATION, TENANT, Request, Served, served


def signed_with_the_public_key(good: Served) -> str:
    """The old trick: HMAC with what everybody knows."""
    public = good.issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body, _ = good.token().split(".")
    del head
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": good.issuer.key_id}).encode()).rstrip(b"=")
    signed = header.decode() + "." + body
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed.encode(), public)
    return signed + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


def unsigned(good: Served) -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": good.issuer.key_id}).encode()).rstrip(b"=")
    return head.decode() + "." + good.token().split(".")[1] + "."


def by_another_key(good: Served) -> str:
    claims = jwt.decode(good.token(), options={"verify_signature": False})
    return jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": good.issuer.key_id})


def changed(**changes: Any) -> Any:
    """A well-signed token with other claims; None takes one away."""

    def token(good: Served) -> str:
        claims = {**jwt.decode(good.token(), options={"verify_signature": False}), **changes}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, good.issuer.key, "EdDSA", headers={"kid": good.issuer.key_id})

    return token


TOKENS: dict[str, tuple[Any, str]] = {
    "none": (lambda good: None, "TOKEN_MISSING"),
    "empty": (lambda good: " ", "TOKEN_INVALID"),
    "garbled": (lambda good: "not.a.token", "TOKEN_INVALID"),
    "changed": (lambda good: good.token()[:-8] + "AAAAAAAA", "TOKEN_INVALID"),
    "very long": (lambda good: "a" * 5000, "TOKEN_INVALID"),
    "expired": (lambda good: good.token(lifetime=timedelta(seconds=-60)), "TOKEN_EXPIRED"),
    "not yet issued": (changed(iat=2**33), "TOKEN_INVALID"),
    "for another audience": (changed(aud="bank"), "TOKEN_WRONG_AUDIENCE"),
    "by another issuer": (changed(iss="https://evil"), "TOKEN_WRONG_ISSUER"),
    "by an unknown key": (
        lambda good: jwt.encode({"sub": "x"}, good.issuer.key, "EdDSA", headers={"kid": "other"}),
        "TOKEN_INVALID",
    ),
    "by another key": (by_another_key, "TOKEN_INVALID"),
    "alg none": (unsigned, "TOKEN_INVALID"),
    "HS256 with the public key": (signed_with_the_public_key, "TOKEN_INVALID"),
    "roles that are no list": (changed(roles="underwriter"), "TOKEN_INVALID"),
    "an organisation that is no text": (changed(org=5), "TOKEN_INVALID"),
    "the tenant that all share": (changed(tenant="shared"), "TOKEN_INVALID"),
    "a vendor with an insurer's role": (changed(tenant=None, roles=["vendor", "underwriter"]), "TOKEN_INVALID"),
    "a vendor with a tenant": (changed(roles=["vendor"]), "TOKEN_INVALID"),
    "an auditor without a tenant": (changed(tenant=None, roles=["auditor"]), "TOKEN_INVALID"),
    "an operator with a tenant": (changed(roles=["operator"]), "TOKEN_INVALID"),
    "a tenant in capitals": (changed(tenant="Pingan"), "TOKEN_INVALID"),
    "a subject that can't be seen": (changed(sub="\u200b "), "TOKEN_INVALID"),
    "a subject that is too long": (changed(sub="w" * 196), "TOKEN_INVALID"),
    **{
        f"without {claim}": (changed(**{claim: None}), "TOKEN_INVALID") for claim in ("exp", "iat", "sub", "iss", "aud")
    },
}


async def test_every_wrong_token_is_unauthenticated(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        for name, (make, reason) in TOKENS.items():
            token = make(good)
            failed = await failure(good.call("Ask", token=token))

            assert (name, failed.code, failed.reason) == (name, StatusCode.UNAUTHENTICATED, reason)
        assert good.probe.seen == []


async def test_a_scheme_other_than_bearer_is_unauthenticated(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        basic = [("authorization", f"Basic {good.token()}")]
        failed = await failure(good.method("Ask")(Request(name="x"), metadata=basic))

        assert (failed.code, failed.reason) == (StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")


async def test_a_token_expires_by_real_time_also_when_it_was_seen_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = LocalIssuer.create(tmp_path)
    authenticator = Authenticator(str(issuer.jwks), ISSUER)
    await authenticator.open()
    header = "Bearer " + issuer.token("wang", "org-1", "pingan", ["underwriter"])
    seen = await authenticator.identify(header)

    monkeypatch.setattr("libs.common.grpc.auth.time", lambda: seen.expires_at + 6)

    with pytest.raises(EdgeRefusal) as refusal:
        await authenticator.identify(header)
    assert refusal.value.reason == "TOKEN_EXPIRED"


EXPECTED_ROLES = {
    "Ask": {"underwriter"},
    "Offer": {"vendor"},
    "Look": {"underwriter", "vendor"},
    "Operate": {"operator"},
}


async def test_a_method_is_open_to_its_roles_and_to_nobody_else(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        for name, allowed in EXPECTED_ROLES.items():
            for role in ("underwriter", "vendor", "operator", "auditor", "root", ""):
                tenant = "" if role in ("vendor", "operator") else "pingan"
                call = good.call(name, token=good.token(tenant, (role,)))
                if role in allowed:
                    assert (await call).roles == role
                else:
                    failed = await failure(call)
                    assert (failed.code, failed.reason) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
                    assert set(failed.metadata["roles"].split(", ")) == allowed


def an_identity(organisation: str, tenant: str, role: str) -> Identity:
    return Identity("wang", "user:wang", organisation, tenant, frozenset({role}), 2.0**33)


def test_an_insurers_method_needs_a_tenant_whatever_a_token_may_be() -> None:
    with pytest.raises(EdgeRefusal) as refusal:
        Access(frozenset({"underwriter"}), TENANT).check(an_identity("org-1", "", "underwriter"))

    assert (refusal.value.code, refusal.value.reason) == (Code.PERMISSION_DENIED, "TENANT_MISSING")


def test_an_organisations_method_needs_an_organisation_whatever_a_token_may_be() -> None:
    with pytest.raises(EdgeRefusal) as refusal:
        Access(frozenset({"vendor"}), ORGANISATION).check(an_identity("", "", "vendor"))

    assert (refusal.value.code, refusal.value.reason) == (Code.PERMISSION_DENIED, "ORGANISATION_MISSING")


async def test_roles_of_other_systems_are_left_out(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        answer = await good.call("Ask", token=good.token("pingan", ("underwriter", "offline_access")))

        assert answer.roles == "underwriter"


@pytest.mark.parametrize(
    "subject", ["Wang@Pingan", "wang@pingan ", "wang\u200b@pingan", "ｗａｎｇ＠pingan", "\u3000wang@pingan"]
)
async def test_a_person_has_one_name_however_a_token_writes_it(tmp_path: Path, subject: str) -> None:
    async with served(tmp_path) as good:
        answer = await good.call("Ask", token=changed(sub=subject)(good))

        assert answer.principal == "user:wang@pingan"


@pytest.mark.parametrize("method", ["Undeclared", "Scopeless", "Roleless"])
async def test_a_method_without_declared_access_is_closed_to_everyone(tmp_path: Path, method: str) -> None:
    async with served(tmp_path) as good:
        insurer = ("underwriter", "chief_underwriter", "claims_handler", "claims_manager", "finance", "auditor", "")
        tokens = [good.token("pingan", insurer)]
        tokens += [good.token("", (role,)) for role in ("vendor", "operator", "service", "authority", "unspecified")]
        for token in tokens:
            failed = await failure(good.call(method, token=token))

            assert (failed.code, failed.reason) == (StatusCode.PERMISSION_DENIED, "METHOD_CLOSED")


async def test_every_form_of_method_is_guarded(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        for name, (streams_in, *_) in METHODS.items():
            failed = await failure(good.call(name, [Request(name="x")] if streams_in else None, token=None))

            assert (name, failed.code) == (name, StatusCode.UNAUTHENTICATED)


async def test_a_new_key_is_taken_from_the_file_and_the_old_one_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "LOOK_EVERY", 0.0)
    async with served(tmp_path / "a") as good:
        old = good.token()
        assert (await good.call("Ask", token=old)).text == "x"

        other = LocalIssuer.create(tmp_path / "b")
        os.replace(other.jwks, good.issuer.jwks)

        new = other.token("li", "org-2", "pingan", ["underwriter"])
        assert (await good.call("Ask", token=new)).principal == "user:li"
        assert (await failure(good.call("Ask", token=old))).code == StatusCode.UNAUTHENTICATED


async def test_a_damaged_key_file_leaves_the_known_keys_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keys, "LOOK_EVERY", 0.0)
    async with served(tmp_path) as good:
        good.issuer.jwks.write_text('{"keys": [')

        assert (await good.call("Ask")).text == "x"
        assert str(good.issuer.jwks) in caplog.text


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA", "kid": "1"}]}']
)
async def test_a_service_does_not_start_without_usable_keys(tmp_path: Path, text: str) -> None:
    jwks = tmp_path / "jwks.json"
    for source in (jwks, tmp_path / "none.json"):
        jwks.write_text(text)
        with pytest.raises(keys.KeysUnreadable) as error:
            await Authenticator(str(source), ISSUER).open()

        assert str(error.value).startswith("HUBAO_JWKS: ")
        assert str(source) in str(error.value)
        assert "\n" not in str(error.value)


async def test_keys_of_other_kinds_are_taken_with_their_one_algorithm(tmp_path: Path) -> None:
    pairs = {
        "r": (rsa.generate_private_key(65537, 2048), "RS256"),
        "e": (ec.generate_private_key(ec.SECP256R1()), "ES256"),
    }
    listed = []
    for kid, (key, algorithm) in pairs.items():
        made: Any = jwt.algorithms.get_default_algorithms()[algorithm]
        listed.append({**made.to_jwk(key.public_key(), as_dict=True), "kid": kid})
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps({"keys": listed}))
    authenticator = Authenticator(str(jwks), ISSUER)
    await authenticator.open()
    claims = {"sub": "x", "iss": ISSUER, "aud": AUDIENCE, "iat": 1, "exp": 2**33}

    for kid, (key, algorithm) in pairs.items():
        token = jwt.encode(claims, key, algorithm, headers={"kid": kid})
        assert (await authenticator.identify(f"Bearer {token}")).subject == "x"

    wider = jwt.encode(claims, pairs["r"][0], "RS512", headers={"kid": "r"})
    with pytest.raises(EdgeRefusal):
        await authenticator.identify(f"Bearer {wider}")


async def test_keys_are_also_taken_from_a_url(tmp_path: Path) -> None:
    issuer = LocalIssuer.create(tmp_path)
    serve = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as web:
        Thread(target=web.serve_forever, daemon=True).start()
        authenticator = Authenticator(f"http://127.0.0.1:{web.server_port}/jwks.json", ISSUER)
        await authenticator.open()
        web.shutdown()

    assert (await authenticator.identify("Bearer " + issuer.token("wang", "org-1"))).subject == "wang"
