//! Regular expressions as `grep` and `sed` take them, basic and extended (POSIX.1, XBD chapter 9).

/// Steps that one search may take: a pattern that needs more is not one that a script has.
const MOST_STEPS: u32 = 200_000;

/// A pattern, ready to be looked for.
#[derive(Debug)]
pub(super) struct Pattern {
    ways: Ways,
    groups: usize,
}

/// Ways that a pattern may be met, each a row of pieces.
type Ways = Vec<Vec<Piece>>;

#[derive(Debug)]
enum Piece {
    Start,
    End,
    Any,
    Set { members: Vec<(char, char)>, negated: bool },
    Group(usize, Ways),
    Repeat { piece: Box<Piece>, least: usize, most: usize },
}

/// Where the whole match is, and then each group; in characters.
pub(super) type Spans = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// `None` when this is not a pattern that is known here.
    pub(super) fn new(text: &str, extended: bool, folds: bool) -> Option<Self> {
        let mut reader = Reader { text: text.chars().collect(), next: 0, extended, folds, groups: 0 };
        let ways = reader.ways()?;
        (reader.next == reader.text.len()).then_some(Self { ways, groups: reader.groups })
    }

    /// The leftmost match that begins at `from` or behind it.
    pub(super) fn find(&self, line: &[char], from: usize) -> Option<Spans> {
        let mut search = Search { line, steps: MOST_STEPS };
        (from..=line.len()).find_map(|start| {
            let mut spans = vec![None; self.groups + 1];
            let mut end = None;
            search.ways(&self.ways, start, &mut spans, &mut |_, at, spans| {
                end = Some((at, spans.clone()));
                true
            });
            let (end, mut spans) = end?;
            spans[0] = Some((start, end));
            Some(spans)
        })
    }
}

struct Reader {
    text: Vec<char>,
    next: usize,
    extended: bool,
    folds: bool,
    groups: usize,
}

impl Reader {
    fn takes(&mut self, sign: &str) -> bool {
        let sign: Vec<char> = sign.chars().collect();
        let found = self.text[self.next..].starts_with(&sign);
        self.next += if found { sign.len() } else { 0 };
        found
    }

    /// A sign with a meaning: in basic expressions it has a backslash before it.
    fn takes_sign(&mut self, sign: &str) -> bool {
        if self.extended { self.takes(sign) } else { self.takes(&format!("\\{sign}")) }
    }

    fn ends_way(&self) -> bool {
        let rest = &self.text[self.next..];
        match rest {
            [] => true,
            ['|' | ')', ..] => self.extended,
            ['\\', '|' | ')', ..] => !self.extended,
            _ => false,
        }
    }

    fn ways(&mut self) -> Option<Ways> {
        let mut ways = vec![self.way()?];
        while self.takes_sign("|") {
            ways.push(self.way()?);
        }
        Some(ways)
    }

    fn way(&mut self) -> Option<Vec<Piece>> {
        let mut way = Vec::new();
        while !self.ends_way() {
            let piece = self.piece(way.is_empty())?;
            way.push(self.repeated(piece)?);
        }
        Some(way)
    }

    fn piece(&mut self, is_first: bool) -> Option<Piece> {
        if self.takes_sign("(") {
            self.groups += 1;
            let (number, ways) = (self.groups, self.ways()?);
            return self.takes_sign(")").then_some(Piece::Group(number, ways));
        }
        let character = *self.text.get(self.next)?;
        self.next += 1;
        match character {
            '^' if self.extended || is_first => Some(Piece::Start),
            '$' if self.extended || self.ends_way() => Some(Piece::End),
            '.' => Some(Piece::Any),
            '[' => self.set(),
            '\\' => self.escaped(),
            '*' | '+' | '?' | '{' if self.extended => None,
            character => Some(self.one_of(vec![(character, character)], false)),
        }
    }

    fn escaped(&mut self) -> Option<Piece> {
        let character = *self.text.get(self.next)?;
        self.next += 1;
        let word = || vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
        match character {
            'w' | 'W' => Some(self.one_of(word(), character == 'W')),
            's' | 'S' => Some(self.one_of(vec![(' ', ' '), ('\t', '\r')], character == 'S')),
            character if character.is_alphanumeric() || "<>`'".contains(character) => None,
            character => Some(self.one_of(vec![(character, character)], false)),
        }
    }

    fn one_of(&self, mut members: Vec<(char, char)>, negated: bool) -> Piece {
        if self.folds {
            let both = |(first, last): (char, char)| {
                [
                    (first.to_ascii_lowercase(), last.to_ascii_lowercase()),
                    (first.to_ascii_uppercase(), last.to_ascii_uppercase()),
                ]
            };
            members = members.into_iter().flat_map(both).collect();
        }
        Piece::Set { members, negated }
    }

