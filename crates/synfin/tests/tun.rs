//! Against the kernel's own TCP, over a TUN in a network namespace made for the test. Where that is not
//! permitted the test says so and passes, but not in CI.

mod common;

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener as KernelListener, TcpStream as KernelStream};
use std::thread;

use common::pattern;
use nix::sched::{CloneFlags, unshare};
use synfin::net::{TcpListener, TcpStream};
use synfin::{Stack, tun::Tun};
use synfin_device::interface::Interface;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const KERNEL: [(&str, u8); 2] = [("10.9.0.1", 24), ("fd09::1", 64)];
const OURS: [&str; 2] = ["10.9.0.2", "fd09::2"];
const AMOUNT: usize = 20_000_000;

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

/// Sends back what comes until it ends.
fn echo(mut stream: &KernelStream) {
    std::io::copy(&mut &*stream, &mut stream).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
}
