//! `synfin serve` to the kernel.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::{SYNFIN, output, root};
use crate::transfer::noise;
use crate::world::{alone, ip, sha256};

/// A server that has said where it serves.
struct Serving {
    synfin: Child,
    line: String,
}

impl Serving {
    fn start(words: &[&str]) -> Self {
        let mut synfin = Command::new(SYNFIN)
            .arg("serve")
            .args(words)
            .stderr(Stdio::piped())
            .spawn()
            .expect("synfin can be started");
        let mut line = String::new();
        let stderr = synfin.stderr.as_mut().expect("it is piped");
        BufReader::new(stderr).read_line(&mut line).expect("it says something");
        Self { synfin, line }
    }

    fn end(mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.synfin.id().cast_signed()), signal).expect("it is there");
        self.synfin.wait().expect("it is our child").code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.synfin.kill();
        let _ = self.synfin.wait();
    }
}

fn get(url: &str, words: &[&str]) -> String {
    output(Command::new("curl").args(["-sS", "--fail", "--max-time", "20"]).args(words).arg(url)).stdout()
}

#[test]
fn a_directory_is_served_to_the_kernel() {
    alone(&["curl"], || {
        let (place, got) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let (directory, got) = (place.path().to_str().unwrap(), got.path());
        fs::write(place.path().join("index.html"), "the index").unwrap();
        noise(&place.path().join("file"), 5_000_000);
        for (options, url) in [
            (&[][..], "http://10.0.0.2/"),
            (&["--listen", "192.168.7.9:8080", "--tun", "other"], "http://192.168.7.9:8080/"),
            (&["--listen", "[fd00::2]:80"], "http://[fd00::2]/"),
            (&["--shards", "2"], "http://10.0.0.2/"),
        ] {
            let serving = Serving::start(&[&[directory], options].concat());
            let start = format!("synfin: serving {directory} at {url} on ");
            assert!(serving.line.starts_with(&start), "{}", serving.line);
            assert_eq!(get(url, &[]), "the index");
            get(&format!("{url}file"), &["-o", got.to_str().unwrap()]);
            assert_eq!(sha256(got), sha256(&place.path().join("file")));
            assert_eq!(get(&format!("{url}index.html"), &["-r", "4-6"]), "ind");
            assert_eq!(get(&format!("{url}index.html"), &["-r", "0-0,4-6"]), "the index");
            let end = if options.is_empty() { Signal::SIGINT } else { Signal::SIGTERM };
            assert_eq!(serving.end(end), Some(0));
        }
    });
}

/// Two keys, and a certificate for 10.0.0.2 by the first, which vouches for itself.
fn certificate(place: &Path) -> [PathBuf; 3] {
    let [certificate, key, other] = ["certificate.pem", "key.pem", "other.pem"].map(|name| place.join(name));
    let new_key = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let names = ["-subj", "/CN=synfin", "-addext", "subjectAltName=IP:10.0.0.2", "-days", "1"];
    for (key, certificate) in [(&other, &certificate), (&key, &certificate)] {
        let mut openssl = Command::new("openssl");
        openssl.args(new_key).args(names).arg("-keyout").arg(key).arg("-out").arg(certificate);
        assert_eq!(output(&mut openssl).status, Some(0));
    }
    [certificate, key, other]
}

#[test]
fn a_directory_is_served_over_tls() {
    alone(&["curl", "openssl"], || {
        let (place, got) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let public = place.path().join("public");
        let file = public.join("file");
        let [certificate, key, _] = certificate(place.path());
        fs::create_dir(&public).unwrap();
        noise(&file, 5_000_000);
        let words =
            [public.as_path(), Path::new("--tls"), &certificate, &key].map(|word| word.to_str().unwrap());
        let serving = Serving::start(&words);
        assert!(serving.line.contains(" at https://10.0.0.2/ on "), "{}", serving.line);
        // Who says nothing, and who does not speak TLS, keep nobody from being served.
        let _silent = TcpStream::connect("10.0.0.2:443").unwrap();
        let mut plain = TcpStream::connect("10.0.0.2:443").unwrap();
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        let _ = plain.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
        let [trust, out] = [&certificate, got.path()].map(|path| path.to_str().unwrap());
        for most in ["1.2", "1.3"] {
            get("https://10.0.0.2/file", &["--cacert", trust, "--tls-max", most, "-o", out]);
            assert_eq!(sha256(got.path()), sha256(&file));
        }
        assert_eq!(serving.end(Signal::SIGTERM), Some(0));
    });
}

