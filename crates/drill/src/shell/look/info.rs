//! The line of `ss -i` about a socket, as iproute2 writes it.

use super::SocketLine;

/// What `tcp_info` has under a name, without `tcpi_`.
type Told<'a> = &'a dyn Fn(&str) -> i64;

/// How a value is written; of most, zero is left out.
enum Word {
    Count(&'static str, &'static str),
    /// A time in microseconds, told in milliseconds.
    Millis(&'static str, &'static str),
    /// A rate in octets, told in bits.
    Rate(&'static str, &'static str),
    Made(fn(Told) -> Option<String>),
}

use Word::{Count, Made, Millis, Rate};

const WORDS: &[Word] = &[
    Made(scales),
    Millis("rto", "rto"),
    Count("backoff", "backoff"),
    Made(|of| (of("rtt") != 0).then(|| format!("rtt:{}/{}", millis(of("rtt")), millis(of("rttvar"))))),
    Millis("ato", "ato"),
    Count("mss", "snd_mss"),
    Count("pmtu", "pmtu"),
    Count("rcvmss", "rcv_mss"),
    Count("advmss", "advmss"),
    Count("cwnd", "snd_cwnd"),
    Made(|of| Some(of("snd_ssthresh")).filter(|most| *most < 0xffff).map(|most| format!("ssthresh:{most}"))),
    Count("bytes_sent", "bytes_sent"),
    Count("bytes_retrans", "bytes_retrans"),
    Count("bytes_acked", "bytes_acked"),
    Count("bytes_received", "bytes_received"),
    Count("segs_out", "segs_out"),
    Count("segs_in", "segs_in"),
    Count("data_segs_out", "data_segs_out"),
    Count("data_segs_in", "data_segs_in"),
    Made(window_rate),
    Count("lastsnd", "last_data_sent"),
    Count("lastrcv", "last_data_recv"),
    Count("lastack", "last_ack_recv"),
    Rate("pacing_rate", "pacing_rate"),
    Rate("delivery_rate", "delivery_rate"),
    Count("delivered", "delivered"),
    Made(|of| (of("delivery_rate_app_limited") != 0).then(|| "app_limited".to_owned())),
    Made(|of| Some(of("busy_time") / 1000).filter(|busy| *busy > 0).map(|busy| format!("busy:{busy}ms"))),
    Count("unacked", "unacked"),
    Made(retransmissions),
    Count("lost", "lost"),
    Count("sacked", "sacked"),
    Count("dsack_dups", "dsack_dups"),
    Made(|of| {
        Some(of("reordering")).filter(|extent| *extent != 3).map(|extent| format!("reordering:{extent}"))
    }),
    Count("reord_seen", "reord_seen"),
    Millis("rcv_rtt", "rcv_rtt"),
    Count("rcv_space", "rcv_space"),
    Count("rcv_ssthresh", "rcv_ssthresh"),
    Count("notsent", "notsent_bytes"),
    Made(|of| {
        Some(of("min_rtt"))
            .filter(|least| *least < 0xffff_ffff)
            .map(|least| format!("minrtt:{}", millis(least)))
    }),
    Count("rcv_ooopack", "rcv_ooopack"),
    Count("snd_wnd", "snd_wnd"),
];

pub(super) fn told(socket: &SocketLine) -> String {
    let of = |name: &str| {
        let told = socket.info.iter().find(|(known, _)| known.strip_prefix("tcpi_") == Some(name));
        told.map_or(0, |(_, value)| *value)
    };
    if socket.remote.is_none() {
        return format!("{} cwnd:{}", socket.congestion, of("snd_cwnd"));
    }
    let word = |word: &Word| match word {
        Count(label, name) => {
            Some(of(name)).filter(|count| *count != 0).map(|count| format!("{label}:{count}"))
        }
        Millis(label, name) => {
            Some(of(name)).filter(|time| *time != 0).map(|time| format!("{label}:{}", millis(time)))
        }
        Rate(label, name) => {
            Some(of(name)).filter(|rate| *rate > 0).map(|rate| format!("{label} {}bps", rate * 8))
        }
        Made(make) => make(&of),
    };
    [socket.congestion.to_owned()]
        .into_iter()
        .chain(WORDS.iter().filter_map(word))
        .collect::<Vec<_>>()
        .join(" ")
}

fn scales(of: Told) -> Option<String> {
    let scales = (of("snd_wscale"), of("rcv_wscale"));
    (scales != (0, 0)).then(|| format!("wscale:{},{}", scales.0, scales.1))
}

/// What a window in each round trip comes to.
fn window_rate(of: Told) -> Option<String> {
    let bits = of("snd_cwnd") * of("snd_mss") * 8_000_000;
    Some(format!("send {}bps", bits.checked_div(of("rtt"))?))
}

fn retransmissions(of: Told) -> Option<String> {
    let (under_way, in_all) = (of("retrans"), of("total_retrans"));
    (in_all != 0).then(|| format!("retrans:{under_way}/{in_all}"))
}

/// Microseconds in milliseconds.
fn millis(micros: i64) -> String {
    let text = format!("{}.{:03}", micros / 1000, micros % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
