use std::time::Duration;

use synfin_host::tcp::Config;

use super::apply;

#[test]
fn sysctls_set_connections_up() {
    let mut config = Config::default();
    let command = "../../common/defaults.sh\n ../../common/set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0 \\\n \
                   /proc/sys/net/ipv4/tcp_wmem=\"4096 50000 70000\"";
    assert_eq!(apply(command, &mut config), Vec::<String>::new());
    assert!(!config.timestamps);
    assert_eq!(config.send_buffer, 70_000);
    assert_eq!(config.receive_buffer, 15 * 1024 * 1024);
    assert_eq!(config.r2_syn, Duration::from_secs(63));
}

#[test]
fn what_is_not_known_is_said() {
    let mut config = Config::default();
    let unheeded =
        apply("sysctl -q net.ipv4.tcp_moon=1 # full\ntc qdisc add dev tun0 root pfifo", &mut config);
    assert_eq!(unheeded, ["sysctl tcp_moon=1", "`tc qdisc add dev tun0 root pfifo`"]);
    assert_eq!(apply("/tmp/sysctl_restore_${PPID}.sh", &mut config), Vec::<String>::new());
}
