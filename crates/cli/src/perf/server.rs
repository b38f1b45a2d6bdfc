//! The server: one test at a time, led by it.
//!
//! What comes in: connections, each with a cookie. The first opens a test; those with the same cookie are its streams;
//! all others are told that the server is busy.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use synfin::net::{TcpListener, TcpStream};
use synfin::{Config, Stack};
use tokio::io::AsyncReadExt as _;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{interval, timeout};

use super::args::{ServerArgs, ShownArgs};
use super::protocol::{
    Cookie, MAX_PARAMETERS, Parameters, Plan, ProtocolError, Refusal, Results, Signal, TestEnd, read_message,
    write_message,
};
use super::report::{Outcome, Setting, heading, interval_lines, print_outcome};
use super::session::{Session, Step};
use crate::Failure;
use crate::link::{Link, single};
use crate::out::print;
use crate::serve::{asked_to_end, ends};

/// How long a peer may take to say what is due.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much later than it was to a test may end.
const GRACE: Duration = Duration::from_secs(30);
/// How long a test that a number of octets ends may go on without any, as iperf3 has it: whoever has gone without a word
/// would keep all others out.
const STALL: Duration = Duration::from_secs(120);
/// How many connections may be about to say whose they are.
const ANTEROOM: usize = 256;
/// How long what a test has left to receive may take to arrive, where a number of octets ends it.
const LAST_OCTETS: Duration = Duration::from_secs(1);

/// How long a client may take to hear that the server is ended.
const LAST_WORD: Duration = Duration::from_secs(1);

/// A connection that has said which test it belongs to.
struct Arrival {
    stream: TcpStream,
    peer: SocketAddr,
    cookie: Cookie,
}

/// How a test has ended early.
#[derive(Debug)]
enum Broken {
    /// The client is not one, or has gone.
    Client(ProtocolError),
    /// It asked for what synfin does not do.
    Refused(Refusal),
    /// A stream is lost.
    Stream(io::Error),
    /// Its user has ended it.
    Interrupted,
    /// Our user has ended us.
    Ending,
    /// Something on this side has failed.
    Own(Failure),
}

impl<E: Into<ProtocolError>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Client(error.into())
    }
}

/// Serves until a signal ends it.
pub(super) fn server(args: &ServerArgs) -> Result<ExitCode, Failure> {
    let ends = ends(args.listen.ip()).map_err(Failure::call)?;
    let mut link = Link::open(&args.tun)?;
    link.up(&[ends.kernel])?;
    if !link.claim(ends.ours)? {
        let message = format_args!("{} is on another link already: choose another with --listen", ends.ours);
        return Err(Failure::call(message));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::fault(format_args!("cannot wait for events: {error}")))?;
    runtime.block_on(async {
        let fault = |error: io::Error| Failure::fault(format_args!("cannot serve: {error}"));
        let name = link.tun.name().to_owned();
        let config = Config { congestion: args.congestion, ..Config::default() };
        let stack = Stack::builder(link.tun)
            .addresses([(ends.ours, single(ends.ours))])
            .tcp(config)
            .spawn()
            .map_err(fault)?;
        let listener = TcpListener::bind_on(&stack, args.listen).await.map_err(fault)?;
        let local = listener.local_addr().map_err(fault)?;
        let mut end = std::pin::pin!(asked_to_end().map_err(fault)?);
        eprintln!("synfin: waiting for iperf3 at {local} on {name}");
        let served = tokio::select! {
            served = serve(listener, args, end.as_mut()) => served,
            gone = stack.stopped() => gone.map(|()| ExitCode::SUCCESS).map_err(fault),
        };
        // What was said last is to arrive.
        drop(stack);
        served
    })
}

