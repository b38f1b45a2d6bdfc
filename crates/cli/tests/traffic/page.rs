//! The first thing to try.

use crate::common::run;
use crate::world::alone;

#[test]
fn the_page_comes_over_both_families() {
    alone(&["curl"], || {
        for family in ["-4", "-6"] {
            let page =
                run(&["--", "curl", "-sS", "--max-time", "20", family, "http://synfin.internal/"]).stdout();
            assert!(page.starts_with("<!doctype html>") && page.contains("<h1>synfin</h1>"), "{page}");
            assert!(page.trim_end().ends_with("</html>"), "{page}");
        }
    });
}

#[test]
fn the_page_comes_from_both_addresses_of_the_name() {
    alone(&["curl"], || {
        for address in ["10.0.2.4", "[fd00:2::4]"] {
            let url = format!("http://{address}/");
            let status = run(&["--", "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", &url]).stdout();
            assert_eq!(status, "200");
        }
    });
}
