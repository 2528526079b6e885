//! Requests that a program made up from the description, as each role: no answer is a server's error, and none is one that is not described.
//!
//! `SCHEMATHESIS` is where the program is, `EXAMPLES` how many requests it makes up of each operation and role; `PHASES` with `coverage` among them
//! adds every bound of every field; `ROLES`, separated by commas, leaves the others out.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::desk::{Call, Desk, HERE, Served};
use super::sample::operations;
use crate::harness::{Database, on_both};

/// Everybody, by what they show.
const EVERYBODY: [&str; 8] = [
    "administrator",
    "official",
    "clerk",
    "supervisor",
    "reader",
    "collector",
    "household",
    "nobody",
];

/// Every check but one: a request that follows the description may still be refused by the rules of the scheme. A missing revision is answered as
/// HTTP says. Of a batch each item has an answer of its own, also one that cannot be read.
const SETTINGS: &str = r#"
[checks]
positive_data_acceptance.enabled = false
missing_required_header.expected-statuses = [400, 401, 403, 404, 415, 422, 428]

[[operations]]
include-path = "/api/v1/villages/{village}/pickups/batch"
checks.negative_data_rejection.enabled = false

[[operations]]
include-path = "/api/v1/sync"
checks.negative_data_rejection.enabled = false
"#;

/// What stands in paths, so that requests find something.
const PARAMETERS: [(&str, &str); 7] = [
    ("village", HERE),
    ("household", "03-017"),
    ("month", "2025-09"),
    ("prefix", "430302101"),
    ("number", "A-0457"),
    ("kind", "sale"),
    ("collector", "C1"),
];

/// A service, and the program that makes requests of it.
struct Tried {
    desk: Desk,
    database: Database,
    served: Served,
    program: Program,
}

/// A program that ends with the test.
struct Program(Option<Child>);

impl Program {
    fn wait(mut self) -> std::io::Result<Output> {
        self.0.take().unwrap().wait_with_output()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Tried {
    async fn start(database: Database, who: &str, folder: &Path) -> Tried {
        let desk = Desk::open(&database).await;
        fill(&desk).await;
        let served = desk.serve();
        let config = folder.join("schemathesis.toml");
        let lines = PARAMETERS.map(|(name, value)| format!("\"path.{name}\" = \"{value}\"\n"));
        let settings = format!("{SETTINGS}\n[parameters]\n{}", lines.concat());
        std::fs::write(&config, settings).unwrap();
        let place = format!("http://{}/api/v1/openapi.json", served.address);
        let program = request(&config, &place, (who != "nobody").then(|| desk.token(who)));
        Tried {
            desk,
            database,
            served,
            program,
        }
    }

    /// Waits until every request is answered; what was told of them.
    async fn finish(self) -> (bool, String) {
        let waited = tokio::task::spawn_blocking(|| self.program.wait());
        let output = waited.await.unwrap().unwrap();
        self.served.stop().await;
        self.desk.close(self.database).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let troubles = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), said + &troubles)
    }
}

/// Something of every kind, as far as the least bodies make it.
async fn fill(desk: &Desk) {
    for operation in operations() {
        let path = operation.path.replace("/api/v1", "");
        let path = PARAMETERS.iter().fold(path, |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        let is_command =
            operation.has_key && !operation.needs_revision && !path.contains("/months/");
        if let Some(body) = operation.body.filter(|_| is_command) {
            desk.send(Call::post(&path, &body).by("clerk")).await;
        }
    }
    let (_, number) = PARAMETERS[4];
    let pickup = format!("/villages/{HERE}/pickups/{number}");
    desk.must(Call::get(&pickup).by("clerk")).await;
}

/// What the environment says, or what is usual.
fn chosen(name: &str, usual: &str) -> String {
    let said = std::env::vars().find(|(other, _)| other == name);
    said.map_or(usual.to_owned(), |(_, value)| value)
}

fn request(config: &Path, place: &str, token: Option<&str>) -> Program {
    let program = chosen("SCHEMATHESIS", "st");
    let (examples, phases) = (
        chosen("EXAMPLES", "20"),
        chosen("PHASES", "examples,fuzzing"),
    );
    let mut command = Command::new(program);
    command.arg("--config-file").arg(config);
    command.args(["--no-color", "run", place]);
    command.args(["--phases", &phases, "--max-examples", &examples]);
    command.args([
        "--seed",
        "1",
        "--generation-database",
        "none",
        "--warnings",
        "off",
    ]);
    if let Some(token) = token {
        command.args(["--header", &format!("Authorization: Bearer {token}")]);
        // Whoever signs out is nobody from then on.
        command.args(["--exclude-path-regex", "/sessions"]);
    }
    command.current_dir(config.parent().unwrap());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Program(Some(command.spawn().unwrap()))
}

#[test]
#[ignore = "takes minutes, and a program that .ci/run installs"]
fn whatever_is_requested_the_answer_is_one_that_is_described() {
    on_both(async |engine| {
        let mut faults = Vec::new();
        let roles = chosen("ROLES", &EVERYBODY.join(","));
        let roles: Vec<&str> = roles.split(',').collect();
        for pair in roles.chunks(2) {
            let mut served = Vec::new();
            for who in pair {
                let folder = tempfile::tempdir().unwrap();
                let database = Database::new(engine).await;
                let service = Tried::start(database, who, folder.path()).await;
                served.push((who, service, folder));
            }
            for (who, served, folder) in served {
                let (is_well, said) = served.finish().await;
                drop(folder);
                let count = said.lines().find(|line| line.contains(" generated, "));
                eprintln!("{engine:?} {who}: {}", count.unwrap_or_default().trim());
                if !is_well {
                    faults.push(format!("{engine:?} {who}\n{said}"));
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    });
}
