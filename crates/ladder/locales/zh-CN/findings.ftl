# 一个连接中值得一说的事。键名取自 `FindingKind` 的代码。
#
# 消息本身是名称；.what 说明现象，.cause 最可能的原因，.else 其他可能，.next 下一步看什么。
#
# $end     是谁造成的
# $peer    另一端
# $count   多少个；未知时为 0
# $octets  多少字节；未知时为 0
# $time    多长时间，带单位；未知时为 "0 ms"
# $ms      同上，毫秒数
# $mtu     一段链路能通过的最大分组，字节；未知时为 0
# $code    报文为何无法送达，按 IPv4 的 ICMP 编号
# $router  是谁说的
# $scaled  窗口是否按比例扩大：yes、no 或 unknown
# $lost    握手中丢失的是什么：0 SYN 或其应答，1 SYN-ACK，2 对它的确认，3 带快速打开的 SYN，4 带 ECN 的 SYN
# $quiet   此前已有多久没有报文，带单位；不久时 $silent 为 0
# $here    在 $end 处抓包时为 1
# $role    $end 是什么：client、server 或 peer

finding-refused = 连接被拒绝
    .what = { $end }用 RST 应答了 SYN。
    .cause = { $end }的这个端口上没有程序在监听。
    .else = 防火墙设置为拒绝而非丢弃；或监听队列已满，并设置为复位。
    .next = 在{ $end }上查看是否有程序监听该端口、监听在哪个地址：ss -ltn。
finding-no-answer = 没有应答
    .what = { $count ->
        [0] SYN 没有得到任何应答。
       *[other] SYN 发送了 { $count } 次，没有得到任何应答。
    }
    .cause = 被防火墙丢弃，或该地址上没有主机。
    .else = 应答走了另一条路径，或没有被抓到；监听队列已满，SYN 被丢弃。
    .next = 在{ $peer }抓包：SYN 是否到达？应答是否发出？
finding-handshake-unfinished = 三次握手未完成
    .what = SYN-ACK 始终没有得到确认，第三次握手没有出现。
    .cause = { $peer }收不到 SYN-ACK：它丢了，或返回的路径与来时不同。
    .else = SYN 扫描或 SYN 泛洪攻击，发送方本就不打算完成握手；第三次握手没有被抓到。
    .next = 比较往返两个方向的路由；查看同一来源是否还有许多这样的半连接。
finding-reset = 连接被复位
    .what = { $end }用 RST 结束了已建立的连接。
    .cause = { $silent ->
        [0] { $end }的程序中止了连接，或在连接打开时退出。
       *[other] 连接此前已空闲 { $quiet }：{ $end }，或以其名义的负载均衡或防火墙，会结束空闲的连接。
    }
    .else = { $silent ->
        [0] 它关闭时{ $peer }的数据还没有读；防火墙或负载均衡器丢失了该连接的记录，或会结束空闲的连接；以这种方式关闭的健康检查；已读完所需内容的客户端。
       *[other] { $end }的程序中止了连接，或关闭时{ $peer }的数据还没有读。
    }
    .next = 查看{ $end }的程序在那一刻的日志；比较 RST 与该端其他报文的 TTL。
finding-half-open = 半开连接
    .what = { $end }没有这个连接：它用 RST 应答了{ $peer }的报文。
    .cause = { $silent ->
        [0] { $end }重启过，或在{ $peer }不知情时已放弃或关闭了连接。
       *[other] 连接此前已空闲 { $quiet }：途中的 NAT、防火墙或负载均衡忘记了它，代{ $end }应答。
    }
    .else = { $silent ->
        [0] 途中的 NAT、防火墙或负载均衡忘记了空闲的连接，代{ $end }应答；扫描。
       *[other] 其间{ $end }重启过，或在{ $peer }不知情时已放弃或关闭了连接。
    }
    .next = 连接此前是否空闲？若是，请查看途中设备的空闲超时，或让保活更频繁。若否，请查看{ $end }及其程序的启动时间。
