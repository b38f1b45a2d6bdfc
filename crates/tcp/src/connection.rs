//! A connection: which phase it is in, and who does what there.

pub mod half_open;
pub mod state;
pub mod status;
pub mod time_wait;
