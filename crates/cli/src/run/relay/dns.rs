//! DNS: what the command asks, asked of this machine's resolvers in turn, until one answers.
//!
//! Over UDP it is asked over UDP; behind a proxy, which carries TCP alone, over TCP (RFC 7766).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use nix::net::if_::if_nametoindex;
use synfin::forward::{Datagram, Refusal, UdpForwarder};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::destination::DNS;
use super::dial::{Dialler, Trouble};
use super::udp::{self, unreachable};
use crate::args::RunArgs;

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// How long a resolver may take before the next is asked: less than the 5 s after which programs ask again.
const TURN: Duration = Duration::from_secs(2);
/// How long the last may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most questions under way; more are dropped.
const MAX_WAITING: usize = 256;
/// What every resolver takes over UDP, octets (RFC 1035 section 4.2.1).
const LONGEST: usize = 512;
/// The longest message.
const LONGEST_OF_ALL: usize = 65_535;
/// The header of a message, and what in its third octet says that the rest is missing, and that it is a response.
const HEADER_LEN: usize = 12;
const TRUNCATED: u8 = 0x02;
const RESPONSE: u8 = 0x80;
/// SERVFAIL, NOTIMP and REFUSED: answers that say nothing about the question, after which the C library goes on, too.
const NO_ANSWER: [u8; 3] = [2, 4, 5];

/// Whoever is asked, and how.
pub(super) struct Resolvers {
    addresses: Vec<SocketAddr>,
    /// Which of them has answered last, and is asked first.
    preferred: AtomicUsize,
    dialler: Dialler,
    places: Semaphore,
}

impl Resolvers {
    /// As the options say, or else this machine's resolv.conf.
    pub(super) fn new(args: &RunArgs, dialler: Dialler) -> Self {
        let addresses = match &*args.dns {
            [] => nameservers(&fs::read_to_string(RESOLV_CONF).unwrap_or_default()),
            given => given.iter().map(|&address| (address, DNS).into()).collect(),
        };
        let (preferred, places) = (AtomicUsize::new(0), Semaphore::new(MAX_WAITING));
        Self { addresses, preferred, dialler, places }
    }

    /// Asks, and hands the answer to the command.
    pub(super) async fn answer(&self, forwarder: &UdpForwarder, question: &Datagram) {
        let Ok(_place) = self.places.try_acquire() else { return };
        match self.ask(&question.payload).await {
            // The command's network has ended, if that fails.
            Ok(answer) => drop(forwarder.send_from(question.local, question.remote, answer)),
            // Silence outside is silence inside.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            Err(error) => forwarder.unreachable(question, unreachable(&error)),
        }
    }

    /// Connects to the first that can be connected to.
    pub(super) async fn dial(&self) -> Result<TcpStream, Refusal> {
        let mut refusal = Refusal::Reset;
        for (number, patience) in self.turns() {
            match timeout(patience, self.dialler.dial(self.addresses[number])).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => refusal = error,
                Err(_) => refusal = Refusal::Silent,
            }
        }
        Err(refusal)
    }

    /// All of them, beginning with the preferred one, and how long each may take.
    fn turns(&self) -> impl Iterator<Item = (usize, Duration)> {
        let (count, first) = (self.addresses.len(), self.preferred.load(Ordering::Relaxed));
        (1..=count).map(move |turn| ((first + turn - 1) % count, if turn == count { PATIENCE } else { TURN }))
    }

    async fn ask(&self, question: &[u8]) -> io::Result<Bytes> {
        let mut outcome = Err(io::ErrorKind::ConnectionRefused.into());
        for (number, patience) in self.turns() {
            // Whoever has something to say is not kept waiting for somebody who may say nothing.
            let patience = if outcome.is_ok() { patience.min(TURN) } else { patience };
            let answer = timeout(patience, self.ask_one(self.addresses[number], question)).await;
            match answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Ok(answer) if !is_no_answer(&answer) => {
                    self.preferred.store(number, Ordering::Relaxed);
                    return Ok(answer);
                }
                Ok(answer) => outcome = Ok(answer),
                Err(error) if outcome.is_err() => outcome = Err(error),
                Err(_) => {}
            }
        }
        outcome
    }

    async fn ask_one(&self, resolver: SocketAddr, question: &[u8]) -> io::Result<Bytes> {
        if self.dialler.is_direct() {
            over_udp(resolver, question).await
        } else {
            self.over_tcp(resolver, question).await
        }
    }

    async fn over_tcp(&self, resolver: SocketAddr, question: &[u8]) -> io::Result<Bytes> {
        let mut stream = self.dialler.dial(resolver).await.map_err(|_| {
            let remedy = "name one that it reaches with --dns ADDRESS";
            if !self.dialler.is_shut_out() {
                self.dialler.tell(
                    Trouble::NoNames,
                    format_args!("the proxy does not lead to the resolver {}: {remedy}", resolver.ip()),
                );
            }
            io::Error::from(io::ErrorKind::ConnectionRefused)
        })?;
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        // In one write: RFC 7766 section 8.
        stream.write_all(&[&length.to_be_bytes()[..], question].concat()).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        if !answers(question, &answer) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        shorten(&mut answer);
        Ok(answer.into())
    }
}