finding-reset-opening = 握手中被复位
    .what = 除 SYN 之外什么都还没有发，{ $end }就发出了 RST。
    .cause = { $role ->
        [client] { $end }本来就不打算继续，例如探测开放端口的扫描程序；或者它没有发过 SYN，或已经放弃。
       *[other] { $end }的监听队列已满，或在程序接受连接之前监听已经关闭；或者代它应答 SYN 的设备背后没有可用的服务器。
    }
    .else = 途中的防火墙或负载均衡器发出了它。
    .next = { $role ->
        [client] 查看同一来源是否还有许多这样的连接；比较 RST 与 SYN 的 TTL。
       *[other] 在{ $end }上查看监听队列：ss -ltn、net.ipv4.tcp_abort_on_overflow、nstat TcpExtListenOverflows。
    }
finding-reset-unread = 关闭时数据未读
    .what = { $ms ->
        [0] { $end }关闭时，{ $peer }发来的数据还没有读完，因此发送了 RST。
       *[other] { $peer }的数据到达 { $time } 后，{ $end }没有回应而发送了 RST：很可能是关闭时这些数据还没有读。
    }
    .cause = { $silent ->
        [0] { $end }的程序没有读完数据就关闭了连接。
       *[other] 连接此前已空闲 { $quiet }：{ $end }，或以其名义的负载均衡或防火墙，恰好在{ $peer }再次开口时结束了它。
    }
    .else = { $silent ->
        [0] { $ms ->
            [0] 程序读过了，但恰好又有数据到达。
           *[other] 程序已读完，并有意中止了连接（SO_LINGER 为 0 秒）。
        }
       *[other] { $end }的程序没有读完数据就关闭了连接。
    }
    .next = 让程序读到流的末尾再关闭；{ $peer }最后发送的数据已经丢失。
finding-reset-after-close = 关闭后又有数据
    .what = { $end }的程序离开之后又有数据到达，于是用 RST 应答。
    .cause = { $peer }收到{ $end }的 FIN 之后仍继续发送。
    .else = FIN 发出时，这些数据已经在途中。
    .next = 让{ $peer }先读到流的末尾，再决定是否继续写。
finding-late-close = 关闭过晚
    .what = { $ms ->
        [0] { $peer }关闭时，{ $end }已不再等待：它的 FIN 得到的应答是 RST。
       *[other] { $peer }比{ $end }晚 { $time } 关闭，此时{ $end }已不再等待：它的 FIN 得到的应答是 RST。
    }
    .cause = { $peer }的程序读到末尾后没有及时关闭；程序离开之后，{ $end }只在有限的时间内保留 FIN-WAIT-2。
    .else = { $end }重启过；途中的 NAT、防火墙或负载均衡忘记了这个半关闭的连接，并代它应答。
    .next = 数据都已送达。在{ $peer }上查看处于 CLOSE-WAIT 的连接：ss -tn state close-wait；在{ $end }上查看 net.ipv4.tcp_fin_timeout。
finding-gave-up = 放弃连接
    .what = { $ms ->
        [0] { $end }放弃了{ $peer }：发送的数据一直没有得到确认。
       *[other] { $end }放弃了{ $peer }：在 { $time } 内，发送的数据一直没有得到确认。
    }
    .cause = { $silent ->
        [0] 路径中断，或{ $peer }突然消失。
       *[other] 连接此前已空闲 { $quiet }：途中的 NAT、防火墙或负载均衡忘记了它，把它的报文都丢弃了。
    }
    .else = { $silent ->
        [0] 途中的防火墙或 NAT 已忘记这个连接，把它的报文都丢弃了。
       *[other] 路径中断，或{ $peer }突然消失。
    }
    .next = { $silent ->
        [0] 当时{ $peer }是否在运行？同一路径上的其他连接是否正常？
       *[other] 把途中设备的空闲超时与 { $quiet } 比较；让保活比它更频繁。当时{ $peer }是否在运行？
    }