/// One test after another.
async fn serve(
    listener: TcpListener,
    args: &ServerArgs,
    mut end: Pin<&mut impl Future<Output = ()>>,
) -> Result<ExitCode, Failure> {
    let (sender, mut arrivals) = mpsc::channel(ANTEROOM);
    let door = tokio::spawn(admit(listener, sender));
    let outcome = loop {
        let arrival = tokio::select! {
            arrival = arrivals.recv() => arrival,
            () = &mut end => break Ok(()),
        };
        let Some(Arrival { mut stream, peer, cookie }) = arrival else { break Ok(()) };
        // The streams stay until the client has gone: the loss of one is no word of an end.
        let mut session = None;
        let ended = tokio::select! {
            ended = conduct(&mut stream, peer, cookie, &mut arrivals, args, &mut session) => ended,
            () = &mut end => {
                let _ = timeout(LAST_WORD, say_farewell(&mut stream)).await;
                Err(Broken::Ending)
            }
        };
        match ended {
            Ok(()) => {}
            Err(Broken::Ending) => break Ok(()),
            Err(Broken::Own(failure)) => break Err(failure),
            Err(broken) => {
                let message = format!("the test with {peer} has failed: {}", broken.told());
                if args.one_off {
                    break Err(Failure::fault(message));
                }
                eprintln!("synfin: {message}");
            }
        }
        if args.one_off {
            break Ok(());
        }
    };
    door.abort();
    outcome.map(|()| ExitCode::SUCCESS)
}

impl Broken {
    fn told(&self) -> String {
        match self {
            Self::Client(error) => error.to_string(),
            Self::Refused(refusal) => {
                format!("its options ask for what synfin does not do: {}", refusal.asked())
            }
            Self::Stream(error) => format!("a stream is lost: {error}"),
            Self::Interrupted => "its user has ended the client".to_owned(),
            Self::Ending => "the server is ended".to_owned(),
            Self::Own(failure) => failure.to_string(),
        }
    }
}

/// Hears which test each connection belongs to. Those that do not say are dropped in time.
async fn admit(listener: TcpListener, arrivals: mpsc::Sender<Arrival>) -> io::Result<()> {
    let anteroom = Arc::new(Semaphore::new(ANTEROOM));
    loop {
        let place = Arc::clone(&anteroom).acquire_owned().await.map_err(io::Error::other)?;
        let (mut stream, peer) = listener.accept().await?;
        let arrivals = arrivals.clone();
        tokio::spawn(async move {
            match timeout(PATIENCE, Cookie::read(&mut stream)).await {
                Ok(Ok(cookie)) => {
                    let _ = arrivals.send(Arrival { stream, peer, cookie }).await;
                }
                // Whoever only looked whether somebody listens has done nothing wrong.
                Ok(Err(ProtocolError::Ended)) => {}
                Ok(Err(error)) => eprintln!("synfin: {peer}: {error}"),
                Err(_) => eprintln!("synfin: {peer}: {}", ProtocolError::Silent),
            }
            drop(place);
        });
    }
}

/// Tells a client that there is another.
async fn deny(mut arrival: Arrival) {
    let _ = Signal::AccessDenied.write(&mut arrival.stream).await;
}

/// Leads a client through a test.
async fn conduct(
    control: &mut TcpStream,
    peer: SocketAddr,
    cookie: Cookie,
    arrivals: &mut mpsc::Receiver<Arrival>,
    args: &ServerArgs,
    held: &mut Option<Session>,
) -> Result<(), Broken> {
    control.set_nodelay(true)?;
    Signal::ParamExchange.write(control).await?;
    let mut plan = settings(control).await?;
    plan.congestion.get_or_insert(args.congestion);

    Signal::CreateStreams.write(control).await?;
    let streams = gather(control, cookie, &plan, arrivals).await?;
    let ends = streams.iter().map(|stream| Ok((stream.local_addr()?, stream.peer_addr()?)));
    let setting = Setting {
        cookie,
        is_client: false,
        peer,
        streams: ends.collect::<io::Result<_>>()?,
        began: SystemTime::now(),
        plan: plan.clone(),
    };
    if !args.shown.json {
        print(heading(&setting)).map_err(Broken::Own)?;
    }
    Signal::TestStart.write(control).await?;
    Signal::TestRunning.write(control).await?;
    let patience = match plan.end {
        TestEnd::Seconds(seconds) => Some(Duration::from_secs((plan.omit + seconds).into()) + GRACE),
        TestEnd::Octets(_) => None,
    };
    let ShownArgs { interval, json } = args.shown;
    let session = held.insert(Session::begin(plan, setting.sends(), streams, interval, json, patience));
    run(session, control, arrivals, json).await?;

    let outcome = exchange(session, control, setting, json).await?;
    print_outcome(&outcome, json).map_err(Broken::Own)?;
    // That it has heard it changes nothing any more.
    let _ = timeout(PATIENCE, Signal::read(control)).await;
    Ok(())
}

