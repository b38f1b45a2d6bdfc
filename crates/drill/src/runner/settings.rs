//! Calls that set sockets up, and that ask how they are set up.

use std::net::Ipv6Addr;

use super::Runner;
use super::arguments::{Arguments, Wrong, integer, kind, number_field};
use super::outputs::{Problem, Reply};
use crate::ast::{Call, Expression, Gre, MplsLabel};

/// The longest value of a socket option that anything here asks for.
const MOST_OPTION_OCTETS: usize = 1024;

impl Runner {
    pub(super) fn configuring(&mut self, call: &Call) -> Result<Reply, Problem> {
        match call.name.as_str() {
            "fcntl" => {
                let arguments = Arguments::new(call, 2..=3)?;
                let (fd, command) = (self.fd(&arguments, 0)?, arguments.integer(1)?);
                let argument = if arguments.len() == 3 { i64::from(arguments.integer(2)? as i32) } else { 0 };
                Ok(self.kernel.file_control(fd, command, argument)?.into())
            }
            "ioctl" => {
                let arguments = Arguments::new(call, 2..=3)?;
                let (fd, command) = (self.fd(&arguments, 0)?, arguments.integer(1)?);
                let expected = if arguments.len() == 3 { Some(arguments.bracketed(2)?) } else { None };
                let found = self.kernel.ioctl(fd, command, expected)?;
                if let Some(expected) = expected {
                    Self::check_number("the value", i64::from(expected as i32), found)?;
                }
                Ok(0.into())
            }
            "getsockopt" => self.read_option(call),
            _ => {
                let arguments = Arguments::new(call, 5..=5)?;
                let (fd, level, name) =
                    (self.fd(&arguments, 0)?, arguments.integer(1)?, arguments.integer(2)?);
                let size = arguments.size(4)?.min(MOST_OPTION_OCTETS);
                let mut octets = octets(arguments.get(3))?;
                octets.resize(size, 0);
                Ok(self.kernel.set_option(fd, level, name, &octets)?.into())
            }
        }
    }

    /// Compares the octets of an option, and how many there are.
    fn read_option(&mut self, call: &Call) -> Result<Reply, Problem> {
        let arguments = Arguments::new(call, 5..=5)?;
        let (fd, level, name) = (self.fd(&arguments, 0)?, arguments.integer(1)?, arguments.integer(2)?);
        let size = arguments.bracketed(4)?;
        let room = usize::try_from(size as i32).unwrap_or(0).min(MOST_OPTION_OCTETS);
        let expected = octets(arguments.get(3))?;
        let found = self.kernel.option(fd, level, name, room)?;
        Self::check_number("the length", size, found.len() as i64)?;
        if expected.len() != found.len() {
            let message =
                format!("the value has {} octets, and its length is said to be {size}", expected.len());
            return Err(Problem::Wrong(message));
        }
        if let (Expression::List(_), Some(expected), Some(found)) =
            (arguments.get(3), expected.first_chunk(), found.first_chunk())
        {
            let (expected, found) = (i32::from_ne_bytes(*expected), i32::from_ne_bytes(*found));
            Self::check_number("the value", expected.into(), found.into())?;
        } else if expected != found {
            let shown = |octets: &[u8]| String::from_utf8_lossy(octets).escape_default().to_string();
            let (expected, found) = (shown(&expected), shown(&found));
            return Err(Problem::Wrong(format!("expected `{expected}`, it is `{found}`")));
        }
        Ok(0.into())
    }
}

/// The octets of an option's value.
fn octets(expression: &Expression) -> Result<Vec<u8>, Wrong> {
    let word = |value: i64| (value as i32).to_ne_bytes();
    Ok(match expression {
        Expression::List(list) => match &list[..] {
            [number] => word(integer(number)?).to_vec(),
            _ => return Err("expected one value in brackets".to_owned()),
        },
        Expression::Structure(_) => {
            let (on, seconds) = (number_field(expression, "onoff")?, number_field(expression, "linger")?);
            [word(on), word(seconds)].concat()
        }
        Expression::Text(text) | Expression::TextPrefix(text) => text.clone(),
        Expression::Gre(gre) => gre_octets(gre),
        Expression::Mpls(labels) => labels.iter().flat_map(mpls_octets).collect(),
        Expression::Function(name, arguments) if name == "inet6_addr" => match &arguments[..] {
            [Expression::Text(text)] => {
                let text = String::from_utf8_lossy(text);
                let address: Ipv6Addr = text.parse().map_err(|_| format!("`{text}` is no IPv6 address"))?;
                address.octets().to_vec()
            }
            _ => return Err("`inet6_addr` takes a string".to_owned()),
        },
        other => return Err(format!("expected the value of an option, not {}", kind(other))),
    })
}

/// All fields, whether the flags name them or not.
fn gre_octets(gre: &Gre) -> Vec<u8> {
    let halves = [gre.flags, 0, gre.checksum.0, gre.checksum.1].map(u16::to_be_bytes).concat();
    [halves, gre.key.to_be_bytes().to_vec(), gre.sequence.to_be_bytes().to_vec()].concat()
}

fn mpls_octets(label: &MplsLabel) -> [u8; 4] {
    crate::packet::outer::mpls_entry(label).to_be_bytes()
}
