//! A PostgreSQL server of the tests' own, run as an unprivileged user, gone when the tests are. The measurements share this file; the module
//! that holds it says with which settings the server runs.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

use super::POSTGRES_SETTINGS;

/// The user that the server runs as where the tests run as root, which PostgreSQL refuses: nobody.
const NOBODY: u32 = 65_534;

struct Server {
    folder: PathBuf,
    /// The process that stops the server when the tests end, which it sees by the end of its input.
    _guard: Child,
}

fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| find_binaries().map(|binaries| start(&binaries, Role::Primary)))
        .as_ref()
}

/// Whether there is a server to test on; its absence is told, and a failure in CI.
pub(super) fn is_there() -> bool {
    let is_there = server().is_some();
    let is_ci = std::env::vars_os().any(|(name, value)| name == "CI" && value == "true");
    assert!(
        is_there || !is_ci,
        "CI needs PostgreSQL's server binaries (initdb, postgres)"
    );
    if !is_there {
        eprintln!("SKIPPED on PostgreSQL: no initdb on this machine");
    }
    is_there
}

fn find_binaries() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let versions = installed.map(|version| version.path().join("bin"));
    let path = std::env::vars_os()
        .find(|(name, _)| name == "PATH")
        .map(|(_, path)| path)
        .unwrap_or_default();
    let found: Vec<PathBuf> = versions.chain(std::env::split_paths(&path)).collect();
    found
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// What a server is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    Primary,
    /// It follows a primary that never comes.
    Standby,
}

fn start(binaries: &Path, role: Role) -> Server {
    let folder = tempfile::Builder::new()
        .prefix("jinfu-pg-")
        .tempdir()
        .unwrap()
        .keep();
    if is_root() {
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let data = folder.join("data");
    let made = as_nobody(&binaries.join("initdb"))
        .args([
            "--no-sync",
            "--auth=trust",
            "--username=jinfu",
            "--encoding=UTF8",
            "--locale=C",
            "--pgdata",
        ])
        .arg(&data)
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    if role == Role::Standby {
        std::fs::write(folder.join("data/standby.signal"), "").unwrap();
    }
    // The shell waits for the end of its input, which comes when the tests end however they end, and then clears away.
    let script = "folder=\"$2\" && binaries=\"$1\" && shift 2 && \
                  { \"$binaries/postgres\" -D \"$folder/data\" -k \"$folder\" -c listen_addresses= \"$@\" >\"$folder/log\" 2>&1 & } && \
                  server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf \"$folder\"";
    let guard = as_nobody(Path::new("/bin/sh"))
        .args(["-c", script, "sh"])
        .args([binaries, folder.as_path()])
        .args(POSTGRES_SETTINGS.iter().flat_map(|setting| ["-c", setting]))
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    Server {
        folder,
        _guard: guard,
    }
}

/// The role that owns the tables, and may do anything.
pub(super) const OWNER: &str = "jinfu";
/// The role that the program works as.
pub(super) const APPLICATION: &str = "jinfu_app";

/// The address of a database of the tests' server, as a role sees it.
pub(super) fn url(role: &str, database: &str) -> String {
    url_at(server().unwrap(), role, database)
}

fn url_at(server: &Server, role: &str, database: &str) -> String {
    let folder = server.folder.display();
    format!("postgres://{role}@localhost/{database}?host={folder}")
}

async fn administrator() -> PgConnection {
    connect(server().unwrap()).await
}

/// A standby server, gone when dropped.
pub(crate) struct Standby(Server);

impl Standby {
    /// Starts one and waits until it answers.
    pub(crate) async fn start() -> Standby {
        let server = start(&find_binaries().unwrap(), Role::Standby);
        connect(&server).await.close().await.unwrap();
        Standby(server)
    }

    /// The address of its database.
    pub(crate) fn url(&self) -> String {
        url_at(&self.0, OWNER, "postgres")
    }
}

/// Connects to a server that may still be starting.
async fn connect(server: &Server) -> PgConnection {
    let url = url_at(server, OWNER, "postgres");
    let mut tries = 0;
    loop {
        match PgConnection::connect(&url).await {
            Ok(connection) => return connection,
            Err(error) => assert!(tries < 300, "PostgreSQL does not answer: {error}"),
        }
        tries += 1;
        tokio::time::timeout(
            std::time::Duration::from_millis(50),
            std::future::pending::<()>(),
        )
        .await
        .unwrap_err();
    }
}

/// The name of a new database, a copy of another.
pub(super) async fn create_database(template: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    static ROLE: OnceCell<()> = OnceCell::const_new();
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let mut administrator = administrator().await;
    ROLE.get_or_init(async || {
        let sql = AssertSqlSafe(format!("create role {APPLICATION} login"));
        let mut administrator = self::administrator().await;
        sqlx::query(sql).execute(&mut administrator).await.unwrap();
    })
    .await;
    sqlx::query(AssertSqlSafe(format!(
        "create database {name} template {template}"
    )))
    .execute(&mut administrator)
    .await
    .unwrap();
    name
}

pub(super) async fn drop_database(name: &str) {
    let mut administrator = administrator().await;
    let sql = AssertSqlSafe(format!("drop database {name} with (force)"));
    sqlx::query(sql).execute(&mut administrator).await.unwrap();
}
