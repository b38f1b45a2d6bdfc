# What is worth telling of a connection. Keyed by the codes of `FindingKind`.
#
# The message is its name; .what says what was seen, .cause what most likely brought it about, .else what else it could
# be, .next what to look at now.
#
# $end     whose doing it was
# $peer    the other end
# $count   how many; 0 where it is not known
# $octets  how many octets; 0 where it is not known
# $time    how long, with its unit; "0 ms" where it is not known
# $ms      the same in milliseconds
# $mtu     the largest packet that a link takes, octets; 0 where it is not known
# $code    why a segment could not be delivered, by the numbers of ICMP for IPv4
# $router  who said so
# $scaled  whether windows are scaled: yes, no or unknown
# $lost    what of a handshake was lost: 0 the SYN or its answer, 1 the SYN-ACK, 2 its acknowledgment, 3 a SYN with Fast Open,
#          4 one with ECN
# $quiet   for how long nobody had said anything before, with its unit; $silent is 0 where that was not long
# $here    1 where the capture was made at $end
# $role    what $end is: client, server or peer

finding-refused = refused
    .what = { $end } answered the SYN with an RST.
    .cause = Nothing listens on this port of { $end }.
    .else = A firewall that rejects instead of dropping; a listener whose queue is full and that was told to reset.
    .next = On { $end }, see whether a program listens there, and on which address: ss -ltn.
finding-no-answer = no answer
    .what = { $count ->
        [0] Nothing answered the SYN.
        [one] Nothing answered the SYN, which was sent once.
       *[other] Nothing answered the SYN, which was sent { $count } times.
    }
    .cause = A firewall drops it, or the address is nobody's.
    .else = The answer takes another way, or was not captured; the listener's queue is full and drops what comes.
    .next = Capture at { $peer }: does the SYN arrive there, and does an answer leave?
finding-handshake-unfinished = handshake never finished
    .what = The SYN-ACK was never acknowledged.
    .cause = { $peer } does not receive the SYN-ACK: it is lost, or goes another way than the SYN came.
    .else = A SYN scan or flood, whose sender never means to go on; the third segment was not captured.
    .next = Compare the route back with the route there; look for many such connections from one source.
finding-reset = reset
    .what = { $end } ended the open connection with an RST.
    .cause = { $silent ->
        [0] The program on { $end } aborted, or died with the connection open.
       *[other] The connection had been quiet for { $quiet }: { $end }, or a load balancer or firewall in its name, ends those that are idle.
    }
    .else = { $silent ->
        [0] It closed with data of { $peer } unread; a firewall or load balancer lost its memory of the connection, or ends those that are idle; a health check that closes so; a client that has read all that it wanted.
       *[other] The program on { $end } aborted, or closed with data of { $peer } unread.
    }
    .next = Read the log of the program on { $end } at that time; compare the TTL of the RST with that of its other segments.
finding-half-open = half-open
    .what = { $end } has no such connection: it answered a segment of { $peer } with an RST.
    .cause = { $silent ->
        [0] { $end } was restarted, or gave { $peer } up or closed without { $peer } hearing of it.
       *[other] The connection had been quiet for { $quiet }: a NAT, firewall or load balancer on the way forgot it, and answers for { $end }.
    }
    .else = { $silent ->
        [0] A NAT, firewall or load balancer forgot the connection while it was quiet, and answers for { $end }; a scan.
       *[other] { $end } was restarted meanwhile, or gave { $peer } up or closed without { $peer } hearing of it.
    }
    .next = Was the connection quiet before? Then see the idle timeouts on the way, or let keep-alive ask more often. If not, see when { $end } and its program were started.
finding-reset-opening = reset while opening
    .what = { $end } sent an RST before it had sent anything but its SYN.
    .cause = { $role ->
        [client] { $end } never meant to go on, as a scanner that looks for open ports; or it has sent no SYN, or had given up.
       *[other] The listener on { $end } is full, or was closed before a program took the connection; or what answered the SYN for it finds nobody behind it.
    }
    .else = A firewall or load balancer between the ends sent it.
    .next = { $role ->
        [client] Look for many such connections from one source; compare the TTL of the RST with that of the SYN.
       *[other] On { $end }, see the listen queue: ss -ltn, net.ipv4.tcp_abort_on_overflow, nstat TcpExtListenOverflows.
    }
