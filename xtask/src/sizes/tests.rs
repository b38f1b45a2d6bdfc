use super::*;

/// A function of exactly `lines` lines, signature and closing brace among them.
fn function(signature: &str, lines: usize) -> String {
    format!("{signature} {{\n{}}}\n", "    // a line\n".repeat(lines - 2))
}

fn places(source: &str) -> Vec<(String, String)> {
    let findings = oversized("made/up.rs", source).expect("the source parses");
    findings.into_iter().map(|finding| (finding.place, finding.what)).collect()
}

#[test]
fn what_is_just_within_the_limits_passes() {
    let body = function("fn fits()", FUNCTION_LIMIT);
    let source = format!("{}{body}", "// a line\n".repeat(FILE_LIMIT - FUNCTION_LIMIT));
    assert_eq!(source.lines().count(), FILE_LIMIT);
    assert_eq!(places(&source), []);
}

#[test]
fn a_file_one_line_over_is_found() {
    let found = places(&"// a line\n".repeat(FILE_LIMIT + 1));
    assert_eq!(found, [("made/up.rs:1".to_string(), "the file has 601 lines; the limit is 600".to_string())]);
}

#[test]
fn a_function_one_line_over_is_found_where_it_starts() {
    let source = format!("\n\n/// Documented.\n#[inline]\n{}", function("pub fn long()", FUNCTION_LIMIT + 1));
    let found = places(&source);
    assert_eq!(found, [("made/up.rs:5".to_string(), "fn long has 81 lines; the limit is 80".to_string())]);
}

#[test]
fn methods_trait_defaults_and_nested_functions_count() {
    let method = format!("impl Thing {{\n{}}}\n", function("fn method(&self)", FUNCTION_LIMIT + 1));
    let default = format!("trait Able {{\n{}}}\n", function("fn default(&self)", FUNCTION_LIMIT + 1));
    let nested = format!("fn outer() {{\n{}}}\n", function("fn inner()", FUNCTION_LIMIT + 1));
    let found = places(&format!("{method}{default}{nested}"));
    let names: Vec<&str> = found.iter().filter_map(|(_, what)| what.split(' ').nth(1)).collect();
    assert_eq!(names, ["method", "default", "outer", "inner"]);
}

#[test]
fn a_required_method_has_no_length() {
    assert_eq!(places("trait Able { fn required(&self); }"), []);
}

#[test]
fn a_file_that_does_not_parse_is_an_error_with_its_place() {
    let error = oversized("made/up.rs", "fn fine() {}\nfn broken( {}\n").expect_err("it does not parse");
    assert!(error.to_string().starts_with("made/up.rs:2: cannot parse"), "{error}");
}
