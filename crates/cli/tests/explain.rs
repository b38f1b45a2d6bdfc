//! `synfin explain` as people call it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

mod common;

use common::{Ended, SYNFIN, output, programs, root};

/// A capture of the kernel's own TCP.
fn gold(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/tests/kernel/gold");
    folder.join(name).display().to_string()
}

/// The command, in English whatever the machine speaks, in a folder.
fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(SYNFIN);
    command.arg("explain").args(words).current_dir(folder);
    command.env("LC_ALL", "C").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn explain(words: &[&str]) -> Ended {
    output(&mut command(Path::new("/"), words))
}

/// A folder with a capture of two connections, one refused and one as it should be, one that was cut off, and none.
fn captures() -> (tempfile::TempDir, impl Fn(&str) -> String) {
    let folder = tempfile::tempdir().unwrap();
    let [refused, sound, long] = ["refused.left.pcap", "three-segments.left.pcap", "loss.left.pcap"]
        .map(|name| fs::read(gold(name)).unwrap());
    // Both have the same file header, of 24 octets.
    fs::write(folder.path().join("two.pcap"), [&refused[..], &sound[24..]].concat()).unwrap();
    fs::write(folder.path().join("cut.pcap"), &long[..3000]).unwrap();
    fs::write(folder.path().join("letter.pcap"), "Dear network,\n").unwrap();
    let place: PathBuf = folder.path().to_owned();
    (folder, move |name| place.join(name).display().to_string())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn names_are_tabulated_and_take_no_capture() {
    let told = output(Command::new(SYNFIN).args(["explain", "--names", "--lang", "en"])).stdout();
    assert!(told.lines().any(|line| line.starts_with("SYN-RECEIVED  SYN-RECV    SYN_RECV")), "{told}");
}

#[test]
fn a_call_that_is_off_says_so_in_one_line() {
    let (folder, _) = captures();
    for (words, message) in [
        (&["nowhere.pcap"][..], "nowhere.pcap cannot be opened: No such file"),
        (&["two.pcap", "#99"], "there is no connection #99: the capture has 2"),
        (&["two.pcap", "#99", "--json"], "there is no connection #99: the capture has 2"),
        (&["two.pcap", "#0"], "#0 is no connection: their numbers are #1"),
        (&["two.pcap", "#1", "#2"], "more than one connection is asked for"),
        (&["two.pcap", "cut.pcap", "#1"], "each capture has a connection of that number"),
        (&["two.pcap", "--svg", "-"], "there are 2: name one, like '#1'"),
        (&["two.pcap", "--lang", "tlh"], "there are en and zh"),
        (&["two.pcap", "--names"], "cannot be used with"),
        (&["two.pcap", "--json", "--html", "-"], "cannot be used with"),
        (&["two.pcap", "./two.pcap", "--parquet", "."], "another of the captures has this name"),
        (&["-i", "no-such"], "there is no interface no-such"),
        (&["-i", "lo", "--seconds", "18446744073709551614"], "number too large"),
        (&["-i", "lo", "--seconds", "31622401"], "31622401 is not in 1..=31622400"),
        (&["-i", "lo", "--seconds", "-5"], "-5 is not in 1..=31622400"),
        (&["two.pcap", "--width", "-5"], "-5 is not in 60..=1000"),
        (&["-i", "lo", "two.pcap"], "either an interface is watched or files are read"),
        (&["#1"], "no capture is named"),
        (&[], "required"),
    ] {
        let ended = output(&mut command(folder.path(), words));
        assert_eq!(ended.status, Some(2), "{words:?}: {ended:?}");
        assert!(
            ended.stderr.starts_with("synfin: ") && ended.stderr.contains(message),
            "{words:?}: {ended:?}"
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn what_is_no_capture_is_a_failure_that_names_it() {
    let (_folder, place) = captures();
    let ended = explain(&[&place("letter.pcap")]);
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains("letter.pcap: this is neither pcap nor pcapng"), "{ended:?}");
}

#[test]
fn of_a_capture_that_was_cut_off_all_that_is_there_is_told_first() {
    let (_folder, place) = captures();
    let ended = explain(&[&place("cut.pcap")]);
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.starts_with("Connection 1: "), "{ended:?}");
    assert!(
        ended.stderr.contains("cut.pcap: the capture is cut off: of what begins at octet 2920"),
        "{ended:?}"
    );
    let ended = explain(&[&place("cut.pcap"), "--json"]);
    assert_eq!(ended.status, Some(1));
    assert_eq!(json(&ended.stdout)["capture"]["frames"], 30);
}

#[test]
fn one_connection_is_drawn_and_several_are_listed() {
    let (_folder, place) = captures();
    let one = explain(&[&gold("refused.left.pcap")]).stdout();
    assert!(one.starts_with("Connection 1: refused by server\n"), "{one}");
    let list = explain(&[&place("two.pcap")]).stdout();
    assert!(
        list.starts_with("2 connections\n")
            && list.ends_with("1 more connection has nothing worth telling\n")
    );
    let all = explain(&[&place("two.pcap"), "--all"]).stdout();
    assert_eq!(all.lines().count(), 4, "{all}");
    let second = explain(&[&place("two.pcap"), "#2"]).stdout();
    assert!(second.starts_with("Connection 2: closed by client\n"), "{second}");
    let chinese = explain(&[&place("two.pcap"), "--lang", "zh"]).stdout();
    assert!(chinese.contains("连接"), "{chinese}");
}

/// What is told of a capture that comes through a pipe.
fn piped(folder: &Path, words: &[&str], octets: &[u8]) -> Ended {
    let mut child = command(folder, words);
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(octets).unwrap();
    Ended::from(child.wait_with_output().unwrap())
}

#[test]
fn standard_input_and_compressed_captures_are_read_as_files_are() {
    let (folder, place) = captures();
    let expected = explain(&[&place("two.pcap"), "--all"]).stdout();
    let octets = fs::read(place("two.pcap")).unwrap();
    assert_eq!(piped(folder.path(), &["-", "--all"], &octets).stdout(), expected);
    if programs(&["gzip"]) {
        assert!(Command::new("gzip").arg("-k").arg(place("two.pcap")).status().unwrap().success());
        assert_eq!(explain(&[&place("two.pcap.gz"), "--all"]).stdout(), expected);
    }
}

#[test]
fn what_cannot_be_read_is_told_behind_what_can() {
    let (folder, place) = captures();
    let output = |words: &str| {
        let ended = output(&mut command(folder.path(), &words.split(' ').collect::<Vec<_>>()));
        assert_eq!(ended.status, Some(1), "{words}: {ended:?}");
        let said: Vec<String> = ended.stderr.lines().map(str::to_owned).collect();
        (ended.stdout, said)
    };
    let is_said = |said: &[String], parts: &[&str]| {
        let fits = said.iter().zip(parts).all(|(line, part)| line.starts_with(&format!("synfin: {part}")));
        assert!(said.len() == parts.len() && fits, "{said:?}");
    };
    let (text, said) = output("two.pcap letter.pcap nowhere.pcap");
    assert!(text.starts_with("two.pcap\n2 connections\n"), "{text}");
    is_said(&said, &["letter.pcap: this is neither", "nowhere.pcap cannot be opened"]);
    let (text, said) = output("letter.pcap two.pcap --follow");
    assert_eq!(text.lines().filter(|line| line.starts_with("Connection ")).count(), 2, "{text}");
    is_said(&said, &["letter.pcap: this is neither"]);
    let (_, said) = output("letter.pcap two.pcap --html page.html");
    is_said(&said, &["letter.pcap: this is neither"]);
    assert_eq!(
        fs::read_to_string(place("page.html")).unwrap(),
        explain(&[&place("two.pcap"), "--html", "-"]).stdout()
    );
    output("letter.pcap two.pcap --parquet tables");
    assert!(folder.path().join("tables/segments/capture=two.pcap").exists());

    let (text, said) = output("letter.pcap two.pcap nowhere.pcap --json");
    assert_eq!(json(&text).as_array().unwrap().len(), 1, "{text}");
    is_said(&said, &["letter.pcap: this is neither", "nowhere.pcap cannot be opened"]);
    let (text, said) = output("letter.pcap nowhere.pcap --json");
    assert_eq!(json(&text).as_array().unwrap().len(), 0, "{text}");
    is_said(&said, &["letter.pcap: this is neither", "nowhere.pcap cannot be opened"]);
    let picture = ["letter.pcap", "two.pcap", "--svg", "-"];
    let ended = common::output(&mut command(folder.path(), &picture));
    assert_eq!((ended.status, ended.stderr.lines().count()), (Some(2), 2), "{ended:?}");
    // Of what is not read at all no page is made.
    output("letter.pcap letter.pcap --html none.html");
    assert!(!folder.path().join("none.html").exists());

    fs::copy(place("cut.pcap"), place("cut2.pcap")).unwrap();
    for form in ["", " --json", " --follow"] {
        let (_, said) = output(&format!("cut.pcap two.pcap cut2.pcap{form}"));
        is_said(&said, &["cut.pcap: the capture is cut off", "cut2.pcap: the capture is cut off"]);
    }
}

/// A capture of a link type that nobody knows, and one in which that stands beside Ethernet.
#[test]
fn frames_of_an_unknown_link_type_are_counted() {
    let (folder, place) = captures();
    let mut octets = fs::read(place("two.pcap")).unwrap();
    octets[20..24].copy_from_slice(&999_u32.to_le_bytes());
    fs::write(place("odd.pcap"), &octets).unwrap();
    let remedy = "cannot be looked into: capture where frames are of another, as with `tcpdump -i any`; \
                  https://www.tcpdump.org/linktypes.html has what it is";
    let frames = json(&explain(&[&place("two.pcap"), "--json"]).stdout())["capture"]["frames"].clone();
    for words in [&["odd.pcap"][..], &["odd.pcap", "--json"], &["odd.pcap", "--html", "-"]] {
        let ended = output(&mut command(folder.path(), words));
        let line = format!("synfin: odd.pcap: {frames} frames of link type 999 {remedy}\n");
        assert_eq!((ended.status, ended.stderr), (Some(1), line), "{words:?}");
    }
    let told = json(&output(&mut command(folder.path(), &["odd.pcap", "--json"])).stdout);
    assert_eq!(told["capture"]["unknown_links"], serde_json::json!([{"link_type": 999, "frames": frames}]));
    fs::write(place("mixed.pcapng"), mixed(&octets[24..])).unwrap();
    let ended = output(&mut command(folder.path(), &["mixed.pcapng"]));
    let line = format!("synfin: mixed.pcapng: 1 frame of link type 999 {remedy}\n");
    assert_eq!((ended.status, ended.stderr), (Some(0), line));
    assert!(ended.stdout.starts_with("2 connections\n"), "{}", ended.stdout);
}

/// Two interfaces, of which one's frames stand behind those of the other.
#[test]
fn frames_are_told_in_the_order_of_their_times() {
    let (folder, place) = captures();
    let octets = fs::read(gold("three-segments.left.pcap")).unwrap();
    let (head, mut rest) = octets.split_at(24);
    let mut records = Vec::new();
    while !rest.is_empty() {
        let captured = u32::from_le_bytes([rest[8], rest[9], rest[10], rest[11]]) as usize;
        let (record, behind) = rest.split_at(16 + captured);
        records.push(record);
        rest = behind;
    }
    let said = |file: &str| output(&mut command(folder.path(), &[file]));
    fs::write(place("sound.pcap"), &octets).unwrap();
    let sound = said("sound.pcap");
    records.swap(1, 2);
    fs::write(place("odd.pcap"), [head, &records.concat()].concat()).unwrap();
    let odd = said("odd.pcap");
    assert_eq!((odd.status, odd.stdout), (sound.status, sound.stdout));
    let remark =
        "synfin: odd.pcap: 1 frame stood behind a later one: all are told in the order of their times";
    assert!(odd.stderr.starts_with(remark), "{}", odd.stderr);
    let from_pipe = piped(folder.path(), &["-"], &fs::read(place("odd.pcap")).unwrap());
    assert_eq!((from_pipe.status, from_pipe.stdout), (sound.status, said("sound.pcap").stdout));
    assert!(from_pipe.stderr.contains("1 frame stood behind a later one"), "{}", from_pipe.stderr);
}

/// Statistics say that the capture lacks packets.
#[test]
fn packets_that_the_capture_lost_are_told() {
    let (folder, place) = captures();
    let mut octets = mixed(&fs::read(place("two.pcap")).unwrap()[24..]);
    let lost = [[5, 0, 0, 0], [36, 0, 0, 0], [0; 4], [0; 4], [0; 4], [5, 0, 8, 0], [42, 0, 0, 0], [0; 4]];
    octets.extend([&lost.concat()[..], &[36, 0, 0, 0]].concat());
    fs::write(place("lacks.pcapng"), octets).unwrap();
    let ended = output(&mut command(folder.path(), &["lacks.pcapng"]));
    let said = "the capture says itself that it lacks 42 packets";
    assert_eq!(ended.status, Some(0));
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
}

/// A capture without packets, and one in which WireGuard has hidden them.
#[test]
fn where_no_tcp_is_it_is_said_what_there_is() {
    let (folder, place) = captures();
    let octets = fs::read(place("two.pcap")).unwrap();
    fs::write(place("none.pcap"), &octets[..24]).unwrap();
    let hidden = "none of it is TCP";
    let mut packet = vec![0x45, 0, 0, 60, 0, 7, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend([0xca, 0x6c, 0xca, 0x6c, 0, 40, 0, 0, 4, 0, 0, 0]);
    packet.extend(hidden.as_bytes());
    packet.resize(60, 0);
    let record = [[1, 0, 0, 0], [0; 4], [60, 0, 0, 0], [60, 0, 0, 0]].concat();
    let record = [&record[..], &packet].concat();
    fs::write(place("hidden.pcap"), [&octets[..24], &record, &record].concat()).unwrap();
    for (file, said) in [
        ("none.pcap", "the capture has no packets"),
        (
            "hidden.pcap",
            "2 frames: not TCP but UDP (what is encrypted, as by WireGuard or IPsec, cannot be looked into)",
        ),
    ] {
        let ended = output(&mut command(folder.path(), &[file]));
        assert_eq!((ended.status, ended.stderr), (Some(0), format!("synfin: {file}: {said}\n")));
        assert_eq!(ended.stdout, "No TCP connection.\n");
    }
}

/// A snap length that leaves no TCP header whole.
#[test]
fn frames_that_end_before_their_headers_are_counted() {
    const SNAP: usize = 30;
    let (folder, place) = captures();
    let octets = fs::read(place("two.pcap")).unwrap();
    let (head, mut records) = octets.split_at(24);
    let mut cut = head.to_vec();
    let mut frames = 0;
    while let Some((record, rest)) = records.split_at_checked(16) {
        let len = u32::from_le_bytes(record[8..12].try_into().unwrap()) as usize;
        cut.extend([&record[..8], &(SNAP as u32).to_le_bytes(), &record[12..], &rest[..SNAP]].concat());
        records = &rest[len..];
        frames += 1;
    }
    fs::write(place("short.pcap"), cut).unwrap();
    let ended = output(&mut command(folder.path(), &["short.pcap"]));
    let line = format!(
        "synfin: short.pcap: {frames} frames were captured only up to somewhere before the end of the headers: \
         capture 128 octets at least, as with `tcpdump -s 128`\n"
    );
    assert_eq!((ended.status, ended.stderr), (Some(1), line));
}

const RAW_IP: u16 = 101;

/// The records of a pcap as a pcapng with two interfaces, of which the second has the first frame once more.
fn mixed(mut records: &[u8]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = [body, &[0; 3][..body.len().wrapping_neg() % 4]].concat();
        let len = (padded.len() as u32 + 12).to_le_bytes();
        [&kind.to_le_bytes()[..], &len, &padded, &len].concat()
    };
    let interface = |link: u16| block(1, &[&link.to_le_bytes()[..], &[0; 6]].concat());
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend([0xff; 8]);
    let mut file = [block(0x0a0d_0d0a, &section), interface(RAW_IP), interface(999)].concat();
    for number in 0.. {
        let Some((header, rest)) = records.split_first_chunk::<16>() else { return file };
        let length = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|octet| header[at + octet]));
        let (captured, original) = (length(8), length(12));
        let packet = |interface: u32, time: u32| {
            let fixed = [interface, 0, time, captured, original].map(u32::to_le_bytes).concat();
            block(6, &[&fixed, &rest[..captured as usize]].concat())
        };
        if number == 0 {
            file.extend(packet(1, number));
        }
        file.extend(packet(0, number));
        records = &rest[captured as usize..];
    }
    file
}

