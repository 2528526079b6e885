//! Workbooks that cannot be read: damaged, disguised, or made to burst. The reading process pays for them, and the person gets a sentence.

use std::io::Write as _;
use std::time::{Duration, Instant};

use jinfu::files::import::{self, FolderProblem};
use tempfile::TempDir;

use crate::formats::writing::{example_workbook, parts, row, rows, workbook};
use crate::formats::{is_refused, read, small_folder, village, write};

/// The worked month's folder with a workbook for its cash.
fn with_cash(rows: &str) -> TempDir {
    let folder = small_folder();
    workbook(&folder.path().join("村.xlsx"), &[("收款", rows)]);
    folder
}

const HEADER: &[&str] = &["时间", "户号", "金额"];

#[test]
fn a_workbook_that_is_cut_off_or_something_else_is_told() {
    let folder = village();
    let path = folder.path().join("村.xlsx");
    example_workbook(&path);
    let whole = std::fs::read(&path).unwrap();
    for content in [
        &whole[..whole.len() / 2],
        &whole[..100],
        b"",
        b"PK\x03\x04",
        b"a,b,c\n",
    ] {
        write(&folder, "村.xlsx", content);
        is_refused(
            &folder,
            &["村.xlsx is not a whole Excel workbook"],
            &["村.xlsx 不是完整的 Excel 工作簿"],
        );
    }
    // A byte in the middle of a sheet that is not what was packed.
    let mut spoiled = whole.clone();
    let middle = spoiled.len() / 2;
    for byte in &mut spoiled[middle..middle + 64] {
        *byte ^= 0x55;
    }
    write(&folder, "村.xlsx", spoiled);
    is_refused(&folder, &["村.xlsx"], &["村.xlsx"]);
}

#[test]
fn a_file_over_64_mib_is_refused_before_it_is_read() {
    let folder = village();
    let file = std::fs::File::create(folder.path().join("村.xlsx")).unwrap();
    file.set_len(64 * 1024 * 1024 + 1).unwrap();
    is_refused(
        &folder,
        &["村.xlsx is over 64 MiB"],
        &["村.xlsx 超过 64 MiB"],
    );
}

#[test]
fn sheets_are_looked_for_like_files() {
    let folder = village();
    let path = folder.path().join("村.xlsx");
    let materials = rows(&[&["编码", "名称", "单位"], &["ZB", "纸", "公斤"]]);
    workbook(&path, &[("品类", &materials), ("说明", &materials)]);
    is_refused(
        &folder,
        &["村.xlsx has no sheet \"households\"", "住户"],
        &["村.xlsx 里没有工作表“住户”"],
    );
    workbook(&path, &[("品类", &materials), ("materials", &materials)]);
    is_refused(
        &folder,
        &["村.xlsx/品类 and 村.xlsx/materials"],
        &["村.xlsx/品类 和 村.xlsx/materials"],
    );
    let folder = with_cash(&rows(&[HEADER]));
    write(&folder, "cash.csv", "received_at,household_no,amount\n");
    is_refused(
        &folder,
        &["cash.csv and 村.xlsx/收款"],
        &["cash.csv 和 村.xlsx/收款"],
    );
    std::fs::remove_file(folder.path().join("cash.csv")).unwrap();
    std::fs::copy(folder.path().join("村.xlsx"), folder.path().join("B.XLSX")).unwrap();
    is_refused(&folder, &["B.XLSX and 村.xlsx"], &["B.XLSX 和 村.xlsx"]);
}

#[test]
fn sheets_that_are_no_tables_are_named_unless_they_are_empty() {
    let folder = small_folder();
    let cash = rows(&[HEADER]);
    let sheets = [("收款", cash.as_str()), ("收款 (2)", &cash), ("Sheet2", "")];
    workbook(&folder.path().join("村.xlsx"), &sheets);
    assert_eq!(read(&folder).unknown_tables, ["村.xlsx/收款 (2)"]);
}

#[test]
fn a_sheet_with_more_rows_or_columns_than_a_ledger_has_is_refused() {
    let wide: Vec<String> = (0..3).map(|_| "x".to_owned()).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    let far = r#"<row r="2"><c r="BM2" t="inlineStr"><is><t>x</t></is></c></row>"#;
    let folder = with_cash(&format!("{}{far}", row(1, &wide)));
    is_refused(
        &folder,
        &["村.xlsx/收款 is too large", "64 columns"],
        &["村.xlsx/收款 太大了"],
    );
    let folder = small_folder();
    parts(
        &folder.path().join("村.xlsx"),
        &[("收款", "")],
        |_, zip| {
            for _ in 0..201 {
                let rows = "<row><c><v>1</v></c></row>".repeat(1_000);
                zip.write_all(rows.as_bytes()).unwrap();
            }
        },
    );
    is_refused(
        &folder,
        &["村.xlsx/收款 is too large", "200000 rows"],
        &["村.xlsx/收款 太大了"],
    );
}

