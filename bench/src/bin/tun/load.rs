//! The client: one connection of the kernel's, and what went over it in a time.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use nix::sys::socket::{setsockopt, sockopt};

use super::{ECHO, OURS, SINK, SOURCE};

/// What is written or read at once, octets.
const BLOCK: usize = 1 << 20;
/// How long it goes on before it counts.
const WARM_UP: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct Load {
    /// What to do
    work: Work,

    /// For so many seconds
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,

    /// Look for answers again and again in place of waiting for them; for `ask` alone
    #[arg(long)]
    polling: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Work {
    /// Write as much as is taken
    Send,
    /// Read as much as comes
    Receive,
    /// Write one octet, wait for it to come back, and so on
    Ask,
}

impl Load {
    /// Prints octets, or questions that were answered, and how many seconds it took.
    pub(super) fn run(&self) -> Result<()> {
        let port = match self.work {
            Work::Send => SINK,
            Work::Receive => SOURCE,
            Work::Ask => ECHO,
        };
        let mut stream = TcpStream::connect(SocketAddr::from((OURS, port))).context("nobody listens")?;
        let fd = stream.as_fd();
        setsockopt(&fd, sockopt::TcpCongestion, &"reno".into())?;
        // The peer is to see an end at once.
        setsockopt(&fd, sockopt::Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 })?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(self.polling)?;
        let mut block = vec![0; BLOCK];
        let mut step = || match self.work {
            Work::Send => Ok::<_, anyhow::Error>(stream.write(&block)?),
            Work::Receive => Ok(stream.read(&mut block)?),
            Work::Ask => ask(&mut stream),
        };
        for_time(WARM_UP, &mut step)?;
        let (count, seconds) = for_time(Duration::from_secs_f64(self.seconds), &mut step)?;
        println!("{}", serde_json::json!({ "count": count, "seconds": seconds }));
        Ok(())
    }
}

fn for_time(span: Duration, step: &mut impl FnMut() -> Result<usize>) -> Result<(u64, f64)> {
    let (start, mut count) = (Instant::now(), 0);
    loop {
        let done = step()?;
        if done == 0 {
            bail!("the peer has ended the connection");
        }
        count += done as u64;
        let elapsed = start.elapsed();
        if elapsed >= span {
            return Ok((count, elapsed.as_secs_f64()));
        }
    }
}

fn ask(stream: &mut TcpStream) -> Result<usize> {
    stream.write_all(b"?")?;
    loop {
        match stream.read(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            answer => return Ok(answer?),
        }
    }
}
