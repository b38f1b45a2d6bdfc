use super::{Environment, Trouble};

fn run(text: &str) -> Result<Vec<String>, Trouble> {
    Environment::default().run(text, &[("tcpi_snd_cwnd", 10), ("tcpi_rtt", 100_500)])
}

#[test]
fn assertions_hold_or_name_the_values() {
    assert_eq!(run("assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd"), Ok(vec![]));
    assert_eq!(run("assert 100000 <= tcpi_rtt <= 101000, 'rtt=%d' % tcpi_rtt"), Ok(vec![]));
    assert_eq!(run("assert (tcpi_snd_cwnd & 2) != 0 and not tcpi_rtt == 1"), Ok(vec![]));
    let failed = run("assert tcpi_snd_cwnd == 11, tcpi_snd_cwnd").unwrap_err();
    let Trouble::Assertion { statement, values } = failed else { panic!("{failed:?}") };
    assert_eq!(statement, "assert tcpi_snd_cwnd == 11, tcpi_snd_cwnd");
    assert_eq!(values, "tcpi_snd_cwnd = 10");
}

#[test]
fn variables_live_from_snippet_to_snippet() {
    let mut environment = Environment::default();
    assert_eq!(
        environment.run("cwnd = 8  # segments\nprint(cwnd); cwnd += 2", &[]),
        Ok(vec!["8".to_owned()])
    );
    assert_eq!(environment.run("assert cwnd == 0xa", &[]), Ok(vec![]));
}

#[test]
fn what_is_not_known_is_unsupported() {
    for (text, what) in [
        ("assert tcpi_fackets == 0", "the variable tcpi_fackets"),
        ("import os", "the statement `import os`"),
        ("assert 1 / 0", "`1 / 0`"),
        ("assert (1", "a parenthesis that is not closed"),
    ] {
        assert_eq!(run(text), Err(Trouble::Unsupported(what.to_owned())), "{text}");
    }
}