#[test]
fn several_captures_are_told_in_their_order() {
    let (_folder, place) = captures();
    let names = [place("two.pcap"), gold("loss.left.pcap"), gold("refused.left.pcap")];
    let text = explain(&names.each_ref().map(String::as_str)).stdout();
    let places = names.each_ref().map(|name| text.find(&format!("{name}\n")).unwrap_or(usize::MAX));
    assert!(places.is_sorted() && places[2] < usize::MAX, "{text}");
}

#[test]
fn json_is_one_document_whatever_is_asked() {
    let (_folder, place) = captures();
    let (two, refused) = (place("two.pcap"), gold("refused.left.pcap"));
    let document = json(&explain(&[&two, "--json"]).stdout());
    assert_eq!(document["schema"], "synfin-explain");
    assert_eq!(document["connections"].as_array().unwrap().len(), 2);
    let one = json(&explain(&[&two, "#2", "--json"]).stdout());
    assert_eq!(one["connections"].as_array().unwrap().len(), 1);
    assert_eq!(one["connections"][0]["number"], 2);
    let both = json(&explain(&[&two, &refused, "--json"]).stdout());
    let names: Vec<_> = both.as_array().unwrap().iter().map(|one| one["capture"]["name"].clone()).collect();
    assert_eq!(names, [two.as_str(), refused.as_str()]);
    // One that cannot be read leaves what was written sound.
    let ended = explain(&[&refused, &place("letter.pcap"), "--json"]);
    assert_eq!((ended.status, json(&ended.stdout).as_array().unwrap().len()), (Some(1), 1));
}

