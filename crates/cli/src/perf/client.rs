//! The client: it asks for a test, ends it, and does for the rest what the server says.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use synfin::net::TcpStream;
use synfin::{Config, Stack};
use tokio::time::timeout;

use super::args::{Amount, ClientArgs};
use super::protocol::{Cookie, Plan, ProtocolError, Refusal, Results, Signal, TestEnd, write_message};
use super::report::{Outcome, Setting, heading, interval_lines, print_outcome};
use super::session::{Session, Step};
use crate::Failure;
use crate::args::HostPort;
use crate::connect::{interrupted, join, open, resolve};
use crate::out::print;

/// How long the server may take to say what is due.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the server may take to hear that the client's user has ended it.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How a test has ended early.
#[derive(Debug)]
enum Broken {
    /// There is no connection to be had.
    Connect(io::Error),
    /// The server is none, or has gone.
    Server(ProtocolError),
    /// It has another client.
    Busy,
    /// It does not do what was asked for.
    Refused(Refusal),
    /// Its user has ended it.
    Terminated,
    /// A stream is lost.
    Stream(io::Error),
    /// Something on this side has failed.
    Own(Failure),
}

impl<E: Into<ProtocolError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Server(error.into())
    }
}

/// Measures once.
pub(super) fn client(args: &ClientArgs) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format_args!("cannot wait for events: {error}")))?;
    runtime.block_on(async {
        let destination = HostPort { host: args.host.clone(), port: args.port };
        let addresses = resolve(&destination).await?;
        let config = Config { congestion: args.congestion.unwrap_or_default(), ..Config::default() };
        let stack = join(&args.tun, config, &addresses)?;
        let status = tokio::select! {
            connected = open(&stack, &destination, &addresses) => match connected {
                Ok(control) => converse(control, &stack, args).await,
                Err(error) => Err(Broken::Connect(error)),
            },
            status = interrupted() => status.map_err(Broken::Own),
        };
        stack.shutdown();
        let _ = stack.stopped().await;
        status.map_err(|broken| broken.told(&destination))
    })
}

/// The test, unless our user ends it; the server is told then.
async fn converse(mut control: TcpStream, stack: &Stack, args: &ClientArgs) -> Result<ExitCode, Broken> {
    let interruption = tokio::select! {
        ended = measure(&mut control, stack, args) => return ended.map(|()| ExitCode::SUCCESS),
        status = interrupted() => status,
    };
    Signal::ClientTerminate.write(&mut control).await?;
    let _ = timeout(LAST_WORD, control.acknowledged()).await;
    interruption.map_err(Broken::Own)
}

impl Broken {
    fn told(self, HostPort { host, port }: &HostPort) -> Failure {
        let server = format_args!("{host} port {port}");
        Failure::fault(match self {
            Self::Own(failure) => return failure,
            Self::Connect(error) => format!("cannot connect to {server}: {}: {error}", error.kind()),
            Self::Server(error) => format!("no test with {server}: {error}"),
            Self::Busy => format!("the server at {server} is busy with another client: try again later"),
            Self::Refused(refusal) => format!("the server at {server} refuses the test: {refusal}"),
            Self::Terminated => format!("the server at {server} has been ended"),
            Self::Stream(error) => format!("lost a stream to {server}: {}: {error}", error.kind()),
        })
    }
}

impl ClientArgs {
    fn plan(&self) -> Plan {
        Plan {
            streams: self.parallel,
            reverse: self.reverse,
            omit: self.omit,
            end: match self.bytes {
                Some(Amount(octets)) => TestEnd::Octets(octets),
                None => TestEnd::Seconds(self.time),
            },
            block: self.length,
            nodelay: self.no_delay,
            congestion: self.congestion,
        }
    }
}