finding-stalled = 仍在重传
    .what = { $count ->
        [0] 直到抓包结束，{ $end }重传的数据都没有得到确认。
       *[other] 直到抓包结束，{ $end }发送的数据都没有得到确认，尽管重传了 { $count } 次。
    }
    .cause = { $silent ->
        [0] 路径中断，或{ $peer }突然消失；{ $end }当时还没有放弃。
       *[other] 连接此前已空闲 { $quiet }：途中的 NAT、防火墙或负载均衡忘记了它，把它的报文都丢弃了。
    }
    .else = { $silent ->
        [0] 途中的防火墙或 NAT 已忘记这个连接，把它的报文都丢弃了；或应答走了另一条路径。
       *[other] 路径中断，或{ $peer }突然消失；或应答走了另一条路径。
    }
    .next = { $silent ->
        [0] 抓包时间再长一些，并在{ $peer }抓包：报文是否到达？应答是否发出？
       *[other] 把途中设备的空闲超时与 { $quiet } 比较；并在{ $peer }抓包：报文是否到达？应答是否发出？
    }
finding-unreachable = 不可达
    .what = { $code ->
        [0] { $router } 报告：没有通往{ $peer }所在网络的路由。
        [1] { $router } 报告：{ $peer }在其网络上没有应答。
        [2] { $router } 报告：{ $peer }不支持 TCP。
        [3] { $router } 报告：{ $peer }的这个端口上没有程序在监听。
        [13] { $router } 报告：不允许访问{ $peer }。
       *[other] { $router } 报告：无法到达{ $peer }。
    }
    .cause = { $code ->
        [3] 防火墙用 ICMP 而不是 RST 拒绝。
        [13] 防火墙拒绝。
       *[other] { $peer }已关机，或缺少路由。
    }
    .else = 只是一时如此：已建立的连接会继续，正在建立的连接可能立即被放弃。
    .next = 在 { $router } 上查看到{ $peer }的路由以及防火墙规则。
finding-unreachable-once = 一度不可达
    .what = { $code ->
        [0] { $router } 报告：没有通往{ $peer }所在网络的路由；但连接仍继续进行。
        [1] { $router } 报告：{ $peer }在其网络上没有应答；但连接仍继续进行。
       *[other] { $router } 报告：无法到达{ $peer }；但连接仍继续进行。
    }
    .cause = 路径中断了片刻：链路断开，或路由变化。
    .else = 防火墙拒绝了它的一些报文段，例如在加载规则时。
    .next = 在 { $router } 上查看那一刻通往{ $peer }的路由发生了什么。
finding-hop-limit = 跳数耗尽
    .what = { $router } 报告：{ $end }的一个报文经过的路由器已达上限。
    .cause = 路由环路：报文一直绕圈，直到跳数用完。
    .else = { $end }发送时使用了很小的跳数，例如 traceroute。
    .next = 跟踪到{ $peer }的路由：同样的路由器是否反复出现？
finding-icmp-ignored = ICMP 差错被忽略
    .what = { $count ->
        [0] { $router } 就{ $end }的一个并不在途的报文发送了 ICMP 差错；它应当不起作用。
       *[other] { $router } 就{ $end }并不在途的报文发送了 { $count } 个 ICMP 差错；它们应当不起作用。
    }
    .cause = 它来晚了：所指的报文已经由别的路径到达，或属于更早的连接。
    .else = 有人在猜测，企图中断连接或使其变慢；或者该报文没有被抓到。
    .next = 将其来源与路径上的路由器比较。
finding-path-mtu = 路径 MTU 变小
    .what = { $mtu ->
        [0] { $router } 报告：{ $end }的一个报文对下一段链路来说太长。
       *[other] { $router } 报告：{ $end }的一个报文对下一段链路来说太长，该链路只能通过 { $mtu } 字节的分组。
    }
    .cause = 途中有一段链路的 MTU 比两端的小：隧道、VPN 或 PPPoE。
    .else = 如果这个大小很不寻常，可能有人捏造它来使连接变慢。
    .next = 此后{ $end }是否发送了更小的报文？如果没有，则有防火墙在它之前丢弃了这些消息。
