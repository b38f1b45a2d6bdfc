//! Against the kernel's own TCP, over a TUN in a network namespace made for the test. Where that is not
//! permitted the test says so and passes, but not in CI.

mod common;

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener as KernelListener, TcpStream as KernelStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use common::pattern;
use nix::sched::{CloneFlags, unshare};
use synfin::net::{TcpListener, TcpStream};
use synfin::{ConnectOptions, ListenOptions, Md5Key, Stack, tun::Tun};
use synfin_device::interface::Interface;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

const KERNEL: [(&str, u8); 2] = [("10.9.0.1", 24), ("fd09::1", 64)];
const OURS: [&str; 2] = ["10.9.0.2", "fd09::2"];
const AMOUNT: usize = 20_000_000;
/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `work` on a thread that has a network namespace to itself, with a TUN to the kernel.
fn with_tun(work: impl FnOnce(Tun) + Send + 'static) {
    let permitted = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET)?;
        OpenOptions::new().read(true).write(true).open("/dev/net/tun").map(drop)
    });
    if let Err(error) = permitted.join().unwrap() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no namespace with a TUN can be made: {error}");
        eprintln!("skipped: no namespace with a TUN can be made: {error}");
        return;
    }
    let thread = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        let tun = Tun::builder().name("synfin%d").build().unwrap();
        let mut interface = Interface::new(tun.name()).unwrap();
        for (address, prefix) in KERNEL {
            interface.add_address(address.parse().unwrap(), prefix).unwrap();
        }
        interface.up().unwrap();
        work(tun);
    });
    thread.join().unwrap();
}

/// The stack is driven by a thread beside, which needs no namespace: it has the descriptor.
fn drive(tun: Tun) -> (tokio::runtime::Runtime, Stack) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let context = runtime.enter();
    let stack = Stack::builder(tun).address("10.9.0.2/24").address("fd09::2/64").spawn().unwrap();
    drop(context);
    (runtime, stack)
}

#[test]
fn twenty_megabytes_go_to_the_kernel_and_come_back() {
    with_tun(|tun| {
        let (runtime, stack) = drive(tun);
        for (address, _) in KERNEL {
            let listener = KernelListener::bind((address, 0)).unwrap();
            let addr = listener.local_addr().unwrap();
            let stack = stack.clone();
            let client = runtime.spawn(async move {
                let (mut reader, mut writer) =
                    TcpStream::connect_on(&stack, addr).await.unwrap().into_split();
                let writing = tokio::spawn(async move {
                    writer.write_all(&pattern(AMOUNT)).await.unwrap();
                    writer.shutdown().await.unwrap();
                });
                let mut received = Vec::new();
                reader.read_to_end(&mut received).await.unwrap();
                writing.await.unwrap();
                received
            });
            let (kernel, _) = listener.accept().unwrap();
            echo(&kernel);
            assert!(runtime.block_on(client).unwrap() == pattern(AMOUNT), "over {addr}");
        }
    });
}

#[test]
fn twenty_megabytes_come_from_the_kernel_and_go_back() {
    with_tun(|tun| {
        let (runtime, stack) = drive(tun);
        for address in OURS {
            let listener = runtime.block_on(TcpListener::bind_on(&stack, (address, 0))).unwrap();
            let addr: SocketAddr = listener.local_addr().unwrap();
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
    });
}

/// An idle stack notices, too, and so does whoever waits for it.
#[test]
fn a_stack_ends_when_its_interface_is_deleted() {
    with_tun(|tun| {
        let name = tun.name().to_owned();
        let (runtime, stack) = drive(tun);
        let listener = runtime.block_on(TcpListener::bind_on(&stack, (OURS[0], 80))).unwrap();
        let accepted = runtime.spawn(async move { listener.accept().await.map(drop) });
        let deleted = Command::new("ip").args(["link", "delete", &name]).status().unwrap();
        assert!(deleted.success());
        let stopped = runtime.block_on(async { timeout(PATIENCE, stack.stopped()).await });
        let why = stopped.expect("the stack does not notice").unwrap_err();
        assert!(why.to_string().starts_with("the device is gone"), "{why}");
        assert_eq!(runtime.block_on(accepted).unwrap().unwrap_err().kind(), why.kind());
    });
}

/// The kernel's end of a signed connection: TCP_MD5SIG for the peer, then an echo or its client.
const SIGNER: &str = r"
import socket, struct, sys
role, ours, port, peer, key = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5].encode()
family = socket.AF_INET6 if ':' in peer else socket.AF_INET
address = socket.inet_pton(family, peer)
head = struct.pack('=HH', family, 0) + (bytes(4) if family == socket.AF_INET6 else b'') + address
entry = head + bytes(128 - len(head)) + struct.pack('=BBHi80s', 0, 0, len(key), 0, key)
end = socket.socket(family, socket.SOCK_STREAM)
try:
    end.setsockopt(socket.IPPROTO_TCP, 14, entry)
