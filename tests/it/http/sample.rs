//! Bodies made from the description of the interface: the least that an operation takes, so that what is tried of every operation follows it.

use serde_json::{Map, Value, json};

/// An operation of the interface.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: String,
    /// The path as it is described, with names in braces.
    pub(crate) path: String,
    /// The least body that it takes.
    pub(crate) body: Option<Value>,
    /// Whether it needs a revision in `If-Match`.
    pub(crate) needs_revision: bool,
    /// Whether it is a command, which has a key.
    pub(crate) has_key: bool,
    /// Names and examples of the queries that it must have.
    pub(crate) query: Vec<(String, String)>,
}

/// Every operation that is described, in the order of paths and methods.
pub(crate) fn operations() -> Vec<Operation> {
    let described = serde_json::to_value(jinfu::http::description()).unwrap();
    let mut found = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !matches!(method.as_str(), "get" | "post" | "delete") {
                continue;
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = (!schema.is_null()).then(|| sample(&described, schema));
            let parameters = operation["parameters"].as_array().cloned();
            let parameters = parameters.unwrap_or_default();
            let named = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
            let query = parameters.iter().filter(|parameter| {
                parameter["in"] == "query" && parameter["required"] == json!(true)
            });
            found.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                body,
                needs_revision: named("If-Match"),
                has_key: named("Idempotency-Key"),
                query: query
                    .map(|parameter| {
                        let name = parameter["name"].as_str().unwrap().to_owned();
                        (name, "2025-09".to_owned())
                    })
                    .collect(),
            });
        }
    }
    found.sort_by(|left, right| (&left.path, &left.method).cmp(&(&right.path, &right.method)));
    found
}

/// The least value of a schema: required fields only, the first of alternatives, the example of a text.
fn sample(described: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return sample(described, &described["components"]["schemas"][name]);
    }
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(list) = schema[alternatives].as_array() {
            let first = list.iter().find(|one| one["type"] != "null").unwrap();
            return sample(described, first);
        }
    }
    if let Some(list) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for part in list {
            all.extend(
                sample(described, part)
                    .as_object()
                    .cloned()
                    .unwrap_or_default(),
            );
        }
        return Value::Object(all);
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    if let Some(example) = schema["examples"].as_array().and_then(|list| list.first()) {
        return example.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].clone(),
        kind => kind.clone(),
    };
    match kind.as_str().unwrap_or("object") {
        "string" if schema["format"] == "uuid" => json!("019a0c5e-7f3b-7c10-b2e4-d5a6c7b8d9e0"),
        "string" => json!("words that say something 7"),
        "integer" | "number" => schema["minimum"]
            .as_i64()
            .map_or(json!(1), |least| json!(least)),
        "boolean" => json!(false),
        "array" => json!([sample(described, &schema["items"])]),
        _ => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let fields = required.iter().map(|name| {
                let name = name.as_str().unwrap();
                (
                    name.to_owned(),
                    sample(described, &schema["properties"][name]),
                )
            });
            Value::Object(fields.collect())
        }
    }
}
