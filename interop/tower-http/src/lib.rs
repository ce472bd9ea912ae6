//! Tests which layers of tower-http and axum pass trailers. The table of docs/library.md is their result.

#[cfg(test)]
mod axum_06;
#[cfg(test)]
mod axum_08;
#[cfg(test)]
mod handlers;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod measured;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod table;
