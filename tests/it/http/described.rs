//! The description of the interface as a judge: every answer of a described operation must be one that it describes, field by field and code by code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, Mutex};

use jinfu::http::description;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::desk::{Call, Desk, Reply};
use crate::harness::{Database, on_both, repository};

/// The description, with every object closed: a field that it does not name is a fault.
static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| {
    let mut described = serde_json::to_value(description()).unwrap();
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
        root["components"] = json!({"schemas": DESCRIPTION["components"]["schemas"]});
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
    let table = std::fs::read_to_string(repository("src/http/refusals.txt")).unwrap();
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

#[test]
fn every_operation_has_a_name_a_description_and_its_problems_and_every_reference_leads_somewhere() {
    let described = serde_json::to_value(description()).unwrap();
    assert_eq!(described["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is twice");
            assert!(operation["summary"].is_string(), "{method} {path}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = resolve(&described, response);
                assert!(
                    response["description"].is_string(),
                    "{method} {path} {status}"
                );
                let problem = &response["content"]["application/problem+json"];
                if status.as_str() >= "400" {
                    let examples = problem["examples"].as_object().unwrap();
                    assert!(!examples.is_empty(), "{method} {path} {status}");
                    for code in examples.keys() {
                        let example = &described["components"]["examples"][code]["value"];
                        assert_eq!(example["code"], **code, "{method} {path}");
                        assert_eq!(
                            example["status"].to_string(),
                            *status,
                            "{method} {path} {code}"
                        );
                    }
                }
            }
            for status in ["401", "403", "404", "429", "503"] {
                assert!(
                    operation["responses"][status].is_object(),
                    "{method} {path} {status}"
                );
            }
        }
    }
    let mut references = Vec::new();
    collect_references(&described, &mut references);
    for reference in references {
        let place = reference.trim_start_matches('#');
        assert!(described.pointer(place).is_some(), "{reference}");
    }
}

/// What programs are written against changes only on purpose: `RENEW=1` writes it anew.
#[test]
fn the_description_of_the_interface_is_the_one_that_was_looked_at() {
    let described = description().to_pretty_json().unwrap() + "\n";
    let place = repository("tests/it/snapshots/openapi.json");
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(&place, &described).unwrap();
    }
    let looked_at = std::fs::read_to_string(place).unwrap();
    let mut lines = looked_at.lines().zip(described.lines());
    let differing = lines.find(|(before, now)| before != now);
    assert_eq!(differing, None, "RENEW=1 renews it");
    assert_eq!(looked_at.len(), described.len(), "RENEW=1 renews it");
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.push(reference.clone());
            }
            fields
                .values()
                .for_each(|value| collect_references(value, found));
        }
        Value::Array(list) => list
            .iter()
            .for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

#[test]
fn the_pages_of_the_description_may_show_themselves_and_nothing_else_may() {
    on_both(async |engine| {
        let database = Database::new(engine).await;
        let desk = Desk::open(&database).await;
        let page = desk.send(Call::at("/api/")).await;
        let policy = |reply: &Reply| {
            reply.headers["content-security-policy"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(page.status, 200);
        assert!(policy(&page).contains("style-src 'self' 'unsafe-inline'"));
        assert!(!policy(&page).contains("script-src 'self' '"));
        let document = desk.send(Call::get("/openapi.json")).await;
        assert_eq!(document.status, 200);
        assert_eq!(document.body, serde_json::to_value(description()).unwrap());
        let other = desk.send(Call::get("/villages").by("clerk")).await;
        assert!(policy(&other).contains("require-trusted-types-for 'script'"));
        assert!(!policy(&other).contains("unsafe"));
        desk.close(database).await;
    });
}
