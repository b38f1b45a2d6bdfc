//! Packets: what stands around the TCP segment, UDP and ICMP.

use super::{Parsed, Parser};
use crate::ast::{Body, Direction, Icmp, IpFields, Packet, Quote, Tos};
use crate::lexer::TokenKind;
use crate::span::ParseError;

/// What may begin a header around the packet.
const TUNNELS: [&str; 5] = ["ipv4", "ipv6", "gre", "GREv0", "mpls"];
/// The ECN fields by name.
const ECN: [(&str, u8); 4] = [("noecn", 0b00), ("ect1", 0b01), ("ect0", 0b10), ("ce", 0b11)];

impl Parser {
    pub(super) fn packet(&mut self) -> Parsed<Packet> {
        let direction = if self.takes('<') { Direction::Inbound } else { Direction::Outbound };
        self.takes('>');
        let mut encapsulation = None;
        while let TokenKind::Word(word) = self.peek()
            && TUNNELS.contains(&word.as_str())
        {
            encapsulation = Some(word.clone());
            self.up_to_colon()?;
        }
        let at = self.at();
        let ip = self.ip_fields()?;
        if ip.tos == Some(Tos::EitherEct) && direction == Direction::Inbound {
            return Err(ParseError::new(at, "`ect01` can only be expected, not sent"));
        }
        if self.takes_word("encap") {
            encapsulation = Some(self.word("`psp`")?);
            self.takes_word("spi");
            self.number::<u32>("an SPI")?;
        }
        let body = if self.takes_word("udp") {
            let ports = self.ports()?;
            Body::Udp { ports, payload: self.parenthesised("the length of a datagram")? }
        } else if self.takes_word("icmp") {
            Body::Icmp(self.icmp()?)
        } else {
            Body::Tcp(self.tcp(direction)?)
        };
        Ok(Packet { direction, ip, encapsulation, body })
    }

    fn up_to_colon(&mut self) -> Parsed<()> {
        while !self.takes(':') {
            if *self.peek() == TokenKind::End {
                return Err(self.expected("`:`"));
            }
            self.next += 1;
        }
        Ok(())
    }

    /// `[ect0, ttl 64]`, in brackets or parentheses.
    fn ip_fields(&mut self) -> Parsed<IpFields> {
        let mut fields = IpFields::default();
        let close = match self.peek() {
            TokenKind::Sign('[') => ']',
            TokenKind::Sign('(') => ')',
            _ => return Ok(fields),
        };
        self.next += 1;
        loop {
            let at = self.at();
            let name =
                self.word("an IP field (`ect0`, `ect1`, `ce`, `noecn`, `ect01`, `tos`, `flowlabel`, `ttl`)")?;
            if let Some((_, bits)) = ECN.iter().find(|(ecn, _)| *ecn == name) {
                fields.tos = Some(Tos::Ecn(*bits));
            } else {
                match name.as_str() {
                    "ect01" => fields.tos = Some(Tos::EitherEct),
                    "tos" => fields.tos = Some(Tos::Octet(self.number("a TOS octet")?)),
                    "ttl" => fields.hop_limit = Some(self.number("a TTL")?),
                    "flowlabel" => {
                        let at = self.at();
                        let label: u32 = self.number("a flow label")?;
                        if label >> 20 != 0 {
                            return Err(ParseError::new(at, "a flow label has 20 bits"));
                        }
                        fields.flow_label = Some(label);
                    }
                    _ => return Err(ParseError::new(at, format!("`{name}` is no IP field"))),
                }
            }
            if !self.takes(',') {
                break;
            }
        }
        self.sign(close)?;
        Ok(fields)
    }

    /// `8080 > 1234`.
    pub(super) fn ports(&mut self) -> Parsed<Option<(u16, u16)>> {
        if !matches!(self.peek(), TokenKind::Integer(_)) {
            return Ok(None);
        }
        let source = self.number("a source port")?;
        self.sign('>')?;
        Ok(Some((source, self.number("a destination port")?)))
    }

    fn parenthesised(&mut self, what: &str) -> Parsed<u16> {
        self.sign('(')?;
        let value = self.number(what)?;
        self.sign(')')?;
        Ok(value)
    }

    fn icmp(&mut self) -> Parsed<Icmp> {
        let at = self.at();
        let kind = self.word("the type of an ICMP message")?;
        let has_code = matches!(self.peek(), TokenKind::Word(word) if word != "mtu" && word != "id");
        let code = if has_code { Some(self.word("the code of an ICMP message")?) } else { None };
        let mtu = if self.takes_word("mtu") { Some(self.number("an MTU")?) } else { None };
        let identifier =
            if self.takes_word("id") { Some(self.number("an echo's identifier")?) } else { None };
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
        let start: u32 = self.number("a sequence number")?;
        self.sign(':')?;
        let end: u32 = self.number("a sequence number")?;
        self.sign('(')?;
        let len: u16 = self.number("a payload length")?;
        self.sign(')')?;
        if end.wrapping_sub(start) != u32::from(len) {
            let apart = i64::from(end) - i64::from(start);
            let message = format!("these sequence numbers are {apart} apart, but the length is {len}");
            return Err(ParseError::new(at, message));
        }
        Ok((start, len))
    }
}
