//! packetdrill scripts, run against a [`synfin_host::Host`] in virtual time.
//!
//! In: the text of a script. Out: a [`Report`]: passed, failed at a line with what was expected and what was seen, or
//! unsupported. No root, no device, no clock, no randomness: the same script has the same report every time.
//!
//! ```
//! let text = "
//!     0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
//!     +0 bind(3, ..., ...) = 0
//!     +0 listen(3, 1) = 0
//!     +0 < S 0:0(0) win 65535 <mss 1460>
//!     +0 > S. 0:0(0) ack 1 <mss 1460>
//!     +.1 < . 1:1(0) ack 1 win 65535
//!     +0 accept(3, ..., ...) = 4
//! ";
//! let report = synfin_drill::run(&synfin_drill::parse(text)?, None);
//! assert_eq!(report.verdict, synfin_drill::Verdict::Passed);
//! # Ok::<(), synfin_drill::ParseError>(())
//! ```
//!
//! | room | what lives there |
//! |---|---|
//! | `lexer`, `parser`, [`ast`] | text to a script |
//! | `packet` | packets between the script's numbers and the host's, their outer headers, and how they differ |
//! | `runner` | events in virtual time |
//! | `sockets` | Linux's calls on sockets and other descriptors, over a host |
//! | [`calls`] | the same calls, for an interpreter that is not this crate's |
//! | `shell`, `sysctl`, `nstat` | commands as a shell reads them with the programs that they start, as settings and as counters |
//! | `code` | snippets, in a small Python |
//! | [`suite`] | many scripts, and the table |
#![forbid(unsafe_code)]

pub mod ast;
pub mod calls;
pub mod suite;

mod code;
mod form;
mod lexer;
mod nstat;
mod packet;
mod parser;
mod runner;
mod shell;
mod sockets;
mod span;
mod symbols;
mod sysctl;
mod verdict;

pub use form::Form;
pub use parser::{parse, parse_with};
pub use runner::run;
pub use span::{ParseError, Position};
pub use verdict::{Failure, Report, TraceLine, Verdict};
