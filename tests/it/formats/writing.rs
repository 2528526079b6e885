//! Writes the tables of a folder in other ways: other encodings, other words, a workbook.

use std::io::Write as _;
use std::path::Path;

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use zip::write::SimpleFileOptions;

use crate::harness::repository;

/// A table as texts: the header, then the rows.
pub(crate) type Texts = Vec<Vec<String>>;

/// The names of the tables of the example, in English and Chinese, and its Chinese headers.
pub(crate) const TABLES: [(&str, &str, &str); 5] = [
    ("materials", "品类", "编码,名称,英文名,单位,有害,需实名"),
    (
        "households",
        "住户",
        "户号,组,户主,人口,户类型,减免,迁入,迁出,外出起",
    ),
    ("prices", "价格", "生效时间,品类,单价（元/公斤）,每"),
    (
        "pickups",
        "回收",
        "单号,时间,户号,回收员,品类,毛重,皮重,单位,扣杂‰",
    ),
    ("cash", "收款", "时间,户号,金额"),
];

/// A table of the example.
pub(crate) fn example(name: &str) -> Texts {
    let path = repository("examples/data/jinfu").join(format!("{name}.csv"));
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        row.iter().map(str::to_owned).collect()
    });
    rows.collect()
}

/// A table as a village writes it: Chinese header and words, dates with slashes, and the columns the other way round.
pub(crate) fn in_chinese(texts: &Texts, header: &str) -> Texts {
    let words = [
        ("resident", "常住"),
        ("non_registered", "非本村户籍"),
        ("destitute", "特困"),
        ("low_income", "低保"),
        ("disabled", "重残"),
        ("kg", "公斤"),
        ("jin", "斤"),
        ("piece", "个"),
        ("yes", "是"),
    ];
    let word = |cell: &String| {
        let chinese = words.iter().find(|(english, _)| english == cell);
        chinese.map_or_else(|| by_hand(cell), |(_, chinese)| (*chinese).to_owned())
    };
    let header = header.split(',').map(str::to_owned).collect();
    let rows = texts.iter().skip(1);
    let rows = rows.map(|row| row.iter().map(word).collect::<Vec<_>>());
    let mut found: Texts = [header].into_iter().chain(rows).collect();
    for row in &mut found {
        row.reverse();
    }
    found
}

/// A time or date as a person writes it: `2025/9/1 8:36:25`.
fn by_hand(cell: &str) -> String {
    match moment(cell) {
        Some(([year, month, day], None)) => format!("{year}/{month}/{day}"),
        Some(([year, month, day], Some([hour, minute, second]))) => {
            format!("{year}年{month}月{day}日 {hour}:{minute:02}:{second:02}")
        }
        None => cell.to_owned(),
    }
}

type Moment = ([u16; 3], Option<[u16; 3]>);

/// The parts of a date or Shanghai time in the one form of the contract.
fn moment(cell: &str) -> Option<Moment> {
    let (date, time) = match cell.strip_suffix("+08:00") {
        Some(at) => at.split_once('T').map(|(date, time)| (date, Some(time)))?,
        None => (cell, None),
    };
    let three = |text: &str, mark| {
        let parts: Vec<u16> = text
            .split(mark)
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?;
        <[u16; 3]>::try_from(parts).ok()
    };
    let is_date = date.len() == 10 && date.starts_with("20");
    let date = three(date, '-').filter(|_| is_date)?;
    Some((date, time.map(|time| three(time, ':').unwrap())))
}

/// The table as text with separators, under titles that say nothing.
pub(crate) fn text(texts: &Texts, separator: &str, titles: &str) -> String {
    let quoted = |cell: &String| {
        if cell.contains([',', ';', '"']) {
            format!("\"{cell}\"")
        } else {
            cell.clone()
        }
    };
    let lines = texts
        .iter()
        .map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(separator));
    format!("{titles}{}\r\n", lines.collect::<Vec<_>>().join("\r\n"))
}

pub(crate) fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

