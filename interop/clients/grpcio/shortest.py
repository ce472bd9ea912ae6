import os
import sys
from pathlib import Path

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

credentials = grpc.ssl_channel_credentials(Path(os.environ["SSL_CERT_FILE"]).read_bytes())
with grpc.secure_channel(sys.argv[1], credentials) as channel:
    pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
    export = pool.FindServiceByName("axum_trailers.v1.Exports").methods_by_name["Export"]
    request = GetMessageClass(export.input_type)(table="orders", limit=1000)
    call = channel.unary_stream("/axum_trailers.v1.Exports/Export")(request.SerializeToString())
    for row in call:
        pass
    print(dict(call.trailing_metadata())["x-row-count"])
