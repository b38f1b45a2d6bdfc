//! Linux's settings that need nothing done.

/// Settings whose value picks one of several ways to do the same work. The stack has its own way, and the
/// script's packets judge it.
const OWN_WAY: &[&str] = &[
    "tcp_autocorking",
    "tcp_backlog_ack_defer",
    "tcp_comp_sack_nr",
    "tcp_comp_sack_slack_ns",
    "tcp_fack",
    "tcp_limit_output_bytes",
    "tcp_min_rtt_wlen",
    "tcp_pacing_ca_ratio",
    "tcp_pacing_ss_ratio",
    "tcp_pingpong_thresh",
    "tcp_tso_rtt_log",
    "tcp_tso_win_divisor",
];

/// Settings that nothing in a script depends on: how much memory the machine gives, how its interrupts run, what it
/// remembers of peers that a script does not come back to, which ports it gives out.
const WITHOUT_EFFECT: &[&str] = &[
    "bpf_jit_enable",
    "busy_poll",
    "busy_read",
    "default_qdisc",
    "flow_limit_cpu_bitmap",
    "flush",
    "fwmark_reflect",
    "gro_normal_batch",
    "ip_autobind_reuse",
    "gc_elasticity",
    "gc_interval",
    "gc_min_interval",
    "gc_min_interval_ms",
    "gc_thresh",
    "gc_timeout",
    "ip_dynaddr",
    "ip_early_demux",
    "ip_forward_update_priority",
    "ip_forward_use_pmtu",
    "ip_local_port_range",
    "ip_local_reserved_ports",
    "ip_nonlocal_bind",
    "ip_unprivileged_port_start",
    "netdev_budget",
    "netdev_budget_usecs",
    "netdev_max_backlog",
    "nexthop_compat_mode",
    "optmem_max",
    "ping_group_range",
    "mtu_expires",
    "rmem_default",
    "rmem_max",
    "rps_default_mask",
    "rps_sock_flow_entries",
    "skb_defer_max",
    "skip_notify_on_dev_down",
    "tcp_abort_on_overflow",
    "tcp_adv_win_scale",
    "tcp_allowed_congestion_control",
    "tcp_child_ehash_entries",
    "tcp_early_demux",
    "tcp_fwmark_accept",
    "tcp_l3mdev_accept",
    "tcp_low_latency",
    "tcp_max_orphans",
    "tcp_max_syn_backlog",
    "tcp_max_tw_buckets",
    "tcp_mem",
    "tcp_no_metrics_save",
    "tcp_no_ssthresh_metrics_save",
    "tcp_plb_cong_thresh",
    "tcp_plb_idle_rehash_rounds",
    "tcp_plb_rehash_rounds",
    "tcp_plb_suspend_rto_sec",
    "tcp_tw_recycle",
    "tcp_tw_reuse",
    "tcp_tw_reuse_delay",
    "tstamp_allow_data",
    "txrehash",
    "wmem_default",
    "wmem_max",
];

/// What settings begin with that nothing in a script depends on: those of other parts of the kernel, of neighbours, of
/// fragments, of multicast, and of how addresses come about.
const OTHER_PARTS: &[&str] = &[
    "debug.",
    "dev.",
    "fs.",
    "kernel.",
    "net.bridge.",
    "net.core.xfrm_",
    "net.ipv4.cipso_",
    "net.ipv4.conf.",
    "net.ipv4.fib_",
    "net.ipv4.icmp_",
    "net.ipv4.igmp_",
    "net.ipv4.ipfrag_",
    "net.ipv4.neigh.",
    "net.ipv4.raw_",
    "net.ipv4.udp_",
    "net.ipv4.xfrm4_",
    "net.ipv6.conf.",
    "net.ipv6.fib_",
    "net.ipv6.icmp.",
    "net.ipv6.idgen_",
    "net.ipv6.ioam6_",
    "net.ipv6.ip6frag_",
    "net.ipv6.max_",
    "net.ipv6.neigh.",
    "net.ipv6.seg6_",
    "net.ipv6.xfrm6_",
    "net.mptcp.",
    "net.netfilter.",
    "net.unix.",
    "user.",
    "vm.",
];

/// Those among them that something does depend on, unless they are what they are anyway.
const ALL_THE_SAME: &[(&str, &str)] =
    &[("disable_ipv6", "0"), ("icmp_echo_ignore_all", "0"), ("mtu", "1500")];

/// Settings that the stack has in one way alone, and what Linux calls that way.
const AS_IT_IS: &[(&str, &str)] = &[
    ("anycast_src_echo_reply", "0"),
    ("auto_flowlabels", "1"),
    ("bindv6only", "0"),
    ("flowlabel_consistency", "1"),
    ("flowlabel_reflect", "0"),
    ("flowlabel_state_ranges", "0"),
    ("ip_forward", "0"),
    ("ip_no_pmtu_disc", "0"),
    ("min_adv_mss", "256"),
    ("min_adv_mss", "1220"),
    ("min_pmtu", "552"),
    ("tcp_app_win", "31"),
    ("tcp_migrate_req", "0"),
    ("tcp_plb_enabled", "0"),
    ("tcp_thin_dupack", "0"),
    ("tcp_workaround_signed_windows", "0"),
];

/// Whether everything is as this setting wants it; `name` is the last part of its path.
pub(super) fn needs_nothing(path: &str, name: &str, value: &str) -> bool {
    let is_of_other_part = OTHER_PARTS.iter().any(|part| path.starts_with(part))
        && !ALL_THE_SAME.iter().any(|(known, same)| *known == name && *same != value.trim());
    OWN_WAY.contains(&name)
        || WITHOUT_EFFECT.contains(&name)
        || AS_IT_IS.contains(&(name, value.trim()))
        || is_of_other_part
}
