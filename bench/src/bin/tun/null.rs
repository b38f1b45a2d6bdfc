//! What the TUN itself takes: a server with the least of TCP.
//!
//! It answers a SYN, acknowledges once a batch with a window of a gigabyte, and throws away; or sends zeros in
//! super-segments as far as the peer's window goes; or sends back. It has one peer at a time, looks at no sequence number
//! but to count, and keeps no timer but one: should nothing come for a fifth of a second, what was not acknowledged is
//! sent again, and that is said, for it makes the figure worthless.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use synfin_device::tun::Tun;
use synfin_device::{Device as _, PacketOut, Payload};

use super::segment::{ACK, FIN, Heard, PSH, RST, SYN, Said, offload, read, write};
use super::{ECHO, MTU, PORTS, SOURCE, wait};

/// Packets that are read before they are answered, and super-segments that are sent before it is looked for answers.
const BATCH: usize = 32;
const BURST: usize = 8;
/// MSS 1460, window scale 14.
const OPTIONS: [u8; 8] = [2, 4, 5, 180, 1, 3, 3, 14];
const MSS: u16 = MTU as u16 - 40;
/// As many whole segments as one packet holds.
const SUPER: usize = 65_495 / MSS as usize * MSS as usize;
const PATIENCE: Duration = Duration::from_millis(200);

static ZEROS: [u8; SUPER] = [0; SUPER];

struct Peer {
    address: Ipv4Addr,
    /// Ours and its own.
    ports: (u16, u16),
    unacknowledged: u32,
    next: u32,
    expected: u32,
    scale: u8,
    window: u32,
    owes_ack: bool,
    echo: Vec<u8>,
}

struct Null {
    tun: Tun,
    peer: Option<Peer>,
    header: Vec<u8>,
}

/// Serves until it is ended.
pub(super) fn serve(tun: Tun, polling: bool) -> Result<()> {
    let mut null = Null { tun, peer: None, header: Vec::new() };
    println!("ready");
    loop {
        let mut heard = false;
        for _ in 0..BATCH {
            let Some(packet) = null.tun.receive()? else { break };
            heard = true;
            if let Some(segment) = read(&packet.bytes) {
                null.take(&segment)?;
            }
        }
        let more = null.give()?;
        if heard || more || polling {
            continue;
        }
        let waits = null.peer.as_ref().is_some_and(|peer| peer.next != peer.unacknowledged);
        if !wait(&null.tun, waits.then_some(PATIENCE))?
            && let Some(peer) = &mut null.peer
        {
            eprintln!("null: nothing acknowledged for a fifth of a second: sending again");
            peer.next = peer.unacknowledged;
        }
    }
}

impl Null {
    fn take(&mut self, heard: &Heard<'_>) -> Result<()> {
        if !PORTS.contains(&heard.ports.1) {
            return Ok(());
        }
        if heard.flags & SYN != 0 {
            return self.open(heard);
        }
        let ports = (heard.ports.1, heard.ports.0);
        let Some(peer) = self.peer.as_mut().filter(|peer| peer.ports == ports) else { return Ok(()) };
        if heard.flags & RST != 0 {
            self.peer = None;
            return Ok(());
        }
        if heard.flags & ACK != 0 {
            peer.unacknowledged = heard.ack;
            peer.window = u32::from(heard.window) << peer.scale;
        }
        let end = heard.text.len() as u32 + u32::from(heard.flags & FIN != 0);
        if end > 0 {
            peer.owes_ack = true;
        }
        if heard.seq == peer.expected {
            peer.expected = peer.expected.wrapping_add(end);
            if peer.ports.0 == ECHO {
                peer.echo.extend(heard.text);
            }
        }
        if heard.flags & FIN != 0 {
            self.say(FIN | ACK, &[])?;
            self.peer = None;
        }
        Ok(())
    }

    fn open(&mut self, heard: &Heard<'_>) -> Result<()> {
        self.peer = Some(Peer {
            address: heard.source,
            ports: (heard.ports.1, heard.ports.0),
            unacknowledged: 0,
            next: 0,
            expected: heard.seq.wrapping_add(1),
            scale: heard.scale(),
            // Not known before its acknowledgment of the SYN-ACK.
            window: 0,
            owes_ack: false,
            echo: Vec::new(),
        });
        self.say(SYN | ACK, &OPTIONS)?;
        if let Some(peer) = &mut self.peer {
            peer.next = 1;
        }
        Ok(())
    }

    /// Says what is due; true when there is more.
    fn give(&mut self) -> Result<bool> {
        for _ in 0..BURST {
            let Some(peer) = &mut self.peer else { return Ok(false) };
            if !peer.echo.is_empty() {
                let text = std::mem::take(&mut peer.echo);
                self.send(Bytes::from(text))?;
                continue;
            }
            let open = peer.window.saturating_sub(peer.next.wrapping_sub(peer.unacknowledged)) as usize;
            let is_open = peer.next != 0 && peer.unacknowledged != 0;
            if peer.ports.0 != SOURCE || !is_open || open < SUPER {
                if peer.owes_ack {
                    self.say(ACK, &[])?;
                }
                return Ok(false);
            }
            self.send(Bytes::from_static(&ZEROS))?;
        }
        Ok(true)
    }

    fn send(&mut self, text: Bytes) -> Result<()> {
        let length = text.len();
        self.say_with(ACK | PSH, &[], &[text])?;
        if let Some(peer) = &mut self.peer {
            peer.next = peer.next.wrapping_add(length as u32);
        }
        Ok(())
    }

    fn say(&mut self, flags: u8, options: &[u8]) -> Result<()> {
        self.say_with(flags, options, &[])
    }

    fn say_with(&mut self, flags: u8, options: &[u8], text: &[Bytes]) -> Result<()> {
        let Some(peer) = &mut self.peer else { return Ok(()) };
        peer.owes_ack = false;
        let said = Said {
            to: peer.address,
            ports: peer.ports,
            seq: peer.next,
            ack: peer.expected,
            flags,
            window: u16::MAX,
        };
        let length = text.iter().map(Bytes::len).sum();
        write(&said, options, length, &mut self.header);
        let offload = offload((length > usize::from(MSS)).then_some(MSS));
        // What the kernel has no room for is lost.
        let _ =
            self.tun.transmit(&PacketOut { header: &self.header, payload: Payload::of(text), offload })?;
        Ok(())
    }
}
