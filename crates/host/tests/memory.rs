//! What a host holds: counted by the allocator, so that this is the only test of its program.

use std::net::SocketAddr;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use synfin_host::{
    ChecksumOut, ConnectOptions, Fate, Host, HostConfig, ListenOptions, ListenerHandle, PacketIn, TcpHandle,
};
use synfin_wire::Instant;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// What may be kept of a crowd, octets: index and timers have room for a hundred entries in hand, and every page of 64
/// slots leaves its next version.
const KEPT: usize = 24 * 1024;

/// How many pairs there are at once, and what a connection may take that has been idle for a while or is in TIME-WAIT, with
/// its share of index and timers.
const CROWD: usize = 2000;
const IDLE: usize = 700;
const TIME_WAIT: usize = 128;

/// A client and a server joined without delay.
struct Two {
    hosts: [Host; 2],
    listener: ListenerHandle,
    server: SocketAddr,
    now: Instant,
}

impl Two {
    fn new() -> Self {
        let server: SocketAddr = "10.0.0.2:80".parse().unwrap();
        let [client_ip, server_ip] = ["10.0.0.1", "10.0.0.2"].map(|ip| (ip.parse().unwrap(), 24));
        let mut hosts = [Host::new(HostConfig::new([client_ip]), [1; 32]), {
            Host::new(HostConfig::new([server_ip]), [2; 32])
        }];
        let options = ListenOptions { backlog: 4096, ..ListenOptions::default() };
        let listener = hosts[1].listen(server, options).unwrap();
        Self { hosts, listener, server, now: Instant::from_millis(1000) }
    }

    fn settle(&mut self) {
        let mut quiet = false;
        while !quiet {
            quiet = true;
            for from in [0, 1] {
                while let Some(packet) = self.hosts[from].poll_transmit(self.now) {
                    quiet = false;
                    let trust_checksum = packet.checksum != ChecksumOut::Complete;
                    let arriving = PacketIn { bytes: packet.to_bytes(), trust_checksum, segment_size: None };
                    assert_eq!(self.hosts[1 - from].handle_packet(arriving, self.now), Fate::Taken);
                }
                while self.hosts[from].poll_event().is_some() {}
            }
        }
    }

    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(due) = self.hosts.iter().filter_map(Host::poll_timeout).min().filter(|due| *due <= end)
        {
            self.now = due;
            self.hosts.iter_mut().for_each(|host| host.handle_timeout(due));
            self.settle();
        }
        self.now = end;
    }

    /// A connection with a request and an answer, both ends of it.
    fn ask(&mut self) -> [TcpHandle; 2] {
        let client = self.hosts[0].connect(self.server, ConnectOptions::default(), self.now).unwrap();
        self.settle();
        let served = self.hosts[1].accept(self.listener).expect("without delay it is there").handle;
        let handles = [client, served];
        for from in [0, 1] {
            self.hosts[from].tcp(handles[from]).unwrap().send("hello".into(), self.now).unwrap();
            self.settle();
            let mut reader = self.hosts[1 - from].tcp(handles[1 - from]).unwrap();
            assert_eq!(reader.receive(9, self.now).unwrap().unwrap(), "hello");
        }
        handles
    }

    fn release(&mut self, handles: [TcpHandle; 2]) {
        for who in [0, 1] {
            self.hosts[who].tcp(handles[who]).unwrap().release(self.now);
            self.settle();
        }
    }

    /// Lets the last TIME-WAIT end.
    fn rest(&mut self) {
        self.pass(Duration::from_secs(61));
        assert_eq!(self.hosts.each_ref().map(Host::connection_count), [0, 0]);
    }
}

#[test]
fn memory_is_where_it_began_after_a_hundred_thousand_connections() {
    let mut two = Two::new();
    let first = two.ask();
    two.release(first);
    two.rest();
    let began = HEAP.current_usage();

    let crowd: Vec<_> = (0..CROWD).map(|_| two.ask()).collect();
    let crowded = HEAP.current_usage();
    two.pass(Duration::from_secs(3));
    let idle = (HEAP.current_usage() - began) / (2 * CROWD);
    crowd.into_iter().for_each(|handles| two.release(handles));
    two.pass(Duration::from_secs(3));
    let time_wait = (HEAP.current_usage() - began) / CROWD;
    println!("octets of a connection: {idle} idle, {time_wait} in TIME-WAIT at one end");
    assert!(idle <= IDLE && time_wait <= TIME_WAIT, "{idle} idle, {time_wait} in TIME-WAIT");
    for _ in 0..100_000 {
        let handles = two.ask();
        two.release(handles);
        // Some ten thousand are in TIME-WAIT at a time.
        two.pass(Duration::from_millis(6));
    }
    two.rest();
    let left = HEAP.current_usage();
    println!("octets held: {began} at first, {crowded} by 2000 pairs at once, {left} in the end");
    assert!(left <= began + KEPT, "{left} octets are held, {began} were at first");
    assert!(crowded - began > 100 * KEPT, "the allocator counts nothing: {crowded}");
}
