"""Server reflection, as `grpc.reflection.v1` and as `v1alpha` for older clients, with the comments of the protos.

Generated code has no comments, so what is told comes from the descriptor set that is made together with it. The two
versions of the protocol differ in nothing but their package: one servicer answers both, and the descriptor of v1 is
that of v1alpha under the other name.
"""

import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet
from grpc_reflection.v1alpha import reflection_pb2 as v1alpha

V1ALPHA = "grpc.reflection.v1alpha.ServerReflection"
V1 = "grpc.reflection.v1.ServerReflection"

_LOG = logging.getLogger(__name__)


def add_reflection(names: Iterable[str], server: grpc.aio.Server) -> None:
    """Lets a server tell of the services of these names, and of reflection itself."""
    servicer = Reflection([*names, V1, V1ALPHA], files("hubao") / "descriptors.binpb")
    method = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=v1alpha.ServerReflectionRequest.FromString,
        response_serializer=v1alpha.ServerReflectionResponse.SerializeToString,
    )
    for name in (V1, V1ALPHA):
        server.add_registered_method_handlers(name, {"ServerReflectionInfo": method})


class Reflection:
    """Tells of services by the descriptor set, and by the stubs (without comments) of what is not in it."""

    def __init__(self, names: Iterable[str], descriptors: Traversable) -> None:
        self._names = sorted(names)
        self._descriptors = descriptors
        if not descriptors.is_file():
            _LOG.warning("%s is missing: reflection tells no comments", descriptors)

    async def ServerReflectionInfo(
        self, requests: AsyncIterable[v1alpha.ServerReflectionRequest], context: object
    ) -> AsyncIterator[v1alpha.ServerReflectionResponse]:
        """Answers each request of the stream, in their order."""
        async for request in requests:
            answer = self._answer(request)
            answer.original_request.CopyFrom(request)
            answer.valid_host = request.host
            yield answer

    def _answer(self, request: v1alpha.ServerReflectionRequest) -> v1alpha.ServerReflectionResponse:
        index = self._index
        try:
            match request.WhichOneof("message_request"):
                case "list_services":
                    return _services(self._names)
                case "file_by_filename":
                    return index.with_imports(request.file_by_filename)
                case "file_containing_symbol":
                    return index.with_imports(index.symbols[request.file_containing_symbol])
                case "file_containing_extension":
                    asked = request.file_containing_extension
                    extensions = index.extensions[asked.containing_type]
                    return index.with_imports(extensions[asked.extension_number])
                case "all_extension_numbers_of_type":
                    return index.extension_numbers(request.all_extension_numbers_of_type)
                case _:
                    return _error(grpc.StatusCode.INVALID_ARGUMENT, "the request asks for nothing")
        except KeyError:
            return _error(grpc.StatusCode.NOT_FOUND, "not found")

    @cached_property
    def _index(self) -> "_Index":
        """Made when somebody first asks: most processes are never asked."""
        index = _Index()
        if self._descriptors.is_file():
            for file in FileDescriptorSet.FromString(self._descriptors.read_bytes()).file:
                index.add(file)
        index.add(_v1())
        pool: Any = descriptor_pool.Default()
        for name in self._names:
            if name not in index.symbols:
                for file in _closure(pool.FindFileContainingSymbol(name)):
                    index.add(file)
        return index


