"""Makes the stubs in `build/gen`, the image that `buf lint` and `buf breaking` read, and the bundle for clients.

`validate.proto` is not copied into this repository: the protovalidate package carries its own descriptor, which is
written to a descriptor set and given to protoc, so rules and validator can't be of two versions.
"""

import shutil
import sys
from importlib.resources import files
from pathlib import Path

import bundle
from google.protobuf import descriptor_pb2
from google.type import date_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

PROTOS = Path(__file__).parent
BUILD = PROTOS.parent / "build"
GEN = BUILD / "gen"
BUNDLE = BUILD / "bundle"


def validate_descriptors() -> descriptor_pb2.FileDescriptorSet:
    """The descriptor set of `validate.proto` and all that it imports."""
    found: dict[str, descriptor_pb2.FileDescriptorProto] = {}

    def visit(file: object) -> None:
        proto = descriptor_pb2.FileDescriptorProto.FromString(file.proto.to_binary())  # type: ignore[attr-defined]
        for dependency in file.dependencies:  # type: ignore[attr-defined]
            visit(dependency)
        found.setdefault(proto.name, proto)

    visit(validate_pb.desc())
    return descriptor_pb2.FileDescriptorSet(file=found.values())


def main() -> int:
    """Generates everything; the exit status is protoc's."""
    GEN.mkdir(parents=True, exist_ok=True)
    descriptors = BUILD / "validate.binpb"
    validate = validate_descriptors()
    descriptors.write_bytes(validate.SerializeToString())
    sources = sorted(str(path.relative_to(PROTOS)) for path in PROTOS.rglob("*.proto"))
    common = [
        "protoc",
        f"--proto_path={PROTOS}",
        f"--proto_path={Path(date_pb2.__file__).parents[2]}",
        f"--proto_path={files('grpc_tools') / '_proto'}",
        f"--descriptor_set_in={descriptors}",
    ]
    outputs = [f"--python_out={GEN}", f"--pyi_out={GEN}", f"--grpc_python_out={GEN}"]
    image = [f"--descriptor_set_out={BUILD / 'image.binpb'}", "--include_imports", "--include_source_info"]
    status: int = protoc.main([*common, *outputs, *sources])
    status = status or protoc.main([*common, f"--python_out={GEN}", f"--pyi_out={GEN}", bundle.VALIDATE])
    status = status or protoc.main([*common, *image, *sources])
    status = status or bundle.write(BUNDLE, PROTOS, validate)
    if status == 0:
        (GEN / "hubao" / "py.typed").touch()
        # Beside the stubs, so that it is where they are: reflection tells of it, for stubs have no comments.
        shutil.copyfile(BUNDLE / "hubao.binpb", GEN / "hubao" / "descriptors.binpb")
    return status


if __name__ == "__main__":
    sys.exit(main())
