//! What the process may do: everything, until a script takes a capability from it.

use super::{Errno, Kernel, Outcome};
use crate::symbols::{SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP};

const CAP_EFFECTIVE: i64 = 0;
const CAP_CLEAR: i64 = 0;
/// The capabilities that calls ask for, and the highest that there is (CAP_CHECKPOINT_RESTORE).
pub(super) const CAP_NET_BIND_SERVICE: i64 = 10;
const CAP_NET_ADMIN: i64 = 12;
const CAP_NET_RAW: i64 = 13;
const LAST: i64 = 40;

/// Priorities that anybody may ask for.
const PLAIN_PRIORITIES: std::ops::RangeInclusive<i64> = 0..=6;

impl Kernel {
    /// `cap_set`: gives or takes an effective capability.
    pub(crate) fn set_capability(&mut self, set: i64, capability: i64, value: i64) -> Outcome<i64> {
        if set != CAP_EFFECTIVE || !(0..=LAST).contains(&capability) {
            return Err(Errno::EINVAL.into());
        }
        if value == CAP_CLEAR {
            self.lacking.insert(capability);
        } else {
            self.lacking.remove(&capability);
        }
        Ok(0)
    }

    pub(super) fn may(&self, capability: i64) -> bool {
        !self.lacking.contains(&capability)
    }

    /// Whether an option may be set to `value`.
    pub(super) fn may_set(&self, level: i64, name: i64, value: i64) -> Outcome<()> {
        const SO_DEBUG: i64 = 1;
        const SO_PRIORITY: i64 = 12;
        const SO_SNDBUFFORCE: i64 = 32;
        const SO_RCVBUFFORCE: i64 = 33;
        const SO_MARK: i64 = 36;
        const TCP_REPAIR: i64 = 19;
        const IP_TRANSPARENT: i64 = 19;
        const IPV6_TRANSPARENT: i64 = 75;
        let (admin, raw) = (self.may(CAP_NET_ADMIN), self.may(CAP_NET_RAW));
        let allowed = match (level, name) {
            (SOL_SOCKET, SO_DEBUG) if value != 0 && !admin => return Err(Errno::EACCES.into()),
            (SOL_SOCKET, SO_PRIORITY) => admin || raw || PLAIN_PRIORITIES.contains(&value),
            (SOL_SOCKET, SO_MARK) => admin || raw,
            (SOL_IP, IP_TRANSPARENT) | (SOL_IPV6, IPV6_TRANSPARENT) => admin || raw || value == 0,
            (SOL_SOCKET, SO_SNDBUFFORCE | SO_RCVBUFFORCE) | (SOL_TCP, TCP_REPAIR) => admin,
            _ => true,
        };
        if allowed { Ok(()) } else { Err(Errno::EPERM.into()) }
    }
}
