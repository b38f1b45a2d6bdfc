# Verdicts, states and the words around the pictures.

# How a connection ended. $end is who refused, reset, gave up, sends in vain or closed first; "none" where nobody did. $peer is the other.
verdict-refused = { $end ->
    [none] refused
   *[other] refused by { $end }
}
verdict-unanswered = nobody answered
verdict-unreachable = unreachable
verdict-unfinished = handshake never finished
verdict-reset = { $end ->
    [none] reset
   *[other] reset by { $end }
}
verdict-timed-out = { $end ->
    [none] given up
   *[other] given up by { $end }
}
verdict-stalled = { $end ->
    [none] still sending again, unanswered
   *[other] { $end } still sends again, unanswered
}
verdict-half-closed = { $end ->
    [none] half-closed
   *[other] half-closed by { $end }
}
verdict-open = still open
verdict-closed = { $end ->
    [none] closed
   *[other] closed by { $end }
}
verdict-unknown = too little captured to tell
verdict-losses = { $count ->
    [one] 1 loss
   *[other] { $count } losses
}

# What each state means. Keyed by the names of RFC 9293.
state-CLOSED = no connection
state-LISTEN = waits for a SYN
state-SYN-SENT = has sent a SYN
state-SYN-RECEIVED = has answered a SYN
state-ESTABLISHED = open
state-FIN-WAIT-1 = has closed, waits for the ACK
state-FIN-WAIT-2 = closed, and waits for the other FIN
state-CLOSE-WAIT = the peer has closed
state-CLOSING = both closed at once
state-LAST-ACK = waits for the last ACK
state-TIME-WAIT = done, lets late segments die

# Heads of the table of their spellings.
names-elsewhere = elsewhere
names-meaning = in Chinese and English

certainty-told = as noted
certainty-seen = seen
certainty-inferred = inferred
certainty-unknown = uncertain

severity-error = error
severity-warning = warning
severity-note = note

# The ends.
role-client = client
role-server = server
role-left = peer A
role-right = peer B
role-someone = one end
role-somebody-else = the other end

# Amounts. $text is a number with its unit, $count the number.
amount-octets = { $count ->
    [one] 1 octet
   *[other] { $count } octets
}
amount-data = { $count ->
    [one] 1 data segment
   *[other] { $count } data segments
}
amount-acks = { $count ->
    [one] 1 acknowledgment
   *[other] { $count } acknowledgments
}
amount-frame = frame { $text }
amount-frames = frames { $text }
amount-more = { $text } and more
amount-silence = { $text } of silence

# A run of data that is told in one line: $data is what `amount-data` says, $octets the octets with their unit.
fold-data = { $data }, { $octets }, no loss
fold-both = { $data }: { $right } to the right, { $left } to the left, no loss
fold-acks = { $acks }, nothing else
fold-because = { $frames }; { $acks } among them

ui-connection = Connection { $number }
ui-connections = { $count ->
    [one] 1 connection
   *[other] { $count } connections
}
ui-healthy = { $count ->
    [one] 1 more connection has nothing worth telling
   *[other] { $count } more connections have nothing worth telling
}
ui-captured-here = captured here
ui-agreed = agreed
ui-agreed-nothing = no option
ui-agreed-unknown = unknown: a SYN was not captured
ui-handshake = handshake
ui-rtt = RTT
ui-rtt-parts = { $min } / { $mean } / { $max }, min/mean/max
ui-sent = sent
ui-again = { $count } sent again
ui-not-captured = not captured
ui-scale = window scale
ui-scale-unknown = window scale unknown
ui-timestamps = timestamps
ui-lost = lost
ui-dropped = discarded: { $text }
ui-window = window
ui-super = { $count } segments of the path, shown as one
ui-comment = comment
ui-later = later
ui-never-shown = nothing shows when
ui-not-before = not before { $text }
ui-between = between { $from } and { $to }
ui-findings = Findings
ui-in-common = What they have in common
ui-nothing-found = Nothing worth telling: it went as it should.
ui-cause = likely
ui-else = or
ui-next = look at
ui-no-segments = Only the summary was made; the segments are not here.
ui-ends = ends
ui-verdict = verdict
ui-octets = octets
ui-worst = worst finding
ui-frame = frame
ui-time = time
ui-from = from
ui-flags = flags
ui-length = length
ui-options = options
ui-states = states
ui-why = why
ui-no-connections = No TCP connection.
ui-number = number
ui-acknowledgment = acknowledgment
ui-clause = rule
ui-analysis = Wireshark calls it
ui-became = fate

# The graphs. $end is who sends or acknowledges, $peer the other end.
graph-acknowledged = acknowledged
graph-acknowledged-by = acknowledged by { $end }
graph-new = new data
graph-again = sent again
graph-next = next number
graph-in-flight = in flight
graph-numbers = What { $end } sent, and what { $peer } acknowledged
graph-flight = What { $end } had in flight, under the window of { $peer }
graph-round-trips = How long acknowledgments took

# The page.
page-title = TCP connections
page-language = Language
page-ladder = What passed between them
page-graphs = Over time
page-table = As a table
page-segments = All { $count } segments as a table
page-hint = Arrow keys walk from segment to segment; point at one to see its header.
page-cut = Only the first { $count } segments are drawn.
page-told = Only the { $count } that stand first are told one by one below. The others can be asked for by their numbers.
page-unlisted = { $count } more are not listed.
page-made = Made by synfin explain. The page loads nothing.

# A connection run again with something changed. $end is whom the sentence is about, $peer the other end.
whatif-played = synfin plays { $end } from its SYN on. { $peer } says what was captured, as long as that fits.
whatif-captured = As it was captured, from frame { $frame } on:
whatif-replayed = With { $changes }, from frame { $frame } on it would have gone:
whatif-same = With { $changes }, it would have gone the same way: all { $count } segments, with synfin in the place of { $end }.
whatif-parts = From { $time } s on { $end } would have heard something else than it did. What was captured of it no longer fits, and synfin speaks for it as well.
whatif-unmet = Frame { $frame } never comes about here, so that changing it has no effect.
whatif-cut = It goes on for longer than is told here.
whatif-lost = frame { $frame } lost
whatif-late = frame { $frame } { $time } later
whatif-twice = frame { $frame } arriving twice
whatif-nothing = nothing changed
