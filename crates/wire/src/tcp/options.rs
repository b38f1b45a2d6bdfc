//! TCP options (RFC 9293 section 3.2): what TCP knows, in the order in which Linux lays it out.

use bytes::BufMut;
use smallvec::SmallVec;

use super::MAX_OPTIONS_LEN;
use super::acc_ecn::{AccEcn, COUNTER_LEN, MAX_COUNTERS};
use super::fast_open::{Cookie, FastOpenOption};
use super::md5::{MD5_OPTION_LEN, Md5Digest};
use super::user_timeout::UserTimeout;
use crate::seq::SeqNumber;

// Kinds and lengths, as assigned by IANA.
const END: u8 = 0;
const NOP: u8 = 1;
const MSS: u8 = 2;
const MSS_LEN: u8 = 4;
const WINDOW_SCALE: u8 = 3;
const WINDOW_SCALE_LEN: u8 = 3;
const SACK_PERMITTED: u8 = 4;
const SACK_PERMITTED_LEN: u8 = 2;
const SACK: u8 = 5;
const SACK_RANGE_LEN: usize = 8;
const TIMESTAMPS: u8 = 8;
const TIMESTAMPS_LEN: u8 = 10;
const MD5: u8 = 19;
const MD5_LEN: u8 = 18;
const USER_TIMEOUT: u8 = 28;
const USER_TIMEOUT_LEN: u8 = 4;
const ACC_ECN_0: u8 = 172;
const ACC_ECN_1: u8 = 174;
const FAST_OPEN: u8 = 34;
/// The kind that experiments share (RFC 6994).
const EXPERIMENT: u8 = 254;
/// What Fast Open was called before it had a kind of its own (RFC 7413 section 4.1.1).
const FAST_OPEN_MAGIC: [u8; 2] = [0xf9, 0x89];

/// What stands before the two timestamps when nothing else wants to: RFC 7323 appendix A.
const ALIGNED_TIMESTAMPS: [u8; 4] = [NOP, NOP, TIMESTAMPS, TIMESTAMPS_LEN];
/// That, and the timestamps.
const ALIGNED_TIMESTAMPS_LEN: usize = 12;

/// The two timestamps of RFC 7323 section 3.2, in the sender's ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamps {
    /// TSval: the sender's clock.
    pub value: u32,
    /// TSecr: the last value seen from the other end; counts only when ACK is set.
    pub echo: u32,
}

/// A run of octets that arrived beyond the acknowledgment number: `start..end` (RFC 2018 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SackRange {
    /// The first octet.
    pub start: SeqNumber,
    /// The octet after the last one.
    pub end: SeqNumber,
}

/// The options of one segment. An absent option is `None`, `false` or empty.
///
/// Which of them count in which segment is the engine's decision: MSS, window scale and SACK-permitted
/// are recorded wherever they occur.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TcpOptions {
    /// Kind 2: maximum segment size, octets.
    pub mss: Option<u16>,
    /// Kind 3: window scale, the shift count as sent (may be over 14).
    pub window_scale: Option<u8>,
    /// Kind 4: SACK permitted.
    pub sack_permitted: bool,
    /// Kind 8: timestamps.
    pub timestamps: Option<Timestamps>,
    /// Kinds 172 and 174: octets received by ECN codepoint.
    pub acc_ecn: Option<AccEcn>,
    /// Kind 5: SACK ranges, at most four; three beside timestamps.
    pub sack: SmallVec<[SackRange; 4]>,
    /// Kind 28: the user timeout that the sender suggests (RFC 5482).
    pub user_timeout: Option<UserTimeout>,
    /// Kind 19: the MD5 signature (RFC 2385). It says nothing of whether it is right.
    pub md5: Option<Md5Digest>,
    /// Kind 34: Fast Open, or the experiment that it was before (RFC 7413 section 4.1.1).
    pub fast_open: Option<FastOpenOption>,
    /// How they are laid out when written; of options that were read, nothing is said.
    pub order: OptionOrder,
}

/// In which order the options of a SYN are written, and with what between them: RFC 9293 section 3.1 leaves both open.
/// But for AccECN the length is the same in either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OptionOrder {
    /// Linux's: `mss, sackOK, TS, nop, wscale`; `nop, nop, sackOK` without timestamps.
    #[default]
    Linux,
    /// FreeBSD's: `mss, nop, wscale, sackOK, TS`; `sackOK` and the end of the list without timestamps.
    FreeBsd,
}