finding-reset-ignored = RST 被忽略
    .what = { $count ->
        [0] 收到的 RST 序号不是所期望的那个，不起作用。
       *[other] 收到 { $count } 个 RST，序号都不是所期望的那个，不起作用。
    }
    .cause = 它属于旧的连接，或落在了数据之后。
    .else = 有第三方试图中断这个连接。
    .next = 把它的 TTL 和 IP 标识与{ $end }的其他报文比较。
finding-reset-forged = RST 疑似伪造
    .what = 一个以{ $end }名义发出的 RST 与它的其他报文不像，或应答了还不可能到达它的内容，或在它之后该端仍继续发送。
    .cause = { $silent ->
        [0] 途中的设备发出了它：防火墙、过滤设备或入侵检测系统。
       *[other] 途中的设备发出了它，即会忘记或结束空闲连接的防火墙、NAT 或负载均衡：连接此前已空闲 { $quiet }。
    }
    .else = { $end }的 RST 由系统的另一部分发出，默认值不同。
    .next = 在{ $end }抓包：这个 RST 是否真的从那里发出？
finding-conflicting-text = 序列号相同而数据不同
    .what = { $count ->
        [0] { $end }用同一个序列号发送了与先前不同的数据。
       *[other] { $end }有 { $count } 个报文的数据与先前相同序列号的数据不同。
    }
    .cause = 两端之间有人注入或改写了数据。
    .else = TCP 实现或中间设备有错而记错了序列号；同一地址和端口上的另一个连接。
    .next = 逐字节比较这两个报文，并把它们的 TTL 和 IP 标识与前后报文相比较；在{ $end }处抓包。
finding-outside-window = 窗口之外
    .what = { $count ->
        [0] { $end }的一个报文远在{ $peer }的窗口之外，被丢弃。
       *[other] { $end }的 { $count } 个报文远在{ $peer }的窗口之外，被丢弃。
    }
    .cause = 有人在不知道序列号的情况下伪造了它。
    .else = 改写序列号的中间设备，或同一端口上更早的连接；抓包缺少报文。
    .next = 把它的 TTL 和 IP 标识与{ $end }的其他报文相比较。
finding-paws = 时间戳过旧
    .what = { $count ->
        [0] { $end }的一个报文因时间戳比先前的旧而被丢弃。
       *[other] { $end }的 { $count } 个报文因时间戳比先前的旧而被丢弃。
    }
    .cause = 时间戳的时钟倒退了：中间设备改写了它，或同一地址后面有多台主机。
    .else = 报文的旧副本在途中停留了很久。
    .next = 比较{ $end }前后的时间戳；在改写它的设备两侧分别抓包。
finding-black-hole = 路径 MTU 黑洞
    .what = { $ms ->
        [0] { $end }的一个 { $octets } 字节的报文一再重发而得不到应答；同样长的从未送达，较短的却能送达。
       *[other] { $end }的数据缺失了 { $time }；之后它分成 { $octets } 字节的小块到达，小于{ $peer }所能接收的长度，而更长的从未到达过。
    }
    .cause = 途中某条链路不接受这么大的分组，而说明此事的 ICMP 消息被过滤或根本没有发出。
    .else = 从{ $end }到{ $peer }的路径恰在那时中断。
    .next = 在{ $end }上：ping -M do -s SIZE；放行 ICMP“需要分片”或“分组太大”，在隧道处钳制 MSS，或设置 net.ipv4.tcp_mtu_probing=1。
finding-loss = 丢包
    .what = { $count ->
        [0] { $end }发送的报文在途中丢失。
       *[other] { $end }发送的报文有 { $count } 个在途中丢失。
    }
    .cause = 路径上某处的队列已满。
    .else = 链路有干扰；或者只是抓包漏掉了，对端其实已收到。
    .next = 降低速率后是否好转？查看路径上各接口的丢包计数。
