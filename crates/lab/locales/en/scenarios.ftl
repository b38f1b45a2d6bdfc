# The questions, predictions and answers of the scenarios. A, the client, stands left; B, the server, right.

lab-01 = The handshake
    .question = Two machines want to talk. What do they have to tell each other first, and how many segments does it take?
    .predict = A has just become ESTABLISHED. What is B at that moment?
    .a = ESTABLISHED as well
    .b = SYN-RECEIVED
    .c = LISTEN
    .answer = Each end tells its initial sequence number in a SYN and hears it acknowledged: that takes three segments, because B's SYN and B's ACK go in one (RFC 9293 section 3.5, Figure 6). Each end enters ESTABLISHED at its own moment: A when the SYN-ACK comes, B when the third segment comes, half a round trip later. The third segment has SYN off; it is an ACK and takes no sequence number, so the data behind it begin with the same number: if ACKs took numbers, we would end up acknowledging ACKs. ACK = SEQ + 1 holds for a bare SYN or FIN alone; in general the acknowledgment is RCV.NXT, the next number that is awaited. MSS, window scale, SACK and timestamps are offered in the SYNs; the window is in every segment. What each end knows grows step by step: after the first segment B knows that A can send and B can receive; after the second A knows that both directions work; after the third B knows it too.
    .story = A cockpit calls the tower: "Tower, Sichuan 8633, how do you read?" The tower answers: "Sichuan 8633, I read you; do you read me?" The cockpit: "I read you." Until those last words the tower cannot know that its own voice is heard. It is the same with a parcel: I send you one, you send one back, and I write that it has come.

lab-02 = The first SYN is lost
    .question = A's first SYN never arrives. Who notices, and when is it sent again?
    .predict = When does A send its SYN again?
    .a = at once
    .b = about one second later
    .c = three seconds later
    .answer = Nobody but A can notice: its retransmission timer runs out after 1 s, the initial RTO (RFC 6298 section 2.1), and each further wait is twice as long (section 5.5). A gives up after three minutes or more (RFC 9293 section 3.8.3, MUST-23). Linux does not double the first waits: four more timeouts wait 1 s each. Turn the knob `lost` to 6 and compare the worlds rfc and linux.

lab-03 = The SYN-ACK is lost
    .question = B has answered, but A never hears it. Who repeats what?
    .predict = Who sends again before the connection is open?
    .a = only A, its SYN
    .b = only B, its SYN-ACK
    .c = both: each has its own timer
    .answer = Both ends have sent a SYN that is not acknowledged, so both have a timer running (RFC 9293 section 3.8.3). When A's SYN comes again, B, in SYN-RECEIVED, answers with its SYN-ACK once more. In the world gone A gives up and comes again on the same ports with another number: its new SYN meets B in SYN-RECEIVED, which goes back to LISTEN, as a passive open does (section 3.10.7.4); A's next SYN opens the connection. A SYN-ACK that nobody ever answers is repeated a few times, and then the half-open connection is dropped.

lab-04 = The third segment is lost
    .question = A's last ACK of the handshake is lost. A takes the connection for open. And B?
    .predict = What is B half a second later, if A says nothing?
    .a = ESTABLISHED
    .b = SYN-RECEIVED
    .c = CLOSED
    .answer = B stays in SYN-RECEIVED, for nothing has acknowledged its SYN (RFC 9293 section 3.10.7.4). After 1 s its timer sends the SYN-ACK again; for A that is a duplicate, which it answers with an ACK, and B is ESTABLISHED. If A has something to say, it need not wait: every segment after the SYN bears the same acknowledgment, so the first data open B's end (world talks). "Both are ESTABLISHED once the third segment is sent" is therefore too early for B.

