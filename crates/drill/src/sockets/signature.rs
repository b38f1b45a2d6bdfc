//! TCP_MD5SIG: the keys that segments of a peer are signed with (RFC 2385).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use synfin_host::Md5Key;

use super::{Errno, Kernel, Outcome, Role};
use crate::symbols::{AF_INET, AF_INET6};

/// Where the parts of Linux's `struct tcp_md5sig` stand, and how long it is.
const FLAGS: usize = 128;
const PREFIX_LEN: usize = 129;
const KEY_LEN: usize = 130;
const KEY: usize = 136;
const LEN: usize = 216;
/// TCP_MD5SIG_FLAG_PREFIX: the key is for all of a network.
const FLAG_PREFIX: u8 = 1;

impl Kernel {
    pub(super) fn set_md5_key(&mut self, fd: i32, octets: &[u8]) -> Outcome<()> {
        let octets: &[u8; LEN] = octets.first_chunk().ok_or(Errno::EINVAL)?;
        let (address, whole) = address(octets, self.is_v6).ok_or(Errno::EINVAL)?;
        let prefix_len = if octets[FLAGS] & FLAG_PREFIX != 0 { octets[PREFIX_LEN] } else { whole };
        let key_len = usize::from(u16::from_ne_bytes([octets[KEY_LEN], octets[KEY_LEN + 1]]));
        let key = octets[KEY..].get(..key_len).ok_or(Errno::EINVAL)?;
        let key = Md5Key::new(key);
        match self.tcp(fd)?.role {
            Role::Listener(listener) => self.host.set_listener_md5_key(listener, address, prefix_len, key),
            Role::Connection(handle) => {
                if let Some(mut socket) =
                    self.host.tcp(handle).filter(|socket| socket.remote_addr().ip() == address)
                {
                    socket.set_md5_key(key);
                }
            }
            Role::Idle => self.unheed("SOL_TCP TCP_MD5SIG in front of listen or connect"),
        }
        Ok(())
    }
}

/// The address of a `struct sockaddr`, and how many bits it has.
fn address(octets: &[u8; LEN], is_v6: bool) -> Option<(IpAddr, u8)> {
    let family = i64::from(u16::from_ne_bytes([octets[0], octets[1]]));
    let v6: [u8; 16] = *octets[8..].first_chunk()?;
    match family {
        AF_INET if !is_v6 => Some((Ipv4Addr::new(octets[4], octets[5], octets[6], octets[7]).into(), 32)),
        AF_INET6 if is_v6 => match Ipv6Addr::from(v6).to_ipv4_mapped() {
            Some(mapped) => Some((mapped.into(), 32)),
            None => Some((Ipv6Addr::from(v6).into(), 128)),
        },
        _ => None,
    }
}