except OSError as error:
    print(f'the kernel has no TCP_MD5SIG: {error}', flush=True)
    sys.exit()
if role == 'server':
    end.bind((ours, 0))
    end.listen()
    print(end.getsockname()[1], flush=True)
    end, _ = end.accept()
else:
    print(0, flush=True)
    end.connect((peer, port))
    end.sendall(bytes(range(250)) * 4000)
    end.shutdown(socket.SHUT_WR)
received = 0
while octets := end.recv(65536):
    received += len(octets)
    if role == 'server':
        end.sendall(octets)
end.shutdown(socket.SHUT_WR) if role == 'server' else None
print(received, flush=True)
";

/// A child that signs, and its first line, which is a port; `None` where the kernel does not sign.
fn signer(role: &str, ours: &str, peer: SocketAddr) -> Option<(Child, BufReader<ChildStdout>, u16)> {
    let (ip, port) = (peer.ip().to_string(), peer.port().to_string());
    let started = Command::new("python3")
        .args(["-c", SIGNER, role, ours, &port, &ip, "a shared secret"])
        .stdout(Stdio::piped())
        .spawn();
    let missing = match started {
        Err(error) => format!("there is no python3: {error}"),
        Ok(mut child) => {
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            match line.trim().parse() {
                Ok(port) => return Some((child, output, port)),
                Err(_) => {
                    child.wait().unwrap();
                    line
                }
            }
        }
    };
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
    eprintln!("skipped: {missing}");
    None
}

/// What the child has received in the end, octets.
fn outcome(mut child: Child, mut output: BufReader<ChildStdout>) -> usize {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(child.wait().unwrap().success());
    line.trim().parse().unwrap()
}

/// RFC 2385: each end signs, and takes only what the other has signed.
#[test]
fn signed_connections_go_to_the_kernel_and_come_from_it() {
    const SIGNED: usize = 1_000_000;
    with_tun(|tun| {
        let (runtime, stack) = drive(tun);
        let key = Md5Key::new(b"a shared secret");
        for ((kernel, _), ours) in KERNEL.into_iter().zip(OURS) {
            let kernel: IpAddr = kernel.parse().unwrap();
            let ours: IpAddr = ours.parse().unwrap();
            let Some((child, output, port)) = signer("server", &kernel.to_string(), (ours, 0).into()) else {
                return;
            };
            let options = ConnectOptions { md5_key: key.clone(), ..ConnectOptions::default() };
            runtime.block_on(async {
                let stream = TcpStream::open(&stack, (kernel, port).into(), options).await.unwrap();
                let (mut reader, mut writer) = stream.into_split();
                let writing = tokio::spawn(async move {
                    writer.write_all(&pattern(SIGNED)).await.unwrap();
                    writer.shutdown().await.unwrap();
                });
                let mut received = Vec::new();
                reader.read_to_end(&mut received).await.unwrap();
                writing.await.unwrap();
                assert!(received == pattern(SIGNED), "over {kernel}");
            });
            assert_eq!(outcome(child, output), SIGNED);

            let local = SocketAddr::new(ours, 0);
            let listener = {
                let _context = runtime.enter();
                TcpListener::listen(&stack, local, ListenOptions::default()).unwrap()
            };
            listener.set_md5_key(kernel, 8, key.clone()).unwrap();
            let addr = listener.local_addr().unwrap();
            let Some((child, output, _)) = signer("client", &kernel.to_string(), addr) else { return };
            runtime.block_on(async {
                let (stream, _) = listener.accept().await.unwrap();
                let (mut reader, mut writer) = stream.into_split();
                let copied = tokio::io::copy(&mut reader, &mut writer).await.unwrap();
                writer.shutdown().await.unwrap();
                assert_eq!(copied, SIGNED as u64);
            });
            assert_eq!(outcome(child, output), SIGNED);
        }
    });
}

/// Sends back what comes until it ends.
fn echo(mut stream: &KernelStream) {
    std::io::copy(&mut &*stream, &mut stream).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
}