lab-05 = Why not two?
    .question = Why does a server not take a connection for open as soon as it has answered?
    .predict = An old SYN comes when all is long over. What does a server do that needs no third segment?
    .a = it ignores the SYN
    .b = it opens a connection and waits for ever
    .c = it sees the mistake and resets
    .answer = "The principal reason for the three-way handshake is to prevent old duplicate connection initiations from causing confusion" (RFC 9293 section 3.5). A's first SYN wanders about in the network; the second is served, both ends close. Then the first arrives. With two segments B believes in a connection that nobody wants and holds it, buffers and all. With three B only asks: its SYN-ACK finds no connection at A, A answers with an RST, not with silence, and B is back in LISTEN. The clients of the two-way world say nothing to a SYN-ACK that they did not ask for; that world is made by the laboratory, no TCP does it.
    .story = "Can we connect?" shouts A. No answer; A shouts again, B says "yes", they talk and part. Then the first shout comes back from the far wall. Who needs only two words opens the door and stands there. Who needs three asks back "yes?", and A says "that was long ago".

lab-05b = With two, is the server's number known?
    .question = In a two-way handshake B's only segment may be lost. What does B know then?
    .predict = B's SYN-ACK is lost; B, which takes the connection for open, sends data. What does A do with them?
    .a = it delivers them
    .b = it discards them: it knows no number of B's
    .c = it resets the connection
    .answer = B does not know whether its number has arrived, so it does not know whether A can receive (RFC 9293 section 3.5). A is in SYN-SENT and has no IRS: data without a SYN say nothing to it (section 3.10.7.3). B counts on a connection that only one end has. The third segment is what tells B that its sequence number was received: each direction needs its number and the acknowledgment of it.

lab-06 = An old SYN comes first
    .question = An old SYN overtakes the new one. How do both ends get over it?
    .predict = How does B learn that the SYN was old?
    .a = its timer runs out
    .b = A sends an RST
    .c = the new SYN tells
    .answer = This is Figure 8 of RFC 9293 section 3.5. B cannot tell an old SYN from a new one and answers it. A can: the acknowledgment, 91, is not of its SYN, whose number is 100 (SND.UNA < SEG.ACK ≤ SND.NXT does not hold), so A sends an RST with SEQ=91 and stays in SYN-SENT. B, which opened passively, goes back to LISTEN, and the new SYN is served as if nothing had happened. A does not "ignore" the SYN-ACK, and B need not wait until it gives up.

lab-07 = Both open at once
    .question = Both ends send a SYN at the same time, and neither listens. How many connections come of it?
    .predict = How many connections are there in the end?
    .a = two
    .b = one
    .c = none
    .answer = One: a connection is the pair of ends, and both SYNs name the same pair (RFC 9293 section 3.5, Figure 7, MUST-10). Each end goes from SYN-SENT to SYN-RECEIVED on the other's SYN, answers with SYN,ACK, and is ESTABLISHED when that comes. This is the handshake of four segments. The two ACKs that follow here answer a SYN,ACK whose SYN was there already; RFC 9293 asks for that of any segment that is not acceptable (section 3.10.7.4).

lab-08 = One end has forgotten
    .question = A machine restarts and has forgotten its connection; the other has not. How does it come out?
    .predict = A connects again from the same port. What does B, which is ESTABLISHED, answer?
    .a = a SYN-ACK
    .b = an RST
    .c = an ACK of what it last received
    .answer = This is a half-open connection (RFC 9293 section 3.5.1, Figures 9 and 10). B answers a SYN in a synchronized state with an ACK (RFC 5961 section 4). A, in SYN-SENT, sees an acknowledgment of something it has never sent and resets; B aborts, and A's next SYN opens anew. In the world data it is B that speaks first: its data find nobody, and the RST tells it. "Half-open" is this; half-closed is another thing, see 13, and the queue of half-open connections a third, see 18.

lab-09 = An old SYN between two listeners
    .question = Both ends listen, and an old SYN comes to one of them. Does a connection come of it?
    .predict = What is B in the end?
    .a = SYN-RECEIVED
    .b = LISTEN
    .c = CLOSED
    .answer = B answers the SYN. A listens; a segment with an ACK cannot be for a listener, so A answers with an RST that bears the acknowledged number (RFC 9293 section 3.10.7.2). B takes it and goes back to LISTEN (section 3.5.1, Figure 11). Nothing is left.