#[test]
fn pages_and_pictures_go_where_they_are_told() {
    let (_folder, place) = captures();
    let capture = gold("refused.left.pcap");
    let page = place("page.html");
    assert_eq!(explain(&[&capture, "--html", &page]).stdout(), "");
    assert_eq!(fs::read_to_string(&page).unwrap(), explain(&[&capture, "--html", "-"]).stdout());
    assert!(fs::read_to_string(&page).unwrap().to_lowercase().starts_with("<!doctype html>"));
    let picture = explain(&[&place("two.pcap"), "#1", "--svg", "-"]).stdout();
    assert!(picture.contains("<svg") && picture.trim_end().ends_with("</svg>"));
    let nowhere = explain(&[&capture, "--svg", "/no/such/folder/x.svg"]);
    assert_eq!(nowhere.status, Some(1));
    assert!(nowhere.stderr.contains("/no/such/folder/x.svg cannot be written"), "{nowhere:?}");
}

#[test]
fn tables_are_written_by_capture() {
    let (folder, place) = captures();
    let refused = gold("refused.left.pcap");
    assert_eq!(explain(&[&place("two.pcap"), &refused, "--parquet", &place("tables")]).stdout(), "");
    for table in ["connections", "findings", "segments"] {
        for capture in ["two.pcap", "refused.left.pcap"] {
            let file = format!("tables/{table}/capture={capture}/part-0.parquet");
            assert!(fs::read(folder.path().join(&file)).unwrap().starts_with(b"PAR1"), "{file}");
        }
    }
}

