//! packetdrill's table of functions (its `packetdrill.h`), and the `getsockopt` that its snippets are filled from.
//!
//! Each function turns C's pointers into slices and numbers and has the call made on the stage. `userdata`, which
//! packetdrill hands to each, is not used: there is one stage a process.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int, c_long, c_longlong, c_uint, c_ulong, c_void};
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::IntoRawFd;
use std::slice;
use std::time::Duration;

use bytes::Bytes;
use nix::errno::Errno;
use nix::libc::{
    self, EFAULT, EINVAL, ENOPROTOOPT, ENOSYS, epoll_event, iovec, loff_t, msghdr, pollfd, sockaddr,
    socklen_t, timeval, timezone,
};
use synfin_drill::calls::Refusal;
use synfin_wire::Instant;

use crate::{address, layout, stage};

/// `struct packetdrill_interface`: its fields in their order.
#[repr(C)]
pub(crate) struct Interface {
    userdata: *mut c_void,
    free: extern "C" fn(*mut c_void),
    socket: extern "C" fn(*mut c_void, c_int, c_int, c_int) -> c_int,
    bind: unsafe extern "C" fn(*mut c_void, c_int, *const sockaddr, socklen_t) -> c_int,
    listen: extern "C" fn(*mut c_void, c_int, c_int) -> c_int,
    accept: unsafe extern "C" fn(*mut c_void, c_int, *mut sockaddr, *mut socklen_t) -> c_int,
    connect: unsafe extern "C" fn(*mut c_void, c_int, *const sockaddr, socklen_t) -> c_int,
    read: extern "C" fn(*mut c_void, c_int, *mut c_void, usize) -> isize,
    readv: unsafe extern "C" fn(*mut c_void, c_int, *const iovec, c_int) -> isize,
    recv: extern "C" fn(*mut c_void, c_int, *mut c_void, usize, c_int) -> isize,
    recvfrom:
        extern "C" fn(*mut c_void, c_int, *mut c_void, usize, c_int, *mut sockaddr, *mut socklen_t) -> isize,
    recvmsg: unsafe extern "C" fn(*mut c_void, c_int, *mut msghdr, c_int) -> isize,
    write: extern "C" fn(*mut c_void, c_int, *const c_void, usize) -> isize,
    writev: unsafe extern "C" fn(*mut c_void, c_int, *const iovec, c_int) -> isize,
    send: extern "C" fn(*mut c_void, c_int, *const c_void, usize, c_int) -> isize,
    sendto: unsafe extern "C" fn(
        *mut c_void,
        c_int,
        *const c_void,
        usize,
        c_int,
        *const sockaddr,
        socklen_t,
    ) -> isize,
    sendmsg: unsafe extern "C" fn(*mut c_void, c_int, *const msghdr, c_int) -> isize,
    // These two are variadic. A third argument travels in the register of a named one on all that Linux runs on, and a
    // function that is given more than it takes, or does not look at what it is not given, is none the worse.
    fcntl: extern "C" fn(*mut c_void, c_int, c_int, c_long) -> c_int,
    ioctl: unsafe extern "C" fn(*mut c_void, c_int, c_ulong, *mut c_int) -> c_int,
    close: extern "C" fn(*mut c_void, c_int) -> c_int,
    shutdown: extern "C" fn(*mut c_void, c_int, c_int) -> c_int,
    getsockopt: unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int,
    setsockopt: unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int, *const c_void, socklen_t) -> c_int,
    poll: unsafe extern "C" fn(*mut c_void, *mut pollfd, libc::nfds_t, c_int) -> c_int,
    netdev_send: unsafe extern "C" fn(*mut c_void, *const c_void, usize) -> c_int,
    netdev_receive: unsafe extern "C" fn(*mut c_void, *mut c_void, *mut usize, *mut c_longlong) -> c_int,
    usleep: extern "C" fn(*mut c_void, c_uint) -> c_int,
    gettimeofday: unsafe extern "C" fn(*mut c_void, *mut timeval, *mut timezone) -> c_int,
    epoll_create: extern "C" fn(*mut c_void, c_int) -> c_int,
    epoll_ctl: unsafe extern "C" fn(*mut c_void, c_int, c_int, c_int, *mut epoll_event) -> c_int,
    epoll_wait: unsafe extern "C" fn(*mut c_void, c_int, *mut epoll_event, c_int, c_int) -> c_int,
    pipe: extern "C" fn(*mut c_void, *mut c_int) -> c_int,
    splice: extern "C" fn(*mut c_void, c_int, *mut loff_t, c_int, *mut loff_t, usize, c_uint) -> isize,
}