finding-timeout = 超时重传
    .what = { $count ->
        [0] { $end }的重传定时器到期。
       *[other] { $end }的重传定时器到期 { $count } 次。
    }
    .cause = 丢失太多，返回的确认太少，无法更早察觉。
    .else = 丢的是确认；或往返时间突然变长。
    .next = 看看丢的是不是一批报文中的最后几个；每次超时至少要付出所示的时间。
finding-spurious = 不必要的重传
    .what = { $count ->
        [0] { $end }重传了{ $peer }早已收到的数据。
       *[other] { $end }重传了 { $count } 个{ $peer }早已收到的报文。
    }
    .cause = 确认迟到或丢失，或者报文乱序。
    .else = 网络复制了报文，而抓包中看不出来。
    .next = 看看这几帧附近往返时间有没有突变。
finding-duplicated = 途中重复
    .what = { $count ->
        [0] { $end }只发送过一次的报文到达{ $peer }两次。
       *[other] { $end }只发送过一次的报文中，有 { $count } 个到达{ $peer }两次。
    }
    .cause = 网络复制了报文：交换机之间有环路，或两条链路都承载了同样的报文。
    .else = 它们其实被重传过，只是抓包中没有。
    .next = 在{ $peer }处抓包：两份的 IP 标识是否相同？相同，就去找复制它们的设备；{ $peer }只会收下一份。
finding-reordering = 乱序
    .what = { $count ->
        [0] { $end }发送的报文到达顺序与发送顺序不同。
       *[other] { $end }发送的报文有 { $count } 个被后发的超过。
    }
    .cause = 路径上有几条长短不一的线路。
    .else = 抓包时从多个队列取报文，打乱了顺序。
    .next = { $peer }有没有发出重复确认？有，才说明乱序发生在路径上。
finding-zero-window = 零窗口
    .what = { $ms ->
        [0] { $end }关闭了窗口：接收缓冲区已没有空间。
       *[other] { $end }的窗口关闭了 { $time }：接收缓冲区已没有空间。
    }
    .cause = { $end }的程序没有读取数据。
    .else = 对这个速率来说，接收缓冲区太小。
    .next = 那段时间里，{ $end }的程序在等什么？
finding-window-limited = 受限于滑动窗口
    .what = 网络还能承载更多，{ $peer }却不得不等待{ $end }的窗口。
    .cause = { $scaled ->
        [no] 窗口没有扩大，因为有一个 SYN 在这里没有该选项：一个往返内最多发送 65535 字节。
       *[other] { $end }的接收缓冲区小于速率与往返时间的乘积。
    }
    .else = { $end }的程序读得慢。
    .next = { $scaled ->
        [no] 两端的 net.ipv4.tcp_window_scaling 是否都已启用？如果是，则途中的设备删除了该选项：请在它的两侧分别抓包。
       *[other] 增大接收缓冲区，或交给系统自动调整：net.ipv4.tcp_rmem。
    }
finding-scale-ignored = 窗口扩大因子未被采用
    .what = { $end }按首部中的原值填满{ $peer }的窗口，即 { $octets } 字节，如同没有窗口扩大。
    .cause = 途中的设备删除或改写了{ $peer }的 SYN 中的窗口扩大选项。
    .else = { $end }的 TCP 不懂窗口扩大，却仍应答了该选项。
    .next = 在途中设备的两侧抓取 SYN，比较其窗口扩大因子；修复之前，在{ $peer }上设置 net.ipv4.tcp_window_scaling=0 能得到更大的窗口。
finding-sack-foreign = SACK 报告了别的序号
    .what = { $count ->
        [0] { $end }用 SACK 报告的序号不是{ $peer }发送过的。
       *[other] { $end }有 { $count } 份 SACK 报告中的序号不是{ $peer }发送过的。
    }
    .cause = 途中的防火墙改写了序号，却没有改写 SACK 选项中的序号：{ $peer }无法使用这些报告，只能靠超时来修复丢失。
    .else = 有人伪造了这些确认。
    .next = 在该防火墙上关闭序号随机化，或让它同时改写 SACK；在此之前可设置 net.ipv4.tcp_sack=0。
