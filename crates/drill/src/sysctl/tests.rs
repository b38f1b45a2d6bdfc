use std::time::Duration;

use synfin_host::HostConfig;
use synfin_host::tcp::{MtuProbing, MtuProbingMode};
use synfin_wire::Mss;

use super::{Settings, Unheeded};

/// What a command asks for in vain.
fn apply(command: &str, settings: &mut Settings) -> Unheeded {
    let ending = crate::shell::run(command, settings);
    assert_eq!(ending.status, 0, "{command}");
    ending.unheeded
}

#[test]
fn sysctls_set_connections_up() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let command = "../../common/defaults.sh\n ../../common/set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0 \\\n \
                   /proc/sys/net/ipv4/tcp_wmem=\"4096 50000 70000\"";
    assert_eq!(apply(command, &mut settings), Vec::<String>::new());
    let config = &settings.tcp;
    assert!(!config.timestamps);
    assert_eq!((config.send_buffer, config.send_buffer_max), (50_000, 70_000));
    assert_eq!((config.receive_buffer, config.receive_buffer_max), (540_000, 15 << 20));
    assert_eq!(config.r2_syn, Duration::from_secs(63));
}

#[test]
fn what_is_not_known_is_said() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let unheeded =
        apply("sysctl -q net.ipv4.tcp_moon=1 # full\ntc qdisc add dev tun0 root netem", &mut settings);
    assert_eq!(unheeded, ["sysctl tcp_moon=1", "`tc qdisc add dev tun0 root netem`"]);
    assert_eq!(apply("/tmp/sysctl_restore_${PPID}.sh", &mut settings), Vec::<String>::new());
}

#[test]
fn sysctls_set_fast_open_up() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let key = "00000001-b2b2b2b2-c3c3c3c3-d4d4d4d4";
    let command = format!("sysctl -q net.ipv4.tcp_fastopen=0x602 net.ipv4.tcp_fastopen_key={key}");
    assert_eq!(apply(&command, &mut settings), Vec::<String>::new());
    let found = &settings.fast_open;
    assert!(found.server && found.server_without_cookie && found.every_listener);
    assert!(!found.client && !found.client_without_cookie);
    assert_eq!(found.keys.map(|keys| keys.primary[..5].to_vec()), Some(vec![1, 0, 0, 0, 0xb2]));
    assert_eq!(apply("sysctl net.moon=1 || ip tcp_metrics flush all", &mut settings), Vec::<String>::new());
    assert!(settings.forgets_peers);
}

#[test]
fn commands_make_files_and_take_them_away() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let made = "dd bs=10 count=5 if=/dev/zero of=/tmp/one status=none\ndd count=2 of=/tmp/two";
    assert_eq!(apply(made, &mut settings), Vec::<String>::new());
    assert_eq!(settings.files, [("/tmp/one".to_owned(), 50), ("/tmp/two".to_owned(), 1024)].into());
    assert_eq!(apply("/bin/rm -f /tmp/one", &mut settings), Vec::<String>::new());
    assert_eq!(settings.files.keys().collect::<Vec<_>>(), ["/tmp/two"]);
    assert_eq!(apply("dd of=/tmp/endless", &mut settings), ["`dd of=/tmp/endless`"]);
}

#[test]
fn sysctls_set_the_search_for_the_mtu_up() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let command = "sysctl -q net.ipv4.tcp_mtu_probing=1 net.ipv4.tcp_base_mss=512 net.ipv4.tcp_min_snd_mss=100 \
                   net.ipv4.tcp_mtu_probe_floor=60 net.ipv4.tcp_probe_interval=30 net.ipv4.tcp_probe_threshold=4";
    assert_eq!(apply(command, &mut settings), Vec::<String>::new());
    let expected = MtuProbing {
        mode: MtuProbingMode::AfterBlackHole,
        base_mss: Mss::new(512),
        floor: Mss::new(60),
        least_mss: Mss::new(100),
        interval: Duration::from_secs(30),
        threshold: 4,
    };
    assert_eq!(settings.tcp.mtu_probing, expected);
    assert_eq!(apply("sysctl net.ipv4.tcp_mtu_probing=3", &mut settings), ["sysctl tcp_mtu_probing=3"]);
}

#[test]
fn a_route_sets_up_what_the_path_takes() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let mut route = |arguments: &str| {
        let unheeded = apply(&format!("ip {arguments}"), &mut settings);
        (unheeded.is_empty(), settings.tcp.mss.octets(), settings.tcp.initial_window_segments)
    };
    let narrow = "route change 192.0.2.1 via 192.168.0.2 dev tun0 advmss 600 mtu lock 640 initcwnd 11";
    assert_eq!(route(narrow), (true, 600, 11));
    assert_eq!(route("-6 route change 2001:DB8::1 dev tun0 advmss 1480 mtu lock 1520"), (true, 1460, 11));
    assert_eq!(route("route change 192.0.2.1 mtu 1000"), (true, 960, 11));
    for unknown in [
        "route change 192.0.2.1 advmss 500 mtu 1000",
        "route change 192.0.2.1 advmss 500",
        "route change 192.0.2.1 quickack 1",
        "route change 192.0.2.1 mtu 30",
        "route change 192.0.2.1 mtu",
        "route del 192.0.2.1 mtu 1000",
    ] {
        assert_eq!(route(unknown), (false, 960, 11), "{unknown}");
    }
}

