# 结论、状态以及图形周围的文字。

# 连接如何结束。$end 是拒绝、复位、放弃、仍在重传或先关闭的一端；没有时为 "none"。
verdict-refused = { $end ->
    [none] 连接被拒绝
   *[other] 被{ $end }拒绝
}
verdict-unanswered = 没有应答
verdict-unreachable = 不可达
verdict-unfinished = 三次握手未完成
verdict-reset = { $end ->
    [none] 连接被复位
   *[other] 被{ $end }复位
}
verdict-timed-out = { $end ->
    [none] 已放弃
   *[other] { $end }放弃
}
verdict-stalled = { $end ->
    [none] 仍在重传，没有应答
   *[other] { $end }仍在重传，没有应答
}
verdict-half-closed = { $end ->
    [none] 半关闭
   *[other] { $end }半关闭
}
verdict-open = 仍未关闭
verdict-closed = { $end ->
    [none] 已关闭
   *[other] { $end }主动关闭
}
verdict-unknown = 抓到的太少，无法判断
verdict-losses = 丢失 { $count } 个报文

# 各状态的含义。键名是 RFC 9293 的状态名。
state-CLOSED = 无连接
state-LISTEN = 监听
state-SYN-SENT = 同步已发送
state-SYN-RECEIVED = 同步已收到
state-ESTABLISHED = 已建立连接
state-FIN-WAIT-1 = 终止等待 1
state-FIN-WAIT-2 = 终止等待 2
state-CLOSE-WAIT = 关闭等待
state-CLOSING = 同时关闭
state-LAST-ACK = 最后确认
state-TIME-WAIT = 时间等待

# 各种写法对照表的表头。
names-elsewhere = 其他写法
names-meaning = 中文和英文

certainty-told = 据抓包注记
certainty-seen = 抓包可见
certainty-inferred = 推断
certainty-unknown = 不确定

severity-error = 错误
severity-warning = 警告
severity-note = 提示

# 两端。
role-client = 客户端
role-server = 服务器
role-left = A 端
role-right = B 端
role-someone = 某一端
role-somebody-else = 另一端

# 数量。$text 是带单位的数，$count 是数本身。
amount-octets = { $count } 字节
amount-data = { $count } 个数据报文
amount-acks = { $count } 个确认
amount-frame = 第 { $text } 帧
amount-frames = 第 { $text } 帧
amount-more = { $text } 等
amount-silence = 静默 { $text }

# 折叠成一行的一段数据：$data 即 `amount-data`，$octets 是带单位的字节数。
fold-data = { $data }，共 { $octets }，无丢失
fold-both = { $data }，向右 { $right }，向左 { $left }，无丢失
fold-acks = { $acks }，别无其他
fold-because = { $frames }，其中 { $acks }

ui-connection = 连接 { $number }
ui-connections = { $count } 个连接
ui-healthy = 另有 { $count } 个连接一切正常
ui-captured-here = 在此抓包
ui-agreed = 协商结果
ui-agreed-nothing = 没有选项
ui-agreed-unknown = 未知：没有抓到双方的 SYN
ui-handshake = 三次握手
ui-rtt = 往返时间
ui-rtt-parts = { $min } / { $mean } / { $max }（最小/平均/最大）
ui-sent = 发送
ui-again = 重传 { $count } 个
ui-not-captured = 没有抓到
ui-scale = 窗口扩大因子
ui-scale-unknown = 窗口扩大因子未知
ui-timestamps = 时间戳
ui-lost = 丢失
ui-dropped = 被丢弃：{ $text }
ui-window = 窗口
ui-super = 此处一个报文段代表 { $count } 个
ui-comment = 注释
ui-later = 此后
ui-never-shown = 无从得知何时
ui-not-before = 不早于 { $text }
ui-between = 在 { $from } 与 { $to } 之间
ui-findings = 发现
ui-in-common = 共同之处
ui-nothing-found = 一切正常，没有值得一说的事。
ui-cause = 可能原因
ui-else = 也可能
ui-next = 下一步
ui-no-segments = 只有摘要，没有各个报文。
ui-ends = 两端
ui-verdict = 结论
ui-octets = 字节
ui-worst = 最严重的发现
ui-frame = 帧
ui-time = 时间
ui-from = 发送方
ui-flags = 标志
ui-length = 长度
ui-options = 选项
ui-states = 状态
ui-why = 原因
ui-no-connections = 没有 TCP 连接。
ui-number = 序号
ui-acknowledgment = 确认号
ui-clause = 依据
ui-analysis = Wireshark 标记
ui-became = 结果

# 图。$end 是发送或确认的一端，$peer 是另一端。
graph-acknowledged = 已确认
graph-acknowledged-by = { $end }的确认
graph-new = 新数据
graph-again = 重传
graph-next = 下一序号
graph-in-flight = 在途字节
graph-numbers = { $end }发送的序号与{ $peer }的确认号
graph-flight = { $end }的在途数据与{ $peer }的窗口
graph-round-trips = 确认耗时（往返时间）

# 页面。
page-title = TCP 连接
page-language = 语言
page-ladder = 双方之间的报文
page-graphs = 随时间的变化
page-table = 以表格查看
page-segments = 以表格查看全部 { $count } 个报文
page-hint = 用方向键逐个查看报文；把指针移到某个报文上可看到其首部。
page-cut = 只画出前 { $count } 个报文。
page-told = 下文只逐一说明排在最前面的 { $count } 个连接；其余的可按编号单独查看。
page-unlisted = 另有 { $count } 个连接未列出。
page-made = 由 synfin explain 生成。本页面不加载任何外部资源。

# 改动之后重演一个连接。$end 是所说的一端，$peer 是对端。
whatif-played = 从 SYN 起由 synfin 扮演{ $end }；{ $peer }照抓包中的样子说话，直到不再相符。
whatif-captured = 实际抓到的，从第 { $frame } 帧起：
whatif-replayed = 如果{ $changes }，从第 { $frame } 帧起会是这样：
whatif-same = 如果{ $changes }，结果不变：由 synfin 代替{ $end }，{ $count } 个报文全都一样。
whatif-parts = 从 { $time } s 起，{ $end }听到的会与当时不同：抓到的内容不再相符，此后它也由 synfin 代为应答。
whatif-unmet = 第 { $frame } 帧在重演中没有出现，对它的改动不起作用。
whatif-cut = 之后还有，这里不再列出。
whatif-lost = 第 { $frame } 帧丢失
whatif-late = 第 { $frame } 帧晚到 { $time }
whatif-twice = 第 { $frame } 帧到达两次
whatif-nothing = 什么都不改