/// A test from the first word to the last.
async fn measure(control: &mut TcpStream, stack: &Stack, args: &ClientArgs) -> Result<(), Broken> {
    let peer = control.peer_addr()?;
    control.set_nodelay(true)?;
    let (cookie, plan, json) = (Cookie::draw()?, args.plan(), args.shown.json);
    cookie.write(control).await?;

    expect(control, Signal::ParamExchange).await?;
    write_message(control, &plan.parameters()).await?;
    expect(control, Signal::CreateStreams).await?;
    let mut streams = Vec::new();
    for _ in 0..plan.streams {
        let mut stream = TcpStream::connect_on(stack, peer).await.map_err(Broken::Connect)?;
        stream.set_nodelay(plan.nodelay)?;
        cookie.write(&mut stream).await?;
        streams.push(stream);
    }
    let ends = streams.iter().map(|stream| Ok((stream.local_addr()?, stream.peer_addr()?)));
    let setting = Setting {
        cookie,
        is_client: true,
        peer,
        streams: ends.collect::<io::Result<_>>()?,
        began: SystemTime::now(),
        plan: plan.clone(),
    };
    expect(control, Signal::TestStart).await?;
    expect(control, Signal::TestRunning).await?;
    if !json {
        print(heading(&setting)).map_err(Broken::Own)?;
    }
    let time = match plan.end {
        TestEnd::Seconds(seconds) => Some(Duration::from_secs((plan.omit + seconds).into())),
        TestEnd::Octets(_) => None,
    };
    let mut session = Session::begin(plan, setting.sends(), streams, args.shown.interval, json, time);
    run(&mut session, control, json).await?;
    let outcome = finish(session, control, setting, json).await?;
    print_outcome(&outcome, json).map_err(Broken::Own)
}

/// What the server says next, which is to be this.
async fn expect(control: &mut TcpStream, due: Signal) -> Result<(), Broken> {
    let signal = timeout(PATIENCE, Signal::read(control)).await.map_err(|_| ProtocolError::Silent)??;
    if signal == due { Ok(()) } else { Err(out_of_turn(signal, control).await) }
}

async fn out_of_turn(signal: Signal, control: &mut TcpStream) -> Broken {
    match signal {
        Signal::AccessDenied => Broken::Busy,
        Signal::ServerTerminate => Broken::Terminated,
        Signal::ServerError => Refusal::read(control).await.map_or_else(Broken::Server, Broken::Refused),
        signal => ProtocolError::Unexpected(signal).into(),
    }
}

/// Until the time is over or all has been moved.
async fn run(session: &mut Session, control: &mut TcpStream, json: bool) -> Result<(), Broken> {
    loop {
        let step = tokio::select! {
            signal = Signal::read(control) => return Err(out_of_turn(signal?, control).await),
            step = session.step() => step.map_err(Broken::Stream)?,
        };
        match step {
            Step::Interval(interval) if !json => {
                print(interval_lines(&interval, session.sends)).map_err(Broken::Own)?;
            }
            Step::Interval(_) => {}
            Step::Late => return Ok(()),
            Step::Moved => {
                // What has only been queued has not been moved.
                return if session.sends { session.arrived().await.map_err(Broken::Stream) } else { Ok(()) };
            }
        }
    }
}

/// Ends the test; each end tells the other what it has measured.
async fn finish(
    mut session: Session,
    control: &mut TcpStream,
    setting: Setting,
    json: bool,
) -> Result<Outcome, Broken> {
    session.enough();
    let own = session.results();
    if let Some(interval) = session.last_interval()
        && !json
    {
        print(interval_lines(&interval, session.sends)).map_err(Broken::Own)?;
    }
    Signal::TestEnd.write(control).await?;
    expect(control, Signal::ExchangeResults).await?;
    write_message(control, &own).await?;
    let read = timeout(PATIENCE, Results::read(control, setting.streams.len())).await;
    let peers = read.map_err(|_| ProtocolError::Silent)??;
    expect(control, Signal::DisplayResults).await?;
    Signal::IperfDone.write(control).await?;
    control.acknowledged().await?;
    let intervals = std::mem::take(&mut session.intervals);
    let tallies = session.stop();
    Ok(Outcome { setting, intervals, tallies, own, peers })
}
