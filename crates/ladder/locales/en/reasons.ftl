# Why a segment was sent: the sentence under its arrow. Keyed by the codes of `Reason`.
#
# $end     who sent it
# $peer    the other end
# $octets  octets of text in it
# $frame   the frame that brought it about; 0 where none is known
# $time    from that frame to this one, with its unit
# $wave    which part of the close: 1 the first FIN, 2 its ACK, 3 the other FIN, 4 its ACK; 0 elsewhere

reason-syn = { $end } opens the connection with its initial sequence number
reason-syn-retransmit = { $frame ->
    [0] the SYN again: nobody has answered
   *[other] the SYN again: nobody has answered frame { $frame } for { $time }
}
reason-syn-cookie-request = { $end } opens the connection and asks for a Fast Open cookie
reason-syn-text = { $end } opens the connection and sends { $octets } octets of text with it, Fast Open
reason-syn-path-mtu = the SYN again, without text: the path takes only smaller segments
reason-syn-ack = { $end } accepts: it acknowledges the SYN and gives its own initial sequence number
reason-syn-ack-cookie = { $end } accepts and hands out a Fast Open cookie
reason-syn-ack-text = { $end } accepts, and has taken the text of the SYN
reason-syn-ack-stateless = { $end } accepts with a SYN cookie: it keeps nothing until the third segment comes
reason-syn-ack-retransmit = { $frame ->
    [0] the SYN-ACK again: the third segment of the handshake has not come
   *[other] the SYN-ACK again: the third segment of the handshake has not come for { $time }
}
reason-syn-ack-repeat = the SYN-ACK again, because the SYN came again
reason-simultaneous-open = both ends have sent a SYN: { $end } acknowledges that of { $peer }
reason-handshake-ack = { $end } acknowledges the SYN of { $peer }: the handshake's third segment
reason-data = new data
reason-override-data = new data, a small segment that had been held back until its time was up
reason-fin = { $wave ->
    [3] { $end } closes its direction too
   *[other] { $end } closes its direction: it has nothing more to send
}
reason-rto-retransmit = { $frame ->
    [0] sent again: the retransmission timer ran out
   *[other] frame { $frame } again: no acknowledgment for { $time }, the retransmission timer ran out
}
reason-fast-retransmit = { $frame ->
    [0] sent again after three duplicate acknowledgments, before the timer
   *[other] frame { $frame } again after three duplicate acknowledgments, before the timer
}
reason-partial-ack-retransmit = sent again: what was just acknowledged ends before it, so this was lost too
reason-rack-retransmit = { $frame ->
    [0] sent again: something sent later has arrived
   *[other] frame { $frame } again: something sent later has arrived
}
reason-tail-loss-probe = no acknowledgment for two round trips: is the tail lost?
reason-frto-data = new data after a timeout, to learn whether anything was lost
reason-syn-text-retransmit = the text of the SYN again: the SYN-ACK did not acknowledge it
reason-limited-transmit = new data, let through by an early duplicate acknowledgment
reason-mtu-probe = new data in a larger segment than usual: does the path take it?
reason-path-mtu-retransmit = sent again in smaller segments: the path takes no larger ones
reason-zero-window-probe = the window of { $peer } is closed: { $end } asks whether it still is
reason-keep-alive-probe = { $frame ->
    [0] the line has been quiet: is { $peer } still there?
   *[other] nothing for { $time }: is { $peer } still there?
}
reason-delayed-ack = { $frame ->
    [0] a delayed acknowledgment: its timer ran out
   *[other] acknowledges frame { $frame } after { $time }: a delayed acknowledgment, nothing to send along with it
}
reason-second-segment-ack = two full-sized segments have come, so it must not wait
reason-quick-ack = acknowledged at once, as it should be early in a connection
reason-out-of-order-ack = a duplicate acknowledgment: data has come, but something before it is missing
reason-gap-filled-ack = what was missing has come, wholly or in part
reason-unacceptable-ack = a segment outside the window came: { $end } says where it is
reason-no-room-ack = no memory was left for a segment: { $end } closes its window
reason-paws-ack = a segment with too old a timestamp came: { $end } says where it is
reason-ecn-ack = acknowledged at once to report congestion marks
reason-window-update = the application of { $end } has read: there is room again
reason-fin-ack = { $wave ->
    [4] { $end } acknowledges the FIN of { $peer }: both directions are closed
   *[other] { $end } acknowledges the FIN of { $peer } and may go on sending
}
reason-probe-ack = { $end } answers a probe: it is still there
reason-challenge-rst = an RST came whose number is not exact: { $end } asks { $peer } whether it is meant
reason-challenge-syn = a SYN came on an open connection: { $end } asks { $peer } whether it has restarted
reason-challenge-ack = an acknowledgment came that is too old, or of what was never sent: { $end } says where it is
reason-time-wait-ack = { $end } waits in TIME-WAIT and answers what comes late
reason-reset-no-connection = { $frame ->
    [0] { $end } has no such connection
   *[other] { $end } has no connection that frame { $frame } belongs to
}
reason-reset-bad-ack = { $end } was sent an acknowledgment of what it never sent
reason-reset-refused = the application of { $end } refuses the connection
reason-reset-abort = the application of { $end } aborts the connection
reason-reset-unread = { $end } closes with data unread: what { $peer } sent is lost
reason-reset-after-close = data came for an application of { $end } that has gone
reason-reset-contradicted = { $peer } has closed, and yet its stream goes on where { $end } knows its end
reason-reset-timeout = { $end } gives { $peer } up: nothing has answered
reason-reset-orphan = the application of { $end } has gone, and what it left to send is thrown away
reason-ack = { $frame ->
    [0] { $end } acknowledges what has come
   *[other] acknowledges frame { $frame } after { $time }
}
reason-retransmit = { $frame ->
    [0] sent again
   *[other] frame { $frame } again, after { $time }
}
reason-fin-retransmit = the FIN again: it has not been acknowledged
reason-reset-unexplained = { $end } resets the connection; nothing here shows why
reason-network-duplicate = { $frame ->
    [0] the same packet a second time: the network or the capture doubled it
   *[other] frame { $frame } a second time: the network or the capture doubled it
}
reason-reordered = overtaken on its way by what was sent later
reason-senseless = flags that make no sense together