#[test]
fn sysctls_say_how_long_is_waited() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let command = "sysctl -q net.ipv4.tcp_retries2=3 net.ipv4.tcp_fin_timeout=5 net.ipv4.tcp_rto_min_us=50000 \
                   net.ipv4.tcp_rto_max_ms=2000 net.ipv4.tcp_keepalive_time=9 net.ipv4.tcp_keepalive_probes=2";
    assert_eq!(apply(command, &mut settings), Vec::<String>::new());
    let config = &settings.tcp;
    assert_eq!((config.r2, config.fin_wait_2_timeout), (Duration::from_secs(3), Duration::from_secs(5)));
    assert_eq!((config.min_rto, config.max_rto), (Duration::from_millis(50), Duration::from_secs(2)));
    assert_eq!((settings.keep_alive.idle, settings.keep_alive.probes), (Duration::from_secs(9), 2));
}

#[test]
fn what_only_looks_changes_nothing() {
    let mut settings = Settings::of(&HostConfig::new([]));
    for command in [
        "ss -tni | cat > /dev/null 2>&1",
        "ip route show",
        "echo one; sleep 0.5",
        "cat /proc/net/tcp",
        "echo 1 > /tmp/one",
    ] {
        assert_eq!(apply(command, &mut settings), Vec::<String>::new(), "{command}");
    }
    assert_eq!(settings.sleeps, Duration::from_millis(500));
    for command in ["ss -tn | grep ESTAB", "ip link set tun0 down", "echo 1 > /etc/one"] {
        assert_eq!(apply(command, &mut settings).len(), 1, "{command}");
    }
}

#[test]
fn a_sysctl_has_a_file_and_a_link_an_mtu() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let command = "echo 0 > /proc/sys/net/ipv4/tcp_sack && ip link set dev tun0 mtu 1400";
    assert_eq!(apply(command, &mut settings), Vec::<String>::new());
    assert_eq!((settings.tcp.sack, settings.tcp.mss.octets()), (false, 1360));
    assert_eq!(apply("sysctl net.ipv4.tcp_migrate_req=0", &mut settings), Vec::<String>::new());
    assert_eq!(apply("sysctl net.ipv4.tcp_migrate_req=1", &mut settings), ["sysctl tcp_migrate_req=1"]);
}

#[test]
fn a_route_has_metrics_and_a_shell_another_way_to_write() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let route = "ip route change 192.0.2.1 dev tun0 rto_min 50ms hoplimit 33 reordering 5 congctl reno";
    assert_eq!(apply(route, &mut settings), Vec::<String>::new());
    assert_eq!(settings.tcp.min_rto, std::time::Duration::from_millis(50));
    assert_eq!((settings.tcp.hop_limit, settings.tcp.reordering), (Some(33), 5));
    assert_eq!(apply("ip route change 192.0.2.1 dev tun0 rto_min 5h", &mut settings).len(), 1);
    for (command, sack) in [
        ("echo 0 | tee /proc/sys/net/ipv4/tcp_sack", false),
        ("(sysctl -q net.ipv4.tcp_sack=1)", true),
        ("sh -c 'sysctl -q net.ipv4.tcp_sack=0'", false),
    ] {
        assert_eq!(apply(command, &mut settings), Vec::<String>::new());
        assert_eq!(settings.tcp.sack, sack, "{command}");
    }
    apply("tc qdisc add dev tun0 root fq", &mut settings);
    assert!(settings.tcp.pacing);
    assert_eq!(apply("tc qdisc del dev tun0 root", &mut settings), Vec::<String>::new());
    assert!(!settings.tcp.pacing);
}

#[test]
fn a_setting_is_read_before_it_is_changed_and_put_back() {
    let mut settings = Settings::of(&HostConfig::new([]));
    let command =
        "x=$(sysctl -n net.ipv4.tcp_sack); sysctl -qw net.ipv4.tcp_sack=0; sysctl -qw net.ipv4.tcp_sack=$x";
    assert!(apply(command, &mut settings).is_empty());
    assert!(settings.tcp.sack);
}

#[test]
fn what_is_so_already_is_heeded() {
    let mut before = "";
    for (name, value) in super::defaults::DEFAULTS {
        assert!(before < *name, "{name} is found where it is looked for");
        before = name;
        let (mut settings, mut unheeded) = (Settings::of(&HostConfig::new([])), Unheeded::new());
        super::set(&format!("net.ipv4.{name}"), value, &mut settings, &mut unheeded);
        assert!(unheeded.is_empty(), "{name}");
    }
}
