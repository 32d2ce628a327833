"""Writes `build/bundle`: the protos with all that they import, for clients that have nothing of ours.

`protos/` is one include path and complete, `hubao.binpb` the descriptor set made from it, with comments. That it stands
alone is seen whenever it is written: it is compiled with no other path.
"""

import re
import shutil
from collections.abc import Iterable
from importlib.metadata import distribution, version
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.type import date_pb2
from grpc_tools import protoc
from proto_text import print_file

IMPORT = re.compile(r'^import (?:public |weak )?"([^"]+)"', re.MULTILINE)
VALIDATE = "buf/validate/validate.proto"
STATUS_DETAILS = ("google/rpc/status.proto", "google/rpc/error_details.proto")
"""What no proto of ours imports, but errors carry (`grpc-status-details-bin`)."""
LICENSES = {"protovalidate": "protovalidate", "googleapis": "googleapis-common-protos", "protobuf": "protobuf"}
"""Whose files are in the bundle: the name there, and the package that has the licence."""
README = """\
Hubao's protos with all that they import. `protos` is the only include path that is needed, `hubao.binpb` is the
descriptor set made from it, with comments.

    protoc -I protos --python_out=. $(cd protos && find hubao -name '*.proto')
    buf build protos
    grpcurl -protoset hubao.binpb list

In Node: `protoLoader.loadSync(file, {includeDirs: ["protos"]})`. Errors carry `google.rpc.Status` in the trailing
metadata `grpc-status-details-bin`. `licenses` are those of the files that are not Hubao's.
"""


def write(bundle: Path, own: Path, validate: FileDescriptorSet) -> int:
    """Writes the bundle anew; `own` are our protos. The exit status is protoc's."""
    shutil.rmtree(bundle, ignore_errors=True)
    target = bundle / "protos"
    heading = (
        f"{VALIDATE} of the Python package protovalidate {version('protovalidate')}, under the Apache License 2.0.\n"
        "Printed from its descriptor, therefore without its comments."
    )
    _put(target / VALIDATE, print_file(VALIDATE, validate.file, heading))
    sources = sorted(str(path.relative_to(own)) for path in own.rglob("*.proto"))
    places = [own, Path(date_pb2.__file__).parents[2], Path(str(files("grpc_tools") / "_proto"))]
    _copy_with_imports([*sources, *STATUS_DETAILS], places, target)
    for name, package in LICENSES.items():
        _put(bundle / "licenses" / f"{name}.txt", _license(package))
    _put(bundle / "README.md", README)
    return _compile(bundle, [*sources, *STATUS_DETAILS], validate)


def _copy_with_imports(names: Iterable[str], places: list[Path], target: Path) -> None:
    """Copies files, and all that they import, each from the first place that has it."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if not (target / name).exists():
            found = next(place / name for place in places if (place / name).exists())
            _put(target / name, found.read_text("utf-8"))
        waiting += IMPORT.findall((target / name).read_text("utf-8"))


def _license(package: str) -> str:
    found = [path for path in distribution(package).files or () if path.name == "LICENSE"]
    return found[0].read_text("utf-8")


def _compile(bundle: Path, names: list[str], validate: FileDescriptorSet) -> int:
    """Makes the descriptor set from the bundle alone, and sees that the printed file says what it was printed from."""
    out = bundle / "hubao.binpb"
    flags = ["--include_imports", "--include_source_info"]
    command = ["protoc", f"--proto_path={bundle / 'protos'}", f"--descriptor_set_out={out}", *flags, *names]
    status: int = protoc.main(command)
    if status == 0 and _bare(FileDescriptorSet.FromString(out.read_bytes())) != _bare(validate):
        raise ValueError(f"{VALIDATE} was printed wrongly")
    return status


def _bare(found: FileDescriptorSet) -> FileDescriptorProto:
    (file,) = (file for file in found.file if file.name == VALIDATE)
    file.ClearField("source_code_info")
    return file


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
