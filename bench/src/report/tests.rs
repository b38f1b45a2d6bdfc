use super::*;

#[test]
fn a_table_replaces_what_stood_between_its_comments() {
    let document = "# Figures\n\n<!-- begin a -->\nold\n<!-- end a -->\n\n<!-- begin b -->\n<!-- end b -->\n";
    let new = replaced(document, "a", "new\n").unwrap();
    let expected =
        "# Figures\n\n<!-- begin a -->\n\nnew\n\n<!-- end a -->\n\n<!-- begin b -->\n<!-- end b -->\n";
    assert_eq!(new, expected);
    assert_eq!(replaced(&new, "a", "new\n").unwrap(), expected);
}

#[test]
fn a_document_without_a_place_is_refused() {
    let error = replaced("# Figures\n", "a", "new").unwrap_err();
    assert!(error.to_string().contains("<!-- begin a -->"), "{error}");
}

#[test]
fn a_median_is_in_the_middle() {
    assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    assert!(median(&[]).is_nan());
}

#[test]
fn figures_have_three_digits() {
    assert_eq!(three_digits(0.123), "0.12");
    assert_eq!(three_digits(12.345), "12.3");
    assert_eq!(three_digits(1234.5), "1234");
    assert_eq!(three_digits(f64::NAN), "-");
}
