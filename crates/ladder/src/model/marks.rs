//! What people who know Wireshark's analysis expect to find on a segment.

/// Declares the marks with the names that Wireshark's display filters give them.
macro_rules! marks {
    ($( $(#[$doc:meta])* $mark:ident = $name:literal; )*) => {
        /// Something about a segment, by the name it has in Wireshark's `tcp.analysis`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mark { $( $(#[$doc])* $mark, )* }

        impl Mark {
            /// All of them.
            pub const ALL: &'static [Self] = &[ $( Self::$mark, )* ];

            /// The name behind `tcp.analysis.`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$mark => $name, )* }
            }
        }
    };
}

marks! {
    /// It carries what was sent before.
    Retransmission = "retransmission";
    /// Such a one, after duplicate acknowledgments and before a timer.
    FastRetransmission = "fast_retransmission";
    /// Such a one, of what has been acknowledged.
    SpuriousRetransmission = "spurious_retransmission";
    /// It was overtaken by what was sent later.
    OutOfOrder = "out_of_order";
    /// A SYN on the ports of a connection that was there before.
    ReusedPorts = "reused_ports";
    /// What stands before it was not captured.
    LostSegment = "lost_segment";
    /// It acknowledges what was not captured.
    AckLostSegment = "ack_lost_segment";
    /// Nothing new but the window.
    WindowUpdate = "window_update";
    /// It fills the peer's window to the edge.
    WindowFull = "window_full";
    /// One octet or none, from just before the next number.
    KeepAlive = "keep_alive";
    /// The answer to that.
    KeepAliveAck = "keep_alive_ack";
    /// The same acknowledgment again.
    DuplicateAck = "duplicate_ack";
    /// The sender's window is closed.
    ZeroWindow = "zero_window";
    /// One octet into a closed window.
    ZeroWindowProbe = "zero_window_probe";
    /// The answer to that.
    ZeroWindowProbeAck = "zero_window_probe_ack";
    /// A SYN with a Fast Open cookie and text.
    TfoSyn = "tfo_syn";
    /// A SYN-ACK of that text.
    TfoAck = "tfo_ack";
    /// A SYN-ACK that leaves the text out.
    TfoIgnored = "tfo_ignored";
}

/// The marks of one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Marks(u32);

impl Marks {
    /// No mark.
    pub const NONE: Self = Self(0);

    /// Adds one.
    pub const fn insert(&mut self, mark: Mark) {
        self.0 |= 1 << mark as u32;
    }

    /// Takes one away.
    pub const fn remove(&mut self, mark: Mark) {
        self.0 &= !(1 << mark as u32);
    }

    /// Whether one is there.
    #[must_use]
    pub const fn contains(self, mark: Mark) -> bool {
        self.0 & 1 << mark as u32 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The marks, in their order.
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.iter().copied().filter(move |mark| self.contains(*mark))
    }

    /// It carries what was sent before, or comes late: one class, which tools tell apart differently.
    #[must_use]
    pub const fn is_resent_or_late(self) -> bool {
        self.contains(Mark::Retransmission)
            || self.contains(Mark::FastRetransmission)
            || self.contains(Mark::SpuriousRetransmission)
            || self.contains(Mark::OutOfOrder)
    }
}