/// What the SACK option takes in a header with so many ranges, octets: none without any, and otherwise with two octets of
/// padding before it (RFC 2018 section 3).
#[must_use]
pub const fn sack_len(ranges: usize) -> usize {
    if ranges == 0 { 0 } else { 4 + ranges * SACK_RANGE_LEN }
}

impl TcpOptions {
    /// The length as written, padding included: a multiple of four, at most 40.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        if self.aligned_timestamps().is_some() { ALIGNED_TIMESTAMPS_LEN } else { self.len_of_any() }
    }

    fn len_of_any(&self) -> usize {
        let ranges = self.ranges_that_fit();
        self.len_of_fixed() + self.acc_ecn_len(ranges > 0) + sack_len(ranges)
    }

    /// Whether there is no option at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the options of a segment: all that stands between the fixed header and the data offset.
    ///
    /// Whatever the octets are, the outcome is a list of options:
    /// - an option may begin at any octet (MUST-64);
    /// - one of unknown kind, or of a length that its kind does not have, is passed over (MUST-6);
    /// - a length under two or over what is left ends the reading, and what was read before stands (MUST-7);
    /// - of an option that comes twice, the first counts; of a Fast Open cookie the last, as in Linux.
    #[must_use]
    #[inline]
    pub fn parse(bytes: &[u8]) -> Self {
        let mut options = Self::default();
        let mut rest = bytes;
        // Nearly every segment of an established connection carries this and nothing else.
        if let Some((head, behind)) = rest.split_first_chunk::<ALIGNED_TIMESTAMPS_LEN>()
            && let Some((value, echo)) = head.strip_prefix(&ALIGNED_TIMESTAMPS).and_then(two_words)
        {
            options.timestamps = Some(Timestamps { value, echo });
            rest = behind;
        }
        if !rest.is_empty() {
            options.record_all(rest);
        }
        options
    }

    fn record_all(&mut self, mut rest: &[u8]) {
        while let [kind, behind @ ..] = rest {
            match *kind {
                END => break,
                NOP => rest = behind,
                kind => {
                    let Some((body, behind)) = split_option(behind) else { break };
                    self.record(kind, body);
                    rest = behind;
                }
            }
        }
    }

    /// Takes down one option, given what stands behind its kind and length.
    fn record(&mut self, kind: u8, body: &[u8]) {
        match (kind, body) {
            (MSS, &[high, low]) => {
                self.mss.get_or_insert(u16::from_be_bytes([high, low]));
            }
            (WINDOW_SCALE, &[shift]) => {
                self.window_scale.get_or_insert(shift);
            }
            (SACK_PERMITTED, []) => self.sack_permitted = true,
            (TIMESTAMPS, body) => {
                if let Some((value, echo)) = two_words(body) {
                    self.timestamps.get_or_insert(Timestamps { value, echo });
                }
            }
            (ACC_ECN_0 | ACC_ECN_1, body) => {
                self.acc_ecn.get_or_insert_with(|| AccEcn::read(kind == ACC_ECN_1, body));
            }
            (SACK, body) if self.sack.is_empty() => {
                let (ranges, surplus) = body.as_chunks::<SACK_RANGE_LEN>();
                if surplus.is_empty() {
                    self.sack.extend(ranges.iter().filter_map(|range| two_words(range)).map(
                        |(start, end)| SackRange { start: SeqNumber::new(start), end: SeqNumber::new(end) },
                    ));
                }
            }
            (USER_TIMEOUT, &[high, low]) => {
                self.user_timeout =
                    self.user_timeout.or(UserTimeout::from_bits(u16::from_be_bytes([high, low])));
            }
            (MD5, body) => {
                if let Ok(digest) = body.try_into() {
                    self.md5.get_or_insert(Md5Digest(digest));
                }
            }
            (FAST_OPEN, cookie) => self.record_fast_open(cookie, false),
            (EXPERIMENT, &[a, b, ref cookie @ ..]) if [a, b] == FAST_OPEN_MAGIC => {
                self.record_fast_open(cookie, true);
            }
            _ => {}
        }
    }

    /// RFC 7413 section 4.1.1: a cookie of another length than is allowed is no option at all.
    fn record_fast_open(&mut self, cookie: &[u8], experimental: bool) {
        if let Some(cookie) = Cookie::new(cookie) {
            self.fast_open = Some(FastOpenOption { cookie, experimental });
        }
    }

    /// Writes the options to the front of `buffer` and returns their length, [`TcpOptions::len`].
    ///
    /// The layout is that of [`TcpOptions::order`] in a SYN with Fast Open at its end, later `nop, nop, TS, nop, nop,
    /// sack`: every option is aligned, and a fingerprint tells nothing. SACK ranges beyond what 40 octets hold are left
    /// out, the last ones first (RFC 2018 section 4: the first ones matter most). AccECN stands behind the timestamps,
    /// and its last octets take the place of the NOPs that follow. An MD5 signature goes before all else, as in Linux;
    /// the user timeout, which Linux does not have, behind the MSS.
    ///
    /// # Panics
    /// When `buffer` is shorter than [`TcpOptions::len`].
    #[inline]
    pub fn write(&self, buffer: &mut [u8]) -> usize {
        let Some(Timestamps { value, echo }) = self.aligned_timestamps() else {
            return self.write_any(buffer);
        };
        let (head, stamps) = buffer[..ALIGNED_TIMESTAMPS_LEN].split_at_mut(ALIGNED_TIMESTAMPS.len());
        head.copy_from_slice(&ALIGNED_TIMESTAMPS);
        stamps[..4].copy_from_slice(&value.to_be_bytes());
        stamps[4..].copy_from_slice(&echo.to_be_bytes());
        ALIGNED_TIMESTAMPS_LEN
    }

    /// The timestamps where there is nothing else: so it is in nearly every segment of an established connection.
    #[inline]
    fn aligned_timestamps(&self) -> Option<Timestamps> {
        let Self {
            mss,
            window_scale,
            sack_permitted,
            timestamps,
            acc_ecn,
            sack,
            user_timeout,
            md5,
            fast_open,
            ..
        } = self;
        let others = mss.is_some()
            | window_scale.is_some()
            | sack_permitted
            | acc_ecn.is_some()
            | !sack.is_empty()
            | user_timeout.is_some()
            | md5.is_some()
            | fast_open.is_some();
        if others { None } else { *timestamps }
    }

    fn write_any(&self, buffer: &mut [u8]) -> usize {
        let len = self.len_of_any();
        let mut out = &mut buffer[..len];
        let ranges = self.ranges_that_fit();
        if let Some(Md5Digest(digest)) = self.md5 {
            out.put_slice(&[NOP, NOP, MD5, MD5_LEN]);
            out.put_slice(&digest);
        }
        if let Some(mss) = self.mss {
            out.put_slice(&[MSS, MSS_LEN]);
            out.put_u16(mss);
        }
        if let Some(timeout) = self.user_timeout {
            out.put_slice(&[USER_TIMEOUT, USER_TIMEOUT_LEN]);
            out.put_u16(timeout.bits());
        }
        let mut taken = 0;
        match self.order {
            OptionOrder::Linux => {
                self.write_timestamps(&mut out);
                self.write_acc_ecn(&mut out, ranges > 0, &mut taken);
                self.write_sack_permitted(&mut out, &mut taken);
                self.write_window_scale(&mut out, &mut taken);
            }
            OptionOrder::FreeBsd => {
                self.write_window_scale(&mut out, &mut taken);
                self.write_timestamps(&mut out);
                self.write_sack_permitted(&mut out, &mut taken);
                self.write_acc_ecn(&mut out, ranges > 0, &mut taken);
            }
        }
        if ranges > 0 {
            pad(&mut out, 2, &mut taken);
            out.put_slice(&[SACK, (2 + ranges * SACK_RANGE_LEN) as u8]);
            for range in &self.sack[..ranges] {
                out.put_u32(range.start.value());
                out.put_u32(range.end.value());
            }
        }
        if let Some(option) = &self.fast_open {
            write_fast_open(out, option);
        }
        len
    }

    fn write_window_scale(&self, out: &mut &mut [u8], taken: &mut usize) {
        if let Some(shift) = self.window_scale {
            pad(out, 1, taken);
            out.put_slice(&[WINDOW_SCALE, WINDOW_SCALE_LEN, shift]);
        }
    }

    fn write_timestamps(&self, out: &mut &mut [u8]) {
        if let Some(Timestamps { value, echo }) = self.timestamps {
            let before = if self.sack_permitted { [SACK_PERMITTED, SACK_PERMITTED_LEN] } else { [NOP, NOP] };
            out.put_slice(&before);
            out.put_slice(&[TIMESTAMPS, TIMESTAMPS_LEN]);
            out.put_u32(value);
            out.put_u32(echo);
        }
    }

    /// SACK-permitted without timestamps, in whose padding it would stand.
    fn write_sack_permitted(&self, out: &mut &mut [u8], taken: &mut usize) {
        if !self.sack_permitted || self.timestamps.is_some() {
            return;
        }
        if self.order == OptionOrder::Linux {
            pad(out, 2, taken);
        }
        out.put_slice(&[SACK_PERMITTED, SACK_PERMITTED_LEN]);
        if self.order == OptionOrder::FreeBsd {
            let is_last = self.fast_open.is_none() && self.acc_ecn.is_none();
            out.put_bytes(if is_last { END } else { NOP }, 2);
        }
    }

    /// Writes the AccECN option. `taken` gets how many NOPs of the option behind it have given their place.
    fn write_acc_ecn(&self, out: &mut &mut [u8], has_sack: bool, taken: &mut usize) {
        let Some(option) = &self.acc_ecn else { return };
        let len = option.len();
        out.put_slice(&[if option.ect1_first { ACC_ECN_1 } else { ACC_ECN_0 }, len as u8]);
        for counter in option.counters.iter().take(MAX_COUNTERS) {
            out.put_uint((*counter).into(), COUNTER_LEN);
        }
        let aligned = self.acc_ecn_len(has_sack);
        out.put_bytes(NOP, aligned.saturating_sub(len));
        *taken = len.saturating_sub(aligned);
    }

    /// What the AccECN option adds, octets: a multiple of four, down where the NOPs of the option behind it
    /// have room for the rest, else up.
    fn acc_ecn_len(&self, has_sack: bool) -> usize {
        let Some(option) = &self.acc_ecn else { return 0 };
        let len = option.len();
        if len % 4 <= self.nops_behind_acc_ecn(has_sack) { len / 4 * 4 } else { len.next_multiple_of(4) }
    }

    fn nops_behind_acc_ecn(&self, has_sack: bool) -> usize {
        let sack_permitted = self.sack_permitted && self.timestamps.is_none();
        match self.order {
            OptionOrder::Linux if sack_permitted => 2,
            OptionOrder::Linux if self.window_scale.is_some() => 1,
            OptionOrder::Linux | OptionOrder::FreeBsd if has_sack => 2,
            OptionOrder::Linux | OptionOrder::FreeBsd => 0,
        }
    }

    /// Every option here is padded to a multiple of four by what stands beside it, so the list as a whole is
    /// too, and needs no zeros behind it.
    fn len_of_fixed(&self) -> usize {
        let md5 = if self.md5.is_some() { MD5_OPTION_LEN } else { 0 };
        let mss = if self.mss.is_some() { 4 } else { 0 };
        let timestamps_and_sack_permitted = match (self.timestamps, self.sack_permitted) {
            (Some(_), _) => 12,
            (None, true) => 4,
            (None, false) => 0,
        };
        let window_scale = if self.window_scale.is_some() { 4 } else { 0 };
        let fast_open = self.fast_open.as_ref().map_or(0, |option| fast_open_len(option).next_multiple_of(4));
        let user_timeout = if self.user_timeout.is_some() { 4 } else { 0 };
        md5 + mss + user_timeout + timestamps_and_sack_permitted + window_scale + fast_open
    }

    fn ranges_that_fit(&self) -> usize {
        if self.sack.is_empty() {
            return 0;
        }
        let room = MAX_OPTIONS_LEN.saturating_sub(self.len_of_fixed() + self.acc_ecn_len(true) + 4);
        self.sack.len().min(room / SACK_RANGE_LEN)
    }
}

