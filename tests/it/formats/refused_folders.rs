//! Folders and text files that cannot be read: a sentence that says what and where, and no book.

use crate::formats::writing::{gb18030, utf16le};
use crate::formats::{is_refused, read, small_folder, write};

const HEADER: &str = "household_no,group,head,headcount\n";

#[test]
fn text_in_no_encoding_or_in_two_is_told_with_its_line() {
    let utf8 = format!("{HEADER}H001,1,张三李四,3\nH002,1,王五赵六,3\n");
    let national = gb18030("H003,1,孙七周八,3\n");
    let cases: [(Vec<u8>, &str); 7] = [
        (
            b"household_no\n\n\xff\xff\xff\n".to_vec(),
            "Line 3 of households.csv is not UTF-8",
        ),
        (
            [utf8.as_bytes(), &national].concat(),
            "two encodings at once: line 4",
        ),
        (
            [
                HEADER.as_bytes(),
                &national,
                b"H001,1,",
                "张三李四,3\n".as_bytes(),
            ]
            .concat(),
            "two encodings at once: line 3",
        ),
        (
            [b"\xef\xbb\xbf", HEADER.as_bytes(), &national].concat(),
            "two encodings at once: line 2",
        ),
        (
            [b"\xff\xfe", &utf16le(HEADER)[..], b"x"].concat(),
            "breaks off in line 2",
        ),
        (
            b"household_no\n\0\xff\xff\n".to_vec(),
            "Line 2 of households.csv is not UTF-8",
        ),
        (
            [&utf16le(HEADER)[..], b"\x00\xd8\n\x00"].concat(),
            "Line 2 of households.csv is not UTF-8",
        ),
    ];
    for (content, sentence) in cases {
        let folder = small_folder();
        write(&folder, "households.csv", content);
        is_refused(
            &folder,
            &[sentence, "households.csv"],
            &["households.csv", "行"],
        );
    }
}

#[test]
fn separators_and_quotes_out_of_place_are_told_with_their_line() {
    let cases = [
        (
            "household_no,group;head,headcount\nH001,1,x,3\n",
            "Line 1 of households.csv does not use one separator",
        ),
        (
            "title\n\nhousehold_no,group,head,headcount\n\nH001;1;x;3\n",
            "Line 5 of households.csv does not use one separator",
        ),
        (
            "household_no\tgroup\theadcount\nH001,1,3\n",
            "Line 2 of households.csv does not use one separator",
        ),
        (
            "household_no,group,head,headcount\nH001,1,x,3\nH002,1,\"x,3\nH003,1,y,3\n",
            "Line 3 of households.csv has a double quote \" that is never closed",
        ),
        (
            "household_no,group,head,headcount\nH001,1,\"x\"y,3\n",
            "Line 2 of households.csv has something behind a closing double quote",
        ),
        (
            "household_no,group,head,headcount\nH001,1,\"x,3\nH002,1,\"y,3\n",
            "Line 2 of households.csv has something behind a closing double quote",
        ),
    ];
    for (content, sentence) in cases {
        let folder = small_folder();
        write(&folder, "households.csv", content);
        is_refused(&folder, &[sentence], &["households.csv", "行"]);
    }
}

#[test]
fn a_header_without_a_column_or_with_one_twice_is_told_by_its_names() {
    let cases = [
        (
            "户号,组,户主\nH001,1,x\n",
            "lacks the column \"headcount\" (人口)",
            "缺“人口”（headcount）",
        ),
        (
            "某村住户表\n户号,组,户主\nH001,1,x\n",
            "lacks the column \"headcount\" (人口)",
            "缺“人口”",
        ),
        (
            "nothing\n",
            "lacks the column \"household_no\" (户号)",
            "缺“户号”",
        ),
        (
            " \n\n,,\n",
            "households.csv is empty",
            "households.csv 是空的",
        ),
        (
            "户号,组,人口,headcount\n",
            "\"人口\" twice, the second time as \"headcount\"",
            "“人口”和“headcount”",
        ),
    ];
    for (content, sentence, chinese) in cases {
        let folder = small_folder();
        write(&folder, "households.csv", content);
        is_refused(&folder, &[sentence], &[chinese]);
    }
}

#[test]
fn a_table_that_is_there_twice_or_not_at_all_is_told_under_both_names() {
    let folder = small_folder();
    write(&folder, "住户.csv", HEADER);
    is_refused(
        &folder,
        &["households.csv and 住户.csv"],
        &["households.csv 和 住户.csv"],
    );
    for file in ["households.csv", "住户.csv"] {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    is_refused(
        &folder,
        &["no households.csv", "住户.csv"],
        &["没有 households.csv", "住户.csv"],
    );
    let folder = small_folder();
    for file in ["materials.csv", "households.csv", "prices.csv"] {
        std::fs::remove_file(folder.path().join(file)).unwrap();
    }
    write(&folder, "台账.xls", "\u{d0}\u{cf}");
    is_refused(
        &folder,
        &["台账.xls is a spreadsheet, but not an .xlsx"],
        &["台账.xls 是表格，但不是 .xlsx"],
    );
}

#[test]
fn titles_blank_lines_and_line_breaks_leave_the_line_numbers_of_the_file() {
    let folder = small_folder();
    let rows = "\"H001\",1,\"户\r\n主\",3\r\n\r\nH002,1,x,three\r\n";
    let content = format!(
        "某村住户表\r\n,,,\r\n\r\n{}{rows}",
        HEADER.replace('\n', "\r\n")
    );
    write(&folder, "households.csv", content);
    let plan = read(&folder);
    let lines: Vec<u64> = plan.refused.iter().map(|row| row.source.line).collect();
    // The first row has a line break in a name, which no name has; the second begins behind it and a blank line.
    assert_eq!(lines, [5, 8]);
}

#[test]
fn what_is_not_known_is_named_in_a_warning() {
    let folder = small_folder();
    write(&folder, "收款2.csv", "时间,户号,金额\n");
    write(&folder, "住户.csv", format!("{},备注\n", "户号,组,人口"));
    std::fs::remove_file(folder.path().join("households.csv")).unwrap();
    let plan = read(&folder);
    assert_eq!(plan.unknown_tables, ["收款2.csv"]);
    let columns = plan.unknown_columns.iter();
    let columns: Vec<_> = columns
        .map(|unknown| (unknown.file.as_str(), unknown.column.as_str()))
        .collect();
    assert_eq!(columns, [("住户.csv", "备注")]);
}
