//! The structures that calls take: which fields they have, and in which order.

use crate::ast::Expression;

/// What a field of a structure is.
#[derive(Clone, Copy)]
enum Field {
    /// Anything.
    Any(&'static str),
    /// A number in digits.
    Digits(&'static str),
    /// `name(...)=...`.
    Ellipsis(&'static str),
    /// `name(2)=[...]`.
    Counted(&'static str),
    /// `name=[...]`.
    List(&'static str),
}

use Field::{Any, Counted, Digits, Ellipsis, List};

/// A structure by its first field: those behind it, and those that may follow.
struct Shape {
    fields: &'static [Field],
    more: &'static [Field],
}

const fn exactly(fields: &'static [Field]) -> Shape {
    Shape { fields, more: &[] }
}

const SHAPES: &[Shape] = &[
    Shape { fields: &[Any("fd"), Any("events")], more: &[Any("revents")] },
    Shape {
        fields: &[Ellipsis("msg_name"), Counted("msg_iov"), Any("msg_flags")],
        more: &[List("msg_control")],
    },
    exactly(&[Any("events"), Any("fd")]),
    exactly(&[Any("events"), Any("ptr")]),
    exactly(&[Any("events"), Any("u32")]),
    exactly(&[Any("events"), Any("u64")]),
    exactly(&[Any("sa_family"), Any("sin_port"), Any("sin_addr")]),
    exactly(&[Any("cmsg_level"), Any("cmsg_type"), Any("cmsg_data")]),
    exactly(&[Digits("scm_sec"), Digits("scm_nsec")]),
    exactly(&[
        Any("ee_errno"),
        Any("ee_origin"),
        Any("ee_type"),
        Any("ee_code"),
        Any("ee_info"),
        Any("ee_data"),
    ]),
    exactly(&[Digits("onoff"), Digits("linger")]),
];

/// Whether a structure has the fields that one of its kind has.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(fields: &[Expression]) -> Result<(), String> {
    let Some(Expression::Named { name, .. }) = fields.first() else { return Ok(()) };
    let begins = |shape: &&Shape| shape.fields.first().is_some_and(|first| first.name() == name);
    let mut candidates = SHAPES.iter().filter(begins).peekable();
    // Names that no structure begins with are those of a list of values.
    if candidates.peek().is_none() || candidates.any(|shape| shape.fits(fields)) {
        return Ok(());
    }
    Err(format!("a structure that begins with `{name}` has other fields, or in another order"))
}

impl Shape {
    fn fits(&self, fields: &[Expression]) -> bool {
        let known = self.fields.iter().chain(self.more);
        fields.len() >= self.fields.len()
            && fields.len() <= self.fields.len() + self.more.len()
            && fields.iter().zip(known).all(|(field, known)| known.fits(field))
    }
}

impl Field {
    fn name(self) -> &'static str {
        match self {
            Any(name) | Digits(name) | Ellipsis(name) | Counted(name) | List(name) => name,
        }
    }

    fn fits(self, field: &Expression) -> bool {
        let Expression::Named { name, count, value } = field else { return false };
        name == self.name()
            && matches!(
                (self, count.as_deref(), &**value),
                (Any(_), None, _)
                    | (Digits(_), None, Expression::Integer(_))
                    | (Ellipsis(_), Some(Expression::Ellipsis), Expression::Ellipsis)
                    | (Counted(_), Some(Expression::Integer(_)), Expression::List(_))
                    | (List(_), None, Expression::List(_))
            )
    }
}