    /// `[a-z_]`, `[^[:space:]]`.
    fn set(&mut self) -> Option<Piece> {
        let negated = self.takes("^");
        let mut members = Vec::new();
        while members.is_empty() || self.text.get(self.next) != Some(&']') {
            if self.takes("[:") {
                let name: String = self.text[self.next..].iter().take_while(|c| c.is_alphabetic()).collect();
                self.next += name.len();
                members.extend_from_slice(class(&name).filter(|_| self.takes(":]"))?);
                continue;
            }
            let first = *self.text.get(self.next)?;
            self.next += 1;
            let last = match self.text[self.next..] {
                ['-', last, ..] if last != ']' => {
                    self.next += 2;
                    last
                }
                _ => first,
            };
            members.push((first, last));
        }
        self.next += 1;
        Some(self.one_of(members, negated))
    }

    fn repeated(&mut self, mut piece: Piece) -> Option<Piece> {
        loop {
            let (least, most) = if self.takes("*") {
                (0, usize::MAX)
            } else if self.takes_sign("+") {
                (1, usize::MAX)
            } else if self.takes_sign("?") {
                (0, 1)
            } else if self.takes_sign("{") {
                self.bounds()?
            } else {
                return Some(piece);
            };
            piece = Piece::Repeat { piece: Box::new(piece), least, most };
        }
    }

    /// `3}`, `3,}`, `3,5}`.
    fn bounds(&mut self) -> Option<(usize, usize)> {
        let least = self.count()?;
        let most = if self.takes(",") { self.count().unwrap_or(usize::MAX) } else { least };
        self.takes_sign("}").then_some((least, most))
    }

    fn count(&mut self) -> Option<usize> {
        let digits: String = self.text[self.next..].iter().take_while(|c| c.is_ascii_digit()).collect();
        self.next += digits.len();
        digits.parse().ok()
    }
}

fn class(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "digit" => &[('0', '9')],
        "lower" => &[('a', 'z')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
        _ => return None,
    })
}

/// A search, which tries one way after the other; what is behind a piece is asked before the piece is settled.
struct Search<'a> {
    line: &'a [char],
    steps: u32,
}

type Behind<'b> = &'b mut dyn FnMut(&mut Search<'_>, usize, &mut Spans) -> bool;

impl Search<'_> {
    fn ways(&mut self, ways: &[Vec<Piece>], at: usize, spans: &mut Spans, behind: Behind<'_>) -> bool {
        ways.iter().any(|way| self.row(way, at, spans, behind))
    }

    fn row(&mut self, row: &[Piece], at: usize, spans: &mut Spans, behind: Behind<'_>) -> bool {
        let Some((piece, rest)) = row.split_first() else { return behind(self, at, spans) };
        self.piece(piece, at, spans, &mut |search, at, spans| search.row(rest, at, spans, behind))
    }

    fn piece(&mut self, piece: &Piece, at: usize, spans: &mut Spans, behind: Behind<'_>) -> bool {
        let Some(steps) = self.steps.checked_sub(1) else { return false };
        self.steps = steps;
        match piece {
            Piece::Start => at == 0 && behind(self, at, spans),
            Piece::End => at == self.line.len() && behind(self, at, spans),
            Piece::Any => at < self.line.len() && behind(self, at + 1, spans),
            Piece::Set { members, negated } => {
                let is_in =
                    |found: &char| members.iter().any(|(first, last)| (first..=last).contains(&found));
                self.line.get(at).is_some_and(|found| is_in(found) != *negated) && behind(self, at + 1, spans)
            }
            Piece::Group(number, ways) => self.ways(ways, at, spans, &mut |search, end, spans| {
                let before = spans[*number].replace((at, end));
                let holds = behind(search, end, spans);
                if !holds {
                    spans[*number] = before;
                }
                holds
            }),
            Piece::Repeat { piece, least, most } => self.repeat(piece, (*least, *most), at, spans, behind),
        }
    }

    /// As often as possible, and then less often.
    fn repeat(
        &mut self,
        piece: &Piece,
        (least, most): (usize, usize),
        at: usize,
        spans: &mut Spans,
        behind: Behind<'_>,
    ) -> bool {
        let further = most > 0
            && self.piece(piece, at, spans, &mut |search, next, spans| {
                let (least, most) =
                    (least.saturating_sub(1), if most == usize::MAX { most } else { most - 1 });
                // A piece of nothing repeats nothing.
                next > at && search.repeat(piece, (least, most), next, spans, behind)
            });
        further || least == 0 && behind(self, at, spans)
    }
}