lab-10 = The close
    .question = Why does it take four segments to close, and who has to wait?
    .predict = Which end stays for another minute or more?
    .a = always the client
    .b = always the server
    .c = the one that closed first
    .answer = A connection is two directions, and each ends by itself: FIN says "no more from me", its ACK says "heard" (RFC 9293 section 3.6, Figure 12). SYN and ACK merge because the stack needs nobody's leave for them; the FIN of the second direction waits for the application to close, so there are two segments where the handshake has one. Who closed first goes through FIN-WAIT-1 and FIN-WAIT-2 into TIME-WAIT, sending the last ACK and entering TIME-WAIT in one event; the other goes through CLOSE-WAIT and LAST-ACK and is gone earlier. Either end may be first: run both worlds. The numbers v and w are not random: v is SND.NXT, and w is v plus what was sent since. The third segment repeats the acknowledgment of the second, as every segment does.
    .story = "Sichuan 8633, nothing further." "Roger." A little later: "Tower has nothing further either." "Roger, good day." Who said good day stays on the frequency for a while, in case the last word was not heard.

lab-11 = Can four become three?
    .question = Between B's ACK and B's FIN lies only the application. What if it closes quickly?
    .predict = B's application closes 20 ms after it has read the end. How many segments does the close take?
    .a = two
    .b = three
    .c = four
    .answer = B does not acknowledge the FIN at once: it waits some 40 ms for something to say (RFC 9293 section 3.8.6.3; less than 0.5 s, MUST-40). If the application closes within that time, the FIN goes with the ACK, and the close takes three segments; if later, four. Measured on Linux 6.18: three at 0 and 20 ms, four at 100 ms with the ACK after 41 ms. Turn the knob `after` to see where it tips.

lab-12 = Both close at once
    .question = Both ends close at the same time. Who waits then, and what is CLOSING?
    .predict = How many of the two ends come to TIME-WAIT?
    .a = none
    .b = one
    .c = both
    .answer = The two FINs cross. Each end, in FIN-WAIT-1, hears a FIN before its own is acknowledged and goes to CLOSING; the ACK of its FIN takes it to TIME-WAIT (RFC 9293 section 3.6, Figure 13). Neither was first, so both wait. CLOSING is seen nowhere else.

lab-13 = Half-closed
    .question = A has said that it has no more to send. May B still send?
    .predict = What becomes of the data that B sends after A's FIN?
    .a = A resets the connection
    .b = they are all delivered
    .c = a part is delivered
    .answer = A FIN ends one direction only. Once it is acknowledged, A is in FIN-WAIT-2, B in CLOSE-WAIT: the connection is half-closed, and B may send as much as it likes, which A acknowledges (RFC 9293 section 3.6). That is also why B's FIN may come much later: B first sends what is left. The FIN takes one sequence number though it carries no data.

lab-14 = The last ACK is lost
    .question = Why does the end that closed first not go at once?
    .predict = A's last ACK is lost. What is sent next?
    .a = A sends its ACK again, by a timer
    .b = B sends its FIN again
    .c = nothing
    .answer = Nobody acknowledges an ACK, so A cannot know that it is lost. B can: its FIN is not acknowledged, and its timer sends it again. A, in TIME-WAIT, answers and begins to wait 2 MSL anew (RFC 9293 section 3.10.7.4). TIME-WAIT sends nothing by itself; it is there to answer. In the world no-time-wait A has gone: the FIN finds no connection, A's machine answers with an RST, and B's application hears of a reset after all went well. 2 MSL are 4 minutes in RFC 9293; Linux waits 60 s.

lab-15 = Old data in a new connection
    .question = The second reason for TIME-WAIT: what if the same two ports are used again at once?
    .predict = Without TIME-WAIT, what happens to old data that come into the new connection?
    .a = they are discarded
    .b = they are taken for new ones
    .c = the new connection is reset
    .answer = A segment belongs to a connection by its four addresses and ports, and it is acceptable by its numbers. If both fit, nothing else tells that it is old: in the world no-time-wait B delivers octets that nobody has sent on this connection, and acknowledges more than A has sent. With TIME-WAIT A cannot use the pair again before old segments have died out (RFC 9293 section 3.6.1). It is any old segment that is meant, not only an old request. A new SYN may end TIME-WAIT early when its number or timestamp shows that it is newer (MAY-2, RFC 6191); timestamps are off here, and the numbers were chosen to collide.

