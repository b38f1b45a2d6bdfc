//! Over AF_XDP on one end of a veth, against the kernel's own TCP on the other, in a network namespace made for the
//! test. Where that is not permitted, or `ip` is missing, the test says so and passes, but not in CI.

mod common;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener as KernelListener, TcpStream as KernelStream};
use std::process::Command;
use std::thread;

use common::pattern;
use nix::sched::{CloneFlags, unshare};
use synfin::Stack;
use synfin::net::{TcpListener, TcpStream};
use synfin::xdp::Xdp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

const AMOUNT: usize = 10_000_000;
const KERNEL: [&str; 2] = ["10.9.0.1", "fd09::1"];
const OURS: [&str; 2] = ["10.9.0.2", "fd09::2"];

/// Has the kernel fill in the checksums of what it sends over `peer0`, as it does for a card that cannot, and cut it to
/// segments: `ethtool -K peer0 tx off` (<linux/ethtool.h>, ETHTOOL_STXCSUM).
const CHECKSUMS: &str = r"
import array, fcntl, socket, struct
value = array.array('I', [0x17, 0])
fcntl.ioctl(socket.socket(), 0x8946, struct.pack('16sP16x', b'peer0', value.buffer_info()[0]))
";

/// Runs `work` on a thread that has a network namespace to itself, with a stack on one end of a veth.
fn with_stack(native: bool, work: impl FnOnce(&Runtime, &Stack) + Send + 'static) {
    let thread = thread::spawn(move || {
        let made = unshare(CloneFlags::CLONE_NEWNET)
            .map_err(io::Error::from)
            .and_then(|()| run("ip", &["link", "add", "taken0", "type", "veth", "peer", "name", "peer0"]))
            .and_then(|()| run("python3", &["-c", CHECKSUMS]));
        if let Err(error) = made {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "no namespace with a veth can be made: {error}"
            );
            eprintln!("skipped: no namespace with a veth can be made: {error}");
            return;
        }
        for words in [
            "address add 10.9.0.1/24 dev peer0",
            "address add fd09::1/64 dev peer0 nodad",
            "link set peer0 up",
            "link set taken0 up",
        ] {
            run("ip", &words.split(' ').collect::<Vec<_>>()).unwrap();
        }
        let xdp = Xdp::builder("taken0").native(native).build().unwrap();
        let mac = xdp.mac_address();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = Stack::builder(xdp).mac_address(mac).address("10.9.0.2/24").address("fd09::2/64");
        let stack = builder.spawn_on(&[runtime.handle().clone()]).unwrap();
        work(&runtime, &stack);
    });
    thread.join().unwrap();
}

fn run(program: &str, words: &[&str]) -> io::Result<()> {
    let output = Command::new(program).args(words).output()?;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(io::Error::other(format!("{program}: {error}"))) }
}

/// The kernel connects, sends so much, and gets it back.
fn exchange(runtime: &Runtime, stack: &Stack, ours: &str) {
    let listener = runtime.block_on(TcpListener::bind_on(stack, (ours, 0))).unwrap();
    let addr = listener.local_addr().unwrap();
    let server = runtime.spawn(async move {
        let (mut reader, mut writer) = listener.accept().await.unwrap().0.into_split();
        tokio::io::copy(&mut reader, &mut writer).await.unwrap();
    });
    let mut kernel = KernelStream::connect(addr).unwrap();
    let writing = {
        let mut kernel = kernel.try_clone().unwrap();
        thread::spawn(move || {
            kernel.write_all(&pattern(AMOUNT)).unwrap();
            kernel.shutdown(Shutdown::Write).unwrap();
        })
    };
    let mut received = Vec::new();
    kernel.read_to_end(&mut received).unwrap();
    writing.join().unwrap();
    runtime.block_on(server).unwrap();
    assert!(received == pattern(AMOUNT), "over {addr}");
}

#[test]
fn ten_megabytes_come_from_the_kernel_and_go_back() {
    with_stack(false, |runtime, stack| OURS.iter().for_each(|ours| exchange(runtime, stack, ours)));
}

#[test]
fn a_driver_that_runs_the_program_itself_loses_nothing() {
    with_stack(true, |runtime, stack| exchange(runtime, stack, OURS[0]));
}

#[test]
fn the_kernel_is_connected_to() {
    with_stack(false, |runtime, stack| {
        for kernel in KERNEL {
            let listener = KernelListener::bind((kernel, 0)).unwrap();
            let addr = listener.local_addr().unwrap();
            let stack = stack.clone();
            let client = runtime.spawn(async move {
                let mut stream = TcpStream::connect_on(&stack, addr).await.unwrap();
                stream.write_all(b"who is there?").await.unwrap();
                stream.shutdown().await.unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).await.unwrap();
                answer
            });
            let (mut stream, _) = listener.accept().unwrap();
            let mut question = Vec::new();
            stream.read_to_end(&mut question).unwrap();
            assert_eq!(question, b"who is there?");
            stream.write_all(b"the kernel").unwrap();
            drop(stream);
            assert_eq!(runtime.block_on(client).unwrap(), b"the kernel");
        }
    });
}
