use synfin_wire::Note;

use crate::samples;

#[test]
fn a_note_that_is_believed_is_not_said_again() {
    let mut step = samples::closed().steps.remove(0);
    assert_eq!(step.remark(), None);
    let comment = "syn [RFC 9293 3.10.1]; sender SYN-SENT";
    step.comment = Some(comment.to_owned());
    assert_eq!(step.remark(), Some(comment), "it is a comment like any other");
    step.note = Note::read(comment).expect("it is a note").0;
    assert_eq!(step.remark(), None);
    step.comment = Some(format!("{comment}; lost; by a rule"));
    assert_eq!(step.remark(), Some("lost; by a rule"));
}
