//! `synfin run`: a command whose whole network is synfin.
//!
//! What comes in: the options and the command. What goes out: the command's exit status.
//!
//! Two processes take part. The *outer* one starts itself again as the *inner* one, at the other end of a
//! Unix socket:
//!
//! | inner ([`inner`]) | outer |
//! |---|---|
//! | makes its namespaces and the TUN in them ([`namespace`], [`files`]) | |
//! | passes the TUN through the socket, or why there is none | |
//! | | opens the [`relay`] on it; says go |
//! | becomes CMD by `exec` | relays; watches over CMD ([`child`]) |
//!
//! CMD is thus the outer one's child, in its process group, on its terminal, with the caller's user and
//! signal dispositions. Only a process with one thread may make a user namespace, which is why the inner
//! one is started and not just forked.
//!
//! Left out on purpose: namespaces for processes, users other than the caller, and files other than
//! `/etc/resolv.conf` and `/etc/hosts`. `/sys/class/net` still lists the interfaces outside.

use std::process::ExitCode;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::Failure;
use crate::args::RunArgs;

mod addresses;
mod child;
mod files;
pub(crate) mod inner;
mod namespace;
mod relay;

use child::{Child, Starting};
use relay::Relay;

/// Runs the command to its end. To be called on the main thread, which the command will not outlive.
pub(crate) fn run(args: &RunArgs) -> Result<ExitCode, Failure> {
    inner::must_be_there(args)?;
    let (starting, tun) = Starting::spawn(args)?;
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format_args!("cannot wait for events: {error}")))?;
    runtime.block_on(async {
        let mut relay = Relay::open(tun, args).await?;
        let mut child = starting.go()?;
        let status = tokio::select! {
            status = child.wait() => status?,
            failure = relay.run() => return Err(stop(child, failure).await),
        };
        relay.finish(child.told_to_end()).await.map_err(|failure| failure.behind(status))?;
        Ok(ExitCode::from(status))
    })
}

/// Lets this process have as many descriptors as it may: each connection of the command's takes one. The
/// command is started already, with the limit that it was given.
fn raise_descriptor_limit() {
    // A connection too many is told to the command, whatever the limit.
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// The network is gone: nothing is left for the command to do.
async fn stop(mut child: Child, failure: Failure) -> Failure {
    child.kill();
    child.wait().await.err().unwrap_or(failure)
}
