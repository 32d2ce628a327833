"""Names of streams never change: they are in every log."""

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from libs.common.streams import stream_id


def test_a_streams_name_stays() -> None:
    assert stream_id("insurer", "policy.Policy", "P-1") == UUID("b2c90772-e267-5509-89f1-cb1b8d9c893a")


@given(*[st.text(st.characters(codec="utf-8"))] * 3)
def test_it_is_the_uuid_of_tenant_kind_and_key(tenant: str, kind: str, key: str) -> None:
    namespace = UUID("6f4d5f0e-2f3b-5b1e-9c55-6875626f0001")

    assert stream_id(tenant, kind, key) == uuid5(namespace, f"{tenant}\x1f{kind}\x1f{key}")