finding-reset-unread = closed with data unread
    .what = { $ms ->
        [0] { $end } closed while data of { $peer } lay unread, and so sent an RST.
       *[other] { $end } sent an RST { $time } after data of { $peer } that it had not answered: probably it closed with that data unread.
    }
    .cause = { $silent ->
        [0] The program on { $end } closed before it had read all that was sent.
       *[other] The connection had been quiet for { $quiet }: { $end }, or a load balancer or firewall in its name, ended it just when { $peer } spoke again.
    }
    .else = { $silent ->
        [0] { $ms ->
            [0] It read, but more came just then.
           *[other] It had read all, and aborted on purpose (SO_LINGER with 0 seconds).
        }
       *[other] The program on { $end } closed before it had read all that was sent.
    }
    .next = Have the program read up to the end before it closes; what { $peer } sent last is lost.
finding-reset-after-close = data after close
    .what = Data came to { $end } after its program had gone, and was answered with an RST.
    .cause = { $peer } went on sending after the FIN of { $end }.
    .else = The data was under way when the FIN was sent.
    .next = Have { $peer } read the end of the stream before it writes again.
finding-late-close = closed too late
    .what = { $ms ->
        [0] { $peer } closed after { $end } had stopped to wait for that: its FIN was answered with an RST.
       *[other] { $peer } closed { $time } after { $end }, which had stopped to wait for that: its FIN was answered with an RST.
    }
    .cause = The program on { $peer } did not close when it had read to the end; { $end } keeps FIN-WAIT-2 for a limited time once its program has gone.
    .else = { $end } was restarted; a NAT, firewall or load balancer forgot the half-closed connection and answers for it.
    .next = All data had arrived. Look for connections in CLOSE-WAIT on { $peer }: ss -tn state close-wait; on { $end }: net.ipv4.tcp_fin_timeout.
finding-gave-up = gave up
    .what = { $ms ->
        [0] { $end } gave { $peer } up: what it sent was not acknowledged.
       *[other] { $end } gave { $peer } up: for { $time } nothing that it sent was acknowledged.
    }
    .cause = { $silent ->
        [0] The path broke, or { $peer } went away without a word.
       *[other] The connection had been quiet for { $quiet }: a NAT, firewall or load balancer on the way forgot it, and drops what belongs to it.
    }
    .else = { $silent ->
        [0] A firewall or NAT forgot the connection and drops what belongs to it.
       *[other] The path broke, or { $peer } went away without a word.
    }
    .next = { $silent ->
        [0] Was { $peer } up then? Does the same path carry other connections?
       *[other] Compare the idle timeouts on the way with { $quiet }; let keep-alive ask more often than that. Was { $peer } up then?
    }
finding-stalled = still sending again
    .what = { $count ->
        [0] What { $end } sent again was not acknowledged up to the end of the capture.
       *[other] What { $end } sent was not acknowledged up to the end of the capture, though it went { $count } times again.
    }
    .cause = { $silent ->
        [0] The path broke, or { $peer } went away without a word; { $end } had not given up yet.
       *[other] The connection had been quiet for { $quiet }: a NAT, firewall or load balancer on the way forgot it, and drops what belongs to it.
    }
    .else = { $silent ->
        [0] A firewall or NAT forgot the connection and drops what belongs to it; the answers take another way.
       *[other] The path broke, or { $peer } went away without a word; the answers take another way.
    }
    .next = { $silent ->
        [0] Capture for longer, and at { $peer }: does it arrive there, and does an answer leave?
       *[other] Compare the idle timeouts on the way with { $quiet }; capture at { $peer }: does it arrive there, and does an answer leave?
    }
