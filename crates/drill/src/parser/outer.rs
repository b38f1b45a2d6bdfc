//! Headers around a packet: IP in IP, GRE, MPLS.

use std::net::IpAddr;

use super::{Parsed, Parser};
use crate::ast::{Gre, MplsLabel, Outer};
use crate::lexer::TokenKind;
use crate::span::ParseError;

/// Linux's stock interpreter has room for so many labels, and so many headers.
const MOST_LABELS: usize = 6;
const MOST_HEADERS: usize = 4;
/// The bits of GRE's first word by name (RFC 2784 section 2.1, RFC 2890 section 2).
const GRE_FLAGS: [(&str, u16); 4] =
    [("none", 0), ("checksum", 1 << 15), ("key", 1 << 13), ("sequence", 1 << 12)];

impl Parser {
    /// `ipv4 A > B: gre: mpls (label 1,tc 0,[S],ttl 64):`.
    pub(super) fn outer_headers(&mut self) -> Parsed<Vec<Outer>> {
        let mut outer = Vec::new();
        loop {
            let at = self.at();
            let header = if self.takes_word("ipv4") {
                self.outer_ip(true)?
            } else if self.takes_word("ipv6") {
                self.outer_ip(false)?
            } else if self.takes_word("gre") || self.takes_word("GREv0") {
                self.takes(',');
                let is_bare = *self.peek() == TokenKind::Sign(':');
                Outer::Gre(if is_bare { Gre::default() } else { self.gre()? })
            } else if self.takes_word("mpls") {
                Outer::Mpls(self.mpls()?)
            } else {
                return Ok(outer);
            };
            self.sign(':')?;
            if outer.len() == MOST_HEADERS {
                return Err(ParseError::new(at, "there are too many headers"));
            }
            outer.push(header);
        }
    }

    fn outer_ip(&mut self, v4: bool) -> Parsed<Outer> {
        let fields = self.ip_fields()?;
        let source = self.ip_address(v4)?;
        self.sign('>')?;
        Ok(Outer::Ip { fields, addresses: (source, self.ip_address(v4)?) })
    }

    fn ip_address(&mut self, v4: bool) -> Parsed<IpAddr> {
        let address = match *self.peek() {
            TokenKind::V4(address) if v4 => address.into(),
            TokenKind::V6(address) if !v4 => address.into(),
            _ => return Err(self.expected(if v4 { "an IPv4 address" } else { "an IPv6 address" })),
        };
        self.next += 1;
        Ok(address)
    }

    /// `flags [key present], sum 0, off 0, key 5, seq 0`, with or without commas.
    pub(super) fn gre(&mut self) -> Parsed<Gre> {
        if !self.takes_word("flags") && !self.takes_word("Flags") {
            return Err(self.expected("`flags`"));
        }
        let flags = if self.takes('[') { self.gre_flags()? } else { self.number("GRE's flags")? };
        let mut field = |name: &str| -> Parsed<u32> {
            self.takes(',');
            if !self.takes_word(name) {
                return Err(self.expected(&format!("`{name}`")));
            }
            if name == "key" {
                self.takes('=');
            }
            self.number("a field of GRE's")
        };
        let checksum = (field("sum")? as u16, field("off")? as u16);
        Ok(Gre { flags, checksum, key: field("key")?, sequence: field("seq")? })
    }

    fn gre_flags(&mut self) -> Parsed<u16> {
        let mut flags = 0;
        loop {
            let name = self.word("a flag of GRE's")?;
            let flag = GRE_FLAGS.iter().find(|(known, _)| *known == name);
            let Some((_, flag)) = flag else {
                self.next -= 1;
                return Err(self.expected("`none`, `checksum`, `key` or `sequence#`"));
            };
            flags |= flag;
            if name == "sequence" {
                self.sign('#')?;
            }
            if name != "none" && !self.takes_word("present") {
                return Err(self.expected("`present`"));
            }
            if self.takes(']') {
                return Ok(flags);
            }
            self.sign(',')?;
        }
    }

    /// `(label 1,tc 0,ttl 64) (label 2,tc 0,[S],ttl 64)`.
    pub(super) fn mpls(&mut self) -> Parsed<Vec<MplsLabel>> {
        let mut labels = Vec::new();
        while *self.peek() == TokenKind::Sign('(') {
            if labels.len() == MOST_LABELS {
                return Err(ParseError::new(self.at(), "there are too many MPLS labels"));
            }
            labels.push(self.mpls_label()?);
        }
        Ok(labels)
    }

    fn mpls_label(&mut self) -> Parsed<MplsLabel> {
        let at = self.at();
        self.sign('(')?;
        let label: u32 = self.mpls_field("label")?;
        self.sign(',')?;
        let class: u8 = self.mpls_field("tc")?;
        self.sign(',')?;
        let is_bottom = self.takes('[');
        if is_bottom {
            if !self.takes_word("S") {
                return Err(self.expected("`S`"));
            }
            self.sign(']')?;
            self.sign(',')?;
        }
        let ttl = self.mpls_field("ttl")?;
        self.sign(')')?;
        if label >> 20 != 0 || class >> 3 != 0 {
            return Err(ParseError::new(at, "an MPLS label has 20 bits and a traffic class three"));
        }
        Ok(MplsLabel { label, class, is_bottom, ttl })
    }

    fn mpls_field<T: TryFrom<i64>>(&mut self, name: &str) -> Parsed<T> {
        if !self.takes_word(name) {
            return Err(self.expected(&format!("`{name}`")));
        }
        self.decimal("a field of an MPLS label")
    }
}
