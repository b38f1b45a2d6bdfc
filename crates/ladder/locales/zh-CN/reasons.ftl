# 为什么发送这个报文：箭头下面的那句话。键名取自 `Reason` 的代码。
#
# $end     发送方
# $peer    对端
# $octets  报文携带的数据字节数
# $frame   引发它的那一帧；未知时为 0
# $time    从那一帧到这一帧的时间，带单位
# $wave    第几次挥手：1 至 4；其他报文为 0

reason-syn = 第一次握手：{ $end }请求建立连接，给出自己的初始序号
reason-syn-retransmit = { $frame ->
    [0] 重传 SYN：一直没有应答
   *[other] 重传 SYN：第 { $frame } 帧发出 { $time } 后仍没有应答
}
reason-syn-cookie-request = 第一次握手：{ $end }请求建立连接，并申请 Fast Open cookie
reason-syn-text = 第一次握手：{ $end }请求建立连接，SYN 中直接携带 { $octets } 字节数据（Fast Open）
reason-syn-path-mtu = 重传 SYN，不再携带数据：路径只能通过更小的报文
reason-syn-ack = 第二次握手：{ $end }同意建立连接，确认对方的 SYN，并给出自己的初始序号
reason-syn-ack-cookie = 第二次握手：{ $end }同意建立连接，并发给对方一个 Fast Open cookie
reason-syn-ack-text = 第二次握手：{ $end }同意建立连接，并已收下 SYN 携带的数据
reason-syn-ack-stateless = 第二次握手：{ $end }用 SYN cookie 应答，第三次握手到达之前不保存任何状态
reason-syn-ack-retransmit = { $frame ->
    [0] 重传 SYN-ACK：第三次握手一直没有到
   *[other] 重传 SYN-ACK：等了 { $time }，第三次握手仍没有到
}
reason-syn-ack-repeat = 再发一次 SYN-ACK：对方的 SYN 又来了一次
reason-simultaneous-open = 双方同时打开：{ $end }确认{ $peer }的 SYN
reason-handshake-ack = 第三次握手：{ $end }确认{ $peer }的 SYN
reason-data = 发送新数据
reason-override-data = 发送新数据：这个小报文被 Nagle 算法扣住，等到了时限才发出
reason-fin = { $wave ->
    [1] 第一次挥手：{ $end }已无数据要发，请求关闭自己这个方向
    [3] 第三次挥手：{ $end }的数据也发完了，关闭自己这个方向
   *[other] { $end }已无数据要发，请求关闭自己这个方向
}
reason-rto-retransmit = { $frame ->
    [0] 超时重传：重传定时器到期
   *[other] 超时重传第 { $frame } 帧：{ $time }内没有收到确认，重传定时器到期
}
reason-fast-retransmit = { $frame ->
    [0] 快速重传：收到三个重复确认，不等定时器到期
   *[other] 快速重传第 { $frame } 帧：收到三个重复确认，不等定时器到期
}
reason-partial-ack-retransmit = 重传：刚收到的只是部分确认，说明紧接着的这一段也丢了
reason-rack-retransmit = { $frame ->
    [0] 重传：更晚发送的报文已经到达，这个却没有
   *[other] 重传第 { $frame } 帧：更晚发送的报文已经到达，它却没有
}
reason-tail-loss-probe = 尾部丢包探测：两个往返时间内没有收到确认，最后的报文是否丢了？
reason-frto-data = 超时之后先发新数据，借此判断是否真的丢了包
reason-syn-text-retransmit = 重传 SYN 携带的数据：SYN-ACK 没有确认它
reason-limited-transmit = 发送新数据：刚收到一两个重复确认，允许再发一段
reason-mtu-probe = 用比平时更大的报文发送新数据，试探路径能否通过
reason-path-mtu-retransmit = 改用更小的报文重传：路径通不过更大的报文
reason-zero-window-probe = 零窗口探测：{ $peer }的窗口已关闭，{ $end }询问是否仍然如此
reason-keep-alive-probe = { $frame ->
    [0] 保活探测：连接空闲已久，{ $peer }还在吗？
   *[other] 保活探测：连接已空闲 { $time }，{ $peer }还在吗？
}
reason-delayed-ack = { $frame ->
    [0] 延迟确认：定时器到期，不再等待
   *[other] 延迟确认：{ $time }后才确认第 { $frame } 帧，期间没有数据可以捎带
}
reason-second-segment-ack = 已收到两个满长报文，必须立即确认
reason-quick-ack = 立即确认：连接刚开始时不延迟
reason-out-of-order-ack = 重复确认：收到了后面的数据，前面还缺一段
reason-gap-filled-ack = 缺失的数据已到，空缺全部或部分补上
reason-unacceptable-ack = 收到窗口之外的报文：{ $end }重申自己期望的序号
reason-no-room-ack = 没有内存存放收到的报文：{ $end }关闭窗口
reason-paws-ack = 收到时间戳过旧的报文：{ $end }重申自己期望的序号
reason-ecn-ack = 立即确认，以便报告拥塞标记
reason-window-update = 窗口更新：{ $end }的应用程序读走了数据，又有空间了
reason-fin-ack = { $wave ->
    [2] 第二次挥手：{ $end }确认{ $peer }的 FIN，自己仍可继续发送
    [4] 第四次挥手：{ $end }确认{ $peer }的 FIN，两个方向都已关闭
   *[other] { $end }确认{ $peer }的 FIN
}
reason-probe-ack = { $end }应答探测：我还在
reason-challenge-rst = 收到序号不精确的 RST：{ $end }向{ $peer }求证是否真要复位
reason-challenge-syn = 在已建立的连接上收到 SYN：{ $end }向{ $peer }求证是否重启过
reason-challenge-ack = 收到的确认号过旧，或确认了从未发送的数据：{ $end }重申自己的位置
reason-time-wait-ack = { $end }处于 TIME-WAIT，应答迟到的报文
reason-reset-no-connection = { $frame ->
    [0] { $end }没有这个连接
   *[other] { $end }没有第 { $frame } 帧所属的连接
}
reason-reset-bad-ack = { $end }收到的确认号所对应的数据从未发送过
reason-reset-refused = { $end }的应用程序拒绝了这个连接
reason-reset-abort = { $end }的应用程序中止了连接
reason-reset-unread = { $end }关闭时还有数据未读：{ $peer }发来的数据就此丢失
reason-reset-after-close = 数据到达时，{ $end }的应用程序已经离开
reason-reset-contradicted = { $peer }已经关闭，它的数据流却越过了{ $end }所知的终点
reason-reset-timeout = { $end }放弃{ $peer }：一直没有应答
reason-reset-orphan = { $end }的应用程序已经离开，剩下的数据不再发送
reason-ack = { $frame ->
    [0] { $end }确认已收到的数据
   *[other] 确认第 { $frame } 帧，距其 { $time }
}
reason-retransmit = { $frame ->
    [0] 重传
   *[other] 重传第 { $frame } 帧，距其 { $time }
}
reason-fin-retransmit = 重传 FIN：上一个 FIN 没有得到确认
reason-reset-unexplained = { $end }复位连接；从抓包中看不出原因
reason-network-duplicate = { $frame ->
    [0] 同一个报文出现了两次：网络或抓包点造成的重复
   *[other] 第 { $frame } 帧又出现一次：网络或抓包点造成的重复
}
reason-reordered = 乱序：途中被后发的报文超过
reason-senseless = 标志位组合没有意义

