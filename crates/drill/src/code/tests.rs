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
        ("del cwnd", "the statement `del cwnd`"),
        ("assert tcpi_rtt if 1", "`if` without `else` in an expression"),
        ("assert os.sqrt(2)", "the variable os"),
        ("while 1:\n  pass", "a snippet of more than 100000 steps"),
        ("def f(x): return f(x)\nf(1)", "functions that call one another so deep"),
        ("def f(x):\n  while x: pass\nf(1)", "a snippet of more than 100000 steps"),
        ("def f(x): pass\nf()", "a call that does not fit `def f(x): pass`"),
        ("return 1", "`return` outside of a function"),
        ("assert sum(1, 2)", "the function sum"),
        ("assert 1 / 0", "`1 / 0`"),
        ("assert (1", "a parenthesis that is not closed"),
    ] {
        assert_eq!(run(text), Err(Trouble::Unsupported(what.to_owned())), "{text}");
    }
}

#[test]
fn functions_are_defined_and_called() {
    let mut environment = Environment::default();
    let defined = "def near(a, b, tol=5):\n    \"\"\"Compare\n    two.\"\"\"\n    if abs(a - b) > tol:\n        return False\n    return True\n\ndef half(x): return x // 2";
    assert_eq!(environment.run(defined, &[]), Ok(vec![]));
    for holds in [
        "assert near(tcpi_snd_cwnd, 12) and not near(tcpi_snd_cwnd, 12, tol=1)",
        "assert half(half(tcpi_snd_cwnd) + 4) == 4",
        "from math import floor\nx = 9; x //= 2; x <<= 2; x ^= 1; del x\nassert floor(half(3)) == 1",
        "x = 5\ndef add(y):\n  for i in range(2):\n    y += x\n    if i: return y\nassert add(1) == 11",
        "def nothing():\n  y = 1\nassert nothing() is None",
    ] {
        assert_eq!(environment.run(holds, &[("tcpi_snd_cwnd", 10)]), Ok(vec![]), "{holds}");
    }
}

#[test]
fn python_is_spoken_as_far_as_snippets_do() {
    for holds in [
        "import sys\nassert tcpi_snd_cwnd in (9, 10) and tcpi_snd_cwnd not in [1, 2]",
        "assert (tcpi_snd_cwnd ==\n   10), 'it is not'",
        "assert tcpi_rtt / 1000.0 < 100.6 and 5 / 2 == 2.5 and 5 // 2 == 2",
        "assert abs(tcpi_snd_cwnd - 12) <= 2 and min(3, 1, 2) == 1 and max(1, 2) == 2",
        "assert ~0 == -1 and 2 ** 3 == 8 and int(2.9) == 2",
        "if tcpi_snd_cwnd > 10:\n  assert False\nelif tcpi_snd_cwnd == 10:\n\tx = 1; y = 2\nelse:\n  sys.exit(1)\nassert x + y == 3",
        "if tcpi_rtt: a, b = tcpi_snd_cwnd, [1, 2][-1]\nassert (a, b) == (10, 2) and len([a, b]) == 2",
        "for x in range(1, 4):\n  if x % 2:\n    assert x in (1, 3)\n  else: assert x == 2\nassert x == 3",
        "n = 0\nwhile n < 5: n += 1\nassert n == 5 and sum([n, 1]) == 6 and -7 // 2 == -4 and -7 % 2 == 1",
        "import math\nassert math.ceil(tcpi_snd_cwnd / 3.0) == 4 and round(2.5) == 2 and str(10) == '10'",
        "x = None if tcpi_rtt else 1\nassert x is None and tcpi_rtt is not None and f'{x}' != ''",
        "print('cwnd %d' % (tcpi_snd_cwnd,), {1: 2}); half = tcpi_snd_cwnd * 0.5\nassert half == 5",
    ] {
        assert!(run(holds).is_ok(), "{holds}: {:?}", run(holds));
    }
    for fails in [
        "def check(x):\n  assert x == 11\ncheck(tcpi_snd_cwnd)",
        "assert tcpi_snd_cwnd in (1, 2)",
        "assert not tcpi_snd_cwnd in (10,)",
        "assert 1 > 0.5 > 2",
    ] {
        assert!(matches!(run(fails), Err(Trouble::Assertion { .. })), "{fails}");
    }
}
