"""What foreign clients get stands alone: it compiles with no other include path, and says what the services say."""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pool
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

from tests.contracts.protos import ROOT, comments, rpcs

BUNDLE = ROOT / "build" / "bundle"
PROTOS = BUNDLE / "protos"
VALIDATE = "buf/validate/validate.proto"


def descriptor_set() -> FileDescriptorSet:
    return FileDescriptorSet.FromString((BUNDLE / "hubao.binpb").read_bytes())


def test_every_proto_compiles_with_no_other_include_path(tmp_path: Path) -> None:
    names = [str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto")]
    out = tmp_path / "all.binpb"

    assert protoc.main(["protoc", f"--proto_path={PROTOS}", f"--descriptor_set_out={out}", *names]) == 0

    assert {file.name for file in FileDescriptorSet.FromString(out.read_bytes()).file} == set(names)
    ours = {str(path.relative_to(ROOT / "protos")) for path in (ROOT / "protos").rglob("*.proto")}
    assert ours | {"google/type/money.proto", "google/rpc/error_details.proto", VALIDATE} <= set(names)


def test_the_descriptor_set_loads_and_has_every_method_with_its_comment() -> None:
    pool = descriptor_pool.DescriptorPool()
    told = {}
    for file in descriptor_set().file:
        pool.Add(file)  # In this order: what a file imports comes before it.
        for location in file.source_code_info.location:
            told[file.name, tuple(location.path)] = location.leading_comments.strip()

    for rpc in rpcs():
        service, method = pool.FindServiceByName(rpc.descriptor.containing_service.full_name), rpc.descriptor
        at = (service.file.name, (6, service.index, 2, service.methods_by_name[method.name].index))
        assert told[at] == comments()[rpc.name]


def test_the_printed_rules_are_those_that_the_validator_has() -> None:
    (printed,) = (file for file in descriptor_set().file if file.name == VALIDATE)
    printed.ClearField("source_code_info")

    assert printed == FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())


@pytest.mark.parametrize("of", ["protovalidate", "googleapis", "protobuf"])
def test_what_is_not_ours_comes_with_its_licence(of: str) -> None:
    text = (BUNDLE / "licenses" / f"{of}.txt").read_text("utf-8")

    assert "Redistribution" in text or "Apache License" in text