finding-congestion-marks = 拥塞标记
    .what = { $count ->
        [0] 路由器标记了{ $end }发送的报文：途中出现拥塞。
       *[other] 有 { $count } 个报文表明路由器标记了{ $end }发送的数据：途中出现拥塞。
    }
    .cause = 途中的队列变长了，用 ECN 通知而没有丢弃。
    .else = 途中的设备不管队列长短都打上标记。
    .next = { $end }应当暂时放慢发送；如果太慢，请查找队列在哪里。
finding-bufferbloat = 缓冲区膨胀
    .what = { $end }有大量数据在途时，往返至少需要 { $time }，是路径本身所需的数倍。
    .cause = 报文在通往{ $peer }的最窄链路之前的长队列中等待。
    .else = 路径改变了；{ $peer }确认得慢。
    .next = 在最窄的链路处查找队列：那里的 AQM（如 fq_codel 或 CAKE）可使队列保持很短。
finding-half-closed = 半关闭
    .what = 收到{ $peer }的 FIN 之后，{ $end }一直没有关闭自己这个方向。
    .cause = { $end }的程序没有察觉流已结束，或忘了关闭。
    .else = 程序还在准备应答；或抓包结束得太早。
    .next = 在{ $end }上查看处于 CLOSE-WAIT 的连接：ss -tn state close-wait。
finding-simultaneous-close = 同时关闭
    .what = 双方都在收到对方的 FIN 之前发出了自己的 FIN。
    .cause = 两个程序同时结束。
    .else = 双方碰到了同一个时间限制。
    .next = 无需处理：双方都经 CLOSING 进入 TIME-WAIT，这是正常的。
finding-simultaneous-open = 同时打开
    .what = 双方都在收到对方的 SYN 之前发出了自己的 SYN。
    .cause = 双方都主动打开，例如 NAT 打洞。
    .else = 程序连接到了自己：源和目的相同。
    .next = 如果本意如此，无需处理。
finding-slow-handshake = 握手缓慢
    .what = { $lost ->
        [0] { $ms ->
            [0] { $end }不得不重发 SYN，因此握手耗时更长。
           *[other] { $end }不得不重发 SYN，因此握手耗时 { $time }。
        }
        [1] { $ms ->
            [0] SYN 到达了{ $end }，但第一个 SYN-ACK 没有回来。
           *[other] 握手耗时 { $time }：SYN 到达了{ $end }，但第一个 SYN-ACK 没有回来。
        }
        [2] { $end }不得不重发 SYN-ACK，因为对第一个 SYN-ACK 的确认没有到达。
        [3] 握手耗时 { $time }：{ $end }带快速打开的 SYN 没有得到应答，不带的则得到了应答。
       *[other] 握手耗时 { $time }：{ $end }请求 ECN 的 SYN 没有得到应答，不请求的则得到了应答。
    }
    .cause = { $lost ->
        [0] SYN 或 SYN-ACK 丢失。
        [1] SYN-ACK 在去往{ $peer }的途中丢失或迟到。
        [2] 握手的最后一个报文段在去往{ $end }的途中丢失。
        [3] 途中的设备丢弃携带数据或快速打开选项的 SYN。
       *[other] 途中的设备丢弃带 ECN 标志的 SYN。
    }
    .else = { $lost ->
        [0] 半连接队列已满，SYN 被丢弃。
        [1] 没有见过 SYN 的有状态防火墙丢弃了它，例如往返路径不同时。
        [2] 它到达了，但{ $end }的监听者的全连接队列已无空位。
       *[other] 偶然丢失。
    }
    .next = { $lost ->
        [0] 在服务器上查看监听队列：ss -ltn，以及 nstat TcpExtListenDrops。
        [1] 在{ $peer }处抓包：第一个 SYN-ACK 到达了吗？
        [2] 在{ $end }上查看全连接队列：ss -ltn，以及 nstat TcpExtListenOverflows。
        [3] 每次都这样吗？若是，请在这条路径上关闭快速打开；Linux 会自行关闭一段时间。
       *[other] 每次都这样吗？若是，请查看{ $end }上的 net.ipv4.tcp_ecn。
    }
