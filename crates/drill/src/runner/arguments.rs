//! Arguments of calls as values.

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

    pub(super) fn integer(&self, index: usize) -> Result<i64, Wrong> {
        integer(self.get(index)).map_err(|wrong| format!("argument {}: {wrong}", index + 1))
    }

    pub(super) fn fd(&self, index: usize) -> Result<i32, Wrong> {
        i32::try_from(self.integer(index)?).map_err(|_| format!("argument {} is no descriptor", index + 1))
    }

    pub(super) fn size(&self, index: usize) -> Result<usize, Wrong> {
        let size = self.integer(index)?;
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

    /// The argument is NULL.
    pub(super) fn is_null(&self, index: usize) -> bool {
        matches!(self.get(index), Expression::Word(word) if word == "NULL")
    }
}

/// The value of an expression that stands for a number.
pub(super) fn integer(expression: &Expression) -> Result<i64, Wrong> {
    match expression {
        Expression::Integer(value) => Ok(*value),
        Expression::Word(name) => symbols::value(name).ok_or_else(|| format!("`{name}` is not known")),
        Expression::Or(left, right) => Ok(integer(left)? | integer(right)?),
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
        Expression::Structure(_) => "a structure",
    }
}

/// The octets of all buffers of an iovec list together.
pub(super) fn iovec_len(list: &Expression) -> Result<usize, Wrong> {
    Ok(iovec_lens(list)?.into_iter().fold(0, usize::saturating_add))
}

/// The octets of each buffer of an iovec list.
pub(super) fn iovec_lens(list: &Expression) -> Result<Vec<usize>, Wrong> {
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