#[test]
fn check_turns_a_warning_into_a_status() {
    let (_folder, place) = captures();
    for (words, status) in [
        (&[place("two.pcap"), "--check".into()][..], 1),
        (&[place("two.pcap"), "--check".into(), "#2".into()], 0),
        (&[place("two.pcap"), "--check".into(), "--json".into()], 1),
        (&[gold("three-segments.left.pcap"), "--check".into()], 0),
        (&[gold("refused.left.pcap")], 0),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(explain(&words).status, Some(status), "{words:?}");
    }
}

#[test]
fn connections_are_drawn_one_after_another_where_they_are_followed() {
    let (_folder, place) = captures();
    let text = explain(&[&place("two.pcap"), "--follow"]).stdout();
    let heads: Vec<_> = text.lines().filter(|line| line.starts_with("Connection ")).collect();
    assert_eq!(heads, ["Connection 1: refused by server", "Connection 2: closed by client"]);
}

/// A pipe has no colours; nor has a terminal where NO_COLOR says so.
#[test]
fn colours_are_for_terminals_that_want_them() {
    let capture = gold("refused.left.pcap");
    assert!(!explain(&[&capture]).stdout().contains('\x1b'));
    if !programs(&["script"]) {
        return;
    }
    let on_terminal = |no_color: &str| {
        let words = format!("{SYNFIN} explain {capture}");
        let mut script = Command::new("script");
        script.args(["-qec", &words, "/dev/null"]).env("LC_ALL", "C").env("NO_COLOR", no_color);
        output(script.stdin(Stdio::null())).stdout
    };
    assert!(on_terminal("").contains('\x1b'));
    assert!(!on_terminal("1").contains('\x1b'));
}