finding-unreachable = unreachable
    .what = { $code ->
        [0] { $router } says that there is no way to the network of { $peer }.
        [1] { $router } says that { $peer } does not answer on its network.
        [2] { $router } says that { $peer } does not speak TCP.
        [3] { $router } says that nothing listens on the port of { $peer }.
        [13] { $router } says that it is not allowed to reach { $peer }.
       *[other] { $router } says that { $peer } cannot be reached.
    }
    .cause = { $code ->
        [3] A firewall that rejects with ICMP instead of an RST.
        [13] A firewall that rejects.
       *[other] { $peer } is down, or a route is missing.
    }
    .else = It was so for a moment only: an open connection goes on, an attempt to open one may be given up at once.
    .next = On { $router }, look at the route to { $peer } and at the firewall's rules.
finding-unreachable-once = unreachable for a while
    .what = { $code ->
        [0] { $router } said that there is no way to the network of { $peer }; the connection went on all the same.
        [1] { $router } said that { $peer } does not answer on its network; the connection went on all the same.
       *[other] { $router } said that { $peer } cannot be reached; the connection went on all the same.
    }
    .cause = The path was broken for a moment: a link went down, or a route changed.
    .else = A firewall rejected some of its segments, as while its rules were loaded.
    .next = On { $router }, look for what happened to the route to { $peer } at that time.
finding-hop-limit = hop limit exceeded
    .what = { $router } says that a segment of { $end } has passed as many routers as it may.
    .cause = A routing loop: the segment went round until its hop limit was used up.
    .else = { $end } sends with a small hop limit, as traceroute does.
    .next = Trace the route to { $peer }: do the same routers come again?
finding-icmp-ignored = ICMP error ignored
    .what = { $count ->
        [0] { $router } sent an ICMP error about a segment of { $end } that is not in flight; it should have no effect.
        [one] { $router } sent an ICMP error about a segment of { $end } that is not in flight; it should have no effect.
       *[other] { $router } sent { $count } ICMP errors about segments of { $end } that are not in flight; they should have no effect.
    }
    .cause = It is late: what it is about has arrived by another way, or belongs to an older connection.
    .else = Somebody guesses, to break the connection or to slow it down; or the segment was not captured.
    .next = Compare where it comes from with the routers on the path.
finding-path-mtu = smaller path MTU
    .what = { $mtu ->
        [0] { $router } says that a segment of { $end } was too long for the next link.
       *[other] { $router } says that a segment of { $end } was too long for the next link, which takes packets of { $mtu } octets.
    }
    .cause = A link on the way takes less than those at the ends: a tunnel, a VPN, PPPoE.
    .else = Somebody makes it up to slow the connection down, if the size is far from any usual one.
    .next = Does { $end } send smaller segments after that? If not, a firewall drops these messages before it.
finding-reset-ignored = RST ignored
    .what = { $count ->
        [0] An RST came whose number is not the one awaited; it has no effect.
        [one] An RST came whose number is not the one awaited; it has no effect.
       *[other] { $count } RSTs came whose numbers are not the ones awaited; they have no effect.
    }
    .cause = It belongs to an older connection, or lags behind the data.
    .else = Somebody else tries to break the connection.
    .next = Compare its TTL and IP identification with the other segments of { $end }.
finding-reset-forged = RST by somebody else?
    .what = An RST in the name of { $end } does not look like its other segments, answers what cannot have come to it yet, or is followed by more of them.
    .cause = { $silent ->
        [0] A box on the way sent it: a firewall, a filter, an intrusion detector.
       *[other] A box on the way sent it, a firewall, NAT or load balancer that forgets or ends what is idle: the connection had been quiet for { $quiet }.
    }
    .else = { $end } sends its RSTs from another part of its system, with other defaults.
    .next = Capture at { $end }: does this RST leave it at all?
finding-conflicting-text = same numbers, other data
    .what = { $count ->
        [0] { $end } sent a sequence number with other data than before.
        [one] { $end } sent a sequence number with other data than before.
       *[other] { $count } segments of { $end } carry other data than what had their sequence numbers before.
    }
    .cause = Somebody between the ends injected or rewrote data.
    .else = A faulty TCP or middlebox that loses count; another connection on the same addresses and ports.
    .next = Compare the two segments octet by octet, and their TTL and IP identification with those around them; capture at { $end }.