# 为什么报文到达后被丢弃。键名取自 `DropReason` 的代码。

drop-checksum = 校验和错误
drop-malformed = 不是完整的 TCP 报文
drop-invalid-source = 源地址不可能属于任何主机
drop-not-unicast = 目的地址是广播或组播地址
drop-md5-not-found = 缺少必需的 MD5 签名
drop-md5-unexpected = 带有 MD5 签名，但没有对应的密钥
drop-md5-failure = MD5 签名错误
drop-no-connection = 没有它所属的连接
drop-not-for-listen = 监听套接字只接受 SYN
drop-backlog = 半连接队列已满
drop-too-far = 跳数表明它来自比对端更远的地方
drop-undecided = 尚未决定是否接受这个连接
drop-syn-sent-bad-ack = 确认了从未发送的序号
drop-syn-sent-bad-rst = 这个 RST 没有确认 SYN
drop-syn-sent-no-syn = SYN 还没有得到应答
drop-syn-sent-bad-echo = 回显的时间戳从未发送过
drop-outside-window = 落在接收窗口之外
drop-duplicate = 内容此前已全部收到
drop-paws = 时间戳比已收到的更旧
drop-missing-timestamp = 缺少双方约定的时间戳
drop-rst-not-exact = RST 的序号不是所期望的那个
drop-syn-in-window = 已建立的连接上出现 SYN
drop-no-ack = 没有 ACK 标志
drop-ack-too-old = 确认号过旧
drop-ack-of-unsent = 确认了从未发送的数据
drop-syn-received-bad-ack = 没有确认 SYN
drop-awaits-text = 应用程序要求先看到数据
drop-nobody-reads = 应当读取它的应用程序已经离开
drop-beyond-fin = 超出了发送方自己的 FIN
drop-no-room = 接收缓冲区已满
drop-reassembly-full = 重组队列已满
drop-closed = 连接处于 CLOSED
drop-time-wait-rst = TIME-WAIT 忽略 RST

# 连接为什么进入 CLOSED。键名取自 `CloseReason` 的代码。

close-finished = 双方都已正常关闭
close-aborted = 本端应用程序中止了连接
close-unread-data = 关闭时还有数据未读，于是复位了对端
close-data-after-close = 应用程序离开后又有数据到达，于是复位了对端
close-contradicted = 对端关闭后又在同一数据流上继续发送，于是被复位
close-refused = 对端拒绝连接
close-reset = 对端发来 RST
close-handshake-timeout = 握手一直没有应答
close-retransmission-timeout = 反复重传的数据始终没有得到确认
close-user-timeout = 超过了用户超时时间
close-keep-alive-timeout = 保活探测全部没有应答
close-fin-wait-2-timeout = 应用程序已经离开，对端却始终没有关闭
close-orphaned = 应用程序已经离开，剩下的数据无法发出
close-unreachable = 网络报告目的不可达
close-back-to-listen = 被动打开没有完成，回到 LISTEN