#[test]
fn an_interface_is_watched_until_it_is_interrupted() {
    if !root() || !programs(&["ip"]) {
        return;
    }
    // The namespace is this thread's own, and that of what it starts.
    let watched = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        assert!(Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap().success());
        let mut command = command(Path::new("/"), &["-i", "lo", "--json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "synfin: watching lo, Ctrl-C ends it\n");
        std::net::TcpStream::connect("127.0.0.1:9").unwrap_err();
        kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        assert!(child.wait().unwrap().success());
        text
    });
    let document = json(&watched.join().unwrap());
    let connections = document["connections"].as_array().unwrap();
    assert_eq!(connections.len(), 1, "{document}");
    assert_eq!(connections[0]["verdict"]["code"], "refused");
    assert_eq!(connections[0]["segments"].as_array().unwrap().len(), 2, "no packet stands twice: {document}");
}

#[test]
fn without_the_right_an_interface_is_not_watched() {
    if !root() || !programs(&["setpriv"]) {
        return;
    }
    let ended = output(Command::new("setpriv").args([
        "--bounding-set=-net_raw",
        "--inh-caps=-all",
        SYNFIN,
        "explain",
        "-i",
        "lo",
    ]));
    ended.fails(
        2,
        "synfin: lo cannot be watched: that takes root or CAP_NET_RAW; tcpdump's file can be read without",
    );
}