/// What packetdrill looks up and calls first.
///
/// # Safety
/// `flags` is a string of C or null; `interface` points to a table that may be written.
#[unsafe(no_mangle)]
unsafe extern "C" fn packetdrill_interface_init(flags: *const c_char, interface: *mut Interface) {
    let flags = if flags.is_null() {
        "".into()
    } else {
        // SAFETY: as the caller says, and it is not null.
        unsafe { CStr::from_ptr(flags) }.to_string_lossy()
    };
    if let Err(message) = stage::open(&flags) {
        eprintln!("synfin-witness: {message}");
        std::process::exit(2);
    }
    let table = Interface {
        userdata: std::ptr::null_mut(),
        free,
        socket,
        bind,
        listen,
        accept,
        connect,
        read,
        readv,
        recv,
        recvfrom,
        recvmsg,
        write,
        writev,
        send,
        sendto,
        sendmsg,
        fcntl,
        ioctl,
        close,
        shutdown,
        getsockopt: option,
        setsockopt,
        poll,
        netdev_send,
        netdev_receive,
        usleep,
        gettimeofday,
        epoll_create,
        epoll_ctl,
        epoll_wait,
        pipe,
        splice,
    };
    // SAFETY: as the caller says.
    unsafe { interface.write(table) };
}

/// The `getsockopt` of the whole process, where this library is preloaded: sockets of the stage tell of themselves, all
/// others are the kernel's.
///
/// # Safety
/// As for the C library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn getsockopt(
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    match stage::tcp_info(fd) {
        None => {
            // SAFETY: what the caller gives is handed on as it is.
            unsafe { libc::syscall(libc::SYS_getsockopt, fd, level, name, value, len) as c_int }
        }
        Some(told) => match layout::about_socket(level, name, &told) {
            // SAFETY: the caller gives `*len` octets at `value`.
            Some(octets) => result(unsafe { store(&octets, value.cast(), len) }),
            None => fail(ENOPROTOOPT),
        },
    }
}

extern "C" fn free(_: *mut c_void) {
    stage::close();
}

extern "C" fn socket(_: *mut c_void, _domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    stage::take_settings();
    let Some(fd) = token() else { return fail(libc::EMFILE) };
    result(stage::call(|machine| machine.socket(fd, kind, protocol)).map(|()| fd))
}

unsafe extern "C" fn bind(_: *mut c_void, fd: c_int, address: *const sockaddr, len: socklen_t) -> c_int {
    // SAFETY: the caller gives an address of this length.
    let Some(address) = (unsafe { read_address(address, len) }) else { return fail(EINVAL) };
    result(stage::call(|machine| machine.bind(fd, address)))
}

extern "C" fn listen(_: *mut c_void, fd: c_int, backlog: c_int) -> c_int {
    result(stage::call(|machine| machine.listen(fd, backlog)))
}

unsafe extern "C" fn accept(_: *mut c_void, fd: c_int, address: *mut sockaddr, len: *mut socklen_t) -> c_int {
    let Some(token) = token() else { return fail(libc::EMFILE) };
    match stage::call(|machine| machine.accept(fd, || token)) {
        Ok((fd, remote)) => {
            if !address.is_null() {
                let remote = address::write(remote, stage::has_v6_sockets());
                // SAFETY: the caller gives `*len` octets at `address`.
                let _ = unsafe { store(&remote, address.cast(), len) };
            }
            fd
        }
        Err(errno) => {
            let _ = nix::unistd::close(token);
            fail(errno)
        }
    }
}

unsafe extern "C" fn connect(_: *mut c_void, fd: c_int, address: *const sockaddr, len: socklen_t) -> c_int {
    // SAFETY: the caller gives an address of this length.
    let Some(address) = (unsafe { read_address(address, len) }) else { return fail(EINVAL) };
    result(stage::call(|machine| machine.connect(fd, address)))
}

extern "C" fn read(_: *mut c_void, fd: c_int, buffer: *mut c_void, len: usize) -> isize {
    receive(fd, buffer, len, 0)
}

unsafe extern "C" fn readv(_: *mut c_void, fd: c_int, buffers: *const iovec, count: c_int) -> isize {
    // SAFETY: the caller gives `count` buffers.
    let (first, len) = unsafe { gather(buffers, count as usize) };
    receive(fd, first, len, 0)
}

