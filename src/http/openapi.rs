//! What the description of the interface says beside each operation's own part: parameters of the path, the key, the problems, and who is who.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::example::{Example, ExampleBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, KnownFormat, OpenApi, PathItem, Ref, RefOr, Required,
    Response, ResponseBuilder, SchemaFormat, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::http::description;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::problems;
use crate::http::schemas;
use crate::text::{Language, Texts};

/// Where the document is.
const DOCUMENT: &str = "/api/v1/openapi.json";

/// The document and the pages that show it; everything they need is in the binary.
pub(crate) fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let pages: Router<S> = SwaggerUi::new("/api")
        .config(Config::new([DOCUMENT]).validator_url("none"))
        .into();
    pages
        .route(DOCUMENT, get(document))
        .layer(SetResponseHeaderLayer::overriding(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ))
}

/// The document, made when somebody first asks for it and kept as bytes: its values take ten megabytes.
async fn document() -> impl IntoResponse {
    static WRITTEN: OnceLock<Bytes> = OnceLock::new();
    let written = WRITTEN.get_or_init(|| {
        let written = serde_json::to_vec(&description()).expect("the description is JSON");
        written.into()
    });
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], written.clone())
}

/// The policy of these pages alone: their library sets styles and writes markup by itself. Its scripts are those of the binary, like all others.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

/// Completes the description.
pub(crate) fn complete(described: &mut OpenApi) {
    described.info = InfoBuilder::new()
        .title("jinfu")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("openapi.md")))
        .build();
    let components = described.components.get_or_insert_with(Components::new);
    let mut inner = Vec::new();
    ProblemBody::schemas(&mut inner);
    components.schemas.extend(inner);
    components.schemas.extend(schemas::all());
    components
        .schemas
        .insert("Problem".to_owned(), ProblemBody::schema());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("__Host-sid"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let mut describer = Describer {
        texts: Texts::new(Language::English),
        examples: BTreeMap::new(),
        responses: BTreeMap::new(),
    };
    for (path, item) in &mut described.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name(method, path));
            complete_operation(operation, method, path, &mut describer);
        }
    }
    components.examples = describer.examples;
    components.responses = describer.responses;
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let methods = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
    ];
    let operations = methods.into_iter();
    operations.filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The name of an operation, the same for as long as its method and path are.
fn name(method: &str, path: &str) -> String {
    let parts = path.trim_start_matches("/api/v1/").split('/');
    let words = parts.map(|part| match part.strip_prefix('{') {
        Some(named) => format!("by_{}", named.trim_end_matches('}')),
        None => part.replace('-', "_"),
    });
    format!("{method}_{}", words.collect::<Vec<_>>().join("_"))
}

/// What needs nobody to be signed in.
pub(crate) fn is_open(method: &str, path: &str) -> bool {
    method == "post" && path.contains("/sessions")
}

fn complete_operation(
    operation: &mut Operation,
    method: &str,
    path: &str,
    describer: &mut Describer,
) {
    let is_command = method != "get" && path.contains("{village}") && !path.contains("/access/");
    let parameters = operation.parameters.get_or_insert_with(Vec::new);
    for name in path.split('/').filter_map(|part| part.strip_prefix('{')) {
        parameters.push(RefOr::T(path_parameter(name.trim_end_matches('}'))));
    }
    if is_command {
        parameters.push(RefOr::T(key_parameter()));
        parameters.push(RefOr::T(dry_run_parameter()));
    }
    if !is_open(method, path) {
        operation.security = Some(vec![
            SecurityRequirement::new("token", Vec::<String>::new()),
            SecurityRequirement::new("session", Vec::<String>::new()),
        ]);
    }
    let problems = problems::of(operation, method, path, is_command);
    let responses = &mut operation.responses.responses;
    // What is only tried out, or has nothing to do, makes nothing.
    if let Some(made) = responses.get("201").filter(|_| is_command).cloned() {
        responses.insert("200".to_owned(), made);
    }
    for (status, response) in &mut *responses {
        if let RefOr::T(response) = response
            && response.description.is_empty()
        {
            response.description = describer.texts.say(&format!("answer-title-{status}"));
        }
    }
    for (status, problems) in problems {
        let response = describer.shared(&status, method != "get", problems);
        responses.entry(status).or_insert(response);
    }
}

/// Puts problems into words, each once for all operations.
struct Describer {
    texts: Texts,
    examples: BTreeMap<String, RefOr<Example>>,
    responses: BTreeMap<String, RefOr<Response>>,
}

impl Describer {
    /// A response of one status: what every door answers with is said once, for reading and for writing.
    fn shared(&mut self, status: &str, writes: bool, problems: Vec<Problem>) -> RefOr<Response> {
        if !problems.iter().all(problems::is_of_any_door) {
            return RefOr::T(self.response(status, problems));
        }
        let kind = if writes { "Writing" } else { "Reading" };
        let name = format!("Problem{status}{kind}");
        if !self.responses.contains_key(&name) {
            let response = self.response(status, problems);
            self.responses.insert(name.clone(), RefOr::T(response));
        }
        RefOr::Ref(Ref::new(format!("#/components/responses/{name}")))
    }

    /// A response of one status, with an example of every problem that it may be.
    fn response(&mut self, status: &str, problems: Vec<Problem>) -> Response {
        let mut content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
        for problem in problems {
            let code = problem.code().to_owned();
            let of_component = Ref::new(format!("#/components/examples/{code}"));
            content = content.examples_from_iter([(code.clone(), RefOr::Ref(of_component))]);
            self.examples.entry(code).or_insert_with(|| {
                let body = problem.body(&self.texts, "01f3b7c10b2e4d5a");
                let value = serde_json::to_value(&body).ok();
                RefOr::T(ExampleBuilder::new().value(value).build())
            });
        }
        ResponseBuilder::new()
            .description(self.texts.say(&format!("problem-title-{status}")))
            .content("application/problem+json", content.build())
            .build()
    }
}

fn text(pattern: &str, example: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .pattern(Some(pattern))
        .examples([example])
        .build()
}

fn path_parameter(name: &str) -> Parameter {
    let (schema, meaning) = match name {
        "village" => (
            text("^[0-9]{12}$", "430302101201"),
            "The village's administrative division code",
        ),
        "household" => (text("^.{1,32}$", "03-017"), "The household's number"),
        "month" => (text("^[0-9]{4}-[0-9]{2}$", "2025-09"), "The month"),
        "prefix" => (
            text("^[0-9]{2,12}$", "430302101"),
            "The first digits of the codes of a region's villages",
        ),
        "kind" => (text("^[a-z_]+$", "sale"), "The kind of document"),
        "token" => (
            text("^[0-9a-f-]{36}$", "019a0c5e-7f3b-7c10-b2e4-d5a6c7b8d9e0"),
            "The id of the token",
        ),
        "account" => (text("^.{1,64}$", "li"), "The account's name"),
        "collector" => (text("^.{1,32}$", "C1"), "The collector's code"),
        _ => (text("^.{1,32}$", "A-0457"), "The number of the document"),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(meaning))
        .schema(Some(schema))
        .build()
}

fn key_parameter() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build();
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::True)
        .description(Some(
            "The command id. The same id and content: the first answer again; the same id and other content: 422.",
        ))
        .schema(Some(schema))
        .build()
}

fn dry_run_parameter() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Boolean))
        .build();
    ParameterBuilder::new()
        .name("dry_run")
        .parameter_in(ParameterIn::Query)
        .description(Some("Decides and answers, and writes nothing"))
        .schema(Some(schema))
        .build()
}
