"""Reflection tells a client without our stubs what there is, in both versions of its protocol, with comments."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_database, descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health
from grpc_reflection.v1alpha import reflection_pb2 as v1alpha
from hubao.claims.v1 import claim_service_pb2

from libs.common.grpc.reflection import V1, V1ALPHA, Reflection, add_reflection
from tests.common.probe import SERVICE

CLAIMS: str = claim_service_pb2.DESCRIPTOR.services_by_name["ClaimService"].full_name
VERSIONS = pytest.mark.parametrize("version", [V1, V1ALPHA])


@pytest.fixture
async def channel() -> Any:
    server = grpc.aio.server()
    add_reflection([CLAIMS, SERVICE, health.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop(None)


async def ask(channel: grpc.aio.Channel, version: str, **request: Any) -> v1alpha.ServerReflectionResponse:
    call: Any = channel.stream_stream(
        f"/{version}/ServerReflectionInfo",
        v1alpha.ServerReflectionRequest.SerializeToString,
        v1alpha.ServerReflectionResponse.FromString,
    )
    answers = call(iter([v1alpha.ServerReflectionRequest(host="here", **request)]), timeout=10)
    (answer,) = [answer async for answer in answers]
    assert answer.original_request == v1alpha.ServerReflectionRequest(host="here", **request)
    return answer  # type: ignore[no-any-return]


def files_of(answer: v1alpha.ServerReflectionResponse) -> list[FileDescriptorProto]:
    return [FileDescriptorProto.FromString(text) for text in answer.file_descriptor_response.file_descriptor_proto]


def comments_of(file: FileDescriptorProto) -> Iterator[str]:
    return (location.leading_comments.strip() for location in file.source_code_info.location)


@VERSIONS
async def test_the_services_are_listed_with_reflection_itself(channel: grpc.aio.Channel, version: str) -> None:
    answer = await ask(channel, version, list_services="")

    listed = [service.name for service in answer.list_services_response.service]
    assert listed == sorted([CLAIMS, SERVICE, "grpc.health.v1.Health", V1, V1ALPHA])


@VERSIONS
@pytest.mark.parametrize(
    "symbol",
    [CLAIMS, f"{CLAIMS}.NotifyClaim", "hubao.claims.v1.NotifyClaimRequest", "hubao.claims.v1.NotifyClaimRequest.veris"],
)
async def test_a_file_comes_with_its_comments(channel: grpc.aio.Channel, version: str, symbol: str) -> None:
    first, *_ = files_of(await ask(channel, version, file_containing_symbol=symbol))

    assert first.name == "hubao/claims/v1/claim_service.proto"
    assert any(comment.startswith("Takes the first notice of a loss.") for comment in comments_of(first))
    assert "Who reports it." in comments_of(first)


@VERSIONS
@pytest.mark.parametrize("service", [CLAIMS, SERVICE, "grpc.health.v1.Health", V1, V1ALPHA])
async def test_the_files_of_every_service_fit_together(channel: grpc.aio.Channel, version: str, service: str) -> None:
    told: Any = descriptor_database.DescriptorDatabase()  # type: ignore[no-untyped-call]
    for file in files_of(await ask(channel, version, file_containing_symbol=service)):
        told.Add(file)

    pool: Any = descriptor_pool.DescriptorPool(told)  # type: ignore[no-untyped-call]
    for method in pool.FindServiceByName(service).methods:
        assert GetMessageClass(method.input_type)() is not None


@VERSIONS
async def test_extensions_are_found_by_their_number(channel: grpc.aio.Channel, version: str) -> None:
    options = "google.protobuf.MethodOptions"
    numbers = (await ask(channel, version, all_extension_numbers_of_type=options)).all_extension_numbers_response
    asked = v1alpha.ExtensionRequest(containing_type=options, extension_number=50100)
    first, *_ = files_of(await ask(channel, version, file_containing_extension=asked))

    assert 50100 in numbers.extension_number
    assert first.name == "hubao/common/v1/access.proto"


@VERSIONS
async def test_what_does_not_exist_is_not_found_and_the_stream_goes_on(channel: grpc.aio.Channel, version: str) -> None:
    for request in (
        {"file_containing_symbol": "hubao.none.v1.None"},
        {"file_by_filename": "none.proto"},
        {"all_extension_numbers_of_type": "hubao.none.v1.None"},
        {"file_containing_extension": v1alpha.ExtensionRequest(containing_type=CLAIMS, extension_number=1)},
    ):
        answer = await ask(channel, version, **request)
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    empty = await ask(channel, version)
    assert empty.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]


async def test_without_the_descriptor_set_the_stubs_tell_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        reflection = Reflection([CLAIMS], tmp_path / "none.binpb")

    async def asked() -> Any:
        yield v1alpha.ServerReflectionRequest(file_containing_symbol=f"{CLAIMS}.NotifyClaim")

    (answer,) = [answer async for answer in reflection.ServerReflectionInfo(asked(), None)]
    first, *others = files_of(answer)
    assert first.name == "hubao/claims/v1/claim_service.proto"
    assert "buf/validate/validate.proto" in {file.name for file in others}
    assert list(comments_of(first)) == []
    assert "none.binpb is missing" in caplog.text