lab-16 = A close that is a reset
    .question = A program closes its socket with octets unread. What does the other end see?
    .predict = What does A receive when B closes?
    .a = a FIN
    .b = an RST
    .c = nothing
    .answer = A FIN would say that everything went well, and it did not: 100 octets were never read. So B sends an RST (RFC 9293 section 3.6.1, SHLD-3), and A's application hears of a reset. A has its ACK for those octets: acknowledged means received by TCP, not read by the program. In the world read the same close sends a FIN.

lab-17 = Nobody listens
    .question = What does connect() say when no program listens, and what when a filter swallows the SYN?
    .predict = How long does A wait until it knows that nobody listens?
    .a = one round trip
    .b = some minutes
    .c = it never knows
    .answer = A SYN for a port that nobody has is answered with an RST (RFC 9293 section 3.10.7.1), which A takes because it acknowledges its SYN: "connection refused" after one round trip. A filter that drops the SYN (world filtered) leaves A to its timer, for three minutes or more. A connect that succeeds shows that a listener has answered, and promises nothing about the link later on.

lab-18 = A flood of SYNs
    .question = Who pays for a SYN? What if nobody means it?
    .predict = B has room for 64 half-open connections, and 300 SYNs come from nowhere. Does A get in within four seconds?
    .a = yes, at once
    .b = no
    .c = yes, with its second SYN
    .answer = For every SYN a listener keeps a small entry until the third segment comes; the listener itself stays in LISTEN. Forged SYNs are never followed by one, so the queue stays full and an honest SYN is dropped (RFC 4987). With SYN cookies B keeps nothing for a SYN that finds no room: what it must remember it writes into its own sequence number, and builds the connection when that number comes back acknowledged. Compare the most half-open entries and whether A gets in. The client has its full connection from its first SYN on.

lab-19 = Is anybody there?
    .question = A has lost its power. How long does B believe in the connection?
    .predict = B has keep-alive with Linux's settings. When does it give A up?
    .a = after some minutes
    .b = after more than two hours
    .c = never
    .answer = A silent connection needs no segments and lives on for ever; that is why keep-alive exists, off unless an application asks for it (RFC 9293 section 3.8.4, MUST-25). After 2 hours without any segment from the peer (MUST-28) B sends a probe: SEG.SEQ = SND.NXT-1 and no data. It takes more than one lost probe (MUST-29): every 75 s another, 9 on Linux and 10 in BSD, then the connection is closed. Whatever comes from the peer starts the two hours anew, and either end may ask.
    .story = "Sichuan 8633, tower." Silence. "Sichuan 8633, tower, radio check." Silence. The tower calls again and again at fixed intervals. Only after many calls does it take the aircraft off the screen.

lab-20 = The peer has come up again
    .question = A has restarted, or something on the way has forgotten the connection. What does B's probe bring?
    .predict = A has restarted. What answers B's keep-alive probe?
    .a = nothing
    .b = an ACK
    .c = an RST
    .answer = The machine is there and knows no such connection: it answers with an RST (RFC 9293 section 3.10.7.1), and B knows after one round trip. When a middlebox has forgotten the connection and drops everything (world forgotten), it is as if the peer were dead, and it takes all probes. A machine that is off, one that has restarted and a cable that is cut look different to whoever asks, and alike to whoever does not.

