//! A snippet, read.

use std::rc::Rc;

use super::value::Value;

/// A statement.
#[derive(Debug)]
pub(super) enum Statement {
    /// `assert condition, message`: as written, too, for whoever reads that it does not hold.
    Assert {
        text: String,
        condition: Expression,
        message: Option<Expression>,
    },
    /// An expression for what it does.
    Expression(Expression),
    /// `a = b = value`.
    Assign {
        targets: Vec<Expression>,
        value: Expression,
    },
    /// `a += value`.
    Augment {
        target: Expression,
        operator: &'static str,
        value: Expression,
    },
    /// `if` and each `elif`, with what is done, and `else`.
    If {
        arms: Vec<(Expression, Block)>,
        otherwise: Block,
    },
    /// `for target in list`, and what is done unless it was broken off.
    For {
        target: Expression,
        list: Expression,
        body: Block,
        otherwise: Block,
    },
    /// `while condition`.
    While {
        condition: Expression,
        body: Block,
        otherwise: Block,
    },
    /// `def name(...)`.
    Define(Rc<Function>),
    /// `try`: the names of what each handler takes, none for all, and the name that it gives it.
    Try {
        body: Block,
        handlers: Vec<Handler>,
        otherwise: Block,
        at_last: Block,
    },
    /// `raise`.
    Raise(Option<Expression>),
    /// `return`.
    Return(Option<Expression>),
    /// `del`.
    Delete(Vec<Expression>),
    /// `import a, b as c`: module and name.
    Import(Vec<(String, String)>),
    /// `from module import a as b`: name there, name here.
    ImportFrom {
        module: String,
        names: Vec<(String, String)>,
    },
    /// `global` and `nonlocal`.
    Outer {
        names: Vec<String>,
        global: bool,
    },
    Break,
    Continue,
    Pass,
}

pub(super) type Block = Vec<Statement>;

/// `except`.
#[derive(Debug)]
pub(super) struct Handler {
    pub(super) kinds: Vec<String>,
    pub(super) name: Option<String>,
    pub(super) body: Block,
}

/// What `def` or `lambda` has defined.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    /// Their names, and what they are where a call gives none.
    pub(super) parameters: Vec<(String, Option<Expression>)>,
    /// `*rest`.
    pub(super) rest: Option<String>,
    /// `**named`.
    pub(super) named: Option<String>,
    pub(super) body: Body,
}

#[derive(Debug)]
pub(super) enum Body {
    Block(Block),
    /// Of a `lambda`.
    Expression(Box<Expression>),
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    Constant(Value),
    Name(String),
    /// An f-string.
    Format(Vec<Part>),
    Tuple(Vec<Expression>),
    List(Vec<Expression>),
    Set(Vec<Expression>),
    Dict(Vec<(Expression, Expression)>),
    /// `[item for ...]` and its like; of a dictionary `item` is a pair.
    Comprehension {
        gives: Gives,
        item: Box<Expression>,
        clauses: Vec<Clause>,
    },
    /// `-a`, `+a`, `~a`.
    Unary(&'static str, Box<Expression>),
    /// `a + b - c`: operators that bind alike, from the left.
    Binary(Box<Expression>, Vec<(&'static str, Expression)>),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// `a <= b < c`.
    Compare(Box<Expression>, Vec<(Comparison, Expression)>),
    Conditional {
        condition: Box<Expression>,
        then: Box<Expression>,
        otherwise: Box<Expression>,
    },
    Lambda(Rc<Function>),
    Attribute(Box<Expression>, String),
    Subscript(Box<Expression>, Box<Expression>),
    /// `a[start:end:step]`.
    Slice(Box<Expression>, [Option<Box<Expression>>; 3]),
    Call(Box<Expression>, Vec<Argument>),
    /// `*list` among the items of another.
    Starred(Box<Expression>),
    /// `name := value`.
    Named(String, Box<Expression>),
}

/// A part of an f-string.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    /// `{value!r:spec}`.
    Value {
        value: Expression,
        conversion: Option<char>,
        spec: Vec<Part>,
    },
}

/// What a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    List,
    Set,
    Dict,
}

/// `for target in list if condition`.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    pub(super) target: Expression,
    pub(super) list: Expression,
    pub(super) conditions: Vec<Expression>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Is,
    IsNot,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Plain(Expression),
    Named(String, Expression),
    /// `*list`.
    Many(Expression),
    /// `**dictionary`.
    ManyNamed(Expression),
}
