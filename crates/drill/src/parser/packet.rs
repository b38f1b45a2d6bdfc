//! Packets: what stands around the TCP segment, UDP and ICMP.

use super::{Parsed, Parser};
use crate::ast::{Body, Direction, Icmp, IpFields, Packet, Quote, Tos};
use crate::lexer::TokenKind;
use crate::span::ParseError;

/// The ECN fields by name.
const ECN: [(&str, u8); 4] = [("noecn", 0b00), ("ect1", 0b01), ("ect0", 0b10), ("ce", 0b11)];

impl Parser {
    pub(super) fn packet(&mut self) -> Parsed<Packet> {
        let direction = if self.takes('<') { Direction::Inbound } else { Direction::Outbound };
        if direction == Direction::Outbound {
            self.sign('>')?;
        }
        let outer = self.outer_headers()?;
        let at = self.at();
        let ip = self.ip_fields()?;
        let psp = if self.takes_word("encap") { Some(self.psp()?) } else { None };
        let body = if psp.is_none() && self.takes_word("udp") {
            let ports = self.ports()?;
            if let Some(Tos::Ecn(_)) = ip.tos {
                return Err(ParseError::new(at, "ECN can only be used with TCP packets"));
            }
            Body::Udp { ports, payload: self.parenthesised("the length of a datagram")? }
        } else if psp.is_none() && self.takes_word("icmp") {
            Body::Icmp(self.icmp()?)
        } else {
            Body::Tcp(self.tcp(direction)?)
        };
        let is_udp = matches!(body, Body::Udp { .. });
        if ip.tos == Some(Tos::EitherEct) && direction == Direction::Inbound && !is_udp {
            return Err(ParseError::new(at, "`ect01` can only be expected, not sent"));
        }
        Ok(Packet { direction, outer, ip, psp, body })
    }

    /// `psp spi 0x1`.
    fn psp(&mut self) -> Parsed<u32> {
        if !self.takes_word("psp") || !self.takes_word("spi") {
            return Err(self.expected("`psp spi`"));
        }
        self.number("an SPI")
    }

    /// `[ect0]`, `[tos 0x4, flowlabel 0x1]` or `[ttl 64]`, in brackets or parentheses.
    pub(super) fn ip_fields(&mut self) -> Parsed<IpFields> {
        let mut fields = IpFields::default();
        let close = match self.peek() {
            TokenKind::Sign('[') => ']',
            TokenKind::Sign('(') => ')',
            _ => return Ok(fields),
        };
        self.next += 1;
        if self.takes_word("ttl") {
            // Eight bits of it count, and none is whatever it is.
            fields.hop_limit = Some(self.decimal::<i64>("a TTL")? as u8).filter(|ttl| *ttl != 0);
        } else if self.is_word("flowlabel") {
            fields.flow_label = self.flow_label()?;
        } else {
            fields.tos = Some(self.tos()?);
            if self.takes(',') {
                fields.flow_label = self.flow_label()?;
            }
        }
        self.sign(close)?;
        Ok(fields)
    }

    fn tos(&mut self) -> Parsed<Tos> {
        let expected = "an IP field (`ect0`, `ect1`, `ce`, `noecn`, `ect01`, `tos`, `flowlabel`, `ttl`)";
        let at = self.at();
        let name = self.word(expected)?;
        if let Some((_, bits)) = ECN.iter().find(|(ecn, _)| *ecn == name) {
            return Ok(Tos::Ecn(*bits));
        }
        match name.as_str() {
            "ect01" => Ok(Tos::EitherEct),
            "tos" => self.hexadecimal_number("a TOS octet").map(Tos::Octet),
            _ => Err(ParseError::new(at, format!("`{name}` is no IP field"))),
        }
    }

    /// The flow label; zero is none.
    fn flow_label(&mut self) -> Parsed<Option<u32>> {
        if !self.takes_word("flowlabel") {
            return Err(self.expected("`flowlabel`"));
        }
        let at = self.at();
        let label: u32 = self.hexadecimal_number("a flow label")?;
        if label >> 20 != 0 {
            return Err(ParseError::new(at, "a flow label has 20 bits"));
        }
        Ok(Some(label).filter(|label| *label != 0))
    }

    /// `8080 > 1234`.
    pub(super) fn ports(&mut self) -> Parsed<Option<(u16, u16)>> {
        if !matches!(self.peek(), TokenKind::Integer(_)) {
            return Ok(None);
        }
        let source = self.decimal("a source port")?;
        self.sign('>')?;
        Ok(Some((source, self.decimal("a destination port")?)))
    }

    fn parenthesised(&mut self, what: &str) -> Parsed<u16> {
        self.sign('(')?;
        let value = self.decimal(what)?;
        self.sign(')')?;
        Ok(value)
    }

    fn icmp(&mut self) -> Parsed<Icmp> {
        let at = self.at();
        let kind = self.word("the type of an ICMP message")?;
        let has_code = matches!(self.peek(), TokenKind::Word(word) if word != "mtu" && word != "id");
        let code = if has_code { Some(self.word("the code of an ICMP message")?) } else { None };
        let mtu =
            if self.takes_word("mtu") { u32::try_from(self.decimal::<i64>("an MTU")?).ok() } else { None };
        let identifier =
            if self.takes_word("id") { Some(self.decimal("an echo's identifier")?) } else { None };
        let mut quote = Quote::Tcp { seq: 0, payload: 0 };
        if self.takes('[') {
            quote = if self.takes_word("udp") {
                Quote::Udp(self.parenthesised("the length of a datagram")?)
            } else if self.takes_word("raw") {
                Quote::Raw(self.parenthesised("the length of the message")?)
            } else {
                let (seq, payload) = self.sequence()?;
                Quote::Tcp { seq, payload }
            };
            self.sign(']')?;
        }
        Ok(Icmp { at, kind, code, mtu, identifier, quote })
    }

    /// `start:end(length)`.
    pub(super) fn sequence(&mut self) -> Parsed<(u32, u16)> {
        let at = self.at();
        let start: u32 = self.decimal("a sequence number")?;
        self.sign(':')?;
        let end: u32 = self.decimal("a sequence number")?;
        self.sign('(')?;
        let len: u16 = self.decimal("a payload length")?;
        self.sign(')')?;
        let apart = i64::from(end) - i64::from(start);
        if apart != i64::from(len) {
            let message = format!("these sequence numbers are {apart} apart, but the length is {len}");
            return Err(ParseError::new(at, message));
        }
        Ok((start, len))
    }
}
