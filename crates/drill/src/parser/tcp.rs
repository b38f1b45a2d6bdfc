//! TCP segments and their options.

use super::{Parsed, Parser};
use crate::ast::{Direction, FlagBits, Tcp, TcpOption};
use crate::lexer::TokenKind;
use crate::packet::options;
use crate::span::ParseError;

/// The control bits by letter, in the header's order from FIN up.
const LETTERS: &str = "FSRP.UEW";

/// Octets of an MD5 digest.
const MD5_LEN: usize = 16;
/// Octets behind the kind and the length of an option that has the header for itself.
const MOST_OPTION_OCTETS: usize = 38;

impl Parser {
    pub(super) fn tcp(&mut self, direction: Direction) -> Parsed<Tcp> {
        let ports = self.ports()?;
        let flags = self.tcp_flags()?;
        let (seq, payload) = self.sequence()?;
        let ack = if self.takes_word("ack") { self.decimal("an acknowledgment number")? } else { 0 };
        let window = if self.takes_word("win") { Some(self.decimal("a window")?) } else { None };
        if window.is_none() && direction == Direction::Inbound {
            let message = format!(
                "expected `win`, found {}: a segment that is sent needs a window",
                self.peek().describe()
            );
            return Err(ParseError::new(self.at(), message));
        }
        let urgent = if self.takes_word("urg") { self.decimal("an urgent pointer")? } else { 0 };
        let options = self.tcp_options(direction)?;
        Ok(Tcp { ports, flags, seq, payload, ack, window, urgent, options })
    }

    /// Letters with a point for ACK and a digit for the ACE count; `-` is none at all.
    fn tcp_flags(&mut self) -> Parsed<FlagBits> {
        let at = self.at();
        if self.takes('-') {
            return Ok(FlagBits::default());
        }
        let mut text = String::new();
        if let TokenKind::Word(word) = self.peek() {
            text.push_str(word);
            self.next += 1;
        }
        match self.peek() {
            TokenKind::Decimal(decimal) => {
                text.push_str(decimal);
                self.next += 1;
            }
            TokenKind::Sign('.') => {
                text.push('.');
                self.next += 1;
            }
            _ if text.is_empty() => return Err(self.expected("TCP flags")),
            _ => {}
        }
        let mut flags = FlagBits::default();
        let mut spelled = false;
        for letter in text.chars() {
            if let Some(ace) = letter.to_digit(8) {
                if flags.counter || spelled {
                    return Err(ParseError::new(at, format!("`{text}` says twice what the ECN bits are")));
                }
                flags.counter = true;
                flags.octet |= (ace as u8 & 0b11) << 6;
                flags.ae = ace & 0b100 != 0;
            } else {
                let ecn = matches!(letter, 'E' | 'W' | 'A');
                if ecn && flags.counter {
                    return Err(ParseError::new(at, format!("`{text}` says twice what the ECN bits are")));
                }
                spelled |= ecn;
                match LETTERS.find(letter) {
                    Some(bit) => flags.octet |= 1 << bit,
                    None if letter == 'A' => flags.ae = true,
                    None => {
                        return Err(ParseError::new(at, format!("`{letter}` in `{text}` is no TCP flag")));
                    }
                }
            }
        }
        // A count of zero says no more than no count: the bits are compared one by one.
        flags.counter &= flags.octet & 0b1100_0000 != 0 || flags.ae;
        Ok(flags)
    }

    fn tcp_options(&mut self, direction: Direction) -> Parsed<Option<Vec<TcpOption>>> {
        let at = self.at();
        if !self.takes('<') {
            return Ok(Some(Vec::new()));
        }
        if *self.peek() == TokenKind::Ellipsis {
            if direction == Direction::Inbound {
                return Err(ParseError::new(self.at(), "`<...>` can only be expected, not sent"));
            }
            self.next += 1;
            self.sign('>')?;
            return Ok(None);
        }
        let mut list = Vec::new();
        loop {
            list.push(self.tcp_option()?);
            if self.takes('>') {
                break;
            }
            if !self.takes(',') {
                return Err(self.expected("`,` or `>`"));
            }
        }
        match options::encode(&list, 0).len() {
            len if len > 40 => {
                Err(ParseError::new(at, format!("these options take {len} octets, but 40 fit")))
            }
            len if len % 4 != 0 => {
                let message =
                    format!("these options take {len} octets: pad them with `nop` to a multiple of four");
                Err(ParseError::new(at, message))
            }
            _ => Ok(Some(list)),
        }
    }

