//! Cells that are not what their column asks for: the row is named, its document is refused whole, and nothing is guessed.

use jinfu::domain::{Command, Refusal};
use tempfile::TempDir;

use crate::formats::writing::{rows, workbook};
use crate::formats::{import_of, read, small_folder, stderr, write};

fn refusals(folder: &TempDir) -> Vec<(u64, String)> {
    let refused = read(folder).refused.into_iter();
    refused
        .map(|row| (row.source.line, row.refusal.code()))
        .collect()
}

#[test]
fn what_has_two_meanings_is_refused() {
    let folder = small_folder();
    let amounts = [
        "1,234.50",
        "１，２３４．５０",
        "10元",
        "¥10",
        "1.2.3",
        "十",
        "1e3",
        "12。50",
    ];
    let row = |amount: &&str| format!("2025/9/5 8:30;H001;{amount}\n");
    let content: String = amounts.iter().map(row).collect();
    write(&folder, "cash.csv", format!("时间;户号;金额\n{content}"));
    let codes: Vec<String> = refusals(&folder)
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    assert_eq!(codes, vec!["not-a-number"; amounts.len()]);
    let times = [
        "2025-9/5",
        "25/9/5",
        "5/9/2025",
        "2025/13/1 8:30",
        "2025/2/30",
        "2025/9/5 8.30",
        "2025/9/5 25:00",
        "2025年9月5",
        "20250905",
        "9月5日",
        "2025/9/5 8:3",
    ];
    let row = |time: &&str| format!("{time};H001;10\n");
    let content: String = times.iter().map(row).collect();
    write(&folder, "cash.csv", format!("时间;户号;金额\n{content}"));
    let codes: Vec<String> = refusals(&folder)
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    assert_eq!(codes, vec!["not-a-time"; times.len()]);
}

#[test]
fn a_name_stays_as_it_is_written() {
    let folder = small_folder();
    write(
        &folder,
        "households.csv",
        "户号,组,户主,人口\nＨ００１,１,\u{3000}Ｊ．张（大） ,３\n",
    );
    let plan = read(&folder);
    let household = plan
        .steps
        .iter()
        .find_map(|step| match &step.request.command {
            Command::RegisterHousehold(household) => Some(household.clone()),
            _ => None,
        });
    let household = household.unwrap();
    assert_eq!(household.head, "Ｊ．张（大）");
    assert_eq!(household.household_no.as_str(), "H001");
    assert_eq!((household.group.as_str(), household.headcount), ("1", 3));
}

#[test]
fn a_waiver_of_the_village_s_own_words_is_not_translated() {
    let folder = small_folder();
    let village = std::fs::read_to_string(folder.path().join("village.toml")).unwrap();
    write(
        &folder,
        "village.toml",
        village.replace("destitute = 100", "destitute = 100\n\"低保\" = 30"),
    );
    write(
        &folder,
        "households.csv",
        "户号,组,人口,减免\nH001,1,3,低保；特困\n",
    );
    let plan = read(&folder);
    let waivers = plan
        .steps
        .iter()
        .find_map(|step| match &step.request.command {
            Command::RegisterHousehold(household) => Some(household.waivers.clone()),
            _ => None,
        });
    assert_eq!(waivers.unwrap(), ["低保", "destitute"]);
}

/// The small folder with its pickups in a workbook.
fn with_pickups(cells: &[&[&str]]) -> TempDir {
    let folder = small_folder();
    let header: &[&str] = &["单号", "时间", "户号", "回收员", "品类", "毛重", "单位"];
    let all = [&[header], cells].concat();
    workbook(&folder.path().join("村.xlsx"), &[("回收", &rows(&all))]);
    folder
}

