//! A library for stock packetdrill's `--so_filename`: its interpreter, over the sockets that `synfin-drill` runs
//! scripts with. Where the two interpreters come to the same verdict, drill's reading of a script is vouched for by
//! another's.
//!
//! In: packetdrill's table of functions, to be filled in, then its calls. Out: what the calls return, and the packets of
//! the host. Time is virtual: packetdrill asks this library what time it is, so it passes only where packetdrill sleeps
//! or waits for a packet.
//!
//! | room | what lives there |
//! |---|---|
//! | `abi` | packetdrill's table and C's pointers: the only `unsafe` |
//! | `stage` | the one machine, its clock, and calls that wait |
//! | `address`, `layout` | addresses, TCP_INFO and its like, control messages as octets |
//! | `settings` | what the script's commands have done to the namespace |
//!
//! Left out on purpose: `pipe` and `splice`, which drill has not either.

mod abi;
mod address;
mod layout;
mod settings;
mod stage;
