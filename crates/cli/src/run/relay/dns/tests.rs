use super::{HEADER_LEN, LONGEST, answers, nameservers, question_end, shorten};

/// A message about `a.test`, with so many octets behind its question.
fn message(behind: usize) -> Vec<u8> {
    let mut message = vec![7, 7, 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 1];
    message.extend(b"\x01a\x04test\x00\x00\x01\x00\x01");
    message.resize(message.len() + behind, 0xff);
    message
}

#[test]
fn what_is_too_long_is_cut_behind_its_question_and_says_so() {
    let mut fits = message(LONGEST - message(0).len());
    shorten(&mut fits);
    assert_eq!(fits.len(), LONGEST);

    let mut long = message(LONGEST);
    shorten(&mut long);
    let question = message(0)[HEADER_LEN..].to_vec();
    assert_eq!(long, [&[7, 7, 0x83, 0x80, 0, 1, 0, 0, 0, 0, 0, 0], &question[..]].concat());
}

#[test]
fn what_is_no_question_is_left_out() {
    for octets in [vec![0; HEADER_LEN], vec![0xff; LONGEST + 1], vec![63; LONGEST + 1]] {
        assert_eq!(question_end(&octets), None);
    }
    let mut nonsense = vec![0xff; LONGEST + 1];
    shorten(&mut nonsense);
    assert_eq!(nonsense, [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn all_nameservers_that_are_addresses_count() {
    let text = "# nameserver 192.0.2.1\nnameserver nonsense\nnameserver\t2001:db8::53 # main\n nameserver 192.0.2.2\n";
    let named = |text| nameservers(text).into_iter().map(|address| address.to_string()).collect::<Vec<_>>();
    assert_eq!(named(text), ["[2001:db8::53]:53", "192.0.2.2:53"]);
    assert_eq!(named("search a\n"), ["127.0.0.1:53"]);
    let zones = "nameserver fe80::1%lo\nnameserver fe80::2%7\nnameserver fe80::3%gone0\n";
    assert_eq!(named(zones), ["[fe80::1%1]:53", "[fe80::2%7]:53"]);
}

#[test]
fn only_a_response_with_its_number_answers_a_question() {
    let mut question = message(0);
    question[2] &= 0x7f;
    assert!(answers(&question, &message(0)));
    let mut other = message(0);
    other[1] += 1;
    for nonsense in [&[][..], &message(0)[..HEADER_LEN - 1], &question, &other] {
        assert!(!answers(&question, nonsense), "{nonsense:?}");
    }
}
