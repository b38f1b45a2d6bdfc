//! Messages: what recvmsg tells beside octets, and what sendmsg is told.

use synfin_wire::Instant;

use super::Runner;
use super::arguments::{field, integer, kind, message_buffers, number_field};
use super::outputs::{Problem, Reply};
use crate::ast::Expression;
use crate::form::Form;
use crate::sockets::Report;
use crate::symbols::{
    self, MSG_CTRUNC, MSG_ERRQUEUE, MSG_OOB, MSG_TRUNC, SOL_IP, SOL_IPV6, SOL_SOCKET, SOL_TCP,
};

/// A control message.
#[derive(Clone, Copy, Debug)]
enum Control {
    /// SCM_TIMESTAMPING.
    Stamp(Instant),
    /// SCM_TIMESTAMPING_OPT_STATS.
    Statistics,
    /// TCP_CM_INQ: how much is left.
    Unread(i64),
    /// IP_RECVERR, or IPV6_RECVERR.
    Error(ExtendedError),
}

/// Linux's `struct sock_extended_err`.
#[derive(Clone, Copy, Debug)]
struct ExtendedError {
    errno: i64,
    origin: &'static str,
    kind: i64,
    code: i64,
    info: i64,
    data: i64,
}

/// What recvmsg has brought.
struct Delivered {
    value: i64,
    flags: i64,
    controls: Vec<Control>,
}

/// The octets of a TCP header that an ICMP error quotes.
const QUOTED: usize = 8;

impl Runner {
    pub(super) fn receive_message(
        &mut self,
        fd: i32,
        message: &Expression,
        flags: i64,
    ) -> Result<Reply, Problem> {
        let room = message_buffers(message)?.into_iter().fold(0, usize::saturating_add);
        let mut delivered = if flags & MSG_ERRQUEUE != 0 {
            let report = self.kernel.take_report(fd)?;
            self.reported(report, room, fd)
        } else if self.kernel.is_stream(fd) {
            let value = self.kernel.receive(fd, room, flags)?;
            let stamp = self.kernel.received_at(fd).map(Control::Stamp);
            let unread = self.kernel.unread_message(fd).map(Control::Unread);
            Delivered { value, flags: flags & MSG_OOB, controls: stamp.into_iter().chain(unread).collect() }
        } else {
            let taken = self.kernel.receive_datagram(fd, room, flags)?;
            let flags = if taken.is_cut { MSG_TRUNC } else { 0 };
            Delivered { value: taken.octets, flags, controls: Vec::new() }
        };
        let expected: &[Expression] = match field(message, "msg_control") {
            Some(Expression::List(list)) => list,
            _ => &[],
        };
        // There is room for what the script expects.
        if delivered.controls.len() > expected.len() {
            delivered.controls.truncate(expected.len());
            delivered.flags |= MSG_CTRUNC;
        }
        Self::check_number("msg_flags", number_field(message, "msg_flags")?, delivered.flags)?;
        for (expected, found) in expected.iter().zip(&delivered.controls) {
            self.check_control(expected, *found)?;
        }
        if expected.len() > delivered.controls.len() {
            let count = delivered.controls.len();
            return Err(Problem::Wrong(format!("expected more control messages than the {count} that came")));
        }
        Ok(delivered.value.into())
    }

    /// What the error queue tells: that sends are over and their octets were copied after all, when a write was sent or
    /// acknowledged, or an ICMP error.
    fn reported(&self, report: Report, room: usize, fd: i32) -> Delivered {
        let value = |name| symbols::value(name).unwrap_or_default();
        let mut controls = Vec::new();
        let (error, octets) = match report {
            Report::Over { first, last } => {
                let (info, data) = (first.into(), last.into());
                let code = value("SO_EE_CODE_ZEROCOPY_COPIED");
                let origin = "SO_EE_ORIGIN_ZEROCOPY";
                (ExtendedError { errno: 0, origin, kind: 0, code, info, data }, 0)
            }
            Report::Stamp { kind, key, at, segment, has_stats } => {
                controls.extend(at.map(Control::Stamp));
                controls.extend(has_stats.then_some(Control::Statistics));
                let (errno, origin) = (value("ENOMSG"), "SO_EE_ORIGIN_TIMESTAMPING");
                let error = ExtendedError { errno, origin, kind: 0, code: 0, info: kind, data: key.into() };
                (error, segment)
            }
            Report::Icmp(told) => {
                let origin = if told.of_v4 { "SO_EE_ORIGIN_ICMP" } else { "SO_EE_ORIGIN_ICMP6" };
                let (kind, code) = (told.kind.into(), told.code.into());
                let info = told.mtu.map_or(0, i64::from);
                let error = ExtendedError { errno: told.errno.number, origin, kind, code, info, data: 0 };
                (error, if self.kernel.is_stream(fd) { QUOTED } else { 0 })
            }
        };
        controls.push(Control::Error(error));
        let is_cut = octets > room;
        let flags = MSG_ERRQUEUE | if is_cut { MSG_TRUNC } else { 0 };
        Delivered { value: octets.min(room) as i64, flags, controls }
    }

