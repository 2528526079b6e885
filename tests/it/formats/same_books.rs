//! One village's folder, written in every way that is read: the same commands under the same ids, and so the same head.

use std::sync::Mutex;

use jinfu::files::import::{self, Plan};
use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use crate::formats::writing::{
    TABLES, example, example_workbook, gb18030, in_chinese, text, utf16le,
};
use crate::formats::{copy, read, small_folder, write};
use crate::harness::{
    Database, Engine, assert_figures, jinfu, json_file, on_both, program, repository,
};

/// The example in GB18030 as a village would have it: Chinese names, headers, words and dates, semicolons, titles above the header.
fn in_gb18030() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let village = std::fs::read_to_string(repository("examples/data/jinfu/village.toml")).unwrap();
    write(&folder, "village.toml", gb18030(&village));
    for (name, chinese, header) in TABLES {
        let rows = in_chinese(&example(name), header);
        let titles = format!("金福村{chinese}表;;;\r\n\r\n ;;填表：村委会\r\n");
        let content = text(&rows, ";", &titles);
        write(&folder, &format!("{chinese}.csv"), gb18030(&content));
    }
    folder
}

fn in_utf16(mark: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy("examples/data/jinfu", &["village.toml"], folder.path());
    for (name, _, _) in TABLES {
        let content = utf16le(&text(&example(name), "\t", ""));
        write(&folder, &format!("{name}.csv"), [mark, &content].concat());
    }
    folder
}

fn in_utf8_with_mark() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy("examples/data/jinfu", &["village.toml"], folder.path());
    for (name, _, _) in TABLES {
        let content = text(&example(name), ",", "\u{feff}");
        write(&folder, &format!("{name}.csv"), content);
    }
    folder
}

fn in_a_workbook() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy("examples/data/jinfu", &["village.toml"], folder.path());
    example_workbook(&folder.path().join("金福村.xlsx"));
    // What a spreadsheet program leaves beside a workbook that is open.
    write(&folder, "~$金福村.xlsx", "lock");
    folder
}

#[track_caller]
fn assert_same(expected: &Plan, found: &Plan) {
    assert_eq!(found.refused, []);
    assert_eq!(found.unknown_columns, []);
    assert_eq!(found.unknown_tables, Vec::<String>::new());
    assert_eq!(expected.steps.len(), found.steps.len());
    for (expected, found) in expected.steps.iter().zip(&found.steps) {
        assert_eq!(expected.request, found.request, "{:?}", found.source);
    }
}

#[test]
fn every_way_of_writing_a_folder_gives_the_same_commands() {
    let expected = import::read(&repository("examples/data/jinfu"), program()).unwrap();
    for folder in [
        in_gb18030(),
        in_utf16(b"\xff\xfe"),
        in_utf16(b""),
        in_utf8_with_mark(),
        in_a_workbook(),
    ] {
        assert_same(&expected, &read(&folder));
    }
}

#[test]
fn a_workbook_gives_the_same_head_as_utf8_on_both_engines() {
    let workbook = in_a_workbook();
    let heads = Mutex::new(Vec::new());
    on_both(async |engine| {
        for folder in [
            &repository("examples/data/jinfu"),
            &workbook.path().to_owned(),
        ] {
            let plan = import::read(folder, program()).unwrap();
            let database = Database::new(engine).await;
            let ledger = database.open("2026-01-01T00:00:00+08:00", 7).await;
            let mut answers = Vec::new();
            for step in &plan.steps {
                answers.push(ledger.enqueue(step.request.clone()).await.unwrap());
            }
            for answer in answers {
                answer.answer().await.unwrap();
            }
            let head = ledger.head(&plan.village).await.unwrap();
            heads.lock().unwrap().push(head);
            database.close(ledger).await;
        }
    });
    let heads = heads.into_inner().unwrap();
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
}

#[test]
fn folders_in_gb18030_and_workbooks_give_the_months_to_the_fen_through_the_program() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for folder in [in_gb18030(), in_a_workbook()] {
        let database = runtime.block_on(Database::new(Engine::Sqlite));
        let path = folder.path().display().to_string();
        let words = ["import", &path, "--through", "2025-10"];
        let output = jinfu("zh-CN", &database.url, &words);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        for month in ["2025-09", "2025-10"] {
            let words = ["report", month, "--format", "json"];
            let report = jinfu("en", &database.url, &words).stdout;
            let found: Value = serde_json::from_slice(&report).unwrap();
            let expected = json_file(&format!("examples/data/jinfu/expected-{month}.json"));
            assert_figures(&expected, &found);
        }
    }
}

#[test]
fn rare_names_are_the_same_in_every_encoding() {
    let names = ["于䶮", "𠮷田", "㛃·买买提", "Ｄ．李", "冯𬭎", "龘"];
    let rows = (1..).zip(names);
    let rows: Vec<String> = rows
        .map(|(number, name)| format!("{number},1,{name},3\n"))
        .collect();
    let content = format!("户号,组,户主,人口\n{}", rows.concat());
    let folder = small_folder();
    write(&folder, "households.csv", &content);
    let expected = read(&folder);
    for encoded in [gb18030(&content), utf16le(&content)] {
        write(&folder, "households.csv", encoded);
        assert_same(&expected, &read(&folder));
    }
}

