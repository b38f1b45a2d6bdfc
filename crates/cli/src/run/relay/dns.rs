//! DNS over UDP where only TCP leads outside: each question goes to the resolver over TCP (RFC 7766).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use synfin::forward::{Datagram, UdpForwarder, Unreachable};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::destination::Destinations;
use super::dial::Dialler;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most questions under way; more are dropped.
const MAX_WAITING: usize = 256;
/// What every resolver takes over UDP, octets (RFC 1035 section 4.2.1).
const LONGEST: usize = 512;
/// The header of a message, and what in its third octet says that the rest is missing.
const HEADER_LEN: usize = 12;
const TRUNCATED: u8 = 0x02;

/// Whoever is asked, and how.
pub(super) struct Asker {
    destinations: Destinations,
    dialler: Dialler,
    places: Arc<Semaphore>,
}

impl Asker {
    pub(super) fn new(destinations: Destinations, dialler: Dialler) -> Self {
        Self { destinations, dialler, places: Arc::new(Semaphore::new(MAX_WAITING)) }
    }

    /// Asks, and hands the answer to the command.
    pub(super) async fn answer(&self, forwarder: &UdpForwarder, question: &Datagram) {
        let Ok(_place) = self.places.try_acquire() else { return };
        let Some(resolver) = self.destinations.resolver() else {
            return forwarder.unreachable(question, Unreachable::Port);
        };
        match timeout(PATIENCE, self.over_tcp(resolver, &question.payload)).await {
            Ok(Ok(mut answer)) => {
                shorten(&mut answer);
                // The command's network has ended, if that fails.
                let _ = forwarder.send_from(question.local, question.remote, answer.into());
            }
            Ok(Err(_)) => forwarder.unreachable(question, Unreachable::Port),
            Err(_) => {}
        }
    }

    async fn over_tcp(&self, resolver: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
        let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        let mut stream = self.dialler.dial(resolver).await.map_err(refused)?;
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        // In one write: RFC 7766 section 8.
        stream.write_all(&[&length.to_be_bytes()[..], question].concat()).await?;
        let mut answer = vec![0; stream.read_u16().await?.into()];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }
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