finding-outside-window = outside the window
    .what = { $count ->
        [0] A segment of { $end } lies far beyond the window of { $peer }, which discards it.
        [one] A segment of { $end } lies far beyond the window of { $peer }, which discards it.
       *[other] { $count } segments of { $end } lie far beyond the window of { $peer }, which discards them.
    }
    .cause = Somebody made it up without knowing the numbers.
    .else = A middlebox that rewrites sequence numbers, or an older connection on the same ports; the capture lacks packets.
    .next = Compare the TTL and the IP identification with those of the other segments of { $end }.
finding-paws = timestamp too old
    .what = { $count ->
        [0] A segment of { $end } was discarded, as its timestamp is older than one before.
        [one] A segment of { $end } was discarded, as its timestamp is older than one before.
       *[other] { $count } segments of { $end } were discarded, as their timestamps are older than ones before.
    }
    .cause = A clock for timestamps that jumps back: a middlebox that rewrites them, or several hosts behind one address.
    .else = An old copy of the segment was under way for long.
    .next = Compare the timestamps of { $end } before and after; capture on both sides of whatever rewrites them.
finding-black-hole = path MTU black hole
    .what = { $ms ->
        [0] A segment of { $octets } octets of { $end } went again and again without an answer; nothing as long has ever come through, while shorter ones do.
       *[other] For { $time } data of { $end } was missing; then it came in pieces of { $octets } octets, less than { $peer } takes, and nothing longer has ever come.
    }
    .cause = A link on the way takes no packets of this size, and the ICMP messages that say so are filtered or never sent.
    .else = The path from { $end } to { $peer } broke just then.
    .next = From { $end }: ping -M do -s SIZE; let ICMP "fragmentation needed" or "packet too big" pass, clamp the MSS at the tunnel, or set net.ipv4.tcp_mtu_probing=1.
finding-loss = loss
    .what = { $count ->
        [0] Segments of { $end } were lost on the way.
        [one] One segment of { $end } was lost on the way.
       *[other] { $count } segments of { $end } were lost on the way.
    }
    .cause = A queue on the path was full.
    .else = A noisy link; packets that the capture missed and the peer has.
    .next = Does it get better at a lower rate? Look at the drop counters of the interfaces on the path.
finding-timeout = timeout
    .what = { $count ->
        [0] The retransmission timer of { $end } ran out.
        [one] The retransmission timer of { $end } ran out once.
       *[other] The retransmission timer of { $end } ran out { $count } times.
    }
    .cause = So much was lost that too few acknowledgments came back to notice it earlier.
    .else = The acknowledgments were lost; the round trip suddenly grew.
    .next = See whether the last segments of a burst were lost; each timeout costs at least the time shown.
finding-spurious = sent again for nothing
    .what = { $count ->
        [0] { $end } sent again what { $peer } already had.
        [one] { $end } sent one segment again that { $peer } already had.
       *[other] { $end } sent { $count } segments again that { $peer } already had.
    }
    .cause = Acknowledgments were late or lost, or segments overtook one another.
    .else = The network doubled the packets, and the capture does not show that.
    .next = Look for jumps in the round trip at these frames.
finding-duplicated = doubled on the way
    .what = { $count ->
        [0] Segments that { $end } sent once came to { $peer } twice.
        [one] One segment that { $end } sent once came to { $peer } twice.
       *[other] { $count } segments that { $end } sent once came to { $peer } twice.
    }
    .cause = The network doubles packets: a loop among switches, or links that both carry the same.
    .else = They were sent again, and the capture lacks that.
    .next = Capture at { $peer }: do both copies have the same IP identification? Then look for what doubles them; { $peer } takes only one.
finding-reordering = reordering
    .what = { $count ->
        [0] Segments of { $end } came in another order.
        [one] One segment of { $end } was overtaken.
       *[other] { $count } segments of { $end } were overtaken.
    }
    .cause = The path has several ways of different length.
    .else = The capture took packets from several queues and lost their order.
    .next = Does { $peer } answer with duplicate acknowledgments? Only then did it happen on the path.
finding-zero-window = window closed
    .what = { $ms ->
        [0] { $end } closed its window: there was no room for more.
       *[other] { $end } closed its window for { $time }: there was no room for more.
    }
    .cause = The program on { $end } does not read.
    .else = Its receive buffer is small for this rate.
    .next = What did the program on { $end } wait for at that time?
