//! The threads that connections live on, each with a runtime of its own, and how connections come to them.
//!
//! A runtime of one thread wakes its tasks without waking a thread: a chunk on its way from its producer to the socket
//! crosses no core. What it can't do is to balance, so the one that accepts gives each connection to the thread that has
//! fewest.

mod arrival;
mod deal;
mod place;
mod worker;

pub(super) use self::{
    arrival::{Arrival, Arrivals, Seat},
    deal::{Hand, deal, hand},
    place::Places,
    worker::Worker,
};
