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
        ("assert tcpi_rtt if 1", "the statement `assert tcpi_rtt if 1`"),
        ("class A: pass", "the statement `class A: pass`"),
        ("import numpy", "the module numpy"),
        ("import os; os.getpid()", "os.getpid"),
        ("while 1:\n  pass", "a snippet of more than 100000 steps"),
        ("def f(x): return f(x)\nf(1)", "a snippet that nests so deep"),
        ("def f(x):\n  while x: pass\nf(1)", "a snippet of more than 100000 steps"),
        ("x = [1]\nwhile 1: x = x + x", "a value that is so long"),
        ("x = 'ab' * 9999", "a value that is so long"),
        ("x = 10 ** 40", "a number that is so long"),
        ("assert (1", "a bracket that is not closed"),
        ("print('%", "a string that does not end"),
        ("x = range(10 ** 9)", "a range that is so long"),
    ] {
        assert_eq!(run(text), Err(Trouble::Unsupported(what.to_owned())), "{text}");
    }
}

#[test]
fn what_python_refuses_is_raised() {
    for (text, what) in [
        ("del cwnd", "NameError: name 'cwnd' is not defined"),
        ("assert cwnd", "NameError: name 'cwnd' is not defined"),
        ("assert 1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(x): pass\nf()", "TypeError: f() is not called with arguments like these"),
        ("return 1", "SyntaxError: 'return' outside function"),
        ("assert 1 < 'a'", "TypeError: '<' not supported between instances of 'int' and 'str'"),
        ("assert [1][2]", "IndexError: index out of range"),
        ("assert {}['a']", "KeyError: 'a'"),
        ("raise ValueError('no')", "ValueError: no"),
        ("a, b = [1]", "ValueError: 1 values to unpack into 2"),
        ("print('%d' % 'a')", "TypeError: %d format: a real number is required, not str"),
        ("sys.exit(3)", "SystemExit: 3"),
    ] {
        assert_eq!(run(text), Err(Trouble::Raised(what.to_owned())), "{text}");
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
        "total = 0\ndef count(*all, **named):\n  global total\n  total += len(all) + named['more']\ncount(1, 2, more=3)\nassert total == 5",
        "def note(log): log.append(tcpi_snd_cwnd)\nlog = []; note(log); note(log)\nassert log == [10, 10]",
        "def adder(n):\n  def add(x): return x + n\n  return add\nassert adder(3)(4) == 7",
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
        "assert ~0 == -1 and 2 ** 3 == 8 and int(2.9) == 2 and -2 ** 2 == -4",
        "if tcpi_snd_cwnd > 10:\n  assert False\nelif tcpi_snd_cwnd == 10:\n\tx = 1; y = 2\nelse:\n  sys.exit(1)\nassert x + y == 3",
        "if tcpi_rtt: a, b = tcpi_snd_cwnd, [1, 2][-1]\nassert (a, b) == (10, 2) and len([a, b]) == 2",
        "for x in range(1, 4):\n  if x % 2:\n    assert x in (1, 3)\n  else: assert x == 2\nassert x == 3",
        "n = 0\nwhile n < 5: n += 1\nassert n == 5 and sum([n, 1]) == 6 and -7 // 2 == -4 and -7 % 2 == 1",
        "import math\nassert math.ceil(tcpi_snd_cwnd / 3.0) == 4 and round(2.5) == 2 and str(10) == '10'",
        "x = None if tcpi_rtt else 1\nassert x is None and tcpi_rtt is not None and f'{x}' != ''",
        "print('cwnd %d' % (tcpi_snd_cwnd,), {1: 2}); half = tcpi_snd_cwnd * 0.5\nassert half == 5",
        "near = lambda a, b=1, *c: a - b\nassert near(3) == 2 and (lambda: 5)() == 5",
        "assert [x * 2 for x in range(5) if x % 2] == [2, 6] and sum(x for x in (1, 2)) == 3",
        "assert {k: v for k, v in zip('ab', [1, 2])}['b'] == 2 and {1, 1, 2} == {2, 1}",
        "assert [(a, b) for a in range(2) for b in range(2)][-1] == (1, 1)",
        "assert 1 or 1 / 0\nassert not (0 and undefined)\nx = 1 if True else undefined",
        "try:\n  1 / 0\nexcept (KeyError, ArithmeticError) as e:\n  x = str(e)\nelse:\n  x = 1\nfinally:\n  y = 2\nassert x == 'division by zero' and y == 2",
        "d = {'a': [1]}; d['b'] = 2; d['a'].append(3); d.update(c=4)\nassert d == {'a': [1, 3], 'b': 2, 'c': 4} and d.get('z', 9) == 9",
        "a = [3, 1, 2]; a.sort(); b = a[1:]; b[0] = 7; first, *rest = a\nassert (a, b, rest) == ([1, 2, 3], [7, 3], [2, 3]) and a[::-1] == [3, 2, 1]",
        "assert sorted('bca', key=lambda c: -ord(c)) == ['c', 'b', 'a'] and list(map(str, [1])) == ['1']",
        "for i, x in enumerate([5]):\n  pass\nelse:\n  i = 8\nassert i == 8 and any([0, 1]) and all([])",
        "while True:\n  break\nelse: assert False\nassert (n := 4) + n == 8 and 1 < 2 < 3 != 4",
        "assert 'a,b'.split(',') == ['a', 'b'] and '-'.join(['x', 'y']).upper() == 'X-Y'",
        "assert isinstance(1, (str, int)) and type(1.0) == float and int('0x1f', 16) == 31 and 1_000 == 1e3",
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

#[test]
fn values_are_written_as_python_writes_them() {
    for (text, printed) in [
        ("print(f'{tcpi_rtt/1e3:.2f} ms, {tcpi_snd_cwnd=}')", "100.50 ms, tcpi_snd_cwnd=10"),
        (
            "print(f'{7:>4}|{7:<4}|{7:^4}|{-7:04d}|{255:#x}|{1234567:,}')",
            "   7|7   | 7  |-007|0xff|1,234,567",
        ),
        ("print(f'{{{\"a\"!r}}} {3.0} {1e20} {0.1:%}')", "{'a'} 3.0 1e+20 10.000000%"),
        ("print('%5.1f|%-5s|%05d|%x|%%|%r' % (1.25, 'ab', -3, 255, 'q'))", "  1.2|ab   |-0003|ff|%|'q'"),
        ("print('{} {1} {name:>3}'.format(1, 3, name=2))", "1 3   2"),
        ("print([1, 'a', None, True, (2,), {3: 4.0}], sep='-')", "[1, 'a', None, True, (2,), {3: 4.0}]"),
        (
            "print(10 / 4, 1 / 3, 1e-7, 100000.0, round(2.675, 2))",
            "2.5 0.3333333333333333 1e-07 100000.0 2.67",
        ),
        ("print('%g %g %e' % (0.00001, 123456789, 12.5))", "1e-05 1.23457e+08 1.250000e+01"),
        ("print(hex(255), bin(5), 2 ** 0.5 > 1, 'a' 'b')", "0xff 0b101 True ab"),
    ] {
        assert_eq!(run(text), Ok(vec![printed.to_owned()]), "{text}");
    }
}

#[test]
fn a_snippet_may_end_all_of_them() {
    let mut environment = Environment::default();
    assert_eq!(environment.run("sys.exit(0)\nassert False", &[]), Ok(vec![]));
    assert_eq!(environment.run("assert False", &[]), Ok(vec![]));
}