#[test]
fn what_is_no_certificate_or_not_its_key_is_told() {
    alone(&["openssl"], || {
        let place = tempfile::tempdir().unwrap();
        let [certificate, key, other] = certificate(place.path());
        let [missing, text] = ["missing.pem", "text.pem"].map(|name| place.path().join(name));
        fs::write(&text, "neither").unwrap();
        let [certificate, key, other, missing, text] =
            [&certificate, &key, &other, &missing, &text].map(|path| path.to_str().unwrap());
        for (chain, private, line) in [
            (missing, key, format!("cannot read {missing}: No such file or directory (os error 2)")),
            (text, key, format!("{text} has no certificate: give a file in PEM that has one")),
            (certificate, text, format!("{text} has no private key: give a file in PEM that has one")),
            (
                certificate,
                certificate,
                format!("{certificate} has no private key: give a file in PEM that has one"),
            ),
            (
                certificate,
                other,
                format!(
                    "cannot use {certificate} with {other}: keys may not be consistent: KeyMismatch: give a certificate \
                     and its own key"
                ),
            ),
        ] {
            let ended = output(Command::new(SYNFIN).args(["serve", "/", "--tls", chain, private]));
            ended.fails(2, &format!("synfin: {line}"));
        }
    });
}

#[test]
fn two_serve_side_by_side() {
    alone(&["curl"], || {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(one.path().join("index.html"), "one").unwrap();
        fs::write(other.path().join("index.html"), "the other").unwrap();
        let _one = Serving::start(&[one.path().to_str().unwrap()]);
        let other = other.path().to_str().unwrap();
        let _other = Serving::start(&[other, "--listen", "10.0.0.3:80", "--tun", "synfin1"]);
        assert_eq!(get("http://10.0.0.2/", &[]), "one");
        assert_eq!(get("http://10.0.0.3/", &[]), "the other");

        let refused = |words: &[&str], line: &str| {
            output(Command::new(SYNFIN).args(["serve", "/"]).args(words)).fails(2, line);
        };
        refused(
            &["--listen", "10.0.0.4:80"],
            "synfin: the interface \"synfin0\" is in use by another process: end that or choose another name",
        );
        refused(
            &["--tun", "synfin2"],
            "synfin: 10.0.0.2 is on another link already: choose another with --listen",
        );
    });
}

#[test]
fn an_interface_that_root_has_made_serves_a_user() {
    if !root() {
        return;
    }
    alone(&["curl", "ip", "setpriv"], || {
        for words in [
            "tuntap add synfin0 mode tun user 1000",
            "address add 10.0.0.1/24 dev synfin0",
            "link set synfin0 up",
        ] {
            crate::world::ip(words);
        }
        let place = tempfile::tempdir().unwrap();
        let (synfin, directory) = (place.path().join("synfin"), place.path().join("public"));
        fs::copy(SYNFIN, &synfin).unwrap();
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("index.html"), "the index").unwrap();
        let open = "mount -t tmpfs tmpfs /dev/net; mknod -m 666 /dev/net/tun c 10 200; chmod -R a+rX $0";
        let opened = output(Command::new("sh").args(["-ec", open]).arg(place.path()));
        assert_eq!(opened.stdout(), "");
        for _ in 0..2 {
            let mut child = Command::new("setpriv")
                .args(["--reuid", "1000", "--regid", "1000", "--clear-groups", "--inh-caps=-all"])
                .arg(&synfin)
                .arg("serve")
                .arg(&directory)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut line = String::new();
            BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
            assert!(line.contains("at http://10.0.0.2/"), "{line}");
            let serving = Serving { synfin: child, line };
            assert_eq!(get("http://10.0.0.2/", &[]), "the index");
            assert_eq!(serving.end(Signal::SIGTERM), Some(0));
        }
    });
}

/// Has the kernel fill in the checksums of what it sends over `peer0`: `ethtool -K peer0 tx off`.
const CHECKSUMS: &str = r"
import array, fcntl, socket, struct
value = array.array('I', [0x17, 0])
fcntl.ioctl(socket.socket(), 0x8946, struct.pack('16sP16x', b'peer0', value.buffer_info()[0]))
";

#[test]
fn an_interface_is_taken_from_the_kernel() {
    if !nix::unistd::geteuid().is_root() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "AF_XDP is root's");
        eprintln!("skipped: AF_XDP is root's");
        return;
    }
    alone(&["curl", "ip", "python3"], || {
        let (place, got) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let (directory, got) = (place.path().to_str().unwrap(), got.path());
        noise(&place.path().join("file"), 10_000_000);
        ip("link add taken0 type veth peer name peer0");
        assert_eq!(output(Command::new("python3").args(["-c", CHECKSUMS])).stdout(), "");
        ip("address add 10.0.0.1/24 dev peer0");
        ip("link set peer0 up");
        for signal in [Signal::SIGINT, Signal::SIGKILL, Signal::SIGTERM] {
            let serving = Serving::start(&[directory, "--xdp", "taken0"]);
            assert!(serving.line.ends_with(" at http://10.0.0.2/ on taken0\n"), "{}", serving.line);
            get("http://10.0.0.2/file", &["-o", got.to_str().unwrap()]);
            assert_eq!(sha256(got), sha256(&place.path().join("file")));
            assert!(details("taken0").contains("xdp"), "{}", details("taken0"));
            // However it ends, the interface is the kernel's again.
            let status = serving.end(signal);
            assert_eq!(status, (signal != Signal::SIGKILL).then_some(0));
            assert!(!details("taken0").contains("xdp"), "{}", details("taken0"));
        }
    });
}

fn details(interface: &str) -> String {
    output(Command::new("ip").args(["-details", "link", "show", interface])).stdout()
}
