//! packetdrill scripts, run against a [`synfin_host::Host`] in virtual time.
#![forbid(unsafe_code)]

pub mod ast;

mod lexer;
mod packet;
mod parser;
mod span;

pub use parser::parse;
pub use span::{ParseError, Position};
