//! The system's interfaces that have no safe form elsewhere: the TUN driver's ioctls, reading into memory
//! that holds nothing yet, descriptors that arrive as bare
//! numbers, and the allocator's free pages.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use bytes::{BufMut, BytesMut};
use nix::errno::Errno;
use nix::libc::{self, c_int, c_short, ifreq};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

pub(crate) mod bpf;
pub(crate) mod xsk;

/// The longest interface name, octets.
pub(crate) const MAX_NAME_LEN: usize = libc::IFNAMSIZ - 1;

/// <linux/if_tun.h>, where the numbers of all of these come from. Some take a pointer to another type than
/// the size in their number says.
mod ioctls {
    use nix::libc::{self, c_int, ifreq};

    nix::ioctl_write_ptr_bad!(tun_set_iff, nix::request_code_write!(b'T', 202, size_of::<c_int>()), ifreq);
    nix::ioctl_write_int!(tun_set_offload, b'T', 208);
    nix::ioctl_read_bad!(tun_get_iff, nix::request_code_read!(b'T', 210, size_of::<c_int>()), ifreq);
    nix::ioctl_read!(tun_get_vnet_header_size, b'T', 215, c_int);
    nix::ioctl_write_ptr!(tun_set_vnet_header_size, b'T', 216, c_int);
    nix::ioctl_write_ptr!(tun_set_vnet_little_endian, b'T', 220, c_int);
    nix::ioctl_read_bad!(get_mtu, libc::SIOCGIFMTU, ifreq);
    nix::ioctl_write_ptr_bad!(set_mtu, libc::SIOCSIFMTU, ifreq);
}

/// A request about the interface of that name.
fn request(name: &str) -> nix::Result<ifreq> {
    if name.len() > MAX_NAME_LEN {
        return Err(Errno::EINVAL);
    }
    // SAFETY: `ifreq` is plain data (bytes, integers, raw pointers), for all of which zero is a value.
    let mut request: ifreq = unsafe { MaybeUninit::zeroed().assume_init() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed() as libc::c_char;
    }
    Ok(request)
}

