use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;
use synfin_lab::scenarios::find;
use synfin_lab::{Setting, Texts};
use synfin_ladder::Language;

use super::Walker;

#[test]
fn eighty_columns_and_twenty_four_lines_show_both_ends() {
    let run = find("01").unwrap().lab().unwrap().run(&Setting::default()).unwrap();
    let texts = Texts::new(Language::English);
    let mut walker = Walker { trace: &run.trace, texts: &texts, place: 0 };
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    let mut seen = Vec::new();
    loop {
        terminal.draw(|frame| walker.draw(frame)).unwrap();
        seen.push(terminal.backend().to_string());
        let place = walker.place;
        assert!(walker.key(KeyCode::Right));
        if walker.place == place {
            break;
        }
    }
    assert_eq!(seen.len(), run.trace.events.len());
    let of_syn = seen
        .iter()
        .find(|screen| screen.contains(">   1.000000 A → B  SYN seq 100"))
        .expect("the SYN is shown");
    for words in ["SYN-SENT", "LISTEN", "SND U/N", "100 / 101", "retransmission 1000ms", "45 00 00"] {
        assert!(of_syn.contains(words), "{words} is missing:\n{of_syn}");
    }
    assert!(seen.last().unwrap().contains("ESTABLISHED"));
}

#[test]
fn keys_walk_and_do_not_leave_the_trace() {
    let run = find("10").unwrap().lab().unwrap().run(&Setting::default()).unwrap();
    let texts = Texts::new(Language::Chinese);
    let mut walker = Walker { trace: &run.trace, texts: &texts, place: 0 };
    assert!(walker.key(KeyCode::Left));
    assert_eq!(walker.place, 0);
    assert!(walker.key(KeyCode::PageDown));
    assert_eq!(walker.place, 10);
    assert!(walker.key(KeyCode::End));
    assert!(walker.key(KeyCode::PageDown));
    assert_eq!(walker.place, run.trace.events.len() - 1);
    assert!(!walker.key(KeyCode::Char('q')));
}