finding-handshake-ignored = 握手的结尾被忽略
    .what = { $ms ->
        [0] { $end }的表现如同握手的结尾没有到达：{ $peer }此后发送的内容它一概没有接收。
       *[other] 在 { $time }内，{ $end }的表现如同握手的结尾没有到达：{ $peer }此后发送的内容它一概没有接收。
    }
    .cause = { $here ->
        [1] { $end }上监听者的全连接队列已满：抓包表明{ $peer }发送的内容已经到达那里。
       *[other] { $end }上监听者的全连接队列已满：程序调用 accept 不够快。
    }
    .else = { $here ->
        [1] { $end }上的包过滤器丢弃了 SYN 之后的报文。
       *[other] { $peer }在 SYN 之后发送的报文无法通过：有状态防火墙只看到一个方向，或者丢包。
    }
    .next = 在{ $end }上：ss -ltn（Recv-Q 大于 Send-Q）、nstat TcpExtListenOverflows；让程序更快地 accept，或以更大的 backlog 监听（net.core.somaxconn）。
finding-fast-open-refused = 快速打开未被接受
    .what = { $peer }没有接受{ $end }的 SYN 中的数据：握手之后它又重发了一次。
    .cause = { $peer }没有启用 TCP 快速打开，或{ $end }的 Cookie 已失效。
    .else = 途中的设备删除了该选项或数据；或{ $peer }的快速打开队列已满。
    .next = 在{ $peer }上查看：net.ipv4.tcp_fastopen、程序是否设置了 TCP_FASTOPEN、nstat TcpExtTCPFastOpenPassiveFail。
finding-slow-application = 应用程序缓慢
    .what = { $ms ->
        [0] 网络上没有任何报文在途，{ $end }过了很久才应答。
       *[other] 网络上没有任何报文在途，{ $end }过了 { $time } 才应答。
    }
    .cause = { $end }的程序在处理，或在等别人。
    .else = 此前请求还不完整。
    .next = 问题不在网络：请检查{ $end }的程序。
finding-keep-alive = 保活
    .what = { $count ->
        [0] 连接空闲，发送了保活探测。
       *[other] 连接空闲，发送了 { $count } 个保活探测。
    }
    .cause = { $end }启用了保活，而双方都没有数据要发。
    .else = 某个程序忘了这个连接，一直空等。
    .next = 如果本意是保持连接，无需处理。
finding-peer-gone = 对端消失
    .what = { $count ->
        [0] { $end }的保活探测没有得到应答。
       *[other] { $end }的 { $count } 个保活探测没有得到应答。
    }
    .cause = { $peer }已关机，或网络已断开。
    .else = 途中的 NAT 或防火墙忘记了这个空闲的连接。
    .next = { $peer }还在运行吗？如果在，请把保活间隔设得比途中设备的遗忘时间更短。
finding-reused-ports = 端口重用
    .what = 相同的地址和端口曾被更早的连接用过。
    .cause = 客户端短时间内又用了同一个端口。
    .else = 代理或测试程序绑定了固定端口。
    .next = 只要新的 SYN 得到了 SYN-ACK，就无需处理。
finding-nagle-delay = Nagle 与延迟确认互等
    .what = { $ms ->
        [0] { $end }扣住一个小报文，等{ $peer }确认前一个；而{ $peer }又延迟了确认。
       *[other] { $end }把一个小报文扣了 { $time }，等{ $peer }确认前一个。
    }
    .cause = { $end }的程序把一条消息分成几小块写出。
    .else = { $peer }繁忙，确认得晚。
    .next = 一次写出整条消息，或设置 TCP_NODELAY。
