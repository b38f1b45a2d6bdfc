// What each field of the header is called and for what it is there (RFC 9293 section 3.1).
import type { Language } from "../src/types.ts";

type Told = Record<string, [name: string, meaning: string]>;

export const FIELDS: Record<Language, Told> = {
  en: {
    source: ["Source port", "Which program at the sender. Ports and addresses of both ends name the connection."],
    destination: ["Destination port", "Which program at the receiver; a listener waits on its port."],
    sequence: ["Sequence number", "The number of the first octet of text. In a SYN it is the initial sequence number, and the text begins one behind it. SYN and FIN take a number each, a bare ACK takes none."],
    acknowledgment: ["Acknowledgment number", "The next number that the sender of this awaits, RCV.NXT: everything before it has come. It counts only while the ACK flag is set."],
    offset: ["Data offset", "How long the header is, in words of 4 octets: 5 to 15. In brackets: octets."],
    reserved: ["Reserved", "For what is to come; sent as 0, and not looked at."],
    flags: ["Flags", "SYN: numbers begin. ACK: the acknowledgment number counts. FIN: no more text from me. RST: there is no such connection. PSH: hand it on at once. URG: the urgent pointer counts. ECE and CWR: congestion was marked, and answered (RFC 3168)."],
    window: ["Window", "How many octets behind the acknowledgment number the sender of this will take; times 2 to the window scale that its SYN told (RFC 7323). In a SYN it is not scaled."],
    checksum: ["Checksum", "Over the header, the text, both addresses and the length: it finds what was damaged on the way."],
    urgent: ["Urgent pointer", "Where urgent text ends, counted from the sequence number; it counts only while URG is set, and should not be used any more (RFC 6093)."],
    options: ["Options", "MSS: the longest text I take in a segment. WS: the window scale. SACK: which blocks have come beyond a gap (RFC 2018). TS: time stamps (RFC 7323). NOP fills up."],
  },
  zh: {
    source: ["源端口", "发送方的哪个程序。两端的地址和端口合起来标识一个连接。"],
    destination: ["目的端口", "接收方的哪个程序；监听者在它的端口上等待。"],
    sequence: ["序号", "数据第一个字节的编号。SYN 里它是初始序号，数据从它之后一个开始。SYN 和 FIN 各占一个序号，单纯的 ACK 不占。"],
    acknowledgment: ["确认号", "发送方期待的下一个序号，即 RCV.NXT：此前的都已收到。只有 ACK 标志为 1 时才有效。"],
    offset: ["数据偏移", "首部长度，以 4 字节为单位，5 到 15。括号里是字节数。"],
    reserved: ["保留", "留待将来使用；发送时为 0，接收时不看。"],
    flags: ["标志", "SYN：序号从此开始。ACK：确认号有效。FIN：我不再发数据。RST：没有这个连接。PSH：马上交给程序。URG：紧急指针有效。ECE 和 CWR：路上标记了拥塞，以及对它的回应（RFC 3168）。"],
    window: ["窗口", "发送方在确认号之后还愿意收多少字节；要乘以 2 的窗口扩大因子次方，因子写在它的 SYN 里（RFC 7323）。SYN 中的窗口不扩大。"],
    checksum: ["校验和", "覆盖首部、数据、两端地址和长度：能发现途中的损坏。"],
    urgent: ["紧急指针", "紧急数据在哪里结束，从序号数起；只有 URG 为 1 时才有效，不应再使用（RFC 6093）。"],
    options: ["选项", "MSS：一个报文段里我最多收多少数据。WS：窗口扩大因子。SACK：缺口之后已收到哪些块（RFC 2018）。TS：时间戳（RFC 7323）。NOP 用来填充。"],
  },
};

/** What brings a transition about, by the engine's names. */
export const TRIGGERS: Record<Language, Record<string, string>> = {
  en: {
    PassiveOpen: "passive OPEN",
    ActiveOpen: "active OPEN",
    Syn: "rcv SYN",
    SynAck: "rcv SYN,ACK",
    AckOfSyn: "rcv ACK of SYN",
    Close: "CLOSE",
    Fin: "rcv FIN",
    AckOfFin: "rcv ACK of FIN",
    ReturnToListen: "back to LISTEN",
    Rst: "rcv RST",
    Abort: "ABORT",
    TimedOut: "timed out",
    TimeWaitOver: "2 MSL over",
  },
  zh: {
    PassiveOpen: "被动打开",
    ActiveOpen: "主动打开",
    Syn: "收到 SYN",
    SynAck: "收到 SYN,ACK",
    AckOfSyn: "SYN 被确认",
    Close: "关闭",
    Fin: "收到 FIN",
    AckOfFin: "FIN 被确认",
    ReturnToListen: "退回 LISTEN",
    Rst: "收到 RST",
    Abort: "中止",
    TimedOut: "超时放弃",
    TimeWaitOver: "2 MSL 已过",
  },
};
