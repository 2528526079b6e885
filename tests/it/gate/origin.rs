//! Who may change something: what the browser says about the origin decides, and a cookie alone is not enough.

use jinfu::http::serve::Limits;

use crate::gate::{Service, get_of, post_of};

const SITES: [Option<&str>; 5] = [
    None,
    Some("same-origin"),
    Some("none"),
    Some("same-site"),
    Some("cross-site"),
];
const ORIGINS: [Option<&str>; 4] = [
    None,
    Some("https://jinfu"),
    Some("https://evil.example"),
    Some("null"),
];
const CREDENTIALS: [&str; 4] = [
    "",
    "Cookie: __Host-sid=1234\r\n",
    "Authorization: Bearer 1234\r\n",
    "Cookie: __Host-sid=1234\r\nAuthorization: Bearer 1234\r\n",
];

fn passes(site: Option<&str>, origin: Option<&str>, credential: &str) -> bool {
    match (site, origin) {
        (Some("same-origin" | "none"), _) | (None, Some("https://jinfu")) => true,
        (None, None) => !credential.starts_with("Cookie") || credential.contains("Bearer"),
        _ => false,
    }
}

#[tokio::test]
async fn only_the_own_pages_and_tokens_change_something() {
    let service = Service::start(Limits::default());
    let mut client = service.client().await;
    let mut refused = 0;
    for (site, origin) in SITES
        .iter()
        .flat_map(|site| ORIGINS.map(|origin| (*site, origin)))
    {
        for (number, credential) in (0..).zip(CREDENTIALS) {
            // Each its own credential, so that no rate interferes.
            let credential = credential.replace("1234", &format!("{site:?}{origin:?}{number}"));
            let line = |name, value: Option<&str>| {
                value.map_or(String::new(), |value| format!("{name}: {value}\r\n"))
            };
            let headers = [
                line("Sec-Fetch-Site", site),
                line("Origin", origin),
                credential,
            ];
            let headers = headers.concat();
            let expected = passes(site, origin, CREDENTIALS[number]);
            let answer = client.ask(&post_of("/echo", &headers, "x")).await;
            assert_eq!(answer.status == 200, expected, "{headers}");
            assert!(expected || answer.status == 403, "{headers}");
            refused += u32::from(!expected);
            // Reading is allowed from anywhere: another origin cannot see the answer.
            let read = get_of("/fine").replace("\r\n\r\n", &format!("\r\n{headers}\r\n"));
            assert_eq!(client.ask(&read).await.status, 200, "{headers}");
        }
    }
    assert_eq!(refused, 41);
}