lab-21 = Nothing comes back
    .question = The cable is cut. How often, and how long, does A try?
    .predict = How do the waits between two retransmissions grow?
    .a = they stay equal
    .b = they double
    .c = they vary by chance
    .answer = With each timeout the RTO doubles (RFC 6298 section 5.5), here up to 120 s. After R1, three or more retransmissions, IP may look for another route; after R2, 100 s or more, the connection is given up and the application told (RFC 9293 section 3.8.3, SHLD-10, SHLD-11). Linux gives up after some 15 retransmissions, about a quarter of an hour. The very first repetition here is a tail loss probe (RFC 8985 section 7), which comes before the timer.
    .story = The teacher asks: "Is that clear?" Nobody answers, and he says it again. Still silence: he waits longer each time. When the hall has been silent for a quarter of an hour he goes home.

lab-21b = A lost ACK is no loss
    .question = Is every segment repeated whose acknowledgment is lost?
    .predict = The ACK of the first of two segments is lost. How many segments are sent again?
    .a = none
    .b = one
    .c = two
    .answer = Acknowledgments are cumulative: the second ACK says that everything before its number has arrived, the first segment with it (RFC 9293 section 3.4). There is one retransmission timer a connection, and it had not run out.
    .story = "Is that clear?" asks the teacher after each sentence. A nod at the end of the third covers the two before.

lab-22 = How long to wait?
    .question = A timer that is too short repeats what has arrived, one that is too long wastes time. How does TCP choose?
    .predict = A round trip takes about 100 ms, now more, now less. What is the RTO in the end?
    .a = the mean round trip
    .b = the mean and a margin, well above it
    .c = always one second or more
    .answer = SRTT is a smoothed mean (α = 1/8), RTTVAR a smoothed deviation (β = 1/4); RTO = SRTT + max(G, 4·RTTVAR) (RFC 6298 section 2). RFC 6298 wants at least 1 s; Linux, and this stack, take 200 ms as the least deviation that counts. A segment that was sent twice measures nothing, for nobody knows which copy was acknowledged (Karn), unless timestamps tell. Turn the knob `jitter` and watch RTTVAR in the step mode.

lab-23 = Without waiting for the timer
    .question = One segment of many is lost. How can A know before its timer runs out?
    .predict = What makes A send the lost segment again?
    .a = its retransmission timer
    .b = the ACKs of the segments behind it
    .c = B asks for it
    .answer = Every segment that arrives behind a gap makes B repeat its acknowledgment at once (RFC 5681 section 4.2). The first three such duplicates, that is four equal ACKs, are taken for a loss, and the segment goes again: fast retransmit (section 3.2). A duplicate has no data, the same window and the same number. In the world sack B also says what it does have, and A goes by time: what was sent clearly before something that has arrived is lost (RACK, RFC 8985).

lab-24 = Late is not lost
    .question = A segment is overtaken by a dozen others. What does A make of it?
    .predict = Nothing is lost. Does A, which counts duplicates, send anything again?
    .a = no
    .b = yes, by fast retransmit
    .c = yes, by its timer
    .answer = Three duplicate ACKs look the same whether a segment is lost or late. So A repeats what was on its way (RFC 5681 section 3.2): a spurious retransmission, and its window is halved for nothing. RACK allows for reordering by waiting a part of a round trip before it calls a segment lost, and the DSACK for the second copy tells it to wait longer the next time (RFC 8985 section 6.2). Turn `late` down to 2 ms and the worlds agree.

lab-25 = How much may fly
    .question = Nobody tells the sender what the network bears. How does it find out?
    .predict = The first loss is found by duplicate ACKs. What becomes of the threshold?
    .a = it falls to one segment
    .b = it falls to about half of the window
    .c = it stays
    .answer = cwnd begins with 10 segments (RFC 6928; RFC 5681 had 2 to 4, and 1 is history) and grows by what is acknowledged, so it doubles each round trip: slow start. A queue overflows, duplicates come, ssthresh = max(FlightSize/2, 2·SMSS), and from there it grows by one segment a round trip (RFC 5681 section 3.1). "Back to one segment" is what Tahoe did at every loss (world tahoe), and what a timeout still does. CUBIC goes down to 0.7 only and grows by time (RFC 9438). What may be sent is always min(cwnd, SND.WND). Flow control asks what the receiver can take; congestion control, what the network can.

