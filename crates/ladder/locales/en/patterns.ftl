# What several connections of a capture have in common. Keyed by the codes of `PatternKind`.
#
# The message is its name; .what says what was seen, .cause what most likely brought it about, .else what else it could
# be, .next what to look at now.
#
# $host      whom it is about, with the port of its service where it is about one
# $peer      the other end
# $connected 1 where the other end is always the same
# $count     how many connections show it
# $of        out of how many
# $all       1 where they are all
# $time      how long something was, with its unit; $ms is 0 where that is not known

pattern-service-refuses = refuses connections
    .what = { $all ->
        [1] { $host } refused all { $count } connections.
       *[other] { $host } refused { $count } of { $of } connections.
    }
    .cause = { $all ->
        [1] Nothing listens there: the program is down, or listens elsewhere.
       *[other] Nothing listened there for a while: the program was being restarted.
    }
    .else = { $all ->
        [1] A firewall rejects them.
       *[other] A load balancer in front of it had nobody to hand them to, or a firewall rejects some.
    }
    .next = On { $host }: ss -ltn, and the program's log from the first of these connections on.
pattern-service-silent = answers nobody
    .what = { $host } answered none of { $count } connections.
    .cause = A firewall drops them, or { $host } is down.
    .else = The answers take another way, or were not captured; its queue of half-open connections is full.
    .next = Capture at { $host }: do the SYNs arrive there, and does an answer leave?
pattern-listen-queue = takes some connections only
    .what = { $host } opened connections, and took no notice of { $count } of { $of }, or reset them before they were open.
    .cause = The accept queue of its listener is full from time to time: its program accepts too slowly, or the backlog is small.
    .else = A firewall or a rate limit before it drops some; segments of these handshakes were lost.
    .next = On { $host }: ss -ltn (Recv-Q against Send-Q), nstat TcpExtListenOverflows TcpExtListenDrops; net.core.somaxconn and the backlog of listen().
pattern-syn-flood = SYN flood
    .what = { $count } of { $of } connections to { $host } never went beyond the SYN-ACK.
    .cause = Somebody sends SYNs in the names of others, to fill the queue of half-open connections.
    .else = The answers do not come back to those who ask: a broken or one-sided route; a SYN scan.
    .next = On { $host }: nstat TcpExtSyncookiesSent TcpExtTCPReqQFullDoCookies, and net.ipv4.tcp_syncookies; are the sources plausible?
pattern-port-scan = port scan
    .what = { $host } tried { $count } connections to many ports or hosts, and said nothing on them.
    .cause = A scan: somebody looks for what is open.
    .else = A monitor that looks after many services; a client that is told wrong addresses.
    .next = Whose address is { $host }? Those that it found open are the ones that were not refused.
pattern-host-isolated = nobody answers
    .what = None of those whom { $host } asked in { $count } connections answered.
    .cause = The way out of { $host } is broken: its gateway, its uplink, or a firewall there.
    .else = The capture does not see the answers.
    .next = From { $host }: does the gateway answer? Capture on its other side.
pattern-lossy-path = losses on most connections
    .what = { $connected ->
        [1] { $count } of { $of } connections between { $host } and { $peer } lost segments.
       *[other] { $count } of { $of } connections of { $host } lost segments, whoever was at the other end.
    }
    .cause = { $connected ->
        [1] The path between the two loses packets.
       *[other] The network near { $host } loses packets: its link, its switch port, its uplink.
    }
    .else = The capture was not fast enough, and lacks packets that came.
    .next = { $connected ->
        [1] Do connections of either to others lose as much? Look at the drop counters on the way between them.
       *[other] On { $host }: ip -s link, ethtool -S; then the port of the switch.
    }
pattern-path-broke = path broken
    .what = { $count } of { $of } connections between { $host } and { $peer } went on unanswered up to the end.
    .cause = The path between the two broke, or one of them went down.
    .else = A firewall on the way was restarted, or forgot them, and drops what belongs to them.
    .next = Did they stop at the same moment? Then look for what happened to the path just then.
pattern-idle-timeout = broken once quiet
    .what = { $count } connections with { $host } broke when somebody spoke after a silence; the shortest was { $time }.
    .cause = A NAT, firewall or load balancer on the way forgets connections that are quiet for that long.
    .else = { $host } closes them by itself without a word, or was restarted.
    .next = Look for an idle timeout below { $time } on the way; let keep-alive ask more often (TCP_KEEPIDLE), or pool connections for a shorter time.
pattern-ports-short = ports used again and again
    .what = { $peer } opened { $of } connections to { $host }, { $count } of them from a port that it had used before in this capture.
    .cause = It opens and closes many short connections, and runs through its ports.
    .else = It binds its ports by itself, from a small range.
    .next = Keep connections open and use them again; on { $peer }: net.ipv4.ip_local_port_range, and ss -tan state time-wait.
