//! Arguments of calls as values.

use std::net::Ipv4Addr;

use crate::ast::{Call, Expression};
use crate::symbols;

/// What is wrong with an argument.
pub(super) type Wrong = String;

/// The arguments of one call.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a> {
    call: &'a Call,
}

impl<'a> Arguments<'a> {
    /// # Errors
    /// When there are not as many as `counts` allows.
    pub(super) fn new(call: &'a Call, counts: std::ops::RangeInclusive<usize>) -> Result<Self, Wrong> {
        let count = call.arguments.len();
        if counts.contains(&count) {
            return Ok(Self { call });
        }
        let (least, most) = (counts.start(), counts.end());
        let expected = if least == most { least.to_string() } else { format!("{least} to {most}") };
        Err(format!("{} takes {expected} arguments, here are {count}", call.name))
    }

    pub(super) fn get(&self, index: usize) -> &'a Expression {
        &self.call.arguments[index]
    }

    pub(super) fn len(&self) -> usize {
        self.call.arguments.len()
    }

    /// A number of 32 bits, with or without a sign.
    pub(super) fn integer(&self, index: usize) -> Result<i64, Wrong> {
        let value = self.long(index)?;
        match (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&value) {
            true => Ok(value),
            false => Err(format!("argument {}: {value} has more than 32 bits", index + 1)),
        }
    }

    /// A number of 64 bits.
    pub(super) fn long(&self, index: usize) -> Result<i64, Wrong> {
        integer(self.get(index)).map_err(|wrong| format!("argument {}: {wrong}", index + 1))
    }

    /// A size, of which the kernel is told 32 bits with a sign.
    pub(super) fn size(&self, index: usize) -> Result<usize, Wrong> {
        let size = self.integer(index)? as i32;
        usize::try_from(size).map_err(|_| format!("argument {}: {size} is no size", index + 1))
    }

    /// `[value]`.
    pub(super) fn bracketed(&self, index: usize) -> Result<i64, Wrong> {
        match self.get(index) {
            Expression::List(list) if list.len() == 1 => integer(&list[0]),
            other => {
                Err(format!("argument {}: expected a number in brackets, not {}", index + 1, kind(other)))
            }
        }
    }

    /// `...`.
    pub(super) fn ellipsis(&self, index: usize) -> Result<(), Wrong> {
        match self.get(index) {
            Expression::Ellipsis => Ok(()),
            other => Err(format!("argument {}: expected `...`, not {}", index + 1, kind(other))),
        }
    }

    /// `...`, or the family of an address that is none.
    pub(super) fn address(&self, index: usize) -> Result<Option<i64>, Wrong> {
        match self.get(index) {
            Expression::Ellipsis => Ok(None),
            _ => self.integer(index).map(Some),
        }
    }

    /// `...`, or NULL, which this tells.
    pub(super) fn is_null(&self, index: usize) -> Result<bool, Wrong> {
        match self.get(index) {
            Expression::Ellipsis => Ok(false),
            other if integer(other) == Ok(0) => Ok(true),
            other => Err(format!("argument {}: expected `...` or NULL, not {}", index + 1, kind(other))),
        }
    }

    /// The octets of each buffer of an iovec list, whose count is an argument too.
    pub(super) fn buffers(&self, list: usize, count: usize) -> Result<Vec<usize>, Wrong> {
        counted(self.get(list), self.integer(count)?)
    }
}

/// The value of an expression that stands for a number.
pub(super) fn integer(expression: &Expression) -> Result<i64, Wrong> {
    match expression {
        Expression::Integer(value) => Ok(*value),
        Expression::Word(name) => symbols::value(name).ok_or_else(|| format!("`{name}` is not known")),
        Expression::Or(left, right) => Ok(integer(left)? | integer(right)?),
        Expression::Function(name, arguments) if name == "inet_addr" => match &arguments[..] {
            [Expression::Text(text)] => {
                let text = String::from_utf8_lossy(text);
                let address: Ipv4Addr = text.parse().map_err(|_| format!("`{text}` is no IPv4 address"))?;
                Ok(u32::from_ne_bytes(address.octets()).into())
            }
            _ => Err("`inet_addr` takes a string".to_owned()),
        },
        other => Err(format!("expected a number, not {}", kind(other))),
    }
}

/// The value that a structure gives to a name.
pub(super) fn field<'a>(structure: &'a Expression, wanted: &str) -> Option<&'a Expression> {
    let Expression::Structure(fields) = structure else { return None };
    fields.iter().find_map(|field| match field {
        Expression::Named { name, value, .. } if name == wanted => Some(&**value),
        _ => None,
    })
}

/// The same, as a number.
pub(super) fn number_field(structure: &Expression, name: &str) -> Result<i64, Wrong> {
    field(structure, name).ok_or_else(|| format!("the structure has no `{name}`")).and_then(integer)
}

/// What an expression is, for a person.
pub(super) fn kind(expression: &Expression) -> &'static str {
    match expression {
        Expression::Ellipsis => "`...`",
        Expression::Integer(_) | Expression::Word(_) | Expression::Or(..) => "a number",
        Expression::Text(_) | Expression::TextPrefix(_) => "a string",
        Expression::Function(..) => "a function",
        Expression::Named { .. } => "a named value",
        Expression::List(_) => "a list",
        Expression::Structure(_) | Expression::Gre(_) | Expression::Mpls(_) => "a structure",
    }
}

/// The octets of each buffer of a message.
pub(super) fn message_buffers(message: &Expression) -> Result<Vec<usize>, Wrong> {
    let Expression::Structure(fields) = message else {
        return Err(format!("expected a message, not {}", kind(message)));
    };
    let named = fields.iter().find_map(|field| match field {
        Expression::Named { name, count: Some(count), value } if name == "msg_iov" => Some((count, value)),
        _ => None,
    });
    let (count, list) = named.ok_or("the message has no `msg_iov`")?;
    counted(list, integer(count)?)
}

fn counted(list: &Expression, count: i64) -> Result<Vec<usize>, Wrong> {
    let lens = iovec_lens(list)?;
    match usize::try_from(count) == Ok(lens.len()) {
        true => Ok(lens),
        false => Err(format!("there are {} buffers and not {count}", lens.len())),
    }
}

/// The octets of each buffer of an iovec list.
fn iovec_lens(list: &Expression) -> Result<Vec<usize>, Wrong> {
    let Expression::List(buffers) = list else {
        return Err(format!("expected a list of buffers, not {}", kind(list)));
    };
    let mut lens = Vec::new();
    for buffer in buffers {
        let Expression::Structure(parts) = buffer else { return Err("expected `{..., length}`".to_owned()) };
        let [_, len] = &parts[..] else { return Err("expected `{..., length}`".to_owned()) };
        let len = integer(len)?;
        lens.push(usize::try_from(len).map_err(|_| format!("{len} is no length"))?);
    }
    Ok(lens)
}