/// NOPs before an option, but for those whose place is `taken`.
fn pad(out: &mut &mut [u8], nops: usize, taken: &mut usize) {
    out.put_bytes(NOP, nops - core::mem::take(taken));
}

/// Kind, length, what names the experiment, and the cookie.
fn fast_open_len(option: &FastOpenOption) -> usize {
    let name = if option.experimental { FAST_OPEN_MAGIC.len() } else { 0 };
    2 + name + option.cookie.as_ref().len()
}

fn write_fast_open(mut out: &mut [u8], option: &FastOpenOption) {
    let len = fast_open_len(option);
    if option.experimental {
        out.put_slice(&[EXPERIMENT, len as u8]);
        out.put_slice(&FAST_OPEN_MAGIC);
    } else {
        out.put_slice(&[FAST_OPEN, len as u8]);
    }
    out.put_slice(option.cookie.as_ref());
    out.put_bytes(NOP, len.next_multiple_of(4) - len);
}

/// From the length octet on: the option's body, and what stands behind it.
fn split_option(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, behind) = bytes.split_first()?;
    behind.split_at_checked(usize::from(*len).checked_sub(2)?)
}

fn two_words(bytes: &[u8]) -> Option<(u32, u32)> {
    let &[a, b, c, d, e, f, g, h] = bytes else { return None };
    Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
}

#[cfg(test)]
pub(crate) mod tests;
