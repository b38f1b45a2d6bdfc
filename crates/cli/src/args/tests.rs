use std::time::Duration;

use clap::{CommandFactory as _, Parser as _};
use synfin_sim::{LinkConfig, Loss, Probability, Queue, Rate};

use super::{Cli, HostPort, Proxy, Publish, RunArgs, Verb, one_line};

fn run(line: &str) -> Result<RunArgs, String> {
    let words = ["synfin", "run"].into_iter().chain(line.split_whitespace());
    match Cli::try_parse_from(words) {
        Ok(Cli { verb: Verb::Run(args) }) => Ok(args),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(one_line(&error.to_string())),
    }
}

fn refusal(line: &str) -> String {
    run(line).map(|args| format!("{args:?}")).expect_err(line)
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_verb_shows_an_example() {
    for verb in ["run", "serve", "connect"] {
        let help = Cli::try_parse_from(["synfin", verb, "--help"]).unwrap_err().to_string();
        assert!(help.contains("Example") && help.contains(&format!("synfin {verb}")), "{help}");
    }
}

#[test]
fn help_is_had_by_its_name_too() {
    let help = |words: &[&str]| Cli::try_parse_from(words).unwrap_err().to_string();
    assert_eq!(help(&["synfin", "help"]), help(&["synfin", "--help"]));
    assert_eq!(help(&["synfin", "help", "run"]), help(&["synfin", "run", "--help"]));
}

#[test]
fn a_client_is_waited_for_within_reason() {
    let serve = |timeout: &str| Cli::try_parse_from(["synfin", "serve", ".", "--timeout", timeout]);
    for timeout in ["1s", "90s", "24h"] {
        assert!(serve(timeout).is_ok(), "{timeout}");
    }
    for timeout in ["0s", "999ms", "25h", "-1s", "60"] {
        let refusal = one_line(&serve(timeout).unwrap_err().to_string());
        assert!(refusal.contains(": give ") || refusal.contains(": write "), "{refusal}");
    }
}

#[test]
fn a_clean_link_is_the_default() {
    let args = run("-- curl -s http://example.org/").unwrap();
    assert!(args.impairments.link().is_clean());
    assert_eq!(args.mtu, 1500);
    assert_eq!(args.command, ["curl", "-s", "http://example.org/"]);
}

#[test]
fn the_dashes_may_be_left_out() {
    assert_eq!(run("--mtu 9000 ls --color --mtu 5").unwrap().command, ["ls", "--color", "--mtu", "5"]);
}

#[test]
fn impairments_become_a_link() {
    let args =
        run("--loss 5% --delay 20ms --jitter 5ms --reorder 5% --duplicate 2% --corrupt 1% --rate 10mbit \
                    --seed 7 -- true")
        .unwrap();
    let rate: Rate = "10mbit".parse().unwrap();
    let percent = Probability::from_percent;
    let expected = LinkConfig {
        rate: Some(rate),
        queue: Queue::draining_in(Duration::from_millis(100), rate),
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(5),
        jitter_reorders: false,
        loss: Loss::Independent(percent(5)),
        reorder: percent(5),
        duplicate: percent(2),
        corrupt: percent(1),
        ..LinkConfig::default()
    };
    assert_eq!((args.impairments.link(), args.impairments.seed), (expected, 7));
}

#[test]
fn ports_and_hosts() {
    let words =
        "--publish 8080:80 --publish 192.0.2.1:53:54 --publish [::]:53:55 --socks5 [::1]:1080 -- true";
    let args = run(words).unwrap();
    let address = |text: &str| Some(text.parse().unwrap());
    assert_eq!(
        args.publish,
        [
            Publish { address: None, outside: 8080, inside: 80 },
            Publish { address: address("192.0.2.1"), outside: 53, inside: 54 },
            Publish { address: address("::"), outside: 53, inside: 55 },
        ]
    );
    let at = HostPort { host: "::1".to_owned(), port: 1080 };
    assert_eq!(args.socks5, Some(Proxy { at: at.clone(), login: None }));
    let login = Some(("me".to_owned(), "a:b@c".to_owned()));
    assert_eq!("me:a:b@c@[::1]:1080".parse(), Ok(Proxy { at, login }));
    for text in ["me@[::1]:1080", ":b@[::1]:1080", "me:@[::1]:1080", "me:b@[::1]"] {
        assert!(text.parse::<Proxy>().is_err(), "{text}");
    }
    assert_eq!("example.org:80".parse(), Ok(HostPort { host: "example.org".to_owned(), port: 80 }));
    for text in ["example.org", "::1:80", "[::1:80", ":80", "a:0", "a:65536", "a:"] {
        assert!(text.parse::<HostPort>().is_err(), "{text}");
    }
    for text in ["80", "80:", ":80", "0:80", "80:80:80", ":80:80", "::1:80:80", "a:80:80", "-1:80", "80:http"]
    {
        assert!(text.parse::<Publish>().is_err(), "{text}");
    }
}

#[test]
fn an_error_is_one_line_that_says_what_to_do() {
    for (line, says) in [
        (
            "--loss 150% -- true",
            "invalid value '150%' for '--loss <PERCENT>': '150%' is over 100 %: give a percentage from 0% to 100%",
        ),
        (
            "--delay 80 -- true",
            "invalid value '80' for '--delay <TIME>': '80' has no unit that is known: write it with ns, us, ms, s, m or h",
        ),
        (
            "--rate 10mbps -- true",
            "invalid value '10mbps' for '--rate <RATE>': '10mbps' may mean bits or octets: \
             write bits, like 10mbit for ten million a second",
        ),
        (
            "--loss -1% -- true",
            "invalid value '-1%' for '--loss <PERCENT>': '-1%' does not begin with a number: write it like 2%",
        ),
        (
            "--delay -1s -- true",
            "invalid value '-1s' for '--delay <TIME>': '-1s' does not begin with a number: write it like 80ms",
        ),
        (
            "--rate -1mbit -- true",
            "invalid value '-1mbit' for '--rate <RATE>': '-1mbit' does not begin with a number: write it like 10mbit",
        ),
        (
            "--rate 99999999999999gbit -- true",
            "invalid value '99999999999999gbit' for '--rate <RATE>': '99999999999999gbit' is out of range: \
             give a rate from 1bit to 18446744tbit",
        ),
        (
            "--seed -1 -- true",
            "invalid value '-1' for '--seed <N>': '-1' is no seed: \
             give a whole number from 0 to 18446744073709551615",
        ),
        (
            "--mtu -5 -- true",
            "invalid value '-5' for '--mtu <OCTETS>': -5 is not in 1280..=65521; see --help",
        ),
        (
            "--mtu 100 -- true",
            "invalid value '100' for '--mtu <OCTETS>': 100 is not in 1280..=65521; see --help",
        ),
        (
            "--publish 80 -- true",
            "invalid value '80' for '--publish <[ADDRESS:]PORT:PORT>': '80' is not PORT:PORT: \
             give this machine's port and CMD's, from 1 to 65535, like 8080:80, \
             with an address of this machine's before them where it is not to be its loopback",
        ),
        (
            "--reorder 1% -- true",
            "the following required arguments were not provided: --delay <TIME>; see --help",
        ),
        (
            "--los 2% -- true",
            "unexpected argument '--los' found; tip: a similar argument exists: '--loss'; see --help",
        ),
        ("--bidir -- true", "unexpected argument '--bidir' found; see --help"),
        (
            "--dns resolver -- true",
            "invalid value 'resolver' for '--dns <ADDRESS>': 'resolver' is no address: \
             give that of a resolver, like 9.9.9.9 or fd00::53",
        ),
        ("", "the following required arguments were not provided: <CMD>...; see --help"),
    ] {
        assert_eq!(refusal(line), says);
    }
}