class _Index:
    """Files, and where each symbol and extension is declared; of two files of one name the first is kept."""

    def __init__(self) -> None:
        self.symbols: dict[str, str] = {}
        self.extensions: dict[str, dict[int, str]] = {}
        self._texts: dict[str, bytes] = {}
        self._imports: dict[str, list[str]] = {}

    def add(self, file: FileDescriptorProto) -> None:
        if file.name in self._texts:
            return
        self._texts[file.name] = file.SerializeToString()
        self._imports[file.name] = list(file.dependency)
        for symbol in _symbols(file):
            self.symbols[symbol] = file.name
        for extension in file.extension:
            numbers = self.extensions.setdefault(extension.extendee.removeprefix("."), {})
            numbers[extension.number] = file.name

    def with_imports(self, name: str) -> v1alpha.ServerReflectionResponse:
        """A file and all that it imports, itself first. KeyError."""
        found = [name]
        for file in found:  # It grows on the way.
            found += [other for other in self._imports[file] if other not in found]
        texts = [self._texts[file] for file in found]
        response = v1alpha.FileDescriptorResponse(file_descriptor_proto=texts)
        return v1alpha.ServerReflectionResponse(file_descriptor_response=response)

    def extension_numbers(self, of: str) -> v1alpha.ServerReflectionResponse:
        """The numbers of all extensions of a message type. KeyError if there is no such type."""
        if of not in self.symbols:
            raise KeyError(of)
        numbers = sorted(self.extensions.get(of, ()))
        response = v1alpha.ExtensionNumberResponse(base_type_name=of, extension_number=numbers)
        return v1alpha.ServerReflectionResponse(all_extension_numbers_response=response)


def _services(names: Iterable[str]) -> v1alpha.ServerReflectionResponse:
    found = [v1alpha.ServiceResponse(name=name) for name in names]
    return v1alpha.ServerReflectionResponse(list_services_response=v1alpha.ListServiceResponse(service=found))


def _error(code: grpc.StatusCode, message: str) -> v1alpha.ServerReflectionResponse:
    response = v1alpha.ErrorResponse(error_code=code.value[0], error_message=message)
    return v1alpha.ServerReflectionResponse(error_response=response)


def _v1() -> FileDescriptorProto:
    """The descriptor of v1: that of v1alpha, renamed."""
    file = FileDescriptorProto()
    v1alpha.DESCRIPTOR.CopyToProto(file)
    file.name, file.package = "grpc/reflection/v1/reflection.proto", "grpc.reflection.v1"
    for field in (field for message in file.message_type for field in message.field):
        if field.type_name:
            field.type_name = field.type_name.replace(".v1alpha.", ".v1.")
    for method in (method for service in file.service for method in service.method):
        method.input_type = method.input_type.replace(".v1alpha.", ".v1.")
        method.output_type = method.output_type.replace(".v1alpha.", ".v1.")
    return file


def _closure(descriptor: FileDescriptor) -> Iterator[FileDescriptorProto]:
    """A file that generated code has registered, after all that it imports; some may come twice."""
    for dependency in descriptor.dependencies:
        yield from _closure(dependency)
    file = FileDescriptorProto()
    descriptor.CopyToProto(file)
    yield file


def _symbols(file: FileDescriptorProto) -> Iterator[str]:
    """The full names of all that a file declares."""
    prefix = f"{file.package}." if file.package else ""
    for message in file.message_type:
        yield from _in_message(message, prefix)
    for enum in file.enum_type:
        yield from _in_enum(enum, prefix)
    for service in file.service:
        yield f"{prefix}{service.name}"
        yield from (f"{prefix}{service.name}.{method.name}" for method in service.method)
    yield from (f"{prefix}{extension.name}" for extension in file.extension)


def _in_message(message: DescriptorProto, prefix: str) -> Iterator[str]:
    name = f"{prefix}{message.name}"
    yield name
    yield from (f"{name}.{field.name}" for field in (*message.field, *message.extension))
    yield from (f"{name}.{oneof.name}" for oneof in message.oneof_decl)
    for nested in message.nested_type:
        yield from _in_message(nested, f"{name}.")
    for enum in message.enum_type:
        yield from _in_enum(enum, f"{name}.")


def _in_enum(enum: EnumDescriptorProto, prefix: str) -> Iterator[str]:
    """An enum's values stand beside it, not in it."""
    yield f"{prefix}{enum.name}"
    yield from (f"{prefix}{value.name}" for value in enum.value)
