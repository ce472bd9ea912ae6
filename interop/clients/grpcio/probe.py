"""One call with grpcio, reported as JSON.

`export HOST:PORT LIMIT [FAIL_AT]` streams a table of the workbench, discovered only by reflection;
`call HOST:PORT METHOD` sends an empty message and the metadata `x-sum: 1` to any method.
"""

import json
import os
import sys
from pathlib import Path

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status

from exchange import names

SERVICE = "axum_trailers.v1.Exports"
# In seconds.
TIMEOUT = 30


def export(channel, limit, fail_at=None):
    database = ProtoReflectionDescriptorDatabase(channel)
    method = DescriptorPool(database).FindServiceByName(SERVICE).methods_by_name["Export"]
    arguments = {"table": "orders", "limit": int(limit)}
    if fail_at:
        arguments["fail_at"] = int(fail_at)
    stub = channel.unary_stream(
        f"/{SERVICE}/{method.name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    return stub(GetMessageClass(method.input_type)(**arguments), timeout=TIMEOUT)


def call(channel, method):
    return channel.unary_stream(method)(b"", metadata=[("x-sum", "1")], timeout=TIMEOUT)


def error_info(failure):
    """The `ErrorInfo` in `grpc-status-details-bin`."""
    status = rpc_status.from_call(failure)
    said = error_details_pb2.ErrorInfo()
    for packed in status.details if status else []:
        if packed.Is(said.DESCRIPTOR):
            packed.Unpack(said)
    return dict(said.metadata)


def main(what, address, *arguments):
    # grpcio ignores the variables that name trusted certificates.
    credentials = grpc.ssl_channel_credentials(Path(os.environ["SSL_CERT_FILE"]).read_bytes())
    told = {"messages": 0, "error": None, "info": {}, "names": names(grpc, grpc.Call, grpc.Channel, grpc.RpcError)}
    with grpc.secure_channel(address, credentials) as channel:
        answer = {"export": export, "call": call}[what](channel, *arguments)
        try:
            for _ in answer:
                told["messages"] += 1
        except grpc.RpcError as failure:
            told["error"] = failure.code().name
            told["info"] = error_info(failure)
        told["trailers"] = [(name, str(value)) for name, value in answer.trailing_metadata()]
    print(json.dumps(told))


main(*sys.argv[1:])