finding-window-limited = limited by the window
    .what = { $peer } had to wait for the window of { $end } although the network would have taken more.
    .cause = { $scaled ->
        [no] Windows are not scaled, as one of the SYNs had no such option here: no more than 65535 octets go in a round trip.
       *[other] The receive buffer of { $end } is smaller than rate times round trip.
    }
    .else = The program on { $end } reads slowly.
    .next = { $scaled ->
        [no] Is net.ipv4.tcp_window_scaling on at both ends? If so, a box on the way removes the option: capture on both sides of it.
       *[other] Enlarge the receive buffer, or let the system do it: net.ipv4.tcp_rmem.
    }
finding-scale-ignored = window scale not heeded
    .what = { $end } fills the windows of { $peer } as they stand in the header, { $octets } octets, as if they were not scaled.
    .cause = A box on the way removes or changes the window scale in the SYN of { $peer }.
    .else = The TCP of { $end } does not know window scaling, and answered the option all the same.
    .next = Capture the SYN on both sides of the boxes on the way and compare its window scale; until that is mended, net.ipv4.tcp_window_scaling=0 on { $peer } gives larger windows.
finding-sack-foreign = SACK of other numbers
    .what = { $count ->
        [0] What { $end } reports by SACK has numbers that { $peer } did not send.
        [one] A report by SACK of { $end } has numbers that { $peer } did not send.
       *[other] { $count } reports by SACK of { $end } have numbers that { $peer } did not send.
    }
    .cause = A firewall on the way changes sequence numbers, and not those in the SACK option: { $peer } cannot use the reports, and repairs losses by timeouts.
    .else = Somebody makes the acknowledgments up.
    .next = Turn off the randomization of sequence numbers on that firewall, or have it change SACK, too; net.ipv4.tcp_sack=0 helps until then.
finding-congestion-marks = congestion marked
    .what = { $count ->
        [0] Routers marked segments of { $end }: they met congestion.
        [one] One segment tells that routers marked what { $end } sent: it met congestion.
       *[other] { $count } segments tell that routers marked what { $end } sent: it met congestion.
    }
    .cause = A queue on the way grew, and says so by ECN instead of dropping.
    .else = A box on the way sets the mark whatever its queue.
    .next = { $end } should send less for a while; if it is too slow, look where the queue is.
finding-bufferbloat = bufferbloat
    .what = With much of { $end } in flight a round trip took { $time } at least, several times what the path itself takes.
    .cause = Segments wait in a long queue before the narrowest link on the way to { $peer }.
    .else = The path changed; { $peer } is slow to acknowledge.
    .next = Look for the queue at the narrowest link: an AQM such as fq_codel or CAKE there keeps it short.
finding-half-closed = half-closed
    .what = { $end } never closed its direction after the FIN of { $peer }.
    .cause = The program on { $end } did not notice the end of the stream, or forgot to close.
    .else = It still works on an answer; the capture ends too early.
    .next = Look for connections in CLOSE-WAIT on { $end }: ss -tn state close-wait.
finding-simultaneous-close = closed at once
    .what = Both ends sent a FIN before they had that of the other.
    .cause = Both programs were done at the same time.
    .else = Both ran into the same time limit.
    .next = Nothing: both ends pass through CLOSING to TIME-WAIT, as they should.
finding-simultaneous-open = opened at once
    .what = Both ends sent a SYN before they had that of the other.
    .cause = Both were told to open, as in hole punching through NAT.
    .else = A program connected to itself: source and destination are one.
    .next = Nothing, if it was meant.
