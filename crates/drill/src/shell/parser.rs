//! Commands (POSIX.1 2.9).

use std::rc::Rc;

use super::lexer::{NoCommand, Piece, Token, Word, is_name, tokens};

/// Where the output of a descriptor goes, or the input comes from.
#[derive(Clone, Debug)]
pub(super) struct Redirection {
    pub(super) descriptor: u8,
    pub(super) to: Word,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Simple {
        words: Vec<Word>,
        redirections: Vec<Redirection>,
    },
    Sequence(Vec<Node>),
    Pipe(Vec<Node>),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Vec<(Node, Node)>, Option<Box<Node>>),
    For(String, Vec<Word>, Box<Node>),
    /// As long as the condition is as wanted.
    While {
        wanted: bool,
        condition: Box<Node>,
        body: Box<Node>,
    },
    Case(Word, Vec<(Vec<Word>, Node)>),
    Function(String, Rc<Node>),
    Group {
        node: Box<Node>,
        redirections: Vec<Redirection>,
        is_subshell: bool,
    },
}

type Parsed<T> = Result<T, NoCommand>;

/// Commands within commands.
const MOST_DEPTH: u32 = 100;

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: u32,
}

/// What a text asks for.
pub(super) fn parse(text: &str) -> Parsed<Node> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let node = parser.list(&[])?;
    if parser.next == parser.tokens.len() { Ok(node) } else { Err(NoCommand) }
}