extern "C" fn recv(_: *mut c_void, fd: c_int, buffer: *mut c_void, len: usize, flags: c_int) -> isize {
    receive(fd, buffer, len, flags)
}

extern "C" fn recvfrom(
    _: *mut c_void,
    fd: c_int,
    buffer: *mut c_void,
    len: usize,
    flags: c_int,
    _: *mut sockaddr,
    _: *mut socklen_t,
) -> isize {
    receive(fd, buffer, len, flags)
}

unsafe extern "C" fn recvmsg(_: *mut c_void, fd: c_int, message: *mut msghdr, flags: c_int) -> isize {
    // SAFETY: the caller gives a message that may be written.
    let message = unsafe { &mut *message };
    // SAFETY: a message has that many buffers.
    let (first, len) = unsafe { gather(message.msg_iov, message.msg_iovlen) };
    let (value, control) = if flags & libc::MSG_ERRQUEUE != 0 {
        match stage::call(|machine| machine.take_report(fd)) {
            Ok((first, last)) => (0, layout::zerocopy_report(first, last, stage::has_v6_sockets())),
            Err(errno) => return fail(errno) as isize,
        }
    } else {
        let value = receive(fd, first, len, flags);
        if value < 0 {
            return value;
        }
        let unread = stage::call(|machine| Ok(machine.unread_message(fd))).unwrap_or_default();
        (value, unread.map(layout::number_message).unwrap_or_default())
    };
    message.msg_flags = flags & libc::MSG_ERRQUEUE;
    let mut room = message.msg_controllen as socklen_t;
    if message.msg_control.is_null() {
        room = 0;
    }
    if control.len() > room as usize {
        message.msg_flags |= libc::MSG_CTRUNC;
        message.msg_controllen = 0;
        return value;
    }
    if room > 0 {
        // SAFETY: a message has that much room for control messages.
        let _ = unsafe { store(&control, message.msg_control.cast(), &raw mut room) };
    }
    message.msg_controllen = room as _;
    value
}

extern "C" fn write(_: *mut c_void, fd: c_int, buffer: *const c_void, len: usize) -> isize {
    transmit(fd, buffer, len, 0)
}

unsafe extern "C" fn writev(_: *mut c_void, fd: c_int, buffers: *const iovec, count: c_int) -> isize {
    // SAFETY: the caller gives `count` buffers.
    let (first, len) = unsafe { gather(buffers, count as usize) };
    transmit(fd, first, len, 0)
}

extern "C" fn send(_: *mut c_void, fd: c_int, buffer: *const c_void, len: usize, flags: c_int) -> isize {
    transmit(fd, buffer, len, flags)
}

unsafe extern "C" fn sendto(
    _: *mut c_void,
    fd: c_int,
    buffer: *const c_void,
    len: usize,
    flags: c_int,
    address: *const sockaddr,
    _: socklen_t,
) -> isize {
    // SAFETY: the caller gives an address or null.
    let family = unsafe { address.as_ref() }.map(|address| i32::from(address.sa_family));
    if flags & libc::MSG_FASTOPEN != 0 && family == Some(libc::AF_UNSPEC) {
        return fail(libc::EOPNOTSUPP) as isize;
    }
    transmit(fd, buffer, len, flags)
}

unsafe extern "C" fn sendmsg(_: *mut c_void, fd: c_int, message: *const msghdr, flags: c_int) -> isize {
    // SAFETY: the caller gives a message, and a message has that many buffers.
    let (first, len) = unsafe { gather((*message).msg_iov, (*message).msg_iovlen) };
    transmit(fd, first, len, flags)
}

extern "C" fn fcntl(_: *mut c_void, fd: c_int, command: c_int, argument: c_long) -> c_int {
    result(stage::call(|machine| match command {
        libc::F_GETFL => machine.file_flags(fd),
        libc::F_SETFL => machine.set_file_flags(fd, argument),
        _ => Err(Refusal::Unsupported(format!("fcntl {command}"))),
    }))
}

unsafe extern "C" fn ioctl(_: *mut c_void, fd: c_int, command: c_ulong, value: *mut c_int) -> c_int {
    match stage::call(|machine| machine.ioctl(fd, command)) {
        Ok(found) => {
            // SAFETY: the commands that succeed store one number.
            unsafe { value.write(found as c_int) };
            0
        }
        Err(errno) => fail(errno),
    }
}

