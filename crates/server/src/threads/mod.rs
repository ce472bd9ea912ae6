//! The threads that connections live on, each with a runtime of its own, and how connections come to them.
//!
//! A runtime of one thread wakes its tasks without waking a thread: a chunk on its way from its producer to the socket
//! crosses no core. What it can't do is to balance, so a thread that accepts gives the connection to one that has fewer.

mod arrival;
mod deal;
mod place;
mod worker;

pub(super) use self::{
    arrival::{Arrival, Arrivals},
    deal::{Dealer, hand, on_runtime},
    place::Places,
    worker::Worker,
};