/// Tells a client that the server is ended, and waits until it has closed the control connection, or lost it.
async fn say_farewell(control: &mut TcpStream) {
    let _ = Signal::ServerTerminate.write(control).await;
    while control.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
}

/// What the client wants. It is told what of it is not to be had.
async fn settings(control: &mut TcpStream) -> Result<Plan, Broken> {
    let read = timeout(PATIENCE, read_message::<Parameters>(control, MAX_PARAMETERS)).await;
    let parameters = match read.map_err(|_| ProtocolError::Silent)? {
        Ok(parameters) => parameters,
        Err(error @ (ProtocolError::Json(_) | ProtocolError::TooLong { .. })) => {
            Refusal::PARAMETERS.write(control).await?;
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    match parameters.plan() {
        Ok(plan) => Ok(plan),
        Err(refusal) => {
            refusal.write(control).await?;
            Err(Broken::Refused(refusal))
        }
    }
}

/// Waits for the streams of a test.
async fn gather(
    control: &mut TcpStream,
    cookie: Cookie,
    plan: &Plan,
    arrivals: &mut mpsc::Receiver<Arrival>,
) -> Result<Vec<TcpStream>, Broken> {
    let gathered = async {
        let mut streams = Vec::new();
        while streams.len() < plan.streams as usize {
            tokio::select! {
                Some(arrival) = arrivals.recv() => {
                    if arrival.cookie != cookie {
                        deny(arrival).await;
                        continue;
                    }
                    let stream = arrival.stream;
                    stream.set_nodelay(plan.nodelay)?;
                    if let Some(congestion) = plan.congestion {
                        stream.set_congestion(congestion)?;
                    }
                    streams.push(stream);
                }
                signal = Signal::read(control) => return Err(out_of_turn(signal?)),
            }
        }
        Ok(streams)
    };
    timeout(PATIENCE, gathered).await.map_err(|_| ProtocolError::Silent)?
}

fn out_of_turn(signal: Signal) -> Broken {
    match signal {
        Signal::ClientTerminate => Broken::Interrupted,
        signal => ProtocolError::Unexpected(signal).into(),
    }
}

/// Until the client has enough.
async fn run(
    session: &mut Session,
    control: &mut TcpStream,
    arrivals: &mut mpsc::Receiver<Arrival>,
    json: bool,
) -> Result<(), Broken> {
    let (mut stall, mut octets) = (interval(STALL), None);
    loop {
        tokio::select! {
            signal = Signal::read(control) => match signal? {
                Signal::TestEnd => return Ok(()),
                signal => return Err(out_of_turn(signal)),
            },
            step = session.step() => match step.map_err(Broken::Stream)? {
                Step::Interval(interval) if !json => {
                    print(interval_lines(&interval, session.sends)).map_err(Broken::Own)?;
                }
                Step::Interval(_) | Step::Moved => {}
                Step::Late => return Err(ProtocolError::Silent.into()),
            },
            Some(arrival) = arrivals.recv() => deny(arrival).await,
            _ = stall.tick(), if matches!(session.plan.end, TestEnd::Octets(_)) => {
                if octets.replace(session.octets()) == Some(session.octets()) {
                    return Err(ProtocolError::Silent.into());
                }
            }
        }
    }
}

/// Each end tells the other what it has measured.
async fn exchange(
    session: &mut Session,
    control: &mut TcpStream,
    setting: Setting,
    json: bool,
) -> Result<Outcome, Broken> {
    if let (TestEnd::Octets(octets), false) = (session.plan.end, session.sends) {
        // The last of them may still be on their way.
        let _ = timeout(LAST_OCTETS, session.moved(octets)).await;
    }
    let own = session.results();
    if let Some(interval) = session.last_interval()
        && !json
    {
        print(interval_lines(&interval, session.sends)).map_err(Broken::Own)?;
    }
    let intervals = std::mem::take(&mut session.intervals);
    let tallies = session.stop();
    let told = async {
        Signal::ExchangeResults.write(control).await?;
        let peers = Results::read(control, setting.streams.len()).await?;
        write_message(control, &own).await?;
        Signal::DisplayResults.write(control).await?;
        Ok::<_, ProtocolError>(peers)
    };
    let peers = timeout(PATIENCE, told).await.map_err(|_| ProtocolError::Silent)??;
    Ok(Outcome { setting, intervals, tallies, own, peers })
}

#[cfg(test)]
mod tests;