impl Parser {
    fn operator(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.tokens.get(self.next), Some(Token::Operator(found)) if *found == wanted);
        self.next += usize::from(is_it);
        is_it
    }

    /// A word that means something where a command begins.
    fn reserved(&self) -> Option<&str> {
        match self.tokens.get(self.next) {
            Some(Token::Word(word)) => word.plain(),
            _ => None,
        }
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let is_it = self.reserved() == Some(wanted);
        self.next += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, wanted: &str) -> Parsed<()> {
        if self.keyword(wanted) { Ok(()) } else { Err(NoCommand) }
    }

    fn lines(&mut self) {
        while self.operator("\n") {}
    }

    fn word(&mut self) -> Parsed<Word> {
        match self.tokens.get(self.next) {
            Some(Token::Word(word)) => {
                self.next += 1;
                Ok(word.clone())
            }
            _ => Err(NoCommand),
        }
    }

    /// Commands one after the other, up to a word that ends them.
    fn list(&mut self, ends: &[&str]) -> Parsed<Node> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(NoCommand);
        }
        let mut nodes = Vec::new();
        loop {
            while self.operator("\n") || self.operator(";") || self.operator("&") {}
            let is_over = match self.tokens.get(self.next) {
                None | Some(Token::Operator(")" | ";;")) => true,
                _ => self.reserved().is_some_and(|word| ends.contains(&word)),
            };
            if is_over {
                break;
            }
            nodes.push(self.chain()?);
        }
        self.depth -= 1;
        Ok(Node::Sequence(nodes))
    }

    fn chain(&mut self) -> Parsed<Node> {
        let mut left = self.pipeline()?;
        loop {
            let is_and = self.operator("&&");
            if !is_and && !self.operator("||") {
                return Ok(left);
            }
            self.lines();
            let (first, second) = (Box::new(left), Box::new(self.pipeline()?));
            left = if is_and { Node::And(first, second) } else { Node::Or(first, second) };
        }
    }

    fn pipeline(&mut self) -> Parsed<Node> {
        let is_not = self.keyword("!");
        let mut nodes = vec![self.command()?];
        while self.operator("|") {
            self.lines();
            nodes.push(self.command()?);
        }
        let node = if nodes.len() == 1 { nodes.remove(0) } else { Node::Pipe(nodes) };
        Ok(if is_not { Node::Not(Box::new(node)) } else { node })
    }

    fn command(&mut self) -> Parsed<Node> {
        if self.operator("(") {
            let node = self.list(&[])?;
            let closes = self.operator(")");
            return if closes { self.group(node, true) } else { Err(NoCommand) };
        }
        let node = match self.reserved() {
            Some("{") => {
                self.next += 1;
                let node = self.list(&["}"])?;
                self.expect("}")?;
                node
            }
            Some("if") => self.branch()?,
            Some("for") => self.each()?,
            Some(word @ ("while" | "until")) => {
                let wanted = word == "while";
                self.turns(wanted)?
            }
            Some("case") => self.case()?,
            Some("function") => {
                self.next += 1;
                return self.function();
            }
            _ if self.defines() => return self.function(),
            _ => return self.simple(),
        };
        self.group(node, false)
    }

    fn group(&mut self, node: Node, is_subshell: bool) -> Parsed<Node> {
        let mut redirections = Vec::new();
        while let Some(redirection) = self.redirection()? {
            redirections.push(redirection);
        }
        Ok(Node::Group { node: Box::new(node), redirections, is_subshell })
    }

    fn branch(&mut self) -> Parsed<Node> {
        let (mut arms, mut otherwise) = (Vec::new(), None);
        while arms.is_empty() && self.keyword("if") || self.keyword("elif") {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            arms.push((condition, self.list(&["elif", "else", "fi"])?));
        }
        if self.keyword("else") {
            otherwise = Some(Box::new(self.list(&["fi"])?));
        }
        self.expect("fi")?;
        Ok(Node::If(arms, otherwise))
    }

    fn body(&mut self) -> Parsed<Box<Node>> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(Box::new(body))
    }

    fn each(&mut self) -> Parsed<Node> {
        self.next += 1;
        let name = self.word()?.plain().filter(|name| is_name(name)).ok_or(NoCommand)?.to_owned();
        self.lines();
        let mut words = Vec::new();
        if self.keyword("in") {
            while let Ok(word) = self.word() {
                words.push(word);
            }
        } else {
            words.push(Word(vec![Piece::Variable { name: "@".to_owned(), default: None, quoted: false }]));
        }
        while self.operator("\n") || self.operator(";") {}
        Ok(Node::For(name, words, self.body()?))
    }

    fn turns(&mut self, wanted: bool) -> Parsed<Node> {
        self.next += 1;
        let condition = Box::new(self.list(&["do"])?);
        Ok(Node::While { wanted, condition, body: self.body()? })
    }

    fn case(&mut self) -> Parsed<Node> {
        self.next += 1;
        let word = self.word()?;
        self.lines();
        self.expect("in")?;
        self.lines();
        let mut arms = Vec::new();
        while !self.keyword("esac") {
            let _ = self.operator("(");
            let mut patterns = vec![self.word()?];
            while self.operator("|") {
                patterns.push(self.word()?);
            }
            if !self.operator(")") {
                return Err(NoCommand);
            }
            arms.push((patterns, self.list(&["esac"])?));
            let _ = self.operator(";;");
            self.lines();
        }
        Ok(Node::Case(word, arms))
    }

    /// `NAME()` begins a function.
    fn defines(&self) -> bool {
        let is = |at: usize, wanted| matches!(self.tokens.get(at), Some(Token::Operator(found)) if *found == wanted);
        self.reserved().is_some_and(is_name) && is(self.next + 1, "(") && is(self.next + 2, ")")
    }

    fn function(&mut self) -> Parsed<Node> {
        let name = self.word()?.plain().ok_or(NoCommand)?.to_owned();
        if self.operator("(") && !self.operator(")") {
            return Err(NoCommand);
        }
        self.lines();
        Ok(Node::Function(name, Rc::new(self.command()?)))
    }

    fn simple(&mut self) -> Parsed<Node> {
        let (mut words, mut redirections) = (Vec::new(), Vec::new());
        loop {
            if let Some(redirection) = self.redirection()? {
                redirections.push(redirection);
            } else if let Ok(word) = self.word() {
                words.push(word);
            } else {
                break;
            }
        }
        if words.is_empty() && redirections.is_empty() {
            Err(NoCommand)
        } else {
            Ok(Node::Simple { words, redirections })
        }
    }

    fn redirection(&mut self) -> Parsed<Option<Redirection>> {
        let Some(Token::Redirection(descriptor)) = self.tokens.get(self.next) else { return Ok(None) };
        let descriptor = *descriptor;
        self.next += 1;
        let is_copy = self.operator("&");
        let mut to = self.word()?;
        if is_copy {
            to.0.insert(0, Piece::Quoted("&".to_owned()));
        }
        Ok(Some(Redirection { descriptor, to }))
    }
}
