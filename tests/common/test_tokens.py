import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import time

import jwt
import pytest

from libs.common.tokens import AUDIENCE, ISSUER, IssuerKeyUnusable, LocalIssuer


def test_a_token_says_who_it_is_for_and_until_when(tmp_path: Path) -> None:
    issuer = LocalIssuer.create(tmp_path)
    [listed] = json.loads(issuer.jwks.read_text())["keys"]

    token = issuer.token("wang", "org-1", "pingan", ["underwriter", "auditor"], timedelta(minutes=5))
    claims = jwt.decode(token, jwt.PyJWK(listed).key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=ISSUER)

    assert {name: claims[name] for name in ("sub", "org", "tenant", "roles")} == {
        "sub": "wang",
        "org": "org-1",
        "tenant": "pingan",
        "roles": ["auditor", "underwriter"],
    }
    assert abs(claims["exp"] - time() - 300) < 5
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "typ": "JWT", "kid": listed["kid"]}


def test_who_has_no_tenant_has_no_claim_of_one(tmp_path: Path) -> None:
    token = LocalIssuer.create(tmp_path).token("duty", "vendor-1", roles=["vendor"])

    assert "tenant" not in jwt.decode(token, options={"verify_signature": False})


def test_the_key_is_for_its_owner_alone_and_is_not_published(tmp_path: Path) -> None:
    issuer = LocalIssuer.create(tmp_path / "new" / "directory")

    assert os.stat(issuer.directory / "issuer.key").st_mode & 0o777 == 0o600
    assert "d" not in json.loads(issuer.jwks.read_text())["keys"][0]
    assert sorted(os.listdir(issuer.directory)) == ["issuer.key", "jwks.json"]


def test_the_second_issuer_in_a_directory_has_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = {issuer.key_id for issuer in pool.map(lambda _: LocalIssuer.create(tmp_path), range(16))}

    assert len(ids) == 1
    assert json.loads((tmp_path / "jwks.json").read_text())["keys"][0]["kid"] in ids


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "issuer.key").write_text("no key")

    with pytest.raises(IssuerKeyUnusable) as error:
        LocalIssuer.create(tmp_path)

    assert str(tmp_path / "issuer.key") in str(error.value)
    assert "\n" not in str(error.value)