lab-26 = No room
    .question = The receiver's buffer is full, and the word that there is room again is lost. Do both wait for ever?
    .predict = The window update is lost. What sets the transfer going again?
    .a = nothing: both wait
    .b = A asks, by probes
    .c = B repeats its update
    .answer = The window is the free room of whoever sends it, counted from the acknowledged number. At zero A must keep asking: the persist timer sends a probe, and the answer bears the present window (RFC 9293 section 3.8.6.1, MUST-36). As long as probes are answered the connection lives, for days if need be (MUST-37). B does not repeat its update: it is a bare ACK, and nobody acknowledges ACKs.

lab-27 = One at a time, or many
    .question = Why not wait for the ACK of each segment before the next is sent?
    .predict = 60,000 octets, a round trip of 100 ms. How much slower is one segment at a time?
    .a = hardly at all
    .b = about twice
    .c = more than five times
    .answer = One segment a round trip is what one gets, however fast the line is. A window lets as much be on its way as the receiver has room for (RFC 9293 section 3.8.6). The numbers fall into four regions: acknowledged, in flight, usable at once, and not allowed yet; each ACK moves the borders on, and what is acknowledged leaves the buffer. Turn `flight` up and the two worlds meet.

lab-28 = How large may a segment be?
    .question = Both ends announce an MSS. Do they agree on one? And what if a link on the way takes less?
    .predict = A link takes packets of 1000 octets. How large are A's packets once that is known?
    .a = 1500 octets, cut up by the router
    .b = 1000 octets
    .c = 576 octets
    .answer = Each end announces what it can receive; no option means 536 over IPv4 and 1220 over IPv6 (RFC 9293 section 3.7.1, MUST-15). The sender takes the smaller of that and of what its own link bears (MUST-16): in the world small-peer 588 octets of text and 12 of timestamps. Nobody negotiates. A router that cannot pass a packet says so by ICMP, and A sends the same octets again in other pieces (section 3.7.2): a retransmission need not have the borders of the first sending. The MSS makes transfers efficient; reliability does not depend on it.

lab-29 = A bit flips
    .question = A segment arrives damaged. Does the receiver complain?
    .predict = What does B say about a segment whose checksum is wrong?
    .a = it sends an ACK that asks for it again
    .b = nothing
    .c = it sends an RST
    .answer = A segment whose checksum does not fit is thrown away without a word (RFC 9293 section 3.1, MUST-3): nothing in it can be trusted, not even whom it was for. To A it is lost, and it goes again. The sum covers a pseudo-header of 12 octets over IPv4 (40 over IPv6), the header and the text; with 16 bits it is weak, and it is not encryption.

lab-30 = Small writes
    .question = A program writes twice in a row, and the answer takes 40 ms longer than the line needs. Why?
    .predict = When does the second write leave?
    .a = at once
    .b = when the first is acknowledged
    .c = after a timer of A's
    .answer = Nagle's algorithm holds a small segment back while another is not acknowledged (RFC 9293 section 3.7.4, SHLD-7); B delays its ACK in the hope of an answer to send it with (section 3.8.6.3). Each waits for the other, until B's timer runs out. A delayed ACK saves a packet of 40 octets, or of 52 with timestamps; it may wait less than 0.5 s, and every second full-sized segment is acknowledged at once (MUST-40, SHLD-19). With TCP_NODELAY (MUST-17) the second write leaves at once; writing both together is better still.

lab-31 = Two, three, four
    .question = Could the handshake have two segments? Could it need four?
    .predict = Both ends open at once. How many segments bear a SYN?
    .a = two
    .b = three
    .c = four
    .answer = Two SYNs and two acknowledgments are needed; the second end's SYN and ACK go in one segment, so there are three (RFC 9293 section 3.5). When both open at once nobody can merge before the other's SYN has come, and there are four. With two, one acknowledgment is missing: the laboratory can make such a world, and 05 shows what comes of it. Four would confirm nothing that three do not.

