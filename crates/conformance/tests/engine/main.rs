//! The engine, one host with a hand-written peer in virtual time: one file a subject.

mod close;
mod congestion;
mod delayed_ack;
mod fast_retransmit;
mod keep_alive;
mod matrix;
mod mss;
mod nagle;
mod open;
mod path;
mod paws;
mod peer;
mod persist;
mod release;
mod reset;
mod retransmission;
mod sack;
mod silly_window;
mod storm;
mod urgent;
mod user_timeout_and_r2;
mod window;
