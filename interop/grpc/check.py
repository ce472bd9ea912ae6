"""Calls the gRPC services of a running workbench with grpcio, which discovers them only by reflection.

Usage: check.py HOST:PORT CERTIFICATE
"""

import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

SERVICE = "axum_trailers.v1.Exports"
TIMEOUT = 30


def check(name, found, expected):
    if found != expected:
        sys.exit(f"FAILED: {name}: {found!r} instead of {expected!r}")
    print(f"ok: {name}")


class Exports:
    """A client of the service, created from its descriptors."""

    def __init__(self, channel, pool):
        self.channel = channel
        self.service = pool.FindServiceByName(SERVICE)

    def call(self, method, **arguments):
        method = self.service.methods_by_name[method]
        kind = self.channel.unary_stream if method.server_streaming else self.channel.unary_unary
        stub = kind(
            f"/{SERVICE}/{method.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        return stub(GetMessageClass(method.input_type)(**arguments), timeout=TIMEOUT)


def rows_and_error(call):
    """The number of messages, and the error after them."""
    rows = 0
    try:
        for _ in call:
            rows += 1
    except grpc.RpcError as error:
        return rows, error
    return rows, None


def details(error):
    """The details in `grpc-status-details-bin`, by the names of their types."""
    status = rpc_status.from_call(error)
    unpacked = {}
    for packed in status.details:
        message = getattr(error_details_pb2, packed.TypeName().removeprefix("google.rpc."))()
        packed.Unpack(message)
        unpacked[type(message).__name__] = message
    return unpacked


def main(address, certificate):
    with open(certificate, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    with grpc.secure_channel(address, credentials) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = sorted(database.get_services())
        check(
            "the services by reflection",
            services,
            [
                SERVICE,
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
            ],
        )
        exports = Exports(channel, DescriptorPool(database))

        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", SERVICE):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=TIMEOUT)
            check(f"health of `{service}`", answer.status, health_pb2.HealthCheckResponse.SERVING)

        tables = {table.name: len(table.columns) for table in exports.call("ListTables").tables}
        check("the tables", tables, {"customers": 6, "orders": 7})

        call = exports.call("Export", table="orders")
        rows, error = rows_and_error(call)
        check("an export succeeds", (rows, error), (100_000, None))
        trailing = dict(call.trailing_metadata())
        check("its count", trailing["x-row-count"], "100000")
        check("its timing", "db;dur=" in trailing["server-timing"], True)

        call = exports.call("Export", table="orders", fail_at=1001)
        check("its header section", "x-export-id" in dict(call.initial_metadata()), True)
        rows, error = rows_and_error(call)
        check("rows before the failure", rows, 1000)
        check("its status", error.code(), grpc.StatusCode.UNAVAILABLE)
        check("its message", error.details(), "Database connection lost at row 1001")
        told = details(error)
        check("its reason", told["ErrorInfo"].reason, "DATABASE_LOST")
        check("its rows", dict(told["ErrorInfo"].metadata), {"rows": "1000"})
        check("its retry delay", told["RetryInfo"].retry_delay.seconds > 0, True)

        rows, error = rows_and_error(exports.call("Export", table="no such täble"))
        check("status of an unknown table", (rows, error.code()), (0, grpc.StatusCode.NOT_FOUND))
        check("name of the unknown table", details(error)["ResourceInfo"].resource_name, "no such täble")

        rows, error = rows_and_error(exports.call("Export", table="orders", columns=["nothing"]))
        check("status of an unknown column", (rows, error.code()), (0, grpc.StatusCode.INVALID_ARGUMENT))
        check("name of the invalid argument", details(error)["BadRequest"].field_violations[0].field, "columns")

        unknown = channel.unary_unary(f"/{SERVICE}/Nothing")
        try:
            unknown(b"", timeout=TIMEOUT)
            check("an unknown method", None, "an error")
        except grpc.RpcError as error:
            check("an unknown method", error.code(), grpc.StatusCode.UNIMPLEMENTED)


main(*sys.argv[1:])
