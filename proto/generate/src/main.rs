//! Generates the Rust code and the descriptors of the gRPC service from its `.proto` file. The compiler is protox,
//! written in Rust, so `protoc` is not needed.

use prost::Message;
use std::{error::Error, fs, path::Path};

const PACKAGE: &str = "axum_trailers.v1";

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let generated = root.join("crates/workbench/src/export/grpc/generated");
    let descriptors = protox::compile(["axum_trailers/v1/exports.proto"], [root.join("proto")])?;
    fs::write(generated.join(format!("{PACKAGE}.bin")), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_transport(false)
        .out_dir(generated)
        .compile_fds(descriptors)?;
    Ok(())
}
