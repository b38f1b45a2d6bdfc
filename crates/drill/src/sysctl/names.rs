//! Linux's settings that need nothing done.

/// Settings whose value picks one of several ways to do the same work. The stack has its own way, and the
/// script's packets judge it.
const OWN_WAY: &[&str] = &[
    "tcp_autocorking",
    "tcp_backlog_ack_defer",
    "tcp_comp_sack_nr",
    "tcp_comp_sack_slack_ns",
    "tcp_dsack",
    "tcp_fack",
    "tcp_invalid_ratelimit",
    "tcp_limit_output_bytes",
    "tcp_max_reordering",
    "tcp_min_rtt_wlen",
    "tcp_pacing_ca_ratio",
    "tcp_pacing_ss_ratio",
    "tcp_pingpong_thresh",
    "tcp_recovery",
    "tcp_reordering",
    "tcp_retrans_collapse",
    "tcp_tso_rtt_log",
    "tcp_tso_win_divisor",
];

/// Settings that nothing in a script depends on: how much memory the machine gives, how its interrupts run, what it
/// remembers of peers that a script does not come back to, which ports it gives out.
const WITHOUT_EFFECT: &[&str] = &[
    "bpf_jit_enable",
    "default_qdisc",
    "ip_early_demux",
    "ip_local_port_range",
    "ip_local_reserved_ports",
    "ip_nonlocal_bind",
    "netdev_budget",
    "netdev_budget_usecs",
    "netdev_max_backlog",
    "optmem_max",
    "rmem_default",
    "rmem_max",
    "rp_filter",
    "tcp_adv_win_scale",
    "tcp_early_demux",
    "tcp_low_latency",
    "tcp_max_orphans",
    "tcp_max_syn_backlog",
    "tcp_max_tw_buckets",
    "tcp_mem",
    "tcp_no_metrics_save",
    "tcp_no_ssthresh_metrics_save",
    "tcp_tw_recycle",
    "tcp_tw_reuse",
    "tcp_tw_reuse_delay",
    "udp_mem",
    "wmem_default",
    "wmem_max",
];

/// Settings that the stack has in one way alone, and what Linux calls that way.
const AS_IT_IS: &[(&str, &str)] = &[
    ("icmp_echo_ignore_all", "0"),
    ("ip_forward", "0"),
    ("ip_no_pmtu_disc", "0"),
    ("tcp_abort_on_overflow", "0"),
    ("tcp_app_win", "31"),
    ("tcp_challenge_ack_limit", "2147483647"),
    ("tcp_migrate_req", "0"),
    ("tcp_plb_enabled", "0"),
    ("tcp_reflect_tos", "0"),
    ("tcp_shrink_window", "0"),
    ("tcp_stdurg", "0"),
    ("tcp_thin_dupack", "0"),
    ("tcp_thin_linear_timeouts", "0"),
    ("tcp_workaround_signed_windows", "0"),
];

/// Whether everything is as this setting wants it.
pub(super) fn needs_nothing(name: &str, value: &str) -> bool {
    OWN_WAY.contains(&name) || WITHOUT_EFFECT.contains(&name) || AS_IT_IS.contains(&(name, value.trim()))
}
