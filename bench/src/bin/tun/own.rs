//! synfin on the TUN, as a program would use it: a runtime of one thread, a task a connection.

use std::io;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use synfin::net::{TcpListener, TcpStream};
use synfin::{Config, CongestionAlgorithm, Stack};
use synfin_device::tun::Tun;

use super::{ECHO, OURS, PORTS, SINK, SOURCE};

const BLOCK: usize = 128 << 10;
static ZEROS: [u8; BLOCK] = [0; BLOCK];

/// How long synfin looks for packets that were close together before, where it is to poll: much longer than any takes.
const POLLING: Duration = Duration::from_secs(1);

/// Serves until it is ended.
pub(super) fn serve(tun: Tun, polling: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let config = Config { congestion: CongestionAlgorithm::Reno, ..Config::default() };
        let mut builder = Stack::builder(tun).addresses([(OURS.into(), 32)]).tcp(config);
        if polling {
            builder = builder.busy_poll(POLLING);
        }
        let stack = builder.spawn()?;
        for port in PORTS {
            let listener = TcpListener::bind_on(&stack, (OURS, port)).await?;
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(act(port, stream));
                }
            });
        }
        println!("ready");
        stack.stopped().await?;
        Ok(())
    })
}

/// Does what the port is for, until the peer resets.
async fn act(port: u16, stream: TcpStream) -> io::Result<()> {
    match port {
        SINK => while stream.receive_bytes(usize::MAX).await?.is_some() {},
        SOURCE => loop {
            stream.send_bytes(Bytes::from_static(&ZEROS)).await?;
        },
        ECHO => {
            stream.set_nodelay(true)?;
            while let Some(text) = stream.receive_bytes(BLOCK).await? {
                stream.send_bytes(text).await?;
            }
        }
        _ => {}
    }
    Ok(())
}