    fn check_control(&self, expected: &Expression, found: Control) -> Result<(), Problem> {
        let value = |name| symbols::value(name).unwrap_or_default();
        let (level, name) = match (found, self.setup.form) {
            (Control::Stamp(_), _) => (SOL_SOCKET, "SCM_TIMESTAMPING"),
            (Control::Statistics, _) => (SOL_SOCKET, "SCM_TIMESTAMPING_OPT_STATS"),
            (Control::Unread(_), _) => (SOL_TCP, "TCP_CM_INQ"),
            (Control::Error(_), Form::V4) => (SOL_IP, "IP_RECVERR"),
            (Control::Error(_), Form::V6 | Form::Mapped) => (SOL_IPV6, "IPV6_RECVERR"),
        };
        Self::check_number("cmsg_level", number_field(expected, "cmsg_level")?, level)?;
        Self::check_number("cmsg_type", number_field(expected, "cmsg_type")?, value(name))?;
        let data = field(expected, "cmsg_data").ok_or("the control message has no `cmsg_data`")?;
        match found {
            Control::Unread(unread) => Self::check_number("cmsg_data", integer(data)?, unread),
            Control::Stamp(at) => self.check_stamp(data, at),
            // It has had more of them than the language has names for since Linux 6.9.
            Control::Statistics => Err("the kernel tells more statistics than a script can expect".into()),
            Control::Error(error) => [
                ("ee_errno", error.errno),
                ("ee_origin", value(error.origin)),
                ("ee_type", error.kind),
                ("ee_code", error.code),
                ("ee_info", error.info),
                ("ee_data", error.data),
            ]
            .into_iter()
            .try_for_each(|(name, found)| Self::check_number(name, number_field(data, name)?, found)),
        }
    }

    /// The time that SCM_TIMESTAMPING tells, by the script's clock; zero is any time.
    fn check_stamp(&self, stamp: &Expression, at: Instant) -> Result<(), Problem> {
        let nanos = number_field(stamp, "scm_sec")? * 1_000_000_000 + number_field(stamp, "scm_nsec")?;
        let expected = u64::try_from(nanos / 1000).unwrap_or(0);
        let found = self.script_time(at);
        if nanos != 0 && found.abs_diff(expected) > self.setup.tolerance(0) {
            return Err(Problem::Wrong(format!("expected a timestamp of {expected} us, it is {found}")));
        }
        Ok(())
    }

    /// What sendmsg is told beside octets: of which times of the write there are to be reports.
    pub(super) fn check_sent_control(&mut self, fd: i32, message: &Expression) -> Result<(), Problem> {
        let Some(Expression::List(list)) = field(message, "msg_control") else { return Ok(()) };
        for control in list {
            let (level, name) = (number_field(control, "cmsg_level")?, number_field(control, "cmsg_type")?);
            let data = field(control, "cmsg_data").ok_or("the control message has no `cmsg_data`")?;
            let stamping = symbols::value("SO_TIMESTAMPING").unwrap_or_default();
            match (level, self.kernel.is_stream(fd)) {
                (SOL_SOCKET, true) if name == stamping => {
                    self.kernel.want_stamps_once(fd, integer(data)?)?;
                }
                // SCM_RIGHTS and SCM_CREDENTIALS, of which only sockets within a machine make anything, and SO_MARK.
                (SOL_SOCKET, _) if matches!(name, 1 | 2 | 36) => {}
                (SOL_SOCKET, _) => {
                    return Err(crate::sockets::Stop::Errno(crate::sockets::Errno::EINVAL).into());
                }
                // TCP passes over what is said to IP.
                (_, true) => {}
                (_, false) => {
                    return Err(Problem::unsupported(format!("{} as a control message", kind(control))));
                }
            }
        }
        Ok(())
    }
}
