//! How the owner's calls can fail: one small enum a call.

use std::fmt;

/// Declares an error enum with its sentences.
macro_rules! errors {
    ($( $(#[$attribute:meta])* $name:ident { $( $(#[$doc:meta])* $variant:ident = $text:literal; )* } )*) => { $(
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $( Self::$variant => $text, )* })
            }
        }

        impl std::error::Error for $name {}
    )* };
}

errors! {
    /// Why there is no connection to open.
    ConnectError {
        /// The remote end is no unicast address, or its port is 0 (RFC 9293 MUST-46).
        InvalidRemote = "the remote address is not a unicast address with a port";
        /// The local address is not one of the host's.
        NotOurAddress = "the local address is not one of this host's";
        /// No address of the host's is of the remote end's family.
        NoAddress = "this host has no address of the remote's family";
        /// No route leads there.
        NoRoute = "no route leads to the remote address";
        /// There is such a connection already.
        InUse = "this pair of addresses and ports is in use";
        /// No ephemeral port is free for that remote end.
        NoFreePort = "no local port is free";
        /// As many connections as there may be.
        TooMany = "this host holds as many connections as it may";
    }

    /// Why there is no listener.
    ListenError {
        /// The address is not one of the host's.
        NotOurAddress = "the local address is not one of this host's";
        /// There is a listener already.
        InUse = "this address and port are in use";
        /// No ephemeral port is free.
        NoFreePort = "no local port is free";
    }

    /// Why there is no UDP socket.
    BindError {
        /// The address is not one of the host's.
        NotOurAddress = "the local address is not one of this host's";
        /// There is a socket already.
        InUse = "this address and port are in use";
        /// No ephemeral port is free.
        NoFreePort = "no local port is free";
    }

    /// Why a datagram was not queued.
    SendToError {
        /// The handle is of no socket.
        Closed = "the socket is closed";
        /// The remote end is no unicast address, or its port is 0, or of the other family.
        InvalidRemote = "the remote address is not a unicast address with a port";
        /// No address of the host's is of the remote end's family.
        NoAddress = "this host has no address of the remote's family";
        /// No route leads there.
        NoRoute = "no route leads to the remote address";
        /// More than 65,507 octets over IPv4, 65,527 over IPv6.
        TooLong = "the datagram is longer than UDP allows";
        /// The queue of packets is full; it empties as packets are sent.
        WouldBlock = "the transmit queue is full";
    }
}
