# 抓包中若干连接的共同之处。键名取自 `PatternKind` 的代码。
#
# 消息本身是名称；.what 说明现象，.cause 最可能的原因，.else 其他可能，.next 下一步看什么。
#
# $host      说的是谁；涉及某个服务时带端口
# $peer      另一端
# $connected 另一端始终相同时为 1
# $count     有多少个连接如此
# $of        总共多少个
# $all       全部如此时为 1
# $time      多长时间，带单位；未知时 $ms 为 0

pattern-service-refuses = 拒绝连接
    .what = { $all ->
        [1] { $host } 拒绝了全部 { $count } 个连接。
       *[other] { $host } 拒绝了 { $of } 个连接中的 { $count } 个。
    }
    .cause = { $all ->
        [1] 那里没有程序在监听：程序没有运行，或监听在别处。
       *[other] 有一段时间那里没有程序在监听：程序正在重启。
    }
    .else = { $all ->
        [1] 防火墙拒绝了它们。
       *[other] 它前面的负载均衡无处转交，或防火墙拒绝了其中一些。
    }
    .next = 在 { $host } 上：ss -ltn，以及程序自第一个此类连接起的日志。
pattern-service-silent = 不应答任何人
    .what = { $host } 对 { $count } 个连接一个也没有应答。
    .cause = 被防火墙丢弃，或 { $host } 没有运行。
    .else = 应答走了另一条路径，或没有被抓到；它的半连接队列已满。
    .next = 在 { $host } 处抓包：SYN 是否到达？应答是否发出？
pattern-listen-queue = 只接受一部分连接
    .what = { $host } 打开了一些连接，却对 { $of } 个中的 { $count } 个不予理会，或在打开之前就将其复位。
    .cause = 监听者的全连接队列不时已满：程序 accept 太慢，或 backlog 太小。
    .else = 它前面的防火墙或限速丢弃了一些；这些握手的报文段丢失。
    .next = 在 { $host } 上：ss -ltn（比较 Recv-Q 与 Send-Q）、nstat TcpExtListenOverflows TcpExtListenDrops；net.core.somaxconn 与 listen() 的 backlog。
pattern-syn-flood = SYN 洪泛
    .what = 到 { $host } 的 { $of } 个连接中，有 { $count } 个停在了 SYN-ACK。
    .cause = 有人冒用他人地址发送 SYN，以占满半连接队列。
    .else = 应答回不到发起者那里：路由中断或只通单向；SYN 扫描。
    .next = 在 { $host } 上：nstat TcpExtSyncookiesSent TcpExtTCPReqQFullDoCookies，以及 net.ipv4.tcp_syncookies；来源地址可信吗？
pattern-port-scan = 端口扫描
    .what = { $host } 向许多端口或主机尝试了 { $count } 个连接，却什么也没有说。
    .cause = 扫描：有人在寻找开放的端口。
    .else = 照看许多服务的监控程序；得到了错误地址的客户端。
    .next = { $host } 是谁的地址？没有被拒绝的就是它找到的开放端口。
pattern-host-isolated = 无人应答
    .what = { $host } 在 { $count } 个连接中询问的主机，没有一个应答。
    .cause = { $host } 的出口中断：网关、上行链路或那里的防火墙。
    .else = 抓包看不到应答。
    .next = 从 { $host } 出发：网关有应答吗？在网关另一侧抓包。
pattern-lossy-path = 多数连接丢包
    .what = { $connected ->
        [1] { $host } 与 { $peer } 之间的 { $of } 个连接中，有 { $count } 个丢失了报文段。
       *[other] { $host } 的 { $of } 个连接中，有 { $count } 个丢失了报文段，无论另一端是谁。
    }
    .cause = { $connected ->
        [1] 两者之间的路径丢包。
       *[other] { $host } 附近的网络丢包：它的链路、交换机端口或上行链路。
    }
    .else = 抓包速度不够，漏掉了已到达的分组。
    .next = { $connected ->
        [1] 它们与其他主机的连接也同样丢包吗？查看两者之间沿途的丢包计数。
       *[other] 在 { $host } 上：ip -s link、ethtool -S；然后查看交换机端口。
    }
pattern-path-broke = 路径中断
    .what = { $host } 与 { $peer } 之间的 { $of } 个连接中，有 { $count } 个直到最后都没有得到应答。
    .cause = 两者之间的路径中断，或其中一台停止运行。
    .else = 途中的防火墙重启过，或忘记了这些连接，把它们的报文都丢弃了。
    .next = 它们是在同一时刻停止的吗？若是，请查看路径在那一刻发生了什么。
pattern-idle-timeout = 空闲后中断
    .what = 与 { $host } 的 { $count } 个连接在一段沉默之后有人开口时中断；最短的沉默是 { $time }。
    .cause = 途中的 NAT、防火墙或负载均衡会忘记空闲这么久的连接。
    .else = { $host } 自行悄悄关闭了它们，或重启过。
    .next = 查找途中短于 { $time } 的空闲超时；让保活更频繁（TCP_KEEPIDLE），或缩短连接池中连接的保留时间。
pattern-ports-short = 端口反复使用
    .what = { $peer } 向 { $host } 打开了 { $of } 个连接，其中 { $count } 个使用了本抓包中用过的端口。
    .cause = 它打开并关闭了许多短连接，端口轮流用尽。
    .else = 它自行从一个小范围内绑定端口。
    .next = 保持连接并重复使用；在 { $peer } 上：net.ipv4.ip_local_port_range，以及 ss -tan state time-wait。