extern "C" fn close(_: *mut c_void, fd: c_int) -> c_int {
    let closed = stage::call(|machine| machine.close(fd));
    if closed.is_ok() {
        let _ = nix::unistd::close(fd);
    }
    result(closed)
}

extern "C" fn shutdown(_: *mut c_void, fd: c_int, how: c_int) -> c_int {
    result(stage::call(|machine| machine.shutdown(fd, how)))
}

unsafe extern "C" fn option(
    _: *mut c_void,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *mut c_void,
    len: *mut socklen_t,
) -> c_int {
    // SAFETY: the caller gives its length.
    let room = unsafe { *len } as usize;
    match stage::call(|machine| machine.option(fd, level, name, room)) {
        // SAFETY: the caller gives `*len` octets at `value`.
        Ok(found) => result(unsafe { store(&found, value.cast(), len) }),
        Err(errno) => fail(errno),
    }
}

unsafe extern "C" fn setsockopt(
    _: *mut c_void,
    fd: c_int,
    level: c_int,
    name: c_int,
    value: *const c_void,
    len: socklen_t,
) -> c_int {
    if value.is_null() {
        return fail(EFAULT);
    }
    // SAFETY: the caller gives that many octets.
    let octets = unsafe { slice::from_raw_parts(value.cast::<u8>(), len as usize) };
    result(stage::call(|machine| machine.set_option(fd, level, name, octets)))
}

unsafe extern "C" fn poll(_: *mut c_void, asked: *mut pollfd, count: libc::nfds_t, millis: c_int) -> c_int {
    // SAFETY: the caller gives `count` of them, which may be written.
    let asked = unsafe { slice::from_raw_parts_mut(asked, count as usize) };
    let requests: Vec<(c_int, i16)> = asked.iter().map(|one| (one.fd, one.events)).collect();
    let until = deadline(millis);
    let answers = stage::call(|machine| machine.poll(&requests, until));
    result(answers.map(|answers| {
        for (one, events) in asked.iter_mut().zip(&answers) {
            one.revents = *events as i16;
        }
        answers.iter().filter(|events| **events != 0).count() as i64
    }))
}

unsafe extern "C" fn netdev_send(_: *mut c_void, packet: *const c_void, len: usize) -> c_int {
    // SAFETY: the caller gives that many octets.
    let packet = unsafe { slice::from_raw_parts(packet.cast::<u8>(), len) };
    stage::deliver(Bytes::copy_from_slice(packet));
    0
}

/// Without a packet the length is 0: packetdrill takes that for a packet that is none, and ends.
unsafe extern "C" fn netdev_receive(
    _: *mut c_void,
    buffer: *mut c_void,
    len: *mut usize,
    micros: *mut c_longlong,
) -> c_int {
    let (at, packet) = stage::next_packet().unwrap_or((Instant::ZERO, Bytes::new()));
    // SAFETY: the caller gives `*len` octets at `buffer`, and two numbers that may be written.
    unsafe {
        let copied = packet.len().min(*len);
        std::ptr::copy_nonoverlapping(packet.as_ptr(), buffer.cast(), copied);
        len.write(copied);
        micros.write(micros_of(at));
    }
    0
}

extern "C" fn usleep(_: *mut c_void, micros: c_uint) -> c_int {
    stage::pass(Duration::from_micros(micros.into()));
    0
}

unsafe extern "C" fn gettimeofday(_: *mut c_void, time: *mut timeval, _: *mut timezone) -> c_int {
    let micros = micros_of(stage::now());
    let value = timeval { tv_sec: micros / 1_000_000, tv_usec: micros % 1_000_000 };
    // SAFETY: the caller gives a time that may be written.
    unsafe { time.write(value) };
    0
}

extern "C" fn epoll_create(_: *mut c_void, _size: c_int) -> c_int {
    let Some(fd) = token() else { return fail(libc::EMFILE) };
    result(stage::call(|machine| {
        machine.epoll_create(fd);
        Ok(i64::from(fd))
    }))
}

unsafe extern "C" fn epoll_ctl(
    _: *mut c_void,
    epoll: c_int,
    how: c_int,
    fd: c_int,
    event: *mut epoll_event,
) -> c_int {
    let event = if event.is_null() {
        (0, 0)
    } else {
        // SAFETY: the caller gives an event, and it is not null.
        let event = unsafe { event.read() };
        (event.events, event.u64)
    };
    result(stage::call(|machine| machine.epoll_ctl(epoll, how, fd, event)))
}