# Why a segment was discarded where it came to. Keyed by the codes of `DropReason`.

drop-checksum = its checksum is wrong
drop-malformed = it is no whole TCP segment
drop-invalid-source = its source address can be nobody's
drop-not-unicast = it was sent to a broadcast or multicast address
drop-md5-not-found = it lacks the MD5 signature that is asked for
drop-md5-unexpected = it has an MD5 signature, and no key is known
drop-md5-failure = its MD5 signature is wrong
drop-no-connection = there is no connection that it belongs to
drop-not-for-listen = a listener takes SYNs only
drop-backlog = the queue of half-open connections is full
drop-too-far = it has come from further away than the peer is
drop-undecided = whether the connection is wanted has not been decided
drop-syn-sent-bad-ack = it acknowledges what was not sent
drop-syn-sent-bad-rst = this RST does not acknowledge the SYN
drop-syn-sent-no-syn = the SYN has not been answered yet
drop-syn-sent-bad-echo = it echoes a timestamp that was not sent
drop-outside-window = it lies outside the receive window
drop-duplicate = all of it had arrived before
drop-paws = its timestamp is older than one already seen
drop-missing-timestamp = it lacks the timestamp that was agreed on
drop-rst-not-exact = the number of this RST is not the one awaited
drop-syn-in-window = a SYN on an open connection
drop-no-ack = it has no acknowledgment
drop-ack-too-old = its acknowledgment is too old
drop-ack-of-unsent = it acknowledges what was never sent
drop-syn-received-bad-ack = it does not acknowledge the SYN
drop-awaits-text = the application wants to see text first
drop-nobody-reads = the application that should read it has gone
drop-beyond-fin = it lies beyond its sender's own FIN
drop-no-room = the receive buffer is full
drop-reassembly-full = the reassembly queue is full
drop-closed = the connection is CLOSED
drop-time-wait-rst = TIME-WAIT ignores an RST

# Why a connection is CLOSED. Keyed by the codes of `CloseReason`.

close-finished = both ends closed
close-aborted = its own application aborted
close-unread-data = it closed with data unread and reset its peer
close-data-after-close = data came after its application had gone, and it reset its peer
close-contradicted = the peer closed, then sent more of the same stream, and was reset
close-refused = the peer refused
close-reset = the peer sent an RST
close-handshake-timeout = nobody answered the handshake
close-retransmission-timeout = what it sent again and again was never acknowledged
close-user-timeout = the user timeout passed
close-keep-alive-timeout = every keep-alive probe went unanswered
close-fin-wait-2-timeout = its application had gone, and the peer never closed
close-orphaned = its application had gone, and what was left could not be sent
close-unreachable = the network said that there is no way
close-back-to-listen = a passive open came to nothing: back to LISTEN