#[test]
fn errors_and_formulas_without_results_refuse_their_document_and_nothing_else() {
    let folder = with_pickups(&[
        &["A-1", "2025/9/5 8:30", "H001", "C1", "ZB", "8.35", "公斤"],
        &["A-1", "2025/9/5 8:30", "H001", "C1", "PET", "=1+1", "公斤"],
        &["A-2", "2025/9/5 8:40", "H002", "C1", "ZB", "#N/A", "公斤"],
        &["=B1", "2025/9/5 8:50", "H002", "C1", "ZB", "1", "公斤"],
        &["A-4", "2025/9/5 8:55", "H002", "C1", "ZB", "1", "公斤"],
        &[
            "A-5",
            "2025/9/5 8:56",
            "H002",
            "C1",
            "ZB",
            "1",
            "公斤",
            "",
            "多",
        ],
        &["A-5", "2025/9/5 8:56", "H002", "C1", "PET", "1", "公斤"],
    ]);
    let plan = read(&folder);
    let refused: Vec<(u64, Refusal)> = plan
        .refused
        .into_iter()
        .map(|row| (row.source.line, row.refusal))
        .collect();
    assert_eq!(
        refused,
        [
            (3, Refusal::CellHasNoResult { field: "gross" }),
            (
                4,
                Refusal::CellIsError {
                    field: "gross",
                    value: "#N/A".to_owned()
                }
            ),
            (5, Refusal::CellHasNoResult { field: "pickup_no" }),
            (
                7,
                Refusal::TooManyCells {
                    cells: 9,
                    columns: 7
                }
            ),
        ]
    );
    let pickups = plan
        .steps
        .iter()
        .filter_map(|step| match &step.request.command {
            Command::RecordPickup(pickup) => Some(pickup.pickup_no.to_string()),
            _ => None,
        });
    assert_eq!(pickups.collect::<Vec<_>>(), ["A-4"]);
    let output = import_of(&folder, "en");
    assert_eq!(output.status.code(), Some(1));
    let told = stderr(&output);
    for part in [
        "村.xlsx/回收",
        "a formula whose result is not in the file",
        "#N/A",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_code_that_a_spreadsheet_made_a_date_of_is_told_so() {
    let folder = small_folder();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("收款").unwrap();
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2025, 3, 17).unwrap();
    let format = rust_xlsxwriter::Format::new().set_num_format("m-d");
    for (column, title) in (0..).zip(["时间", "户号", "金额"]) {
        sheet.write_string(0, column, title).unwrap();
    }
    sheet
        .write_datetime_with_format(1, 0, &day, &format)
        .unwrap();
    sheet
        .write_datetime_with_format(1, 1, &day, &format)
        .unwrap();
    sheet.write_number(1, 2, 10).unwrap();
    book.save(folder.path().join("村.xlsx")).unwrap();
    assert_eq!(refusals(&folder), [(2, "cell-is-date".to_owned())]);
}

#[test]
fn a_number_of_a_workbook_is_what_a_person_sees() {
    let folder = small_folder();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("收款").unwrap();
    for (column, title) in (0..).zip(["时间", "户号", "金额"]) {
        sheet.write_string(0, column, title).unwrap();
    }
    let numbers = [8.35, 0.1 + 0.2, 20.1 - 11.75, 1234.5, 100.0, 0.07];
    for (row, number) in (1..).zip(numbers) {
        sheet.write_string(row, 0, "2025/9/5").unwrap();
        sheet.write_string(row, 1, "H001").unwrap();
        sheet.write_number(row, 2, number).unwrap();
    }
    book.save(folder.path().join("村.xlsx")).unwrap();
    let plan = read(&folder);
    assert_eq!(plan.refused, []);
    let amounts = plan
        .steps
        .iter()
        .filter_map(|step| match &step.request.command {
            Command::ReceiveCash(cash) => Some(cash.amount.to_string()),
            _ => None,
        });
    let amounts: Vec<String> = amounts.collect();
    assert_eq!(
        amounts,
        ["8.35", "0.30", "8.35", "1234.50", "100.00", "0.07"]
    );
}
