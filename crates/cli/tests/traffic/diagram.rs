//! `--diagram`: what is drawn of a command's connections.

use crate::common::run;
use crate::world::alone;

#[test]
fn a_download_is_drawn_with_the_reasons_of_the_engine() {
    alone(&["curl"], || {
        let words = ["--diagram", "--", "curl", "-4", "-sS", "--max-time", "20", "-o", "/dev/null"];
        let ended = run(&[&words[..], &["http://synfin.internal/"]].concat());
        assert_eq!(ended.status, Some(0), "{ended:?}");
        let drawn = &ended.stderr;
        assert!(drawn.contains("synfin 10.0.2.4:80"), "{drawn}");
        assert!(drawn.contains("synfin accepts: it acknowledges the SYN"), "{drawn}");
        assert!(drawn.contains("client opens the connection"), "{drawn}");
        assert!(drawn.contains("new data  [RFC 9293 §3.8.6]"), "{drawn}");
        assert!(drawn.contains("ESTABLISHED"), "{drawn}");
        assert!(drawn.contains("SYN-SENT"), "{drawn}");
        assert!(drawn.contains("synfin     10.0.2.4:80"), "{drawn}");
        assert!(!drawn.contains("packets cut off"), "{drawn}");
        // synfin's own states are known one by one: its column, the right one, has no bar.
        let is_unsure = |line: &&str| line.trim_end().ends_with('|') && !line.starts_with(char::is_uppercase);
        assert_eq!(drawn.lines().find(is_unsure), None, "{drawn}");
        assert_eq!(drawn.matches("client opens the connection").count(), 1, "{drawn}");
    });
}

#[test]
fn what_is_drawn_is_recorded_as_well() {
    alone(&["curl"], || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recording.pcapng");
        let script = "curl -4 -s http://synfin.internal/ >/dev/null; curl -s http://10.0.2.2:9/; true";
        let words = ["--diagram", "--record", file.to_str().unwrap(), "--", "sh", "-c", script];
        let ended = run(&words);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert_eq!(ended.stderr.matches("client opens the connection").count(), 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("refused by synfin"), "{}", ended.stderr);
        assert!(std::fs::metadata(&file).unwrap().len() > 1000);
    });
}
