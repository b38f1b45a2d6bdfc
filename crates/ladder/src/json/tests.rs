use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::model::pattern::PatternKind;
use crate::samples;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The schema as the form has it. `SYNFIN_UPDATE=1 cargo test -p synfin-ladder` writes the file.
fn schema() -> Value {
    let mut schema = serde_json::to_value(schemars::schema_for!(shape::DocumentShape<'static>)).unwrap();
    schema["title"] = "What synfin explain --json writes".into();
    let path = root().join("schema/explain.schema.json");
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    if std::env::var_os("SYNFIN_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        kept, text,
        "the form has changed: SYNFIN_UPDATE=1 cargo test -p synfin-ladder writes its schema"
    );
    schema
}

fn document(connections: &[Connection]) -> String {
    let mut document = Document::begin(Vec::new()).unwrap();
    for connection in connections {
        document.connection(connection).unwrap();
    }
    let start = Some(1_700_000_000_123_456_789);
    let capture = Capture {
        name: Some("trace.pcapng".to_owned()),
        start,
        frames: 99,
        unknown_links: vec![(147, 3)],
        cut_frames: 2,
        patterns: vec![Pattern {
            kind: PatternKind::IdleTimeout,
            host: [10, 0, 0, 2].into(),
            port: None,
            peer: None,
            connections: vec![1, 2],
            count: 2,
            of: 3,
            quiet: Some(std::time::Duration::from_secs(300)),
        }],
    };
    String::from_utf8(document.end(&capture).unwrap()).unwrap()
}

/// What of `value` is not as `schema` says: types, fields, references. Enough of JSON Schema for a schema of ours.
fn check(value: &Value, schema: &Value, root: &Value, place: &str, faults: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere");
        return check(value, target, root, place, faults);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let fits = choices.iter().any(|choice| {
            let mut faults = Vec::new();
            check(value, choice, root, place, &mut faults);
            faults.is_empty()
        });
        return if fits {
        } else {
            faults.push(format!("{place}: none of the choices fits"))
        };
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{place} has no type in the schema"),
    };
    let whole = kind == "integer" && allowed.contains(&"number");
    if !allowed.contains(&kind) && !whole {
        faults.push(format!("{place}: {kind} instead of {allowed:?}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], root, &format!("{place}[{index}]"), faults);
    }
    let Some(object) = value.as_object() else { return };
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !object.contains_key(name.as_str().unwrap()) {
            faults.push(format!("{place} lacks {name}"));
        }
    }
    for (name, field) in object {
        match schema.get("properties").and_then(|fields| fields.get(name)) {
            Some(known) => check(field, known, root, &format!("{place}.{name}"), faults),
            None if schema["additionalProperties"].is_object() => {
                check(field, &schema["additionalProperties"], root, &format!("{place}.{name}"), faults);
            }
            None => faults.push(format!("{place}.{name} is not in the schema")),
        }
    }
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let schema = schema();
    let mut connections = samples::all();
    connections.extend([samples::hostile(), samples::long(30, true)]);
    for connections in [&connections[..], &[]] {
        let value: Value = serde_json::from_str(&document(connections)).expect("it is JSON");
        let mut faults = Vec::new();
        check(&value, &schema, &schema, "", &mut faults);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

#[test]
fn the_check_finds_faults() {
    let schema = schema();
    let mut value: Value = serde_json::from_str(&document(&samples::all())).unwrap();
    value["connections"][0]["segments"][0]["len"] = "7".into();
    value["connections"][0]["ends"][0]["surprise"] = true.into();
    value["capture"].as_object_mut().unwrap().remove("frames");
    let mut faults = Vec::new();
    check(&value, &schema, &schema, "", &mut faults);
    assert_eq!(faults.len(), 3, "{faults:#?}");
}

/// The fields of all objects of a schema.
fn fields(schema: &Value, found: &mut Vec<(String, bool)>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        found.extend(
            properties.iter().map(|(name, field)| (name.clone(), field.get("description").is_some())),
        );
    }
    match schema {
        Value::Object(object) => object.values().for_each(|value| fields(value, found)),
        Value::Array(array) => array.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let page = std::fs::read_to_string(root().join("../../docs/explain-json.md")).expect("the page is there");
    let mut found = Vec::new();
    fields(&schema(), &mut found);
    assert!(found.len() > 80, "{}", found.len());
    for (name, described) in found {
        assert!(described, "{name} has no description in the schema");
        assert!(page.contains(&format!("`{name}`")), "docs/explain-json.md does not speak of `{name}`");
    }
}

#[test]
fn the_form_of_a_connection() {
    let mut out = Vec::new();
    write_connection(&mut out, &samples::closed()).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn it_holds_codes_and_no_sentences() {
    let text = document(&samples::all());
    assert!(text.contains("\"fast-retransmit\"") && text.contains("\"reset-unread\""));
    assert!(text.is_ascii());
    assert!(!text.contains("opens the connection"));
}

#[test]
fn hostile_words_stay_strings() {
    let value: Value = serde_json::from_str(&document(&[samples::hostile()])).unwrap();
    assert_eq!(value["connections"][0]["ends"][1]["name"], samples::HOSTILE);
}
