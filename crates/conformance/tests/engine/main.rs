//! The engine, one host with a hand-written peer in virtual time: one file a subject.

mod close;
mod congestion;
mod delayed_ack;
mod fast_retransmit;
mod keep_alive;
mod matrix;
mod nagle;
mod open;
mod peer;
mod persist;
mod reset;
mod retransmission;
mod user_timeout_and_r2;