finding-slow-handshake = slow handshake
    .what = { $lost ->
        [0] { $ms ->
            [0] The handshake took longer, because { $end } had to send its SYN again.
           *[other] The handshake took { $time }, because { $end } had to send its SYN again.
        }
        [1] { $ms ->
            [0] The SYN came to { $end }, but the first SYN-ACK did not come back.
           *[other] The handshake took { $time }: the SYN came to { $end }, but the first SYN-ACK did not come back.
        }
        [2] { $end } had to send its SYN-ACK again, as the acknowledgment of the first did not come.
        [3] The handshake took { $time }: the SYN of { $end } with Fast Open was not answered, the one without was.
       *[other] The handshake took { $time }: the SYN of { $end } that offers ECN was not answered, the one without was.
    }
    .cause = { $lost ->
        [0] The SYN or the SYN-ACK was lost.
        [1] The SYN-ACK was lost on its way to { $peer }, or late.
        [2] The handshake's last segment was lost on its way to { $end }.
        [3] A box on the way drops SYNs that carry data or the Fast Open option.
       *[other] A box on the way drops SYNs with the flags of ECN.
    }
    .else = { $lost ->
        [0] The queue of half-open connections was full, and the SYN was dropped.
        [1] A stateful firewall that had not seen the SYN, as where the two ways differ, dropped it.
        [2] It came, and the listener of { $end } had no room for it in its accept queue.
       *[other] It was lost by chance.
    }
    .next = { $lost ->
        [0] On the server, look at the listen queue: ss -ltn, and nstat TcpExtListenDrops.
        [1] Capture at { $peer }: does the first SYN-ACK arrive there?
        [2] On { $end }, look at the accept queue: ss -ltn, and nstat TcpExtListenOverflows.
        [3] Does it happen each time? Then turn Fast Open off for this path; Linux does so by itself for a while.
       *[other] Does it happen each time? Then see net.ipv4.tcp_ecn on { $end }.
    }
finding-handshake-ignored = handshake's end ignored
    .what = { $ms ->
        [0] { $end } went on as if the end of the handshake had not come: it took nothing that { $peer } sent behind it.
       *[other] For { $time } { $end } went on as if the end of the handshake had not come: it took nothing that { $peer } sent behind it.
    }
    .cause = { $here ->
        [1] The accept queue of the listener on { $end } was full: the capture shows that what { $peer } sent had come there.
       *[other] The accept queue of the listener on { $end } was full: its program does not accept fast enough.
    }
    .else = { $here ->
        [1] A packet filter on { $end } drops what comes behind the SYN.
       *[other] What { $peer } sends behind its SYN does not come through: a stateful firewall that sees one direction only, or loss.
    }
    .next = On { $end }: ss -ltn (Recv-Q above Send-Q), nstat TcpExtListenOverflows; let the program accept faster, or listen with a larger backlog (net.core.somaxconn).
finding-fast-open-refused = Fast Open not accepted
    .what = { $peer } did not take the data in the SYN of { $end }: it went again after the handshake.
    .cause = TCP Fast Open is off at { $peer }, or the cookie of { $end } is not valid any more.
    .else = A box on the way removes the option or the data; the queue of { $peer } for such connections is full.
    .next = On { $peer }: net.ipv4.tcp_fastopen, whether the program sets TCP_FASTOPEN, nstat TcpExtTCPFastOpenPassiveFail.
finding-slow-application = slow application
    .what = { $ms ->
        [0] { $end } took long to answer while nothing was under way.
       *[other] { $end } took { $time } to answer while nothing was under way.
    }
    .cause = The program on { $end } worked, or waited for somebody else.
    .else = The request was not complete before.
    .next = It is not the network: look into the program on { $end }.
finding-keep-alive = keep-alive
    .what = { $count ->
        [0] The connection was quiet, and keep-alive probes went.
        [one] The connection was quiet, and one keep-alive probe went.
       *[other] The connection was quiet, and { $count } keep-alive probes went.
    }
    .cause = { $end } has keep-alive on, and nobody had anything to say.
    .else = A program waits that has forgotten the connection.
    .next = Nothing, if the connection is meant to be kept.
finding-peer-gone = peer gone
    .what = { $count ->
        [0] Keep-alive probes of { $end } went unanswered.
        [one] A keep-alive probe of { $end } went unanswered.
       *[other] { $count } keep-alive probes of { $end } went unanswered.
    }
    .cause = { $peer } is off, or cut off.
    .else = A NAT or firewall on the way has forgotten the quiet connection.
    .next = Is { $peer } up? If it is, let keep-alive ask more often than the box on the way forgets.
