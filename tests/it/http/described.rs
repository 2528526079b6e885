//! The description of the interface as a judge: every answer of a described operation must be one that it describes, field by field and code by code.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The description, with every object closed: a field that it does not name is a fault.
static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let mut described = serde_json::to_value(jinfu::http::description()).unwrap();
    close(&mut described["components"]["schemas"]);
    described
});

static VALIDATORS: LazyLock<Mutex<BTreeMap<String, Validator>>> = LazyLock::new(Mutex::default);

/// Says of every object with fields that it has no others.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            let is_closed = fields.contains_key("additionalProperties");
            if fields.contains_key("properties") && fields["type"] == "object" && !is_closed {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The path of the description that a path of a request belongs to: one without names before one with some.
fn template(method: &str, path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap();
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &&String| {
        let named: Vec<_> = template.split('/').collect();
        let mut pairs = named.iter().zip(&parts);
        named.len() == parts.len()
            && pairs.all(|(named, part)| named.starts_with('{') || named == part)
    };
    let paths = DESCRIPTION["paths"].as_object().unwrap();
    let mut found: Vec<_> = paths.keys().filter(fits).collect();
    found.sort_by_key(|template| template.matches('{').count());
    let has_method = |template: &&&String| paths[template.as_str()].get(method).is_some();
    found.iter().find(has_method).map(|found| found.as_str())
}

/// What a reference leads to, or the value itself.
pub(crate) fn resolve<'a>(described: &'a Value, value: &'a Value) -> &'a Value {
    let Some(reference) = value["$ref"].as_str() else {
        return value;
    };
    let place = reference.trim_start_matches('#');
    described
        .pointer(place)
        .expect("every reference leads somewhere")
}

/// Holds an answer against the description.
pub(crate) fn check(method: &str, path: &str, status: u16, body: &Value) {
    let method = method.to_lowercase();
    let Some(template) = template(&method, path) else {
        return;
    };
    let operation = &DESCRIPTION["paths"][template][&method];
    let response = resolve(&DESCRIPTION, &operation["responses"][status.to_string()]);
    let place = format!("{method} {template} {status}");
    assert!(response.is_object(), "{place} is not described: {body}");
    let content = &response["content"];
    if status >= 400 {
        let examples = &content["application/problem+json"]["examples"];
        let code = body["code"].as_str().unwrap_or_default();
        assert!(examples.get(code).is_some(), "{place} does not name {code}");
    }
    let kind = if status >= 400 {
        "application/problem+json"
    } else {
        "application/json"
    };
    let schema = &content[kind]["schema"];
    if schema.is_null() {
        assert!(body.is_null(), "{place} has a body: {body}");
        return;
    }
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators.entry(place.clone()).or_insert_with(|| {
        let mut root = schema.clone();
        root["components"] = DESCRIPTION["components"].clone();
        jsonschema::draft202012::new(&root).unwrap()
    });
    let faults: Vec<_> = validator
        .iter_errors(body)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    drop(validators);
    assert!(faults.is_empty(), "{place}: {faults:#?}\n{body:#}");
}

/// The codes of refusals that the description names for a command.
pub(crate) fn refusals_of(command: &str) -> Vec<String> {
    let table =
        std::fs::read_to_string(crate::harness::repository("src/http/refusals.txt")).unwrap();
    let heads = table.lines().filter(|line| !line.starts_with(' '));
    let mut codes = Vec::new();
    for head in heads.filter(|head| head.split_whitespace().nth(2) == Some(command)) {
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let operation = &DESCRIPTION["paths"][format!("/api/v1{path}")][method];
        for response in operation["responses"].as_object().unwrap().values() {
            let examples =
                resolve(&DESCRIPTION, response)["content"]["application/problem+json"]["examples"]
                    .as_object();
            codes.extend(
                examples
                    .into_iter()
                    .flat_map(|examples| examples.keys().cloned()),
            );
        }
    }
    codes
}