#[test]
fn opening_lines_have_chinese_headers_and_words() {
    let folder = small_folder();
    copy("tests/golden/2025-09-core", &["opening.csv"], folder.path());
    let expected = read(&folder);
    let written = std::fs::read_to_string(folder.path().join("opening.csv")).unwrap();
    std::fs::remove_file(folder.path().join("opening.csv")).unwrap();
    let chinese = written
        .replace(
            "kind,subject,period,amount,quantity",
            "类别，对象,账期,金额（元）,数量",
        )
        .replace('，', ",")
        .replace("credit", "抵扣款")
        .replace("charge", "应收")
        .replace("stock", "库存")
        .replace("2025-08,", "２０２５年８月,");
    write(&folder, "期初.csv", chinese);
    assert_same(&expected, &read(&folder));
}

#[test]
fn columns_may_stand_in_any_order_and_under_any_of_their_names() {
    let folder = small_folder();
    let expected = read(&folder);
    let prices = std::fs::read_to_string(folder.path().join("prices.csv")).unwrap();
    for header in [
        "effective_from,material,price,per",
        " Effective_From ,MATERIAL,单价,per",
        "生效日期,品类编码,\"单 价\n（元／公斤）\",每",
        "生效时间,品类,单价（元）,每,",
        "生效,品类,单价(元/公斤或元/个),每",
    ] {
        let rows = prices.lines().skip(1).collect::<Vec<_>>().join("\n");
        write(&folder, "prices.csv", format!("{header}\n{rows}\n"));
        assert_same(&expected, &read(&folder));
    }
}

/// The text with its digits and punctuation in full width.
fn full_width(text: &str) -> String {
    let wide = |char: char| match char {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(u32::from(char) + 0xfee0).unwrap(),
        other => other,
    };
    text.chars().map(wide).collect()
}

/// The forms in which people write an instant of Shanghai.
fn forms([year, month, day]: [u32; 3], [hour, minute, second]: [u32; 3]) -> Vec<String> {
    let date = format!("{year}-{month:02}-{day:02}");
    let clock = format!("{hour}:{minute:02}:{second:02}");
    let mut forms = vec![
        format!("{date}T{clock:0>8}+08:00"),
        format!("{date} {clock:0>8}"),
        format!("{year}/{month}/{day} {clock}"),
        format!("{year}.{month}.{day} {clock}"),
        format!("{year}年{month}月{day}日{hour}时{minute}分{second}秒"),
        format!("{year}年{month:02}月{day:02}日 {hour}点{minute:02}分{second:02}秒"),
        format!("{year} 年 {month} 月 {day} 日 {clock}"),
    ];
    if second == 0 {
        forms.push(format!("{year}/{month}/{day} {hour}:{minute:02}"));
        forms.push(format!("{year}年{month}月{day}日{hour}时{minute}分"));
    }
    if (hour, minute, second) == (0, 0, 0) {
        forms.push(format!("{year}/{month}/{day}"));
        forms.push(format!("{year}年{month}月{day}号"));
    }
    let wide: Vec<String> = forms.iter().skip(1).map(|form| full_width(form)).collect();
    [forms, wide].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_instant_is_the_same_in_every_form(
        day in (2025_u32..2027, 1_u32..=12, 1_u32..=28),
        time in prop_oneof![
            Just((0, 0, 0)),
            (0_u32..24, 0_u32..60, Just(0)),
            (0_u32..24, 0_u32..60, 0_u32..60),
        ],
        fen in 1_u32..100_000,
    ) {
        let forms = forms([day.0, day.1, day.2], [time.0, time.1, time.2]);
        let folder = small_folder();
        let amount = format!("{}.{:02}", fen / 100, fen % 100);
        for amount in [amount.clone(), full_width(&amount)] {
            let rows = forms.iter().map(|form| format!("{form},Ｈ００１,{amount}\n"));
            let rows: String = rows.collect();
            write(&folder, "cash.csv", format!("时间,户号,金额\n{rows}"));
            let plan = read(&folder);
            prop_assert_eq!(&plan.refused, &[]);
            let cash: Vec<_> = plan.steps.iter().filter(|step| step.source.file == "cash.csv").collect();
            prop_assert_eq!(cash.len(), forms.len());
            for step in &cash {
                prop_assert_eq!(&step.request.command, &cash[0].request.command, "{:?}", step.source);
            }
        }
    }

    #[test]
    fn a_day_is_the_same_in_every_form(year in 1990_u32..2025, month in 1_u32..=12, day in 1_u32..=28) {
        let forms = [
            format!("{year}-{month:02}-{day:02}"),
            format!("{year}-{month}-{day}"),
            format!("{year}/{month}/{day}"),
            format!("{year}.{month}.{day}"),
            format!("{year}年{month}月{day}日"),
            format!("{year}/{month}/{day} 0:00"),
            full_width(&format!("{year}/{month}/{day}")),
        ];
        let folder = small_folder();
        let row = |(number, form): (usize, &String)| format!("{number},1,{form},3\n");
        let rows: String = forms.iter().enumerate().map(row).collect();
        write(&folder, "households.csv", format!("户号,组,迁入,人口\n{rows}"));
        let plan = read(&folder);
        prop_assert_eq!(&plan.refused, &[]);
        let days: Vec<_> = plan.steps.iter().filter_map(|step| match &step.request.command {
            jinfu::domain::Command::RegisterHousehold(household) => household.moved_in,
            _ => None,
        }).collect();
        prop_assert_eq!(days.len(), forms.len());
        prop_assert!(days.iter().all(|day| *day == days[0]), "{:?}", days);
    }
}