fn name_of(request: &ifreq) -> String {
    let name = request.ifr_name.iter().map(|&octet| octet as u8).take_while(|&octet| octet != 0).collect();
    // The kernel takes any octets for a name but '/', ':' and white space.
    String::from_utf8(name).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Makes `fd`, from /dev/net/tun, a queue of the interface of that name; an empty name or one with `%d` lets
/// the kernel choose. Returns the name.
pub(crate) fn attach(fd: &impl AsFd, name: &str, flags: c_int) -> nix::Result<String> {
    let mut request = request(name)?;
    request.ifr_ifru.ifru_flags = flags as c_short;
    // SAFETY: the descriptor is open for the length of the call and the pointer is to an `ifreq`, which is
    // what the driver reads and writes back.
    unsafe { ioctls::tun_set_iff(fd.as_fd().as_raw_fd(), &raw const request)? };
    // The driver writes the name through the pointer that nix declares const: ask for it instead.
    Ok(describe(fd)?.0)
}

/// The name and the `IFF_` flags of the interface that `fd` is a queue of.
pub(crate) fn describe(fd: &impl AsFd) -> nix::Result<(String, c_int)> {
    let mut request = request("")?;
    // SAFETY: the descriptor is open for the length of the call and the pointer is to an `ifreq` that the
    // driver may write.
    unsafe { ioctls::tun_get_iff(fd.as_fd().as_raw_fd(), &raw mut request)? };
    // SAFETY: every field of the union is plain data, and all of it was initialised.
    let flags = unsafe { request.ifr_ifru.ifru_flags };
    Ok((name_of(&request), c_int::from(flags as u16)))
}

/// Whether the kernel may hand out packets with these `TUN_F_` properties.
pub(crate) fn set_offload(fd: &impl AsFd, features: u32) -> nix::Result<()> {
    // SAFETY: the descriptor is open for the length of the call; the argument is a number.
    unsafe { ioctls::tun_set_offload(fd.as_fd().as_raw_fd(), features as _)? };
    Ok(())
}

pub(crate) fn vnet_header_len(fd: &impl AsFd) -> nix::Result<usize> {
    let mut len: c_int = 0;
    // SAFETY: the descriptor is open for the length of the call and the driver writes one int.
    unsafe { ioctls::tun_get_vnet_header_size(fd.as_fd().as_raw_fd(), &raw mut len)? };
    usize::try_from(len).map_err(|_| Errno::EINVAL)
}

pub(crate) fn set_vnet_header_len(fd: &impl AsFd, len: usize) -> nix::Result<()> {
    let len = c_int::try_from(len).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the descriptor is open for the length of the call and the driver reads one int.
    unsafe { ioctls::tun_set_vnet_header_size(fd.as_fd().as_raw_fd(), &raw const len)? };
    Ok(())
}

pub(crate) fn set_vnet_little_endian(fd: &impl AsFd) -> nix::Result<()> {
    let yes: c_int = 1;
    // SAFETY: the descriptor is open for the length of the call and the driver reads one int.
    unsafe { ioctls::tun_set_vnet_little_endian(fd.as_fd().as_raw_fd(), &raw const yes)? };
    Ok(())
}

/// Any socket will do for the ioctls about an interface; it decides the network namespace.
fn any_socket() -> nix::Result<OwnedFd> {
    socket(AddressFamily::Unix, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
}

/// The MTU of an interface in this network namespace.
pub(crate) fn mtu(name: &str) -> nix::Result<usize> {
    let socket = any_socket()?;
    let mut request = request(name)?;
    // SAFETY: the descriptor is open for the length of the call and the pointer is to an `ifreq` that the
    // kernel may write.
    unsafe { ioctls::get_mtu(socket.as_raw_fd(), &raw mut request)? };
    // SAFETY: every field of the union is plain data, and all of it was initialised.
    let mtu = unsafe { request.ifr_ifru.ifru_mtu };
    usize::try_from(mtu).map_err(|_| Errno::EINVAL)
}

/// Sets the MTU of an interface in this network namespace.
pub(crate) fn set_mtu(name: &str, mtu: usize) -> nix::Result<()> {
    let socket = any_socket()?;
    let mut request = request(name)?;
    request.ifr_ifru.ifru_mtu = c_int::try_from(mtu).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the descriptor is open for the length of the call and the pointer is to an `ifreq`.
    unsafe { ioctls::set_mtu(socket.as_raw_fd(), &raw const request)? };
    Ok(())
}

/// One `read` into the room that `buffer` has left, behind what it holds. Returns how many octets came.
pub(crate) fn read(fd: &impl AsFd, buffer: &mut BytesMut) -> io::Result<usize> {
    let room = buffer.spare_capacity_mut();
    // SAFETY: the pointer and the length are those of memory that is ours to write for the length of the
    // call; what it held is of no consequence.
    let read = unsafe { libc::read(fd.as_fd().as_raw_fd(), room.as_mut_ptr().cast(), room.len()) };
    let read = usize::try_from(Errno::result(read)?).unwrap_or(0);
    // SAFETY: `read` octets of the room were written; the kernel never says more than it was given room for.
    unsafe { buffer.advance_mut(read) };
    Ok(read)
}

/// How many packets a packet socket had no room for since this was last asked (`PACKET_STATISTICS` of packet(7)).
pub(crate) fn packets_dropped(fd: &impl AsFd) -> nix::Result<u32> {
    let mut statistics = libc::tpacket_stats { tp_packets: 0, tp_drops: 0 };
    let mut len = size_of::<libc::tpacket_stats>() as libc::socklen_t;
    // SAFETY: the descriptor is open for the length of the call, and the kernel writes at most `len` octets to the
    // structure, all of which are integers.
    Errno::result(unsafe {
        libc::getsockopt(
            fd.as_fd().as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut statistics).cast(),
            &raw mut len,
        )
    })?;
    Ok(statistics.tp_drops)
}

/// Takes ownership of descriptors that the kernel has just made for this process.
pub(crate) fn own_received(fds: Vec<RawFd>) -> Vec<OwnedFd> {
    // SAFETY: the numbers come from the SCM_RIGHTS message that made them: open, and nobody else's.
    fds.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect()
}

/// Takes ownership of a descriptor that this process was started with, and marks it as not to be inherited
/// further.
///
/// Every descriptor that Rust's standard library or this crate opens is marked close-on-exec, and one that
/// came through an exec is not. So the mark tells what is still to be taken from what has an owner.
pub(crate) fn own_inherited(fd: RawFd) -> io::Result<OwnedFd> {
    static TAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = TAKING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);

    // SAFETY: F_GETFD takes any number, and only reads.
    let flags = Errno::result(unsafe { libc::fcntl(fd, libc::F_GETFD) })?;
    if flags & libc::FD_CLOEXEC != 0 {
        let reason = format!("file descriptor {fd} was not inherited, or was taken before");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    // SAFETY: the descriptor is open, and by its mark nobody's.
    Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, flags | libc::FD_CLOEXEC) })?;
    // SAFETY: the descriptor is open and, being unmarked until now, has no owner in this process.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Hands the pages that the allocator keeps free back to the kernel. glibc does that of itself only at the end of its
/// heap, which one small allocation may hold up.
pub fn give_back_free_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it touches nothing that is allocated, and may be called at any time by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