unsafe extern "C" fn epoll_wait(
    _: *mut c_void,
    epoll: c_int,
    events: *mut epoll_event,
    most: c_int,
    millis: c_int,
) -> c_int {
    let until = deadline(millis);
    let told = stage::call(|machine| machine.epoll_wait(epoll, usize::try_from(most).unwrap_or(0), until));
    result(told.map(|told| {
        for (index, &(flags, data)) in told.iter().enumerate() {
            // SAFETY: the caller gives room for `most` of them, and there are no more.
            unsafe { events.add(index).write(epoll_event { events: flags, u64: data }) };
        }
        told.len() as i64
    }))
}

extern "C" fn pipe(_: *mut c_void, _: *mut c_int) -> c_int {
    fail(ENOSYS)
}

extern "C" fn splice(
    _: *mut c_void,
    _: c_int,
    _: *mut loff_t,
    _: c_int,
    _: *mut loff_t,
    _: usize,
    _: c_uint,
) -> isize {
    fail(ENOSYS) as isize
}

/// The number of a new file: packetdrill closes what a script has left open with the C library's `close`, so it must be
/// a descriptor of this process.
fn token() -> Option<c_int> {
    File::open("/dev/null").ok().map(IntoRawFd::into_raw_fd)
}

/// Receives. No script looks at the octets, so none are written.
fn receive(fd: c_int, buffer: *mut c_void, len: usize, flags: c_int) -> isize {
    let nowhere = buffer.is_null() && len > 0;
    let received = stage::call(|machine| {
        if nowhere && machine.has_unread(fd) {
            return Err(Refusal::Errno(EFAULT));
        }
        machine.receive(fd, len, flags)
    });
    result(received) as isize
}

/// Sends. No script looks at the octets, so none are read.
fn transmit(fd: c_int, buffer: *const c_void, len: usize, flags: c_int) -> isize {
    if buffer.is_null() && len > 0 {
        return fail(EFAULT) as isize;
    }
    let mut sent = 0;
    result(stage::call(|machine| machine.send(fd, len, flags, &mut sent))) as isize
}

/// Where the first buffer begins, and how long all of them are.
///
/// # Safety
/// There are `count` buffers.
unsafe fn gather(buffers: *const iovec, count: usize) -> (*mut c_void, usize) {
    if buffers.is_null() {
        return (std::ptr::null_mut(), 0);
    }
    // SAFETY: as the caller says.
    let buffers = unsafe { slice::from_raw_parts(buffers, count) };
    let first = buffers.first().map_or(std::ptr::null_mut(), |buffer| buffer.iov_base);
    (first, buffers.iter().map(|buffer| buffer.iov_len).sum())
}

/// # Safety
/// There are `len` octets at `address`, or it is null.
unsafe fn read_address(address: *const sockaddr, len: socklen_t) -> Option<SocketAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: as the caller says, and it is not null.
    let address = address::read(unsafe { slice::from_raw_parts(address.cast(), len as usize) })?;
    // In the mapped form, any address of IPv6 is any of IPv4.
    if address.ip().is_unspecified() && stage::has_v4_packets() {
        return Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), address.port()));
    }
    Some(address)
}

/// Writes what fits, and how much that is.
///
/// # Safety
/// There are `*len` octets at `to`, and both may be written.
unsafe fn store(octets: &[u8], to: *mut u8, len: *mut socklen_t) -> Result<i64, i32> {
    if to.is_null() || len.is_null() {
        return Err(EFAULT);
    }
    // SAFETY: as the caller says, and neither is null; no more is written than there is room for.
    unsafe {
        let copied = octets.len().min(*len as usize);
        std::ptr::copy_nonoverlapping(octets.as_ptr(), to, copied);
        len.write(copied as socklen_t);
    }
    Ok(0)
}

/// What a function of C returns: the value, or -1 with `errno` set.
fn result(outcome: Result<impl Into<i64>, i32>) -> c_int {
    match outcome {
        Ok(value) => c_int::try_from(value.into()).unwrap_or(c_int::MAX),
        Err(errno) => fail(errno),
    }
}

fn fail(errno: c_int) -> c_int {
    Errno::set_raw(errno);
    -1
}

fn micros_of(moment: Instant) -> c_longlong {
    (moment - Instant::ZERO).as_micros() as c_longlong
}

/// A time in milliseconds; negative is for ever.
fn deadline(millis: c_int) -> Option<Instant> {
    let millis = u64::try_from(millis).ok()?;
    Some(stage::now() + Duration::from_millis(millis))
}