lab-32 = Two generals
    .question = Would a fourth, a fifth confirmation make the connection certain?
    .predict = A's ACKs are lost again and again. Can A, which has sent the last word, be certain that B is ready?
    .a = yes, it is ESTABLISHED
    .b = no: for seconds A is open and B is not
    .c = only with SACK
    .answer = The last message is never confirmed, however many there are: whoever sends it cannot know that it has arrived. Three are enough for what is needed: both numbers are known and acknowledged (RFC 9293 section 3.5). What is left is handled by repetition: B asks again with its SYN-ACK until one answer comes through. The same doubt at the other end of the connection is why TIME-WAIT exists, see 14.

lab-33 = Urgent, and push
    .question = What do URG and PSH do, and how much is urgent?
    .predict = Ten octets are urgent. What does the urgent pointer say?
    .a = 9
    .b = 10
    .c = the number of the last octet in the stream
    .answer = The pointer is an offset from the segment's sequence number to the octet behind the urgent data (RFC 9293 section 3.8.5, MUST-62), not a count, though both are 10 here. Stacks must support it (MUST-30), new applications should not use it (SHLD-13). PSH is set by the sender where its buffer is empty (MUST-61): a hint, not the mark of a record. Look at 2 s: of two segments only the last is pushed.

lab-34 = Data on the SYN
    .question = May a SYN carry data?
    .predict = With Fast Open, which segment brings B's program the text of the second connection?
    .a = the SYN
    .b = the first one after the handshake
    .c = none: it is refused
    .answer = A SYN may carry data; a receiver must not hand them to its program before the connection is open (RFC 9293 section 3.5). Fast Open allows it for clients that have shown a cookie (RFC 7413): the first connection fetches one, the SYN of the second brings text, and the SYN-ACK acknowledges it: ack = x + 1 + 100. Without a cookie the text is left out and the SYN alone acknowledged (world bare). A SYN says "this is my number", not "no data".

lab-35 = Numbers come round
    .question = There are 2^32 numbers, and at high speed they are used up in seconds. What then?
    .predict = An old segment fits the window exactly. What tells that it is old?
    .a = its sequence number
    .b = its timestamp
    .c = its checksum
    .answer = Sequence numbers count modulo 2^32 and are compared by distance, so 4,294,967,295 is followed by 0 (RFC 9293 section 3.4): the data here cross that border. A segment of the last turn has a number that fits again. With timestamps it betrays itself: its value is older than the last one seen, so it is discarded and answered with an ACK (PAWS, RFC 7323 section 5).

lab-36 = Who does not close
    .question = One program never closes. What stays behind?
    .predict = A has closed; B's program never does. What is B after a quarter of an hour?
    .a = CLOSED
    .b = CLOSE-WAIT
    .c = TIME-WAIT
    .answer = CLOSE-WAIT means that TCP waits for its own program, and no timer ends that: many of them are a program that forgets to close. A's side, once its program has gone, is an orphan in FIN-WAIT-2: no RFC limits it, stacks do; Linux waits 60 s. If A's program has only shut down its direction and still reads (world fin-wait-2), both stay as they are, which is legal (RFC 9293 section 3.6).

lab-37 = A number that can be guessed
    .question = Why do connections not simply begin with 1?
    .predict = B's first number can be foreseen. Can a stranger who hears none of B's answers open a connection in A's name?
    .a = yes
    .b = no
    .c = only with A's help
    .answer = The third segment proves that its sender has heard the second: it must bear B's number. Who can guess it needs to hear nothing, as long as A, whose name is borrowed, stays silent; with A there, its RST would end the attempt. So an initial number is a clock plus a keyed hash of the four addresses and ports (RFC 6528; RFC 9293 section 3.4.1, MUST-8, SHLD-1): unforeseeable to others, and still moving on for each pair. Numbers that begin with 0 or 1 in a tool are counted from there by the tool. In the world keyed the guess is answered with an RST.

# What scenarios are about.
chapter-open = Opening
chapter-close = Closing
chapter-time-wait = TIME-WAIT
chapter-reliable = Nothing gets lost
chapter-window = How much at a time
chapter-alive = Is anybody there?
chapter-strangers = Strangers
