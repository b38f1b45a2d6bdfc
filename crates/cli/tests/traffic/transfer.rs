//! Files from and to nginx have the same hash at both ends.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::common::SYNFIN;
use crate::world::{Running, alone, listening, sha256};

/// This machine's loopback, as the command sees it.
const HOST: [&str; 2] = ["10.0.2.2", "[fd00:2::2]"];

/// nginx on port 80 of both loopback addresses, which gives and takes files.
pub(crate) struct Nginx {
    place: TempDir,
    _process: Running,
}

impl Nginx {
    pub(crate) fn start() -> Self {
        let place = tempfile::tempdir().expect("there is room for files");
        fs::create_dir(place.path().join("files")).expect("it is empty");
        let conf = place.path().join("nginx.conf");
        fs::write(&conf, CONF).expect("it can be written");
        let process = Running::start(
            Command::new("nginx").arg("-p").arg(place.path()).arg("-c").arg(&conf).args(["-e", "error.log"]),
        );
        for address in ["127.0.0.1:80", "[::1]:80"] {
            listening(address.parse().expect("it is an address"));
        }
        Self { place, _process: process }
    }

    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.place.path().join("files").join(name)
    }
}

/// One process, so that it changes to no other user and is ended as one.
const CONF: &str = "
daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 1000; }
http {
    access_log off;
    client_max_body_size 0;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen 127.0.0.1:80;
        listen [::1]:80;
        root files;
        dav_methods PUT;
    }
}
";

/// `octets` of noise that is the same in every run.
pub(crate) fn noise(path: &Path, octets: usize) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_ne_bytes()
    });
    fs::write(path, words.take(octets / 8).flatten().collect::<Vec<_>>()).expect("it can be written");
}

fn both_ways(octets: usize, options: &[&str]) {
    let nginx = Nginx::start();
    let place = tempfile::tempdir().expect("there is room for files");
    let (given, got) = (nginx.file("given"), place.path().join("got"));
    noise(&given, octets);
    let expected = sha256(&given);
    for host in HOST {
        let curl = |words: &[&str], file: &Path| {
            let mut command = Command::new(SYNFIN);
            command.arg("run").args(options).args(["--", "curl", "-sS", "--fail", "--max-time", "60"]);
            assert_eq!(crate::common::output(command.args(words).arg(file)).stdout(), "");
        };
        curl(&[&format!("http://{host}/given"), "-o"], &got);
        assert_eq!(sha256(&got), expected, "what came from {host}");
        curl(&[&format!("http://{host}/taken"), "-T"], &given);
        assert_eq!(sha256(&nginx.file("taken")), expected, "what went to {host}");
        fs::remove_file(&got).and_then(|()| fs::remove_file(nginx.file("taken"))).expect("both are there");
    }
}

#[test]
fn a_file_arrives_whole_in_both_directions() {
    alone(&["nginx", "curl"], || both_ways(20 << 20, &[]));
}

#[test]
fn a_file_arrives_whole_over_a_bad_link() {
    let faults = "--loss 2% --delay 5ms --jitter 1ms --reorder 2% --duplicate 2% --corrupt 1%";
    alone(&["nginx", "curl"], move || both_ways(2 << 20, &faults.split(' ').collect::<Vec<_>>()));
}