pub(crate) fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The tables of the example as a workbook: real dates, numbers as numbers, some as text, merged titles, and empty rows and columns with a format.
pub(crate) fn example_workbook(path: &Path) {
    let mut workbook = Workbook::new();
    for (index, (name, chinese, header)) in TABLES.iter().enumerate() {
        let texts = example(name);
        let sheet = workbook.add_worksheet();
        let is_chinese = index % 2 == 0;
        sheet
            .set_name(if is_chinese { *chinese } else { *name })
            .unwrap();
        let bold = Format::new().set_bold();
        sheet
            .merge_range(0, 0, 0, 5, "金福村 2025 年台账", &bold)
            .unwrap();
        let header: Vec<&str> = if is_chinese {
            header.split(',').collect()
        } else {
            texts[0].iter().map(String::as_str).collect()
        };
        for (column, title) in (0..).zip(header) {
            sheet.write_string(2, column, title).unwrap();
        }
        let mut last = 3;
        for (row, cells) in (3..).zip(texts.iter().skip(1)) {
            for (column, cell) in (0..).zip(cells) {
                write_cell(sheet, row, column, cell);
            }
            last = row;
        }
        for row in last + 1..last + 500 {
            for column in 0..20 {
                sheet.write_blank(row, column, &bold).unwrap();
            }
        }
    }
    let empty = workbook.add_worksheet();
    empty.set_name("Sheet6").unwrap();
    workbook.save(path).unwrap();
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: &str) {
    let small = |number: u16| u8::try_from(number).unwrap();
    if cell.is_empty() {
        return;
    }
    if let Some(([year, month, day], time)) = moment(cell) {
        let date = ExcelDateTime::from_ymd(year, small(month), small(day)).unwrap();
        let [hour, minute, second] = time.unwrap_or_default();
        let at = date
            .and_hms(hour, small(minute), f64::from(second))
            .unwrap();
        let shape = if time.is_some() {
            "yyyy/m/d h:mm:ss"
        } else {
            "yyyy/m/d"
        };
        let format = Format::new().set_num_format(shape);
        sheet
            .write_datetime_with_format(row, column, at, &format)
            .unwrap();
        return;
    }
    match cell.parse::<f64>() {
        // Every seventh number is text, as after pasting.
        Ok(number) if !row.is_multiple_of(7) => sheet.write_number(row, column, number).unwrap(),
        _ => sheet.write_string(row, column, cell).unwrap(),
    };
}

/// A workbook made by hand of the XML of each sheet's rows.
pub(crate) fn workbook(path: &Path, sheets: &[(&str, &str)]) {
    parts(path, sheets, |_, _| ());
}

/// As [`workbook`], with something written behind the rows of each sheet.
pub(crate) fn parts(
    path: &Path,
    sheets: &[(&str, &str)],
    more: impl Fn(&str, &mut zip::ZipWriter<std::fs::File>),
) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let mut part = |name: &str, content: &str| {
        zip.start_file(name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    };
    let office = "http://schemas.openxmlformats.org";
    let relation = |id: i32, kind: &str, target: &str| {
        let kind = format!("{office}/officeDocument/2006/relationships/{kind}");
        format!(r#"<Relationship Id="r{id}" Type="{kind}" Target="{target}"/>"#)
    };
    let relations = |relations: &[String]| {
        let space = format!("{office}/package/2006/relationships");
        let relations = relations.concat();
        format!(r#"<Relationships xmlns="{space}">{relations}</Relationships>"#)
    };
    let main = format!("{office}/spreadsheetml/2006/main");
    let (mut listed, mut related) = (Vec::new(), Vec::new());
    for (id, (name, _)) in (1..).zip(sheets) {
        listed.push(format!(
            r#"<sheet name="{name}" sheetId="{id}" r:id="r{id}"/>"#
        ));
        let target = format!("worksheets/sheet{id}.xml");
        related.push(relation(id, "worksheet", &target));
    }
    let book = relation(1, "officeDocument", "xl/workbook.xml");
    part("_rels/.rels", &relations(&[book]));
    part("xl/_rels/workbook.xml.rels", &relations(&related));
    let space = format!(r#"xmlns="{main}" xmlns:r="{office}/officeDocument/2006/relationships""#);
    let listed = listed.concat();
    let book = format!("<workbook {space}><sheets>{listed}</sheets></workbook>");
    part("xl/workbook.xml", &book);
    for (id, (name, rows)) in (1..).zip(sheets) {
        let name_in_zip = format!("xl/worksheets/sheet{id}.xml");
        zip.start_file(name_in_zip, options).unwrap();
        let head = format!(r#"<worksheet xmlns="{main}"><sheetData>{rows}"#);
        zip.write_all(head.as_bytes()).unwrap();
        more(name, &mut zip);
        zip.write_all(b"</sheetData></worksheet>").unwrap();
    }
    zip.finish().unwrap();
}

/// The XML of a row: `=…` is a formula without a result, `#…` an error, anything else text.
pub(crate) fn row(number: usize, cells: &[&str]) -> String {
    let cells = ('A'..).zip(cells).map(|(letter, cell)| {
        let at = format!("{letter}{number}");
        match cell.as_bytes().first() {
            None => String::new(),
            Some(b'=') => format!(r#"<c r="{at}"><f>{}</f></c>"#, &cell[1..]),
            Some(b'#') => format!(r#"<c r="{at}" t="e"><v>{cell}</v></c>"#),
            Some(_) => format!(r#"<c r="{at}" t="inlineStr"><is><t>{cell}</t></is></c>"#),
        }
    });
    format!(r#"<row r="{number}">{}</row>"#, cells.collect::<String>())
}

/// The XML of rows from the first on.
pub(crate) fn rows(rows: &[&[&str]]) -> String {
    (1..)
        .zip(rows)
        .map(|(number, cells)| row(number, cells))
        .collect()
}