#[test]
fn a_million_empty_rows_are_nothing() {
    let empty = |zip: &mut zip::ZipWriter<std::fs::File>| {
        for _ in 0..1_000 {
            let rows = r#"<row><c s="0"/><c s="0"/></row>"#.repeat(1_000);
            zip.write_all(rows.as_bytes()).unwrap();
        }
    };
    let folder = small_folder();
    let path = folder.path().join("村.xlsx");
    parts(&path, &[("收款", "")], |_, zip| empty(zip));
    is_refused(
        &folder,
        &["村.xlsx/收款 is empty"],
        &["村.xlsx/收款 是空的"],
    );
    let cash = rows(&[HEADER, &["2025/9/5", "H001", "10"]]);
    parts(&path, &[("收款", &cash)], |_, zip| empty(zip));
    let plan = read(&folder);
    assert_eq!(plan.refused, []);
    let booked = plan
        .steps
        .iter()
        .filter(|step| step.source.file == "村.xlsx/收款");
    assert_eq!(booked.count(), 1);
}

/// A workbook of about half a megabyte with a cell of so many MiB.
fn bomb(mebibytes: usize) -> TempDir {
    let folder = small_folder();
    let path = folder.path().join("村.xlsx");
    parts(&path, &[("收款", &rows(&[HEADER]))], |_, zip| {
        zip.write_all(br#"<row r="2"><c r="A2" t="inlineStr"><is><t>"#)
            .unwrap();
        let block = vec![b'x'; 1024 * 1024];
        for _ in 0..mebibytes {
            zip.write_all(&block).unwrap();
        }
        zip.write_all(b"</t></is></c></row>").unwrap();
    });
    let packed = std::fs::metadata(path).unwrap().len();
    assert!(packed < 600 * 1024, "{packed}");
    folder
}

#[test]
fn a_bomb_is_refused_by_what_it_says_and_by_what_it_does() {
    // What the first says of itself is refused, what the second does meets the limit of memory, and what the third writes that of output.
    for mebibytes in [512, 500, 100] {
        let started = Instant::now();
        let sentence = ["村.xlsx is too large", "memory or time"];
        is_refused(
            &bomb(mebibytes),
            &sentence,
            &["村.xlsx 太大了", "内存或时间"],
        );
        let took = started.elapsed();
        assert!(took < Duration::from_secs(30), "{took:?}");
    }
}

#[test]
fn a_bomb_that_lies_about_its_size_is_refused_as_well() {
    let folder = bomb(500);
    let path = folder.path().join("村.xlsx");
    let archive = zip::ZipArchive::new(std::fs::File::open(&path).unwrap());
    let size = archive
        .unwrap()
        .by_name("xl/worksheets/sheet1.xml")
        .unwrap()
        .size();
    let said = u32::try_from(size).unwrap().to_le_bytes();
    let mut content = std::fs::read(&path).unwrap();
    let places: Vec<usize> = (0..content.len() - 4)
        .filter(|at| content[*at..at + 4] == said)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        content[at..at + 4].copy_from_slice(&1_000_u32.to_le_bytes());
    }
    write(&folder, "村.xlsx", content);
    is_refused(&folder, &["村.xlsx is"], &["村.xlsx"]);
}

/// Reads a workbook with something else in the place of the program.
#[cfg(unix)]
fn read_with(script: &str) -> (TempDir, FolderProblem) {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = with_cash(&rows(&[HEADER]));
    let program = folder.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let problem = import::read(folder.path(), &program).unwrap_err();
    (folder, problem)
}

#[cfg(unix)]
#[test]
fn what_the_reading_process_says_is_believed_only_if_it_is_whole() {
    let file = || "村.xlsx".to_owned();
    let row = r#"{"row":[1,["户号"]]}"#;
    for script in [
        "echo nonsense".to_owned(),
        format!("echo '{row}'; echo '{{\"end\":null}}'"),
        r#"echo '{"sheet":"收款"}'"#.to_owned(),
        r#"echo '{"end":null}'; echo '{"end":null}'"#.to_owned(),
        r#"echo '{"end":null}'; exit 7"#.to_owned(),
        ":".to_owned(),
    ] {
        let (_, problem) = read_with(&script);
        let is_unread = matches!(problem, FolderProblem::WorkbookUnread { .. });
        assert!(is_unread, "{script}: {problem:?}");
    }
    let (_, stumbled) = read_with("exit 101");
    assert_eq!(stumbled, FolderProblem::WorkbookDamaged { file: file() });
    let (_, killed) = read_with("kill -9 $$");
    assert_eq!(killed, FolderProblem::WorkbookTooLarge { file: file() });
    let folder = with_cash(&rows(&[HEADER]));
    let absent = import::read(folder.path(), &folder.path().join("absent"));
    assert!(matches!(
        absent.unwrap_err(),
        FolderProblem::WorkbookUnread { .. }
    ));
}

#[cfg(target_os = "linux")]
#[test]
fn a_reading_process_that_writes_without_end_is_ended_and_leaves_no_zombie() {
    let (folder, problem) = read_with(r#"echo $$ > "$3.pid"; exec /usr/bin/yes"#);
    let file = "村.xlsx".to_owned();
    assert_eq!(problem, FolderProblem::WorkbookTooLarge { file });
    let process = std::fs::read_to_string(folder.path().join("村.xlsx.pid")).unwrap();
    let entry = std::path::Path::new("/proc").join(process.trim());
    assert!(!entry.exists(), "{}", entry.display());
}