    fn tcp_option(&mut self) -> Parsed<TcpOption> {
        let at = self.at();
        let name = self.word("a TCP option")?;
        Ok(match name.as_str() {
            "nop" => TcpOption::Nop,
            "eol" => TcpOption::End,
            "mss" => TcpOption::Mss(self.decimal("an MSS")?),
            "wscale" => TcpOption::WindowScale(self.decimal("a window scale")?),
            "sackOK" => TcpOption::SackPermitted,
            "sack" => self.sack()?,
            "TS" => self.timestamps()?,
            "md5" => match self.hexadecimal()? {
                Some(digest) if digest.len() <= MD5_LEN => TcpOption::Md5(digest),
                Some(_) => return Err(ParseError::new(at, format!("an MD5 digest has {MD5_LEN} octets"))),
                None => return Err(self.expected("a digest in hexadecimal digits")),
            },
            "FO" => self.fast_open(false)?,
            "FOEXP" => self.fast_open(true)?,
            "ECN" => self.acc_ecn()?,
            _ => return Err(ParseError::new(at, format!("`{name}` is no TCP option"))),
        })
    }

    /// A cookie of any length that fits: a script may give one that is none.
    fn fast_open(&mut self, experimental: bool) -> Parsed<TcpOption> {
        let at = self.at();
        let cookie = self.hexadecimal()?.unwrap_or_default();
        let most = if experimental { MOST_OPTION_OCTETS - 2 } else { MOST_OPTION_OCTETS };
        if cookie.len() > most {
            return Err(ParseError::new(at, format!("a Fast Open cookie has at most {most} octets")));
        }
        Ok(TcpOption::FastOpen { cookie, experimental })
    }

    fn sack(&mut self) -> Parsed<TcpOption> {
        let mut ranges = Vec::new();
        while ranges.is_empty() || matches!(self.peek(), TokenKind::Integer(_)) {
            let start = self.decimal("where a SACK range begins")?;
            self.sign(':')?;
            ranges.push((start, self.decimal("where a SACK range ends")?));
        }
        Ok(TcpOption::Sack(ranges))
    }

    fn timestamps(&mut self) -> Parsed<TcpOption> {
        if !self.takes_word("val") {
            return Err(self.expected("`val`"));
        }
        let value = self.decimal("a timestamp")?;
        if !self.takes_word("ecr") {
            return Err(self.expected("`ecr`"));
        }
        Ok(TcpOption::Timestamps { value, echo: self.decimal("a timestamp")? })
    }

    /// Octets as digits, which may look like a word or like a number.
    fn hexadecimal(&mut self) -> Parsed<Option<Vec<u8>>> {
        let digits = match self.peek() {
            TokenKind::Word(text) | TokenKind::Integer(text) => text.clone(),
            _ => return Ok(None),
        };
        let octets: Option<Vec<u8>> = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
                _ => None,
            })
            .collect();
        if octets.is_none() {
            return Err(self.expected("hexadecimal digits, two for each octet"));
        }
        self.next += 1;
        Ok(octets)
    }

    /// `ECN e1b 1 ceb 0 e0b 1`: one to three counters.
    fn acc_ecn(&mut self) -> Parsed<TcpOption> {
        let ect1_first = self.is_word("e1b");
        let order = if ect1_first { ["e1b", "ceb", "e0b"] } else { ["e0b", "ceb", "e1b"] };
        let mut counters = Vec::new();
        for name in order {
            if !self.takes_word(name) {
                break;
            }
            let at = self.at();
            let counter: u32 = self.decimal("a counter")?;
            if counter >> 24 != 0 {
                return Err(ParseError::new(at, "an AccECN counter has 24 bits"));
            }
            counters.push(counter);
        }
        if counters.is_empty() {
            return Err(self.expected("`e0b` or `e1b`"));
        }
        Ok(TcpOption::AccEcn { ect1_first, counters })
    }
}