finding-deviation = 违反规范
    .what = { $end }发送了 RFC 9293 不允许的报文。
    .cause = 它的 TCP 实现有错，或途中改写报文的设备有错。
    .else = 手工构造报文的程序：扫描器或测试。
    .next = 查看这几帧；如果途中有设备，请在它的两侧分别抓包。
finding-no-syn = 从中途开始
    .what = 抓包开始时，连接早已建立。
    .cause = 连接在抓包启动之前就已打开。
    .else = 过滤条件把握手排除在外。
    .next = 窗口扩大因子、MSS 和 SACK 均未知；想要知道，请从头开始抓包。
finding-one-direction = 只有一个方向
    .what = 只抓到了{ $end }发送的报文。
    .cause = 两个方向走不同的路径，抓包点只在其中一条上。
    .else = 过滤条件或镜像端口只放行一个方向。
    .next = { $peer }发送的内容由确认号推断；在任意一端抓包才能看到。
finding-capture-gap = 抓包有缺漏
    .what = { $count ->
        [0] 有些得到确认的报文，抓包中并没有。
       *[other] 有 { $count } 个得到确认的报文，抓包中并没有。
    }
    .cause = 抓包程序跟不上。
    .else = 部分报文走了另一条路径。
    .next = 缺漏不等于丢包。请用更大的缓冲区抓包：tcpdump -B，或缩短抓取长度。
finding-disordered = 抓包乱序
    .what = { $count ->
        [0] 有报文在抓包中排在时间更晚的报文之后。
       *[other] 有 { $count } 个报文在抓包中排在时间更晚的报文之后。
    }
    .cause = 同时抓取了多个队列或接口，合并时没有排序。
    .else = 其间时钟被往回调过。
    .next = 先排序（例如用 Wireshark 的 reordercap IN OUT）再解释：这里看似乱序、重传或缺失的，可能只是抓包所致。
finding-mirrored = 重复抓取
    .what = 同一报文在抓包中出现不止一次。
    .cause = 镜像端口在进出时各复制了一份，或同时抓了多个接口。
    .else = 网络复制了报文。
    .next = 这些副本不计为重传。请只在一个接口上抓包。
finding-super-segments = 超大报文段
    .what = { $octets ->
        [0] { $end }的一些报文段大于路径所能承载的长度。
       *[other] { $end }的一些报文段大于路径所能承载的长度，最大 { $octets } 字节。
    }
    .cause = 抓包点处，网卡尚未切分它们，或已经合并了它们：TSO、GRO。
    .else = 巨型帧。
    .next = 报文个数偏少，字节数正确。想看线路上的样子：用 ethtool -K 关闭 tso 和 gro。
finding-checksum-offload = 校验和未填写
    .what = { $end }的校验和没有填写。
    .cause = 由它的网卡在抓包点之后填写。
    .else = 抓包文件中的地址后来被改过；或{ $end }发送的校验和确实有错；若是那样，{ $peer }不会应答。
    .next = 无需处理：这说明抓包是在{ $end }上进行的，除非文件后来被改过。
finding-bad-checksum = 校验和错误
    .what = { $count ->
        [0] { $end }的校验和有错；{ $peer }会丢弃这样的报文。
       *[other] { $end }有 { $count } 个报文校验和错误；{ $peer }会丢弃它们。
    }
    .cause = 报文在途中受损。
    .else = 途中的设备改动了报文却没有更新校验和；或校验和卸载以不常见的形式出现。
    .next = 被重传的正是这些报文吗？如果是，请检查路径上的硬件。
finding-cut-off = 报文被截断
    .what = 抓包没有保存完整的报文。
    .cause = 抓包时设置的抓取长度过短。
    .else = 文件事后被截断，以隐去内容。
    .next = 这里只需要首部；如果缺少选项，请至少抓取 128 字节。