#[test]
fn the_document_describes_each_finding() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = fs::read_to_string(house.join("docs/explain.md")).unwrap();
    for kind in synfin_ladder::FindingKind::ALL {
        let row = format!("| `{}` | {} | ", kind.code(), kind.severity().code());
        assert!(document.contains(&row), "{row}");
    }
}

/// What the README shows is what the command says.
#[test]
fn the_readme_shows_a_ladder_as_it_is() {
    let house = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(house.join("README.md")).unwrap();
    let line =
        readme.lines().find_map(|line| line.strip_prefix("    $ synfin explain ")).expect("it shows a call");
    let words: Vec<&str> = line.split(' ').collect();
    let ladder = output(&mut command(&house, &words)).stdout();
    let shown: Vec<&str> = readme
        .lines()
        .skip_while(|shown| !shown.ends_with(line))
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .map(|line| line.strip_prefix("    ").unwrap_or(line))
        .collect();
    assert_eq!(shown.join("\n").trim_end(), ladder.trim_end());
}

#[test]
fn what_was_not_seen_is_told() {
    if !root() || !programs(&["ip"]) {
        return;
    }
    let watched = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        assert!(Command::new("ip").args(["link", "set", "lo", "up"]).status().unwrap().success());
        let mut command = command(Path::new("/"), &["-i", "lo"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        said.read_line(&mut String::new()).unwrap();
        let pid = Pid::from_raw(child.id().try_into().unwrap());
        kill(pid, Signal::SIGSTOP).unwrap();
        waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
        // More than the kernel holds for anybody.
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..4096 {
            socket.send_to(&[0; 32_768], "127.0.0.1:9").unwrap();
        }
        kill(pid, Signal::SIGCONT).unwrap();
        let mut text = String::new();
        said.read_line(&mut text).unwrap();
        kill(pid, Signal::SIGINT).unwrap();
        said.read_to_string(&mut text).unwrap();
        child.wait().unwrap();
        text
    });
    let said = watched.join().unwrap();
    let first = "synfin: packets of lo are not seen: more come than can be explained\nsynfin: ";
    let last = " packets of lo were not seen: capture with tcpdump -w and read the file\n";
    let instead = "synfin: lo: ";
    assert!(said.starts_with(first) && said.contains(&format!("{last}{instead}")), "{said}");
}

/// As it was captured, and as it would have gone.
#[test]
fn a_replay_is_told_in_every_form() {
    let file = gold("three-segments.left.pcap");
    let form = |form: &[&str]| {
        explain(&[&[&file[..], "--what-if", "drop 4", "--lang", "en"], form].concat()).stdout()
    };
    let told = json(&form(&["--json"]));
    let [captured, other] = [0, 1].map(|at| told["connections"][at]["segments"].as_array().unwrap().len());
    assert!(captured > 4 && other > 4, "both are told: {captured}, {other}");
    assert_eq!(told["connections"][1]["segments"][3]["fate"]["code"], "lost");
    assert!(form(&["--html", "-"]).starts_with("<!"), "a page");
    assert!(form(&["--svg", "-"]).starts_with("<svg"), "a picture");
}