finding-reused-ports = ports used again
    .what = The same addresses and ports had been used by an older connection.
    .cause = The client came back to a port after a short time.
    .else = A proxy or test that binds a fixed port.
    .next = Nothing, as long as the new SYN was answered with a SYN-ACK.
finding-nagle-delay = Nagle waits for a delayed acknowledgment
    .what = { $ms ->
        [0] { $end } held back a small segment until { $peer } acknowledged the one before, and { $peer } delayed that.
       *[other] { $end } held back a small segment for { $time}, until { $peer } acknowledged the one before.
    }
    .cause = The program on { $end } writes one message in several small pieces.
    .else = { $peer } was busy and acknowledged late.
    .next = Write the message at once, or set TCP_NODELAY.
finding-deviation = against the rules
    .what = { $end } sent what RFC 9293 does not allow.
    .cause = A fault in its TCP, or in a box on the way that rewrites segments.
    .else = A program that makes packets by hand: a scanner or a test.
    .next = Look at these frames; capture on both sides of the box, if there is one.
finding-no-syn = begins in the middle
    .what = The capture begins after the connection.
    .cause = The connection was open before the capture was started.
    .else = The filter left the handshake out.
    .next = Window scale, MSS and SACK are unknown; to know them, capture from the start.
finding-one-direction = one direction only
    .what = Only what { $end } sent was captured.
    .cause = The two directions take different ways, and the capture stands on one.
    .else = The filter or the mirror port lets one direction through.
    .next = What { $peer } sent is inferred from acknowledgments; capture at an end to see it.
finding-capture-gap = gaps in the capture
    .what = { $count ->
        [0] Segments are acknowledged that the capture does not have.
        [one] One segment is acknowledged that the capture does not have.
       *[other] { $count } segments are acknowledged that the capture does not have.
    }
    .cause = The capture could not keep up.
    .else = Some packets took another way.
    .next = What is missing was not lost. Capture with a larger buffer: tcpdump -B, or a shorter snap length.
finding-disordered = capture out of order
    .what = { $count ->
        [0] Packets stand in the capture behind others with later times.
        [one] A packet stands in the capture behind another with a later time.
       *[other] { $count } packets stand in the capture behind others with later times.
    }
    .cause = Several queues or interfaces were captured side by side, and what they had was not put in order.
    .else = The clock was set back meanwhile.
    .next = Sort it, as with Wireshark's reordercap IN OUT, and explain that: what looks reordered, sent again or missing here may be the capture's doing.
finding-mirrored = captured twice
    .what = Packets stand in the capture more than once.
    .cause = A mirror port copies them on the way in and on the way out, or several interfaces were captured.
    .else = The network doubles packets.
    .next = The copies are not counted as sent again. Capture on one interface.
finding-super-segments = super-segments
    .what = { $octets ->
        [0] Some segments of { $end } are larger than the path can carry.
       *[other] Some segments of { $end } are larger than the path can carry, up to { $octets } octets.
    }
    .cause = The capture was made where the network card still has to cut them, or has put them together: TSO, GRO.
    .else = Jumbo frames.
    .next = Counts of packets are too low, octets are right. To see the wire: ethtool -K, tso off and gro off.
finding-checksum-offload = checksums not filled in
    .what = Checksums of { $end } are not filled in.
    .cause = Its network card does that, behind the point of capture.
    .else = Addresses in the capture were changed afterwards; or { $end } sends wrong checksums: then { $peer } would not answer.
    .next = Nothing: this capture was made on { $end }, unless it was changed since.
finding-bad-checksum = wrong checksum
    .what = { $count ->
        [0] Checksums of { $end } are wrong; { $peer } discards such segments.
        [one] One checksum of { $end } is wrong; { $peer } discards that segment.
       *[other] { $count } checksums of { $end } are wrong; { $peer } discards such segments.
    }
    .cause = They were damaged on the way.
    .else = A box on the way changes segments and forgets the checksum; checksum offload in an unusual form.
    .next = Are these the segments that are sent again? Then look at the hardware on the path.
finding-cut-off = packets cut off
    .what = Packets were not captured whole.
    .cause = The capture was made with a short snap length.
    .else = The file was cut afterwards, to hide what was said.
    .next = Headers are all that is needed here; where options are missing, capture at least 128 octets.