async fn over_udp(resolver: SocketAddr, question: &[u8]) -> io::Result<Bytes> {
    let socket = udp::connected(resolver).await?;
    socket.send(question).await?;
    let mut answer = Vec::with_capacity(LONGEST_OF_ALL);
    loop {
        answer.clear();
        socket.recv_buf(&mut answer).await?;
        if answers(question, &answer) {
            return Ok(Bytes::copy_from_slice(&answer));
        }
    }
}

/// The nameservers of a resolv.conf, with port 53; where it names none, the C library asks this machine.
fn nameservers(resolv_conf: &str) -> Vec<SocketAddr> {
    let named: Vec<SocketAddr> = resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| nameserver(rest.split_whitespace().next()?))
        .collect();
    if named.is_empty() { vec![(Ipv4Addr::LOCALHOST, DNS).into()] } else { named }
}

/// An address, or one of a link with its zone (RFC 4007 section 11), by the name of the interface or its number.
fn nameserver(text: &str) -> Option<SocketAddr> {
    let Some((address, zone)) = text.split_once('%') else {
        return Some((text.parse::<IpAddr>().ok()?, DNS).into());
    };
    let scope = zone.parse().ok().or_else(|| if_nametoindex(zone).ok())?;
    Some(SocketAddrV6::new(address.parse().ok()?, DNS, 0, scope).into())
}

/// Whatever has another number answers something else (RFC 5452 section 9.1), and what is no response nothing.
fn answers(question: &[u8], message: &[u8]) -> bool {
    message.len() >= HEADER_LEN && message.get(..2) == question.get(..2) && message[2] & RESPONSE != 0
}

fn is_no_answer(answer: &[u8]) -> bool {
    NO_ANSWER.contains(&(answer[3] & 0x0f))
}

/// Cuts what is too long for UDP behind its question, so that the command asks again over TCP (RFC 2181 section 9).
fn shorten(answer: &mut Vec<u8>) {
    if answer.len() <= LONGEST {
        return;
    }
    let end = question_end(answer).unwrap_or(HEADER_LEN);
    answer.truncate(end);
    answer[2] |= TRUNCATED;
    // The counts of questions, answers, authorities and additional records.
    answer[4..HEADER_LEN].fill(0);
    answer[5] = u8::from(end > HEADER_LEN);
}

/// Where the only question ends: a name, a type and a class.
fn question_end(message: &[u8]) -> Option<usize> {
    let mut place = HEADER_LEN;
    while let label @ 1..64 = *message.get(place)? {
        place += 1 + usize::from(label);
    }
    let end = place + 1 + 4;
    (message[4..6] == [0, 1] && message[place] == 0 && end <= message.len()).then_some(end)
}

#[cfg(test)]
mod tests;
