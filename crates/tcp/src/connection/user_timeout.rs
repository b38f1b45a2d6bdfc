//! The user timeout (RFC 9293 section 3.9.1.1), and the option by which both ends come to one (RFC 5482).
//!
//! The option takes part in the synchronized states alone (RFC 5482 section 3): an open is given up by R2 or the user's
//! own timeout. It is not sent again when it is lost, which section 3.2 leaves to us.

use core::time::Duration;

use synfin_wire::{Instant, TcpHeader, UserTimeout};

use super::Common;
use super::tcb::Tcb;
use crate::config::Config;

/// By how much keep-alive waits longer than the user timeout.
const LONGER: Duration = Duration::from_secs(1);

/// ADV_UTO: what is told to the peer, where the option is in use.
pub(crate) fn advertised(config: &Config) -> Option<UserTimeout> {
    let option = config.user_timeout_option.as_ref()?;
    let ours = option.advertise.or(config.user_timeout).unwrap_or(config.r2);
    Some(UserTimeout::new(ours))
}

/// USER_TIMEOUT; `None` leaves it to R2. What the user asks for is not changed by the peer; else it is what RFC 5482
/// section 3.1 has: `min(U_LIMIT, max(ADV_UTO, REMOTE_UTO, L_LIMIT))`.
pub(crate) fn in_force(common: &Common, tcb: &Tcb) -> Option<Duration> {
    let config = &common.config;
    config.user_timeout.or_else(|| {
        let option = config.user_timeout_option.as_ref()?;
        let said = [advertised(config), tcb.negotiated.remote_user_timeout];
        let longest = said.into_iter().flatten().map(UserTimeout::duration).max().unwrap_or_default();
        Some(longest.max(option.lower_limit).min(option.upper_limit))
    })
}

/// Takes down what the peer suggests.
pub(crate) fn check(common: &Common, tcb: &mut Tcb, header: &TcpHeader) {
    if common.config.user_timeout_option.is_some() && header.options.user_timeout.is_some() {
        tcb.negotiated.remote_user_timeout = header.options.user_timeout;
    }
}

/// Until when a peer that was heard at `heard` is left alone by keep-alive, if that is on. With the option in use it must
/// not be the sooner of the two to give up (RFC 5482 section 4.2).
pub(crate) fn quiet_until(common: &Common, tcb: &Tcb, heard: Instant) -> Option<Instant> {
    let idle = common.config.keep_alive?.idle;
    let least = common.config.user_timeout_option.as_ref().and_then(|_| in_force(common, tcb));
    Some(heard + idle.max(least.map_or(Duration::ZERO, |timeout| timeout.saturating_add(LONGER))))
}
