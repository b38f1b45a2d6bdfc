//! The engine, one host with a hand-written peer in virtual time: one file a subject.

mod close;
mod delayed_ack;
mod keep_alive;
mod matrix;
mod nagle;
mod open;
mod peer;
mod persist;
mod reset;
mod user_timeout_and_r2;
